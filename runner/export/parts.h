/* SPDX-License-Identifier: MIT */
#pragma once

/* What several forms say in the same words: commands of a shell, mounts of podman's, credentials. */

#include "base/json.h"
#include "export/request.h"

/* Inside: where an engine puts the content of secrets, for $CREDENTIALS_DIRECTORY. Not below /run, which a
 * systemd mounts anew where its engine has not done so. */
#define EXPORT_CREDENTIALS "/etc/flake-containers/credentials"

/* Inside: where a named volume is while what it begins as is copied to it. */
#define EXPORT_FILL_PLACE "/mnt/flake-containers"

/* A command of a shell in the container's image. One of a NixOS system has no /bin/sh before it has booted.
 * @operand: "$1". Owned by the caller. */
Json *export_shell_command(const ContainerSpec *c, const char *script, const char *operand);

/* What podman mounts for it: its target, a colon and options; owned by the caller. */
char *export_tmpfs(const Tmpfs *tmpfs);

/* What asks its PID 1 to end; owned by the caller. */
char *export_stop_signal(const ContainerSpec *c);

/* A word for a shell, in quotes; owned by the caller. */
char *export_shell_word(const char *text);

/* Commands that write a container's credentials to files of their names in "$place", a directory that the
 * first ones make; added to @lines. */
void export_add_credential_files(const ExportRequest *r, const ContainerSpec *c, char ***lines);

/* The shell's command that writes a credential's content to its standard output; owned by the caller. */
char *export_credential_command(const ExportRequest *r, const Credential *credential);
