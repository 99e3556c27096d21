/* SPDX-License-Identifier: MIT */

#include <inttypes.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "plan/debian-image.h"
#include "plan/made-image.h"

/* To be changed with whatever makes other images of the same OCI image. */
#define OCI_RECIPE "1"

char *made_image_text(const ContainerSpec *c) {
        if (c->debian)
                return debian_image_text(c->debian);
        return xasprintf("oci recipe " OCI_RECIPE "\nimage %s\ninput %s\n",
                         c->oci->image ? c->oci->image : "", c->oci->input ? c->oci->input : "");
}

char *made_image_key(const char *text) {
        return xasprintf("%016" PRIx64, hash_text(text));
}

char *made_image_path(const ContainerSpec *c) {
        _cleanup_free_ char *text = made_image_text(c), *key = made_image_key(text);

        return xasprintf(MADE_IMAGE_CACHE "/%s/root", key);
}

const char *made_image_word(const ContainerSpec *c) {
        return c->debian ? "system.debian" : c->oci ? "system.oci" : NULL;
}
