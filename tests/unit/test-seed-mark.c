/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/xattr.h>

#include "project-util.h"
#include "rootfs/tree-copy.h"
#include "state/seed-mark.h"
#include "test.h"

#define MARK "trusted.flake-containers.seed.db"

static void check(int fd, const char *container, SeedPhase phase, uint64_t hash) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        SeedMark mark = {.phase = _SEED_PHASE_MAX};

        ASSERT_OK(seed_mark_read(fd, container, &mark, &error), &error);
        ASSERT_EQ(mark.phase, phase);
        ASSERT_EQ(mark.hash, hash);
}

static void need_attributes(int fd) {
        if (fsetxattr(fd, MARK, "x", 1, 0) < 0)
                test_skip("there are no trusted attributes here");
        ASSERT_EQ(fremovexattr(fd, MARK), 0);
}

TEST(each_phase) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        TEST_DIR(dir);

        need_attributes(dir.fd);
        check(dir.fd, "db", SEED_NONE, 0);
        for (SeedPhase phase = SEED_BEGUN; phase < _SEED_PHASE_MAX; phase++) {
                SeedMark mark = {phase, UINT64_C(0xfedcba9876543210) + phase};

                ASSERT_OK(seed_mark_write(dir.fd, "db", mark, &error), &error);
                check(dir.fd, "db", phase, mark.hash);
                /* Containers share volumes. */
                check(dir.fd, "web", SEED_NONE, 0);
        }
}

/* What no program of ours has written says nothing. */
TEST(damaged) {
        static const char *const values[] = {
                "",
                "done",
                "done ",
                "done x",
                "done 0g",
                "Done 0",
                "begun-fres 0",
                "none 0",
                "done 0 ",
                "done 00000000000000000000000000000000000000000000000000000000000000000000000000000000"};
        TEST_DIR(dir);

        need_attributes(dir.fd);
        for (size_t i = 0; i < ELEMENTSOF(values); i++) {
                test_set_row("'%s'", values[i]);
                ASSERT_EQ(fsetxattr(dir.fd, MARK, values[i], strlen(values[i]), 0), 0);
                check(dir.fd, "db", SEED_NONE, 0);
        }
}

/* A snapshot of what was seeded is seeded. */
TEST(copied) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int from = -EBADF, to = -EBADF;
        TEST_DIR(dir);

        need_attributes(dir.fd);
        ASSERT_EQ(test_shell(&dir, "mkdir from to"), 0);
        from = openat(dir.fd, "from", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        to = openat(dir.fd, "to", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ASSERT_OK(seed_mark_write(from, "db", (SeedMark){SEED_DONE, 7}, &error), &error);
        ASSERT_OK(tree_copy(from, to, NULL, "from", &error), &error);
        check(to, "db", SEED_DONE, 7);
}

/* What was only begun is kept, of all containers, and nothing else changes. */
TEST(demoted) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        TEST_DIR(dir);

        need_attributes(dir.fd);
        ASSERT_OK(seed_mark_demote_all(dir.fd, &error), &error);
        ASSERT_OK(seed_mark_demote(dir.fd, "db", &error), &error);
        check(dir.fd, "db", SEED_NONE, 0);
        ASSERT_OK(seed_mark_write(dir.fd, "db", (SeedMark){SEED_BEGUN_FRESH, 1}, &error), &error);
        ASSERT_OK(seed_mark_write(dir.fd, "web", (SeedMark){SEED_BEGUN_FRESH, 2}, &error), &error);
        ASSERT_OK(seed_mark_write(dir.fd, "mail", (SeedMark){SEED_DONE, 3}, &error), &error);
        ASSERT_EQ(fsetxattr(dir.fd, "trusted.other", "begun-fresh 1", 13, 0), 0);
        ASSERT_OK(seed_mark_demote(dir.fd, "db", &error), &error);
        check(dir.fd, "db", SEED_BEGUN, 1);
        check(dir.fd, "web", SEED_BEGUN_FRESH, 2);
        ASSERT_OK(seed_mark_demote_all(dir.fd, &error), &error);
        check(dir.fd, "db", SEED_BEGUN, 1);
        check(dir.fd, "web", SEED_BEGUN, 2);
        check(dir.fd, "mail", SEED_DONE, 3);
}

TEST(removed) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        TEST_DIR(dir);

        need_attributes(dir.fd);
        ASSERT_OK(seed_mark_remove(dir.fd, "db", &error), &error);
        ASSERT_OK(seed_mark_write(dir.fd, "db", (SeedMark){SEED_BEGUN_FRESH, 1}, &error), &error);
        ASSERT_OK(seed_mark_remove(dir.fd, "db", &error), &error);
        check(dir.fd, "db", SEED_NONE, 0);
}
