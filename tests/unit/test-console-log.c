/* SPDX-License-Identifier: MIT */

/* The supervisor's half of the console's log. */

#include <endian.h>

#include "base/process.h"
#include "keeper/supervisor-console.h"
#include "project-util.h"
#include "record/console-log.h"
#include "record/console-times.h"

typedef struct Fixture {
        SupervisorOptions options;
        sd_event *event;
        Console *console;
        int saved_stderr;
} Fixture;

static void fixture_open(Fixture *f, const TestDir *dir) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        *f = (Fixture){.options = {.state_fd = dir->fd}};
        /* It moves our standard error along. */
        f->saved_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
        f->options.console_fd = console_log_open(dir->fd, &error);
        ASSERT_OK(f->options.console_fd, &error);
        ASSERT_OK(sd_event_new(&f->event));
        ASSERT_OK(console_new(f->event, &f->options, &f->console, &error), &error);
}

static void fixture_done(Fixture *f) {
        (void) console_free(f->console);
        (void) sd_event_unref(f->event);
        (void) safe_close(f->options.console_fd);
        ASSERT_TRUE(dup2(f->saved_stderr, STDERR_FILENO) >= 0);
        (void) safe_close(f->saved_stderr);
}

static void put(Fixture *f, const char *text, size_t size) {
        ASSERT_EQ(write(console_input(f->console), text, size), size);
        console_drain(f->console);
}

static char *get(const TestDir *dir, const char *name, size_t *ret_size) {
        _cleanup_close_ int fd = openat(dir->fd, name, O_RDONLY | O_CLOEXEC);
        char *text = NULL;

        ASSERT_TRUE(fd >= 0);
        ASSERT_OK(fs_read_fd(fd, name, 64 * 1024 * 1024, &text, ret_size, NULL));
        return text;
}

TEST(no_line_is_lost_cut_or_doubled) {
        _cleanup_free_ char *old = NULL, *current = NULL;
        size_t old_size, current_size;
        unsigned n = 0, first, i;
        char line[32], *p;
        TEST_DIR(dir);
        Fixture f;

        fixture_open(&f, &dir);
        /* Three files' worth, so that the oldest is gone. */
        for (size_t size = 0; size < 3 * (size_t) CONSOLE_LOG_MAX;) {
                size_t length = (size_t) snprintf(line, sizeof(line), "line %u\n", n++);

                put(&f, line, length);
                size += length;
        }
        fixture_done(&f);

        old = get(&dir, CONSOLE_LOG_OLD, &old_size);
        current = get(&dir, CONSOLE_LOG, &current_size);
        ASSERT_TRUE(old_size <= CONSOLE_LOG_MAX + 64 && old_size > CONSOLE_LOG_MAX - 64);
        ASSERT_TRUE(current_size <= CONSOLE_LOG_MAX + 64);
        ASSERT_EQ(sscanf(old, "line %u\n", &first), 1);
        i = first;
        for (p = strtok(old, "\n"); p; p = strtok(NULL, "\n"), i++) {
                (void) snprintf(line, sizeof(line), "line %u", i);
                ASSERT_STREQ(p, line);
        }
        for (p = strtok(current, "\n"); p; p = strtok(NULL, "\n"), i++) {
                (void) snprintf(line, sizeof(line), "line %u", i);
                ASSERT_STREQ(p, line);
        }
        ASSERT_EQ(i, n);
}

TEST(without_lines_it_is_limited_too) {
        _cleanup_free_ char *old = NULL, *current = NULL;
        size_t old_size, current_size;
        static char block[60000];
        TEST_DIR(dir);
        Fixture f;

        memset(block, 'x', sizeof(block));
        fixture_open(&f, &dir);
        for (size_t size = 0; size < 3 * (size_t) CONSOLE_LOG_MAX; size += sizeof(block))
                put(&f, block, sizeof(block));
        fixture_done(&f);
        old = get(&dir, CONSOLE_LOG_OLD, &old_size);
        current = get(&dir, CONSOLE_LOG, &current_size);
        ASSERT_TRUE(old_size + current_size < 2 * (CONSOLE_LOG_MAX + 2 * sizeof(block)));
}

/* The times of two files' worth of lines, each beside its log. */
TEST(times_are_noted) {
        const uint64_t began = realtime_usec();
        static char block[60000];
        ConsoleTime first, second;
        struct stat log, old;
        size_t size;
        TEST_DIR(dir);
        Fixture f;

        memset(block, '\n', sizeof(block));
        fixture_open(&f, &dir);
        for (size_t written = 0; written <= CONSOLE_LOG_MAX; written += sizeof(block))
                put(&f, block, sizeof(block));
        put(&f, "more\n", 5);
        fixture_done(&f);
        ASSERT_TRUE(fstatat(dir.fd, CONSOLE_LOG, &log, 0) >= 0 &&
                    fstatat(dir.fd, CONSOLE_LOG_OLD, &old, 0) >= 0);
        for (int i = 0; i < 2; i++) {
                _cleanup_free_ char *text = get(&dir, i == 0 ? CONSOLE_TIMES : CONSOLE_TIMES_OLD, &size);

                test_set_row("%d", i);
                ASSERT_TRUE(size >= 2 * sizeof(first) && size % sizeof(first) == 0);
                memcpy(&first, text, sizeof(first));
                memcpy(&second, text + sizeof(first), sizeof(second));
                ASSERT_EQ(le64toh(first.usec), (i == 0 ? log : old).st_ino);
                ASSERT_EQ(second.offset, 0);
                ASSERT_TRUE(le64toh(second.usec) >= began && le64toh(second.usec) <= realtime_usec());
        }
}

TEST(our_own_messages_follow) {
        _cleanup_free_ char *current = NULL;
        static char block[60000];
        TEST_DIR(dir);
        Fixture f;

        memset(block, '\n', sizeof(block));
        fixture_open(&f, &dir);
        for (size_t size = 0; size <= CONSOLE_LOG_MAX; size += sizeof(block))
                put(&f, block, sizeof(block));
        ASSERT_EQ(write(STDERR_FILENO, "by the supervisor\n", 18), 18);
        ASSERT_EQ(write(f.options.console_fd, "by a helper\n", 12), 12);
        fixture_done(&f);
        current = get(&dir, CONSOLE_LOG, NULL);
        ASSERT_TRUE(strstr(current, "by the supervisor\nby a helper\n"));
}

/* The folder's owner puts a link where the next log is going to be, as often as a program can. */
static void race(const TestDir *dir) {
        if (setresgid(TEST_UID, TEST_UID, TEST_UID) < 0 || setresuid(TEST_UID, TEST_UID, TEST_UID) < 0)
                _exit(1);
        while (linkat(dir->fd, "target", dir->fd, CONSOLE_LOG, 0) >= 0 || errno == EEXIST)
                ;
        _exit(1);
}

TEST(what_lies_in_its_place_is_not_written_to) {
        static char block[60000];
        struct stat st;
        TEST_DIR(dir);
        pid_t racer;
        Fixture f;

        if (geteuid() != 0)
                SKIP("needs root");
        ASSERT_TRUE(mknodat(dir.fd, "target", S_IFREG | 0666, 0) >= 0 &&
                    fchmodat(dir.fd, "target", 0666, 0) >= 0 && fchown(dir.fd, TEST_UID, TEST_UID) >= 0);
        memset(block, '\n', sizeof(block));
        fixture_open(&f, &dir);
        racer = fork();
        if (racer == 0)
                race(&dir);
        ASSERT_TRUE(racer > 0);
        for (size_t size = 0; size < 10 * (size_t) CONSOLE_LOG_MAX; size += sizeof(block))
                put(&f, block, sizeof(block));
        ASSERT_TRUE(kill(racer, SIGKILL) >= 0 && waitpid(racer, NULL, 0) == racer);
        fixture_done(&f);
        ASSERT_EQ(fstatat(dir.fd, "target", &st, 0), 0);
        ASSERT_TRUE(st.st_uid == 0 && st.st_size == 0);
}

TEST(a_new_one_belongs_to_who_owns_the_folder) {
        static char block[60000];
        struct stat st;
        TEST_DIR(dir);
        Fixture f;

        if (geteuid() != 0)
                SKIP("needs root");
        ASSERT_EQ(fchown(dir.fd, TEST_UID, TEST_UID), 0);
        memset(block, '\n', sizeof(block));
        fixture_open(&f, &dir);
        for (size_t size = 0; size <= CONSOLE_LOG_MAX; size += sizeof(block))
                put(&f, block, sizeof(block));
        fixture_done(&f);
        ASSERT_TRUE(fstatat(dir.fd, CONSOLE_LOG_OLD, &st, 0) >= 0 && st.st_uid == 0);
        ASSERT_TRUE(fstatat(dir.fd, CONSOLE_LOG, &st, 0) >= 0 && st.st_uid == TEST_UID &&
                    st.st_gid == TEST_UID);
        /* And we are root again. */
        ASSERT_TRUE(mkdirat(dir.fd, "made", 0700) >= 0 && fstatat(dir.fd, "made", &st, 0) >= 0 &&
                    st.st_uid == 0);
}

/* A folder that was removed: what cannot be begun anew is cut. */
TEST(a_log_that_cannot_be_rotated_does_not_grow) {
        static char block[60000];
        struct stat st;
        TEST_DIR(dir);
        Fixture f;

        memset(block, '\n', sizeof(block));
        ASSERT_TRUE(mkdirat(dir.fd, "sub", 0755) >= 0);
        {
                TestDir sub = {.fd = openat(dir.fd, "sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};

                fixture_open(&f, &sub);
                ASSERT_OK(fs_remove_tree(dir.fd, "sub", NULL));
                for (size_t size = 0; size < 3 * (size_t) CONSOLE_LOG_MAX; size += sizeof(block))
                        put(&f, block, sizeof(block));
                ASSERT_TRUE(fstat(f.options.console_fd, &st) >= 0);
                ASSERT_TRUE(st.st_size <= CONSOLE_LOG_MAX + (off_t) sizeof(block));
                fixture_done(&f);
                (void) safe_close(sub.fd);
        }
}

/* ---- trimmed, without those who write and read taking part ---- */

static off_t size_on_disk(int fd) {
        struct stat st;

        ASSERT_OK(fstat(fd, &st));
        return (off_t) st.st_blocks * 512;
}

TEST(trimmed_to_its_end) {
        static const struct {
                size_t size;
                bool trimmed;
        } table[] = {
                {0, false},
                {100, false},
                {CONSOLE_LOG_MAX, false},
                {CONSOLE_LOG_MAX + 1, true},
                {CONSOLE_LOG_MAX * 5 + 12345, true},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *text = xmalloc0(table[i].size + 1), *now = NULL;
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_close_ int fd = -EBADF;
                TEST_DIR(dir);
                size_t size;

                test_set_row("%zu", table[i].size);
                for (size_t k = 0; k < table[i].size; k++)
                        text[k] = (char) ('a' + k % 23);
                fd = console_log_open(dir.fd, &error);
                ASSERT_OK(fd, &error);
                ASSERT_EQ(write(fd, text, table[i].size), table[i].size);
                ASSERT_OK(console_log_trim(fd, &error), &error);
                /* Twice changes nothing. */
                ASSERT_OK(console_log_trim(fd, &error), &error);
                ASSERT_EQ(write(fd, "more", 4), 4);

                now = get(&dir, CONSOLE_LOG, &size);
                ASSERT_EQ(size, table[i].size + 4);
                ASSERT_STREQ(now + table[i].size, "more");
                ASSERT_EQ(size > 4 && now[0] == '\0', table[i].trimmed);
                if (table[i].trimmed) {
                        ASSERT_TRUE(size_on_disk(fd) <= CONSOLE_LOG_MAX / 2 + 256 * 1024);
                        ASSERT_TRUE(memcmp(now + table[i].size - CONSOLE_LOG_MAX / 2,
                                           text + table[i].size - CONSOLE_LOG_MAX / 2,
                                           CONSOLE_LOG_MAX / 2) == 0);
                }
        }
}

/* It is measured from its hole on, not from where it once began. */
TEST(trimmed_again_only_when_it_has_grown) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text = xmalloc0(CONSOLE_LOG_MAX);
        _cleanup_close_ int fd = -EBADF;
        off_t begin;
        TEST_DIR(dir);

        memset(text, 'x', CONSOLE_LOG_MAX);
        fd = console_log_open(dir.fd, &error);
        ASSERT_OK(fd, &error);
        for (int i = 0; i < 2; i++)
                ASSERT_EQ(write(fd, text, CONSOLE_LOG_MAX), CONSOLE_LOG_MAX);
        ASSERT_OK(console_log_trim(fd, &error), &error);
        begin = lseek(fd, 0, SEEK_DATA);
        ASSERT_TRUE(begin > 0);
        ASSERT_EQ(write(fd, text, CONSOLE_LOG_MAX / 4), CONSOLE_LOG_MAX / 4);
        ASSERT_OK(console_log_trim(fd, &error), &error);
        ASSERT_EQ(lseek(fd, 0, SEEK_DATA), begin);
        ASSERT_EQ(write(fd, text, CONSOLE_LOG_MAX / 2), CONSOLE_LOG_MAX / 2);
        ASSERT_OK(console_log_trim(fd, &error), &error);
        ASSERT_TRUE(lseek(fd, 0, SEEK_DATA) > begin);
}
