/* SPDX-License-Identifier: MIT */
#pragma once

/* skopeo(1) and umoci(1), run to their end (image/image-program.h), without a network. The former checks
 * what is there against its digests, chooses what is for this machine and makes one form of it; the latter
 * unpacks the layers, whose order, whiteouts and links it knows. */

#include "image/image-program.h"
#include "plan/plan.h"

/* Where in the image's directory stands what the image runs, beside its root: a runtime configuration of the
 * Open Container Initiative. */
#define OCI_CONFIG_NAME "config.json"

/* FC_EXIT_HOST when one of them is not there, with what to install. */
int oci_build_require(Error *reterr);

/**
 * oci_build() - make a root file system
 * @work_fd: a directory of root's; the root is its "root", which must not be there
 * @input_fd: from oci_input_open()
 *
 * What is there after a failure is the caller's to remove.
 */
int oci_build(const OciSpec *oci, int work_fd, int input_fd, bool is_directory, ImageStep step,
              void *userdata, Error *reterr);
