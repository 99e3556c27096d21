/* SPDX-License-Identifier: MIT */
#pragma once

/* mmdebstrap(1), run to its end (image/image-program.h). */

#include "image/image-program.h"
#include "spec/spec.h"

/* FC_EXIT_HOST when the program is not there, with what to install. */
int debian_build_require(char **ret_program, Error *reterr);

/**
 * debian_build() - make a root file system
 * @work_fd: a directory of root's; the root is its "root", which must not be there
 *
 * What is there after a failure is the caller's to remove.
 */
int debian_build(const DebianSpec *debian, int work_fd, ImageStep step, void *userdata, Error *reterr);
