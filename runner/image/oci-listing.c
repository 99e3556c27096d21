/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "image/oci-listing.h"

static bool ends_with(const char *text, const char *end) {
        size_t n = strlen(text), m = strlen(end);

        return n >= m && streq(text + n - m, end);
}

void oci_listing_take(OciListing *listing, const char *line) {
        if (strlen(line) < 11 || strspn(line + 1, "rwxsStT-") != 9 || line[10] != ' ')
                return;
        if (strchr("pcb", line[0]))
                listing->special = true;
        if (ends_with(line, " oci-layout") || ends_with(line, " ./oci-layout"))
                listing->oci = true;
        if (ends_with(line, " manifest.json") || ends_with(line, " ./manifest.json"))
                listing->docker = true;
}

const char *oci_listing_form(const OciListing *listing, const char *image) {
        bool named = image && strchr(image, ':');

        return listing->oci && !(listing->docker && named) ? "oci-archive" : "docker-archive";
}
