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

char *made_image_path(const ContainerSpec *c, const char *cache) {
        _cleanup_free_ char *text = made_image_text(c), *key = made_image_key(text);

        return xasprintf("%s/%s/root", cache, key);
}

char *made_image_cache(const char *path) {
        size_t end = strlen("/0123456789abcdef/root"), n = strlen(path);
        const char *rest = n > end ? path + n - end : "";

        if (rest[0] != '/' || strspn(rest + 1, "0123456789abcdef") != 16 || !streq(rest + 17, "/root"))
                return NULL;
        return xstrndup(path, n - end);
}

const char *made_image_word(const ContainerSpec *c) {
        return c->debian ? "system.debian" : c->oci ? "system.oci" : NULL;
}
