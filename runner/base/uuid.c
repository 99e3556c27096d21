/* SPDX-License-Identifier: MIT */

#include <sys/random.h>

#include "base/alloc.h"
#include "base/uuid.h"

int uuid_make(char **ret, Error *reterr) {
        char digits[UUID_LENGTH + 1];
        uint8_t bytes[UUID_LENGTH / 2];

        if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t) sizeof(bytes))
                return error_set(reterr, errno, "get random bytes");
        bytes[6] = (bytes[6] & 0x0f) | 0x40; /* version 4 */
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        for (size_t i = 0; i < sizeof(bytes); i++)
                (void) sprintf(digits + 2 * i, "%02x", bytes[i]);
        *ret = uuid_format(digits);
        return 0;
}

char *uuid_format(const char *digits) {
        return xasprintf("%.8s-%.4s-%.4s-%.4s-%.12s", digits, digits + 8, digits + 12, digits + 16,
                         digits + 20);
}
