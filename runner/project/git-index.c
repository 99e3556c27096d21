/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "project/git-index.h"

#define STAT_SIZE     40 /* what stat(2) said of the file, ahead of the hash */
#define FLAG_EXTENDED 0x4000
#define FLAG_LENGTH   0x0fff
#define NAME_MAX_SIZE (64 * 1024)

typedef struct Reader {
        FILE *file;
        unsigned version;
        size_t hash_size; /* 20 or 32: only the repository's configuration says which */
        char *name;       /* of the current entry; room for NAME_MAX_SIZE bytes */
        size_t name_size;
} Reader;

static bool read_bytes(Reader *r, unsigned char *ret, size_t n) {
        return fread(ret, 1, n, r->file) == n;
}

static uint32_t be32(const unsigned char *p) {
        return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
}

/* How much of the previous name does not count for this one; the encoding is that of offsets in packs. */
static bool read_strip(Reader *r, size_t *ret) {
        size_t value = 0;
        int c = getc_unlocked(r->file);

        if (c < 0)
                return false;
        value = (size_t) c & 127;
        while (c & 128) {
                c = getc_unlocked(r->file);
                if (c < 0 || value > NAME_MAX_SIZE)
                        return false;
                value = ((value + 1) << 7) + ((size_t) c & 127);
        }
        *ret = value;
        return true;
}

/* Appends up to and without the NUL byte. */
static bool read_name(Reader *r) {
        for (;;) {
                int c = getc_unlocked(r->file);

                if (c < 0 || r->name_size + 1 >= NAME_MAX_SIZE)
                        return false;
                r->name[r->name_size] = (char) c;
                if (c == '\0')
                        return true;
                r->name_size++;
        }
}

static bool read_entry(Reader *r) {
        unsigned char fixed[STAT_SIZE + 32 + 4];
        size_t size = STAT_SIZE + r->hash_size + 2, length, strip = 0;
        unsigned flags;

        if (!read_bytes(r, fixed, size))
                return false;
        flags = (unsigned) fixed[size - 2] << 8 | fixed[size - 1];
        if (flags & FLAG_EXTENDED) {
                if (r->version < 3 || !read_bytes(r, fixed, 2))
                        return false;
                size += 2;
        }

        if (r->version >= 4 && !read_strip(r, &strip))
                return false;
        if (strip > r->name_size)
                return false;
        r->name_size = r->version >= 4 ? r->name_size - strip : 0;
        if (!read_name(r))
                return false;

        length = flags & FLAG_LENGTH;
        if (r->name_size == 0 || (length < FLAG_LENGTH ? r->name_size != length : r->name_size < length))
                return false;
        if (r->version >= 4)
                return true;

        /* NUL bytes up to a multiple of eight; the one that ends the name is the first of them. */
        for (size_t n = 8 - (size + r->name_size) % 8; n > 1; n--)
                if (getc_unlocked(r->file) != '\0')
                        return false;
        return true;
}

static GitIndexAnswer look_up(Reader *r, const char *path) {
        _cleanup_free_ char *directory = xasprintf("%s/", path), *previous = xmalloc0(NAME_MAX_SIZE);
        unsigned char header[12];
        uint32_t n;

        if (!read_bytes(r, header, sizeof(header)) || memcmp(header, "DIRC", 4) != 0)
                return GIT_INDEX_UNKNOWN;
        r->version = be32(header + 4);
        if (r->version < 2 || r->version > 4)
                return GIT_INDEX_UNKNOWN;

        n = be32(header + 8);
        for (uint32_t i = 0; i < n; i++) {
                if (!read_entry(r) || strcmp(r->name, previous) < 0)
                        return GIT_INDEX_UNKNOWN;
                if (streq(r->name, path) || startswith(r->name, directory))
                        return GIT_INDEX_TRACKED;
                if (strcmp(r->name, directory) > 0)
                        break;
                memcpy(previous, r->name, r->name_size + 1);
        }
        return GIT_INDEX_UNTRACKED;
}

GitIndexAnswer git_index_look_up(FILE *index, const char *path) {
        static const size_t hash_sizes[] = {20, 32};
        _cleanup_free_ char *name = xmalloc0(NAME_MAX_SIZE);
        GitIndexAnswer answer = GIT_INDEX_UNKNOWN;

        for (size_t i = 0; i < ELEMENTSOF(hash_sizes) && answer == GIT_INDEX_UNKNOWN; i++) {
                Reader reader = {.file = index, .hash_size = hash_sizes[i], .name = name};

                rewind(index);
                answer = look_up(&reader, path);
        }
        return answer;
}
