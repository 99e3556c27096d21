/* SPDX-License-Identifier: MIT */
#pragma once

/* What an archive of an image has in it, by the lines of `tar --list --verbose`. Pure. */

#include <stdbool.h>

typedef struct OciListing {
        bool oci, docker; /* forms that it is of */
        bool special;     /* it has a FIFO or a device: skopeo would make it, open it, and wait */
} OciListing;

/* @line: "-rw-r--r-- 0/0 30 2024-01-01 00:00 oci-layout", or a message. Line ends in names are escaped. */
void oci_listing_take(OciListing *listing, const char *line);

/**
 * oci_listing_form() - as what skopeo(1) is to read it
 * @image: which of several is wanted, or NULL
 *
 * The archive of docker's newer releases is of both forms. As that of OCI it knows tags alone, "1.2" of
 * "app:1.2".
 */
const char *oci_listing_form(const OciListing *listing, const char *image);
