/* SPDX-License-Identifier: MIT */

#include "test.h"

#include "base/alloc.h"
#include "base/strv.h"
#include "copy/tar-print.h"
#include "copy/tar-read.h"

typedef struct Memory {
        char *data;
        size_t size, at;
} Memory;

static void memory_add(Memory *m, const void *data, size_t size) {
        m->data = xreallocarray(m->data, m->size + size + 1, 1);
        memcpy(m->data + m->size, data, size);
        m->size += size;
}

/* A few bytes at a time, as a pipe may give them. */
static ssize_t memory_read(void *userdata, void *buffer, size_t size) {
        Memory *m = userdata;
        size_t n = m->size - m->at < 100 ? m->size - m->at : 100;

        if (n > size)
                n = size;
        memcpy(buffer, m->data + m->at, n);
        m->at += n;
        return (ssize_t) n;
}

static void add_entry(Memory *m, const TarEntry *entry) {
        static const char zeros[TAR_BLOCK];
        _cleanup_free_ char *header = NULL;
        size_t size;

        header = tar_print(entry, &size);
        ASSERT_EQ(size % TAR_BLOCK, 0);
        memory_add(m, header, size);
        for (uint64_t i = 0; i < tar_entry_stored(entry); i++)
                memory_add(m, "x", 1);
        memory_add(m, zeros, tar_padding(tar_entry_stored(entry)));
}

static void add_end(Memory *m) {
        static const char zeros[TAR_END_SIZE];

        memory_add(m, zeros, sizeof(zeros));
}

/* What is printed is read again as it was. */
TEST(round_trip) {
        _cleanup_free_ char *name = xmalloc0(TAR_NAME_MAX + 1), *mid = xmalloc0(101),
                            *longer = xmalloc0(102);
        TarExtent whole = {0, 1000}, holes[] = {{512, 3}, {100000, 2}, {UINT64_C(1) << 40, 1}};
        memset(name, 'n', TAR_NAME_MAX);
        memset(mid, 'm', 100);
        memset(longer, 'l', 101);
        TarEntry entries[] = {
                {.type = TAR_FILE,
                 .path = (char *) "a",
                 .mode = 0644,
                 .mtime = 1,
                 .size = 1000,
                 .extents = &whole,
                 .n_extents = 1},
                {.type = TAR_FILE, .path = (char *) "empty"},
                {.type = TAR_FILE, .path = name, .mode = 07777, .uid = UINT32_MAX - 1, .gid = 3000000},
                {.type = TAR_FILE, .path = mid, .mtime = -5},
                {.type = TAR_FILE, .path = longer, .mtime = INT64_C(1) << 40},
                {.type = TAR_FILE,
                 .path = (char *) "holes",
                 .size = UINT64_C(1) << 41,
                 .extents = holes,
                 .n_extents = 3},
                {.type = TAR_FILE, .path = (char *) "all hole", .size = UINT64_C(1) << 60},
                {.type = TAR_DIRECTORY, .path = (char *) "d/e", .mode = 01777},
                {.type = TAR_LINK, .path = (char *) "l", .link = (char *) "../../etc/x"},
                {.type = TAR_LINK, .path = (char *) "l2", .link = name},
                {.type = TAR_HARD_LINK, .path = (char *) "h", .link = longer},
        };
        Memory m = {0};
        TarReader reader = {.source = memory_read, .userdata = &m};
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(tar_entry_done) TarEntry end = {0};

        for (size_t i = 0; i < ELEMENTSOF(entries); i++)
                add_entry(&m, &entries[i]);
        add_end(&m);
        for (size_t i = 0; i < ELEMENTSOF(entries); i++) {
                _cleanup_(tar_entry_done) TarEntry got = {0};
                const TarEntry *want = &entries[i];

                ASSERT_EQ(tar_read_entry(&reader, &got, &error), 1);
                ASSERT_EQ(got.type, want->type);
                ASSERT_STREQ(got.path, want->path);
                ASSERT_TRUE(streq_ptr(got.link, want->link));
                ASSERT_EQ(got.mode, want->mode);
                ASSERT_EQ(got.uid, want->uid);
                ASSERT_EQ(got.gid, want->gid);
                ASSERT_EQ(got.mtime, want->mtime);
                ASSERT_EQ(got.size, want->size);
                ASSERT_EQ(got.n_extents, want->n_extents);
                ASSERT_TRUE(got.n_extents == 0 ||
                            memcmp(got.extents, want->extents, got.n_extents * sizeof(TarExtent)) == 0);
        }
        ASSERT_EQ(tar_read_entry(&reader, &end, &error), 0);
        free(m.data);
}

TEST(normalise) {
        static const struct {
                const char *name, *path;
        } rows[] = {{"a", "a"},       {"./a", "a"},   {"/a", "a"},    {"a//b/./c/", "a/b/c"}, {".", ""},
                    {"", ""},         {"///", ""},    {"..a", "..a"}, {"a/...", "a/..."},     {"..", NULL},
                    {"a/../b", NULL}, {"a/..", NULL}, {"/..", NULL}};

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *path = tar_normalise(rows[i].name);

                ASSERT_TRUE(streq_ptr(path, rows[i].path));
        }
}

static const char corpus[] = FC_SOURCE_DIR "/tests/fuzz/corpus/tar/";

static int read_all(const char *name, Error *error) {
        _cleanup_free_ char *path = xasprintf("%s%s", corpus, name);
        _cleanup_fclose_ FILE *f = fopen(path, "re");
        Memory m = {0};
        TarReader reader = {.source = memory_read, .userdata = &m};
        char buffer[4096];
        size_t n;
        int r;

        ASSERT_TRUE(f != NULL);
        while ((n = fread(buffer, 1, sizeof(buffer), f)) > 0)
                memory_add(&m, buffer, n);
        do {
                _cleanup_(tar_entry_done) TarEntry entry = {0};

                r = tar_read_entry(&reader, &entry, error);
        } while (r > 0);
        free(m.data);
        return r;
}

TEST(refusals) {
        static const struct {
                const char *file, *message;
        } rows[] = {
                {"not-tar", "is not a tar archive"},
                {"compressed", "is not a tar archive"},
                {"cut", "ends too early"},
                {"only-extra", "ends too early"},
                {"dotdot", "'../d/f', which leads out"},
                {"link-out", "leads out of it"},
                {"link-none", "leads nowhere"},
                {"type-unknown", "of type 'S'"},
                {"gnu-sparse", "of type 'S'"},
                {"record-cut", "extended header"},
                {"record-nul", "extended header"},
                {"size-huge", "ends too early"},
                {"uid-huge", "owner that is not one"},
                {"map-overlap", "map of holes"},
                {"map-outside", "map of holes"},
                {"map-text", "map of holes"},
                {"sparse-0.1", "older format"},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                ASSERT_ERROR(read_all(rows[i].file, &error), &error, FC_EXIT_USAGE, rows[i].message);
        }
}

/* As the real tar writes them, and by hand. */
TEST(accepted) {
        static const char *const files[] = {"gnu",      "pax",        "ustar",       "v7",     "gnu-long",
                                            "pax-long", "pax-sparse", "gnu-base256", "global", "map-ok",
                                            "device",   "name-top",   "empty"};

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                ASSERT_OK(read_all(files[i], &error));
        }
}
