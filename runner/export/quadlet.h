/* SPDX-License-Identifier: MIT */
#pragma once

/* Units for podman's generator (podman-systemd.unit(5)), for a user's manager: there podman has a user
 * namespace in which root is the user, as `users` and the owners of volumes mean it. A unit for each
 * container, network and named volume. */

#include "export/files.h"

void quadlet_print(const ExportRequest *r, ExportFiles *files);

/* A word of a command line of which systemd makes the same again: in quotes, and without specifiers and
 * variables. Owned by the caller. */
char *quadlet_word(const char *text);
