/* SPDX-License-Identifier: MIT */
#pragma once

/* What is asked of an export, and the names that follow from it. */

#include "spec/spec.h"

typedef enum ExportFormat {
        EXPORT_FORMAT_OCI,
        EXPORT_FORMAT_KUBERNETES,
        EXPORT_FORMAT_QUADLET,
        EXPORT_FORMAT_NOMAD,
        _EXPORT_FORMAT_MAX,
        _EXPORT_FORMAT_INVALID = -EINVAL,
} ExportFormat;

#define EXPORT_FORMAT_WORDS "oci, kubernetes, quadlet, nomad"

const char *export_format_to_string(ExportFormat format);
ExportFormat export_format_from_string(const char *s);

typedef struct ExportRequest {
        ExportFormat format;
        const Spec *spec;
        char *const *names;   /* the containers, each after what it depends on */
        const char *project;  /* a name as in spec/name.h, by which the engine tells what belongs together */
        const char *root;     /* of the project, absolute */
        const char *registry; /* what names of images begin with; NULL: they are local */
        char *const *without; /* keys of which is left out what the format cannot say */
        bool host_paths;      /* the machine that it will run on has the directories of this one */
} ExportRequest;

/* The name of a container's image; owned by the caller. */
char *export_image_name(const ExportRequest *r, const ContainerSpec *c);

/* A path of the host, made absolute; owned by the caller. */
char *export_host_path(const ExportRequest *r, const char *path);
