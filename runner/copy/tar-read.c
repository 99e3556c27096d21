/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "copy/tar-header.h"
#include "copy/tar-print.h"
#include "copy/tar-read.h"

/* Records before one entry, and what is thrown away behind the end. */
enum { RECORDS_MAX = 1024 * 1024, REST_MAX = 1024 * 1024 };

/* What headers before the entry's own have said about it. */
typedef struct Extra {
        char *path, *link, *sparse_path;
        bool has_size, has_mtime, has_uid, has_gid, sparse;
        uint64_t size, real_size, uid, gid, sparse_major, sparse_minor;
        int64_t mtime;
} Extra;

static void extra_done(Extra *x) {
        free(x->path);
        free(x->link);
        free(x->sparse_path);
        *x = (Extra){0};
}

static int tar_refuse(Error *reterr, const char *what) {
        return error_raise(reterr, FC_EXIT_USAGE, "the tar archive %s", what);
}

/* Return: whether all of it was there; 0 only when nothing was and @may_end. */
static int read_full(TarReader *reader, void *buffer, size_t size, bool may_end, Error *reterr) {
        size_t done = 0;

        while (done < size) {
                ssize_t n = reader->source(reader->userdata, (char *) buffer + done, size - done);

                if (n < 0)
                        return error_set(reterr, (int) n, "read the tar archive");
                if (n == 0 && done == 0 && may_end)
                        return 0;
                if (n == 0)
                        return tar_refuse(reterr, "ends too early");
                done += (size_t) n;
        }
        return 1;
}

int tar_read_data(TarReader *reader, void *buffer, size_t size, Error *reterr) {
        int r = read_full(reader, buffer, size, false, reterr);

        if (r >= 0)
                reader->left -= size;
        return r < 0 ? r : 0;
}

static int pass_over(TarReader *reader, Error *reterr) {
        char buffer[16 * 1024];
        int r = 0;

        reader->left += reader->padding;
        reader->padding = 0;
        while (reader->left > 0 && r >= 0)
                r = tar_read_data(reader, buffer,
                                  reader->left < sizeof(buffer) ? (size_t) reader->left : sizeof(buffer),
                                  reterr);
        return r;
}

void tar_read_rest(TarReader *reader) {
        char buffer[16 * 1024];

        for (size_t n = 0; n < REST_MAX; n += sizeof(buffer))
                if (read_full(reader, buffer, sizeof(buffer), true, NULL) <= 0)
                        return;
}

/* Octal digits between blanks, or, when the first bit is set, big-endian bytes. */
static int parse_field(const char *field, size_t size, uint64_t *ret) {
        const unsigned char *p = (const unsigned char *) field, *end = p + size;
        uint64_t value = 0;

        if (*p & 0x80) {
                for (value = *p++ & 0x7f; p < end; p++) {
                        if (value >> 55)
                                return -EINVAL;
                        value = value << 8 | *p;
                }
                *ret = value;
                return 0;
        }
        while (p < end && *p == ' ')
                p++;
        for (; p < end && *p >= '0' && *p <= '7'; p++) {
                if (value >> 60)
                        return -EINVAL;
                value = value << 3 | (uint64_t) (*p - '0');
        }
        if (p < end && *p != ' ' && *p != '\0')
                return -EINVAL;
        *ret = value;
        return 0;
}

/* At most 2^62, so that sums do not overflow. A fraction is left out. */
static int parse_decimal(const char *text, uint64_t *ret, const char **ret_end) {
        uint64_t value = 0;
        const char *p = text;

        for (; *p >= '0' && *p <= '9'; p++) {
                value = value * 10 + (uint64_t) (*p - '0');
                if (value >> 62)
                        return -ERANGE;
        }
        if (p == text)
                return -EINVAL;
        *ret_end = p;
        *ret = value;
        return 0;
}

static int parse_whole(const char *text, uint64_t *ret) {
        const char *end;

        return parse_decimal(text, ret, &end) < 0 || *end ? -EINVAL : 0;
}

static int parse_time(const char *text, int64_t *ret) {
        bool negative = *text == '-';
        const char *end;
        uint64_t value;

        if (parse_decimal(text + negative, &value, &end) < 0 || (*end && *end != '.'))
                return -EINVAL;
        *ret = negative ? -(int64_t) value : (int64_t) value;
        return 0;
}

static int take_record(Extra *x, const char *key, const char *value) {
        int r = 0;

        if (streq(key, "path")) {
                free(x->path);
                x->path = xstrdup(value);
        } else if (streq(key, "GNU.sparse.name")) {
                free(x->sparse_path);
                x->sparse_path = xstrdup(value);
        } else if (streq(key, "linkpath")) {
                free(x->link);
                x->link = xstrdup(value);
        } else if (streq(key, "mtime")) {
                r = parse_time(value, &x->mtime);
                x->has_mtime = true;
        } else if (streq(key, "size")) {
                r = parse_whole(value, &x->size);
                x->has_size = true;
        } else if (streq(key, "uid")) {
                r = parse_whole(value, &x->uid);
                x->has_uid = true;
        } else if (streq(key, "gid")) {
                r = parse_whole(value, &x->gid);
                x->has_gid = true;
        } else if (streq(key, "GNU.sparse.realsize")) {
                r = parse_whole(value, &x->real_size);
        } else if (startswith(key, "GNU.sparse.")) {
                x->sparse = true;
                if (streq(key, "GNU.sparse.major"))
                        r = parse_whole(value, &x->sparse_major);
                else if (streq(key, "GNU.sparse.minor"))
                        r = parse_whole(value, &x->sparse_minor);
        }
        return r;
}

/* "LENGTH KEY=VALUE\n", again and again. */
static int take_records(Extra *x, char *text, size_t size) {
        while (size > 0) {
                const char *end;
                uint64_t length;
                char *key, *value;

                if (parse_decimal(text, &length, &end) < 0 || *end != ' ' || length > size ||
                    length < (size_t) (end - text) + 4 || text[length - 1] != '\n')
                        return -EINVAL;
                text[length - 1] = '\0';
                key = text + (end - text) + 1;
                value = strchr(key, '=');
                /* A name with a NUL in it would be another one. */
                if (!value || strlen(key) != length - 2 - (size_t) (end - text))
                        return -EINVAL;
                *value++ = '\0';
                if (take_record(x, key, value) < 0)
                        return -EINVAL;
                text += length;
                size -= length;
        }
        return 0;
}

static int read_long(TarReader *reader, uint64_t size, char **ret, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        int r;

        if (size > RECORDS_MAX)
                return tar_refuse(reterr, "has a header that is too long");
        text = xmalloc0(size + 1);
        r = tar_read_data(reader, text, (size_t) size, reterr);
        if (r >= 0)
                *ret = TAKE_PTR(text);
        return r;
}

static int read_extra(TarReader *reader, const TarHeader *h, Extra *x, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        uint64_t size = reader->left;
        int r;

        r = read_long(reader, size, &text, reterr);
        if (r < 0)
                return r;
        switch (h->type) {
        case TAR_EXTENDED:
                return take_records(x, text, (size_t) size) < 0
                               ? tar_refuse(reterr, "has an extended header that is not one")
                               : 0;
        case TAR_LONG_NAME:
                free(x->path);
                x->path = TAKE_PTR(text);
                return 0;
        case TAR_LONG_LINK:
                free(x->link);
                x->link = TAKE_PTR(text);
                return 0;
        default:
                return 0; /* of all entries to come: comments, as git writes them */
        }
}

static int read_map_number(TarReader *reader, char *block, size_t *at, uint64_t *ret, Error *reterr) {
        char digits[24];

        for (size_t n = 0; n < sizeof(digits); n++) {
                int r;

                if (*at == TAR_BLOCK) {
                        if (reader->left < TAR_BLOCK)
                                break;
                        r = tar_read_data(reader, block, TAR_BLOCK, reterr);
                        if (r < 0)
                                return r;
                        *at = 0;
                }
                digits[n] = block[(*at)++];
                if (digits[n] != '\n')
                        continue;
                digits[n] = '\0';
                if (parse_whole(digits, ret) < 0)
                        break;
                return 0;
        }
        return tar_refuse(reterr, "has a map of holes that is not one");
}

/* How many parts of the file follow, and where each begins and how long it is. */
static int read_map(TarReader *reader, TarEntry *entry, Error *reterr) {
        uint64_t count, end = 0, stored = 0;
        size_t at = TAR_BLOCK;
        char block[TAR_BLOCK];
        int r;

        r = read_map_number(reader, block, &at, &count, reterr);
        if (r < 0)
                return r;
        if (count > TAR_EXTENT_MAX)
                return tar_refuse(reterr, "has a file with too many holes");
        for (uint64_t i = 0; i < count; i++) {
                TarExtent e;

                r = read_map_number(reader, block, &at, &e.offset, reterr);
                if (r >= 0)
                        r = read_map_number(reader, block, &at, &e.size, reterr);
                if (r < 0)
                        return r;
                if (e.offset < end || e.size > entry->size || e.offset > entry->size - e.size)
                        return tar_refuse(reterr, "has a map of holes that is not one");
                end = e.offset + e.size;
                stored += e.size;
                *XGROW(entry->extents, entry->n_extents) = e;
        }
        return stored == reader->left ? 0 : tar_refuse(reterr, "has a map of holes that is not one");
}

static int take_size(TarReader *reader, const TarHeader *h, const Extra *x, Error *reterr) {
        uint64_t size;

        if (parse_field(h->size, sizeof(h->size), &size) < 0)
                return tar_refuse(reterr, "has a size that is not one");
        if (x->has_size)
                size = x->size;
        if (size >> 62)
                return tar_refuse(reterr, "has a size that is not one");
        reader->left = size;
        reader->padding = tar_padding(size);
        return 0;
}

static int take_names(const TarHeader *h, const Extra *x, TarEntry *entry, Error *reterr) {
        _cleanup_free_ char *name = NULL, *link = NULL;
        bool has_prefix = memcmp(h->magic, "ustar", sizeof(h->magic)) == 0 && h->prefix[0];

        if (x->sparse_path || x->path)
                name = xstrdup(x->sparse_path ? x->sparse_path : x->path);
        else
                name = has_prefix ? xasprintf("%.*s/%.*s", (int) sizeof(h->prefix), h->prefix,
                                              (int) sizeof(h->name), h->name)
                                  : xstrndup(h->name, sizeof(h->name));
        if (strlen(name) > TAR_NAME_MAX)
                return tar_refuse(reterr, "has a name that is too long");
        /* So it was before there was a type for it. */
        if (entry->type == TAR_FILE && name[0] && name[strlen(name) - 1] == '/')
                entry->type = TAR_DIRECTORY;
        entry->path = tar_normalise(name);
        if (!entry->path)
                return error_raise(reterr, FC_EXIT_USAGE, "the tar archive has '%s', which leads out of it",
                                   name);

        if (entry->type != TAR_LINK && entry->type != TAR_HARD_LINK)
                return 0;
        link = x->link ? xstrdup(x->link) : xstrndup(h->link, sizeof(h->link));
        if (strlen(link) > TAR_NAME_MAX || !link[0])
                return tar_refuse(reterr, "has a link that leads nowhere");
        entry->link = entry->type == TAR_LINK ? TAKE_PTR(link) : tar_normalise(link);
        if (!entry->link)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "the tar archive has '%s', a link to '%s', which leads out of it", name,
                                   link);
        return 0;
}

static int take_numbers(const TarHeader *h, const Extra *x, TarEntry *entry, Error *reterr) {
        uint64_t mode, uid, gid, mtime;

        if (parse_field(h->mode, sizeof(h->mode), &mode) < 0 ||
            parse_field(h->uid, sizeof(h->uid), &uid) < 0 || parse_field(h->gid, sizeof(h->gid), &gid) < 0 ||
            parse_field(h->mtime, sizeof(h->mtime), &mtime) < 0)
                return tar_refuse(reterr, "has a number that is not one");
        if (x->has_uid)
                uid = x->uid;
        if (x->has_gid)
                gid = x->gid;
        if (uid >= UINT32_MAX || gid >= UINT32_MAX)
                return tar_refuse(reterr, "has an owner that is not one");
        entry->mode = (mode_t) (mode & 07777);
        entry->uid = (uint32_t) uid;
        entry->gid = (uint32_t) gid;
        entry->mtime = x->has_mtime ? x->mtime : (int64_t) (mtime & INT64_MAX);
        return 0;
}

static int take_type(const TarHeader *h, TarEntry *entry, Error *reterr) {
        switch (h->type) {
        case TAR_FILE:
        case TAR_CONTIGUOUS:
        case TAR_OLD_FILE:
                entry->type = TAR_FILE;
                return 0;
        case TAR_HARD_LINK:
        case TAR_LINK:
        case TAR_CHARACTER:
        case TAR_BLOCK_DEVICE:
        case TAR_DIRECTORY:
        case TAR_FIFO:
                entry->type = (TarType) h->type;
                return 0;
        default:
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "the tar archive has an entry of type '%c', which is not supported",
                                   h->type);
        }
}

static int take_data(TarReader *reader, const Extra *x, TarEntry *entry, Error *reterr) {
        if (entry->type != TAR_FILE)
                return x->sparse ? tar_refuse(reterr, "has holes in what is not a file") : 0;
        if (!x->sparse) {
                entry->size = reader->left;
                if (entry->size > 0)
                        *XGROW(entry->extents, entry->n_extents) = (TarExtent){0, entry->size};
                return 0;
        }
        if (x->sparse_major != 1 || x->sparse_minor != 0)
                return tar_refuse(reterr, "has a file with holes in an older format than 1.0");
        entry->size = x->real_size;
        return read_map(reader, entry, reterr);
}

static int take_header(TarReader *reader, const TarHeader *h, const Extra *x, TarEntry *entry,
                       Error *reterr) {
        int r;

        r = take_type(h, entry, reterr);
        if (r >= 0)
                r = take_names(h, x, entry, reterr);
        if (r >= 0)
                r = take_numbers(h, x, entry, reterr);
        return r < 0 ? r : take_data(reader, x, entry, reterr);
}

static bool is_zero(const TarHeader *h) {
        const char *bytes = (const char *) h;

        return bytes[0] == '\0' && memcmp(bytes, bytes + 1, sizeof(*h) - 1) == 0;
}

static int raise_not_tar(const TarReader *reader, const TarHeader *h, Error *reterr) {
        static const struct {
                const char *magic, *unpacker;
        } compressed[] = {{"\x1f\x8b", "gzip"},
                          {"\xfd"
                           "7zXZ",
                           "xz"},
                          {"\x28\xb5\x2f\xfd", "zstd"},
                          {"BZh", "bzip2"}};
        int r;

        if (reader->began)
                return tar_refuse(reterr, "has a header whose checksum is wrong");
        r = error_raise(reterr, FC_EXIT_USAGE, "what is read is not a tar archive");
        for (size_t i = 0; i < ELEMENTSOF(compressed); i++)
                if (memcmp(h, compressed[i].magic, strlen(compressed[i].magic)) == 0)
                        error_add_hint(reterr, "it is compressed: put '%s -dc |' before this command",
                                       compressed[i].unpacker);
        return r;
}

static bool is_extra(char type) {
        return type == TAR_EXTENDED || type == TAR_GLOBAL || type == TAR_LONG_NAME || type == TAR_LONG_LINK;
}

int tar_read_entry(TarReader *reader, TarEntry *ret, Error *reterr) {
        _cleanup_(tar_entry_done) TarEntry entry = {0};
        _cleanup_(extra_done) Extra extra = {0};

        for (;;) {
                TarHeader h = {0};
                uint64_t sum;
                int r;

                r = pass_over(reader, reterr);
                if (r >= 0)
                        r = read_full(reader, &h, sizeof(h), false, reterr);
                /* So short is not even the shortest one. */
                if (r < 0 && !reader->began && reterr && reterr->exit == FC_EXIT_USAGE)
                        return raise_not_tar(reader, &h, reterr);
                if (r < 0)
                        return r;
                if (is_zero(&h))
                        return extra.path || extra.link || extra.sparse
                                       ? tar_refuse(reterr, "ends too early")
                                       : 0;
                if (parse_field(h.checksum, sizeof(h.checksum), &sum) < 0 || sum != tar_header_sum(&h))
                        return raise_not_tar(reader, &h, reterr);
                reader->began = true;
                r = take_size(reader, &h, is_extra(h.type) ? &(Extra){0} : &extra, reterr);
                if (r < 0)
                        return r;
                if (is_extra(h.type)) {
                        r = read_extra(reader, &h, &extra, reterr);
                        if (r < 0)
                                return r;
                        continue;
                }
                r = take_header(reader, &h, &extra, &entry, reterr);
                if (r < 0)
                        return r;
                *ret = entry;
                entry = (TarEntry){0};
                return 1;
        }
}
