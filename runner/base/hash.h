/* SPDX-License-Identifier: MIT */
#pragma once

/* FNV-1a, 64 bits: a hash that never changes, for names, addresses and ids that are derived from a text and
 * must come out the same for ever. Not for anything that an attacker may choose. */

#include "base/macro.h"

static inline uint64_t hash_text(const char *text) {
        uint64_t hash = UINT64_C(0xcbf29ce484222325);

        for (const unsigned char *p = (const unsigned char *) text; *p; p++) {
                hash ^= *p;
                hash *= UINT64_C(0x100000001b3);
        }
        return hash;
}
