/* SPDX-License-Identifier: MIT */

#include "copy/tar-read.h"
#include "fuzz.h"

typedef struct Input {
        const uint8_t *data;
        size_t left;
} Input;

static ssize_t take(void *userdata, void *buffer, size_t size) {
        Input *in = userdata;
        size_t n = size < in->left ? size : in->left;

        memcpy(buffer, in->data, n);
        in->data += n;
        in->left -= n;
        return (ssize_t) n;
}

/* A path below the top: nothing of it leads out. */
static void check_path(const char *path) {
        _cleanup_free_ char *again = tar_normalise(path);

        FUZZ_CHECK(path[0] != '/');
        FUZZ_CHECK(again && streq(again, path));
}

static void check_extents(const TarEntry *entry) {
        uint64_t end = 0;

        for (size_t i = 0; i < entry->n_extents; i++) {
                FUZZ_CHECK(entry->extents[i].offset >= end);
                end = entry->extents[i].offset + entry->extents[i].size;
                FUZZ_CHECK(end >= entry->extents[i].offset && end <= entry->size);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Input in = {data, size};
        TarReader reader = {.source = take, .userdata = &in};
        int r = 1;

        while (r > 0) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(tar_entry_done) TarEntry entry = {0};

                r = tar_read_entry(&reader, &entry, &error);
                fuzz_check_result(r, &error);
                if (r <= 0)
                        break;
                check_path(entry.path);
                if (entry.type == TAR_HARD_LINK)
                        check_path(entry.link);
                FUZZ_CHECK((entry.type == TAR_LINK || entry.type == TAR_HARD_LINK) == (entry.link != NULL));
                FUZZ_CHECK((entry.mode & ~07777U) == 0);
                check_extents(&entry);
                FUZZ_CHECK(entry.type != TAR_FILE || tar_entry_stored(&entry) == reader.left);
        }
        tar_read_rest(&reader);
        return 0;
}
