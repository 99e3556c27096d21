/* SPDX-License-Identifier: MIT */
#pragma once

/* A specification in the forms of other engines: an OCI image, Kubernetes' objects, podman's quadlets,
 * Nomad's jobs. Pure: documents are text here, and ops/export.h writes them. What a form cannot say is
 * refused by keys.h, never left out, unless the user has named its key. */

#include "base/error.h"
#include "base/json.h"
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

/* Inside: where an engine puts the content of secrets, for $CREDENTIALS_DIRECTORY. Not below /run, which a
 * systemd mounts anew where its engine has not done so. */
#define EXPORT_CREDENTIALS "/etc/flake-containers/credentials"

/* Of the script that makes secrets, which is not a document. */
#define EXPORT_SCRIPT "make-secrets"

/* What is asked for a volume, which ours has no number for. */
#define EXPORT_CLAIM_SIZE "10Gi"

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

typedef struct ExportFile {
        char *name;
        char *text;
} ExportFile;

typedef struct ExportFiles {
        ExportFile *files;
        size_t n;
} ExportFiles;

void export_files_done(ExportFiles *files);

/* @text: taken */
void export_files_add(ExportFiles *files, char *name, char *text);

/* The script that makes secrets, of commands that are run in the project; none where there are none. What is
 * in a secret is in no file that is exported: who runs the script obtains it, where it is to be obtained.
 * @about: comments */
void export_add_script(const ExportRequest *r, const char *about, char *const *lines, ExportFiles *files);

/* All documents of a format that is text: of any but OCI. keys_check() has found nothing. */
void export_documents(const ExportRequest *r, ExportFiles *ret);

/* The name of a container's image; owned by the caller. */
char *export_image_name(const ExportRequest *r, const ContainerSpec *c);

/* A command of a shell in the container's image. One of a NixOS system has no /bin/sh before it has booted.
 * @operand: "$1". Owned by the caller. */
Json *export_shell_command(const ContainerSpec *c, const char *script, const char *operand);

/* What podman mounts for it: its target, a colon and options; owned by the caller. */
char *export_tmpfs(const Tmpfs *tmpfs);

/* A path of the host, made absolute; owned by the caller. */
char *export_host_path(const ExportRequest *r, const char *path);

/* What asks its PID 1 to end; owned by the caller. */
char *export_stop_signal(const ContainerSpec *c);

/* A word for a shell, in quotes; owned by the caller. */
char *export_shell_word(const char *text);

/* Commands that write a container's credentials to files of their names in "$place", a directory that the
 * first ones make; added to @lines. */
void export_add_credential_files(const ExportRequest *r, const ContainerSpec *c, char ***lines);

/* The shell's command that writes a credential's content to its standard output; owned by the caller. */
char *export_credential_command(const ExportRequest *r, const Credential *credential);
