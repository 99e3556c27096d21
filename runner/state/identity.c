/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "state/identity.h"

#define SLUG_MAX 20
#define CUT_HASH 12 /* digits in a machine name that was cut */

static char slug_char(char c) {
        if (c >= 'A' && c <= 'Z')
                return (char) (c - 'A' + 'a');
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
}

/* Not ctype.h: its answers depend on the locale. */
static size_t slug(const char *name, size_t n, char *ret) {
        size_t size = 0;

        for (size_t i = 0; i < n && size < SLUG_MAX; i++) {
                char c = slug_char(name[i]);

                if (c == '-' && (size == 0 || ret[size - 1] == '-'))
                        continue;
                ret[size++] = c;
        }
        while (size > 0 && ret[size - 1] == '-')
                size--;
        return size;
}

static uint64_t fold(uint64_t hash, unsigned bits) {
        uint64_t folded = 0;

        for (; hash != 0; hash >>= bits)
                folded ^= hash & ((UINT64_C(1) << bits) - 1);
        return folded;
}

char *identity_project_id(const char *real_path, unsigned attempt) {
        const char *end = real_path + strlen(real_path), *begin;
        uint64_t hash = hash_text(real_path);
        char name[SLUG_MAX];
        size_t n;

        while (end > real_path && end[-1] == '/')
                end--;
        begin = end;
        while (begin > real_path && begin[-1] != '/')
                begin--;

        for (unsigned i = 0; i < attempt; i++)
                hash = hash_more(hash, "", 1);
        n = slug(begin, (size_t) (end - begin), name);
        if (n == 0)
                return xasprintf("project-%04x", (unsigned) fold(hash, 16));
        return xasprintf("%.*s-%04x", (int) n, name, (unsigned) fold(hash, 16));
}

bool identity_id_is_valid(const char *id) {
        size_t n = strlen(id);

        if (n < 6 || n > IDENTITY_ID_MAX || id[0] == '-' || id[n - 5] != '-')
                return false;
        for (size_t i = 0; i < n; i++)
                if (slug_char(id[i]) != id[i])
                        return false;
        return strspn(id + n - 4, "0123456789abcdef") == 4;
}

char *identity_machine_name(const char *id, const char *container) {
        size_t room = IDENTITY_MACHINE_MAX - strlen(id) - 1, keep;

        if (strlen(container) <= room)
                return xasprintf("%s-%s", id, container);

        keep = room - CUT_HASH - 1;
        while (keep > 0 && container[keep - 1] == '-')
                keep--;
        return xasprintf("%s-%.*s-%0*llx", id, (int) keep, container, CUT_HASH,
                         (unsigned long long) fold(hash_text(container), CUT_HASH * 4));
}

char *identity_of_machine(const char *machine) {
        for (const char *dash = strchr(machine, '-'); dash; dash = strchr(dash + 1, '-')) {
                _cleanup_free_ char *id = xstrndup(machine, (size_t) (dash - machine));

                if (identity_id_is_valid(id) && dash[1] != '\0')
                        return TAKE_PTR(id);
        }
        return NULL;
}

char *identity_bridge_name(const char *id) {
        return xasprintf("fc-%011llx", (unsigned long long) fold(hash_text(id), 44));
}

char *identity_network_name(const char *id, char letter) {
        _cleanup_free_ char *bridge = identity_bridge_name(id);

        return xasprintf("%s%c", bridge, letter);
}
