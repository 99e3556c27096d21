/* SPDX-License-Identifier: MIT */

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "copy/tar-header.h"
#include "copy/tar-print.h"

/* Bytes that grow. */
typedef struct Text {
        char *data;
        size_t size;
} Text;

static void text_add(Text *t, const void *data, size_t size) {
        t->data = xreallocarray(t->data, t->size + size, 1);
        memcpy(t->data + t->size, data, size);
        t->size += size;
}

static void text_pad(Text *t) {
        static const char zeros[TAR_BLOCK];

        text_add(t, zeros, tar_padding(t->size));
}

size_t tar_padding(uint64_t stored) {
        return (size_t) (-stored % TAR_BLOCK);
}

static bool print_octal(char *field, size_t size, uint64_t value) {
        char digits[32];
        int n = snprintf(digits, sizeof(digits), "%0*" PRIo64, (int) size - 1, value);

        if ((size_t) n >= size) {
                memset(field, '0', size - 1);
                return false;
        }
        memcpy(field, digits, size);
        return true;
}

/* A name that does not fit is cut off here, and stands in a record. */
static bool print_name(char *field, size_t size, const char *name) {
        size_t n = strlen(name);

        memcpy(field, name, n < size ? n : size);
        return n <= size;
}

static void print_checksum(TarHeader *h) {
        memset(h->checksum, ' ', sizeof(h->checksum));
        (void) snprintf(h->checksum, sizeof(h->checksum), "%06o", tar_header_sum(h));
        h->checksum[7] = ' ';
}

/* "LENGTH KEY=VALUE\n", where the length counts itself. */
static void add_data_record(Text *records, const char *key, const void *value, size_t size) {
        size_t rest = strlen(key) + size + 3, length = 0, next = rest + 1;
        _cleanup_free_ char *begin = NULL;

        while (next != length) {
                length = next;
                next = rest + (size_t) snprintf(NULL, 0, "%zu", length);
        }
        begin = xasprintf("%zu %s=", length, key);
        text_add(records, begin, strlen(begin));
        text_add(records, value, size);
        text_add(records, "\n", 1);
}

static void add_record(Text *records, const char *key, const char *value) {
        add_data_record(records, key, value, strlen(value));
}

static void add_number_record(Text *records, const char *key, uint64_t value) {
        _cleanup_free_ char *text = xasprintf("%" PRIu64, value);

        add_record(records, key, text);
}

/* As star and GNU tar write them, and those read who unpack images. */
static void add_attribute_records(Text *records, const TarEntry *entry) {
        for (size_t i = 0; i < entry->n_attributes; i++) {
                const TarAttribute *attribute = &entry->attributes[i];
                _cleanup_free_ char *key = xasprintf("SCHILY.xattr.%s", attribute->name);

                add_data_record(records, key, attribute->value, attribute->size);
        }
}

static void header_init(TarHeader *h, char type) {
        *h = (TarHeader){.type = type};
        memcpy(h->magic, "ustar", sizeof(h->magic));
        memcpy(h->version, "00", sizeof(h->version));
}

/* Other programs see the file under a name of its own when they do not know the format. */
static void add_sparse_records(Text *records, const TarEntry *entry) {
        add_record(records, "GNU.sparse.major", "1");
        add_record(records, "GNU.sparse.minor", "0");
        add_record(records, "GNU.sparse.name", entry->path);
        add_number_record(records, "GNU.sparse.realsize", entry->size);
}

static void add_map(Text *map, const TarEntry *entry) {
        _cleanup_free_ char *count = xasprintf("%zu\n", entry->n_extents);

        text_add(map, count, strlen(count));
        for (size_t i = 0; i < entry->n_extents; i++) {
                const TarExtent *e = &entry->extents[i];
                _cleanup_free_ char *line = xasprintf("%" PRIu64 "\n%" PRIu64 "\n", e->offset, e->size);

                text_add(map, line, strlen(line));
        }
        text_pad(map);
}

static void add_header(Text *out, TarHeader *h) {
        print_checksum(h);
        text_add(out, h, sizeof(*h));
}

char *tar_print(const TarEntry *entry, size_t *ret_size) {
        uint64_t stored = tar_entry_stored(entry);
        bool sparse = entry->type == TAR_FILE && stored < entry->size;
        _cleanup_free_ char *path =
                entry->type == TAR_DIRECTORY ? xasprintf("%s/", entry->path) : xstrdup(entry->path);
        Text out = {0}, records = {0}, map = {0};
        TarHeader h;

        header_init(&h, (char) entry->type);
        if (sparse) {
                add_sparse_records(&records, entry);
                add_map(&map, entry);
        }
        if (!print_name(h.name, sizeof(h.name), path) && !sparse)
                add_record(&records, "path", path);
        if (entry->link && !print_name(h.link, sizeof(h.link), entry->link))
                add_record(&records, "linkpath", entry->link);
        (void) print_octal(h.mode, sizeof(h.mode), entry->mode & 07777);
        if (!print_octal(h.uid, sizeof(h.uid), entry->uid))
                add_number_record(&records, "uid", entry->uid);
        if (!print_octal(h.gid, sizeof(h.gid), entry->gid))
                add_number_record(&records, "gid", entry->gid);
        if (!print_octal(h.size, sizeof(h.size), map.size + stored))
                add_number_record(&records, "size", map.size + stored);
        /* Before 1970 there is no number for it in a header. */
        if (entry->mtime < 0 || !print_octal(h.mtime, sizeof(h.mtime), (uint64_t) entry->mtime)) {
                _cleanup_free_ char *text = xasprintf("%" PRIi64, entry->mtime);

                add_record(&records, "mtime", text);
        }
        add_attribute_records(&records, entry);

        if (records.size > 0) {
                TarHeader x;

                header_init(&x, TAR_EXTENDED);
                (void) print_name(x.name, sizeof(x.name), "PaxHeaders/entry");
                (void) print_octal(x.mode, sizeof(x.mode), 0644);
                (void) print_octal(x.size, sizeof(x.size), records.size);
                add_header(&out, &x);
                text_pad(&records);
                text_add(&out, records.data, records.size);
        }
        add_header(&out, &h);
        if (map.size > 0)
                text_add(&out, map.data, map.size);
        free(records.data);
        free(map.data);
        *ret_size = out.size;
        return out.data;
}
