/* SPDX-License-Identifier: MIT */
#pragma once

/* FNV-1a, 64 bits: a hash that never changes, for names, addresses and ids that are derived from a text and
 * must come out the same for ever. Not for anything that an attacker may choose. */

#include <string.h>

#include "base/macro.h"

#define HASH_INIT UINT64_C(0xcbf29ce484222325)

/* Goes on with a hash that began as HASH_INIT. */
static inline uint64_t hash_more(uint64_t hash, const void *data, size_t size) {
        for (const unsigned char *p = data, *end = p + size; p < end; p++) {
                hash ^= *p;
                hash *= UINT64_C(0x100000001b3);
        }
        return hash;
}

static inline uint64_t hash_text(const char *text) {
        return hash_more(HASH_INIT, text, strlen(text));
}
