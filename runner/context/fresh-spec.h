/* SPDX-License-Identifier: MIT */
#pragma once

/* What a specification says of a fresh instance (context/instance.h): the same containers, which share
 * nothing of the host with those of the project or of another instance, and leave nothing there. */

#include "spec/spec.h"

/* Is the source of a volume, as it was written, a directory, or going to be made as one? */
typedef bool (*FreshIsDirectory)(const char *source, void *userdata);

/* FC_EXIT_USAGE where one of @names cannot have a fresh instance: it would share the host's network. */
int fresh_spec_check(const Spec *spec, char *const *names, Error *reterr);

/**
 * fresh_spec_make() - change a specification so that it is that of an instance
 * @root: the project's
 * @is_directory: asked of sources that would be written to
 *
 *   - Roots are ephemeral.
 *   - Each published port is any free one of 127.0.0.1; a port that is published twice is so once.
 *   - A directory of the user's is not written to: an overlay is laid over it. Where that cannot be, since
 *     it is a file or has the project's `.containers` in it, it is read-only.
 */
void fresh_spec_make(Spec *spec, const char *root, FreshIsDirectory is_directory, void *userdata);

/* How often these containers use what is kept under this name in .containers/volumes: 1 for a volume that
 * one of them has, which can be laid over; more where it cannot, since several have it, or since it is
 * itself what was written to an overlay. */
size_t fresh_spec_count_volume(const Spec *spec, char *const *names, const char *volume);
