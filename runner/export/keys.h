/* SPDX-License-Identifier: MIT */
#pragma once

/* The keys of a container, and what each format makes of them (docs/EXPORT.md, which is checked against this
 * table). A key of spec/container.c that has no row here is a test's failure. Pure. */

#include "export/request.h"

typedef struct KeyRefusals {
        const ExportRequest *request;
        char **lines; /* "containers.db.ports[0].host: ..." */
        char **keys;  /* those of them, each once */
} KeyRefusals;

void key_refusals_done(KeyRefusals *refusals);

typedef struct ExportKey {
        const char *name;
        const char *becomes[_EXPORT_FORMAT_MAX]; /* as the manual says it */
        void (*check)(const ContainerSpec *c, KeyRefusals *out);
} ExportKey;

/* NULL behind the last. */
const ExportKey *export_key_at(size_t index);

/* All that the format cannot say, of all containers, but for the keys that the user leaves out.
 * FC_EXIT_USAGE for a word of `without` that names no key. @ret: emptied by key_refusals_done() */
int keys_check(const ExportRequest *r, KeyRefusals *ret, Error *reterr);

/* Why a part of a key cannot be said; NULL: it can. What is left out by the user's word is left out by the
 * same answers. */
bool keys_address_is_any(const char *address);
bool keys_port_is_published(ExportFormat format, const ContainerSpec *c, uint16_t number); /* of TCP */
bool keys_http_is_plain(const HttpCheck *check); /* the statuses that count where none are given */
const char *keys_refuse_path(const char *path);
const char *keys_refuse_volume(const ExportRequest *r, const Volume *volume);
const char *keys_refuse_resource(ExportFormat format, const Resource *resource);
const char *keys_refuse_port(ExportFormat format, const Port *port);
const char *keys_refuse_tmpfs(ExportFormat format, const Tmpfs *tmpfs);
const char *keys_refuse_device(ExportFormat format, const Device *device);
const char *keys_refuse_credential(const Credential *credential);
const char *keys_refuse_dependency(const ExportRequest *r, const Dependency *dependency);
