/* SPDX-License-Identifier: MIT */
#pragma once

/* mmdebstrap(1), run to its end in namespaces of its own: whatever ends this command ends all that it has
 * started, and nothing that it mounts is seen by others. */

#include "base/error.h"
#include "spec/spec.h"

/* Each step that it tells of. */
typedef void (*DebianStep)(const char *text, void *userdata);

/* FC_EXIT_HOST when the program is not there, with what to install. */
int debian_build_require(char **ret_program, Error *reterr);

/**
 * debian_build() - make a root file system
 * @work_fd: a directory of root's; the root is its "root", which must not be there
 *
 * FC_EXIT_FAILED with the last lines when mmdebstrap has failed, FC_EXIT_INTERRUPTED when a signal has come;
 * what is there by then is the caller's to remove.
 */
int debian_build(const DebianSpec *debian, int work_fd, DebianStep step, void *userdata, Error *reterr);
