/* SPDX-License-Identifier: MIT */

/* When the lines of a console's log were written: noted by keepers, read and merged by `logs`. */

#include "test.h"

#include "journal-util.h"
#include "logs/console-clock.h"
#include "record/console-log.h"

typedef struct Fixture {
        Tree tree;
        int dir_fd, log_fd, times_fd;
        uint64_t end;
} Fixture;

static void begin_log(Fixture *f) {
        f->log_fd = console_log_open(f->dir_fd, NULL);
        f->times_fd = console_times_open(f->dir_fd, f->log_fd, &f->end);
        ASSERT_TRUE(f->log_fd >= 0 && f->times_fd >= 0);
}

static void end_log(Fixture *f) {
        f->log_fd = safe_close(f->log_fd);
        f->times_fd = safe_close(f->times_fd);
}

static void fixture_init(Fixture *f) {
        tree_init(&f->tree);
        tree_mkdir(&f->tree, "one");
        f->dir_fd = openat(f->tree.fd, "one", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        begin_log(f);
}

static void fixture_done(Fixture *f) {
        end_log(f);
        (void) safe_close(f->dir_fd);
        tree_done(&f->tree);
}

/* As a supervisor does. */
static void say(Fixture *f, uint64_t usec, const char *text) {
        struct stat st;

        ASSERT_OK(fstat(f->log_fd, &st));
        console_times_note(f->times_fd, (uint64_t) st.st_size, usec);
        ASSERT_OK(fs_write_all(f->log_fd, text, strlen(text)));
}

/* As a payload does that has the log itself, and the file system notes the time. */
static void say_unseen(Fixture *f, uint64_t usec, const char *text) {
        const struct timespec times[] = {
                {.tv_nsec = UTIME_OMIT},
                {(time_t) (usec / USEC_PER_SEC), (long) (usec % USEC_PER_SEC) * 1000}};

        ASSERT_OK(fs_write_all(f->log_fd, text, strlen(text)));
        ASSERT_OK(futimens(f->log_fd, times));
}

static LogRequest request_for(const Fixture *f, LogSource *source) {
        LogRequest request = LOG_REQUEST_INIT;

        *source = (LogSource){
                .container = "one",
                .dir_fd = f->tree.fd,
                .console = "one/" CONSOLE_LOG,
                .console_old = "one/" CONSOLE_LOG_OLD,
                .console_times = "one/" CONSOLE_TIMES,
                .console_times_old = "one/" CONSOLE_TIMES_OLD,
        };
        request.sources = source;
        request.n_sources = 1;
        return request;
}

static void assert_shows(const LogRequest *request, const char *expected) {
        _cleanup_free_ char *text = show(request, NULL);

        ASSERT_STREQ(text, expected);
}

TEST(lines_have_the_time_of_their_end) {
        LogRequest request;
        LogSource source;
        Fixture f;

        fixture_init(&f);
        say(&f, T0, "one\ntwo\npart");
        say(&f, T0 + 5 * USEC_PER_SEC, "ed\nfour\n");
        request = request_for(&f, &source);
        assert_shows(&request, "2026-09-21 14:13:20 one\n2026-09-21 14:13:20 two\n"
                               "2026-09-21 14:13:25 parted\n2026-09-21 14:13:25 four\n");
        request.output = LOG_OUTPUT_CAT;
        assert_shows(&request, "one\ntwo\nparted\nfour\n");
        request.since_usec = T0 + 1;
        assert_shows(&request, "parted\nfour\n");
        request.since_usec = 0;
        request.until_usec = T0;
        assert_shows(&request, "one\ntwo\n");
        request.until_usec = T0 - 1;
        assert_shows(&request, "");
        request.until_usec = UINT64_MAX;
        request.output = LOG_OUTPUT_JSON;
        request.lines = 1;
        assert_shows(&request, "{\"ts\":\"2026-09-21T14:13:25.000Z\",\"container\":\"one\",\"unit\":null,"
                               "\"ident\":null,\"pid\":null,\"priority\":null,\"message\":\"four\"}\n");
        fixture_done(&f);
}

/* They may be far from the end of the log, and of what was the log before. */
TEST(last_lines_until_a_time) {
        static const struct {
                uint64_t lines, until; /* seconds after the first line */
                const char *text;
        } table[] = {
                {1, 0, "1\n"},    {2, 1, "2\n3\n"}, {9, 1, "1\n2\n3\n"},    {0, 1, ""},
                {2, 2, "3\n4\n"}, {1, 3, "part\n"}, {3, 3, "4\n5\npart\n"}, {LOG_LINES_ALL, 1, "1\n2\n3\n"},
        };
        LogRequest request;
        LogSource source;
        Fixture f;

        fixture_init(&f);
        say(&f, T0, "1\n");
        say(&f, T0 + USEC_PER_SEC, "2\n3\n");
        ASSERT_OK(console_log_rotate(f.dir_fd, NULL));
        console_times_rotate(f.dir_fd);
        end_log(&f);
        begin_log(&f);
        say(&f, T0 + 2 * USEC_PER_SEC, "4\n");
        say(&f, T0 + 3 * USEC_PER_SEC, "5\npart");
        request = request_for(&f, &source);
        request.output = LOG_OUTPUT_CAT;
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("%zu", i);
                request.lines = table[i].lines;
                request.until_usec = T0 + table[i].until * USEC_PER_SEC;
                assert_shows(&request, table[i].text);
        }
        fixture_done(&f);
}

TEST(a_log_that_was_put_aside_keeps_its_times) {
        LogRequest request;
        LogSource source;
        Fixture f;

        fixture_init(&f);
        say(&f, T0, "one\n");
        ASSERT_OK(console_log_rotate(f.dir_fd, NULL));
        console_times_rotate(f.dir_fd);
        end_log(&f);
        begin_log(&f);
        say(&f, T0 + USEC_PER_SEC, "two\n");
        request = request_for(&f, &source);
        assert_shows(&request, "2026-09-21 14:13:20 one\n2026-09-21 14:13:21 two\n");
        fixture_done(&f);
}

/* What has been written before a keeper looked, and what none has looked at yet. */
TEST(the_file_system_knows_the_time_of_the_last_line) {
        LogRequest request;
        LogSource source;
        Fixture f;

        fixture_init(&f);
        say_unseen(&f, T0, "one\n");
        request = request_for(&f, &source);
        assert_shows(&request, "2026-09-21 14:13:20 one\n");
        f.end = console_times_catch_up(f.times_fd, f.log_fd, f.end);
        ASSERT_EQ(f.end, 4);
        say_unseen(&f, T0 + USEC_PER_SEC, "two\n");
        assert_shows(&request, "2026-09-21 14:13:20 one\n2026-09-21 14:13:21 two\n");
        f.end = console_times_catch_up(f.times_fd, f.log_fd, f.end);
        /* Again, by one who was late, and by one who has nothing to tell. */
        console_times_note_past(f.times_fd, 0, 4, T0 + 9 * USEC_PER_SEC);
        ASSERT_EQ(console_times_catch_up(f.times_fd, f.log_fd, f.end), 8);
        assert_shows(&request, "2026-09-21 14:13:20 one\n2026-09-21 14:13:21 two\n");
        fixture_done(&f);
}

/* Of an earlier release, copied, or of another log: there are no times, and the lines are there. */
TEST(lines_without_a_time) {
        LogRequest request;
        LogSource source;
        Fixture f;

        fixture_init(&f);
        ASSERT_OK(unlinkat(f.dir_fd, CONSOLE_TIMES, 0));
        ASSERT_OK(fs_write_all(f.log_fd, "old\n", 4));
        request = request_for(&f, &source);
        assert_shows(&request, "old\n");
        request.since_usec = T0;
        assert_shows(&request, "");
        request.since_usec = 0;
        end_log(&f);
        begin_log(&f);
        say(&f, T0, "new\n");
        assert_shows(&request, "old\n2026-09-21 14:13:20 new\n");

        tree_write(&f.tree, "one/copy", "other\n", 0);
        ASSERT_OK(renameat(f.dir_fd, "copy", f.dir_fd, CONSOLE_LOG));
        assert_shows(&request, "other\n");
        fixture_done(&f);
}

/* The developer has emptied the log: the times begin anew with it. */
TEST(an_emptied_log) {
        LogRequest request;
        LogSource source;
        Fixture f;

        fixture_init(&f);
        say(&f, T0, "a long line before\n");
        ASSERT_OK(ftruncate(f.log_fd, 0));
        end_log(&f);
        begin_log(&f);
        say(&f, T0 + USEC_PER_SEC, "new\n");
        request = request_for(&f, &source);
        assert_shows(&request, "2026-09-21 14:13:21 new\n");

        say_unseen(&f, T0, "more\n");
        (void) console_times_catch_up(f.times_fd, f.log_fd, 4);
        ASSERT_OK(ftruncate(f.log_fd, 0));
        say_unseen(&f, T0 + 2 * USEC_PER_SEC, "x\n");
        ASSERT_EQ(console_times_catch_up(f.times_fd, f.log_fd, 9), 2);
        assert_shows(&request, "x\n");
        fixture_done(&f);
}

TEST(merged_with_a_journal) {
        LogSource sources[2];
        LogRequest request;
        Writer writer;
        Fixture f;

        if (journal_skip())
                SKIP(journal_skip());
        fixture_init(&f);
        tree_mkdir(&f.tree, "web/journal/" ID1);
        writer_open(&writer, &f.tree, "web/journal/" ID1 "/system.journal");
        writer_say(&writer, "app", "first");
        writer_say(&writer, "app", "third");
        writer_close(&writer);
        say(&f, T0 + USEC_PER_SEC / 2, "second\n");
        say(&f, T0 + 2 * USEC_PER_SEC, "fourth\n");
        request = request_for(&f, &sources[0]);
        sources[1] = (LogSource){.container = "web", .dir_fd = f.tree.fd, .journal = "web/journal"};
        request.n_sources = 2;
        request.output = LOG_OUTPUT_CAT;
        assert_shows(&request, "first\nsecond\nthird\nfourth\n");
        fixture_done(&f);
}

/* It is the developer's: nothing in it makes reading fail. */
TEST(a_file_that_makes_no_sense) {
        static const uint64_t tables[][8] = {
                {0, 0},
                {CONSOLE_TIMES_MAGIC, 1},
                {CONSOLE_TIMES_MAGIC, 0, UINT64_MAX, UINT64_MAX},
                {CONSOLE_TIMES_MAGIC, 0, UINT64_MAX, 1, 3, 2, 0, 0},
                {CONSOLE_TIMES_MAGIC, 0, 9, 1, 8, 1, 7, 1},
        };

        for (size_t i = 0; i < ELEMENTSOF(tables); i++) {
                uint64_t table[8];
                LogRequest request;
                LogSource source;
                struct stat st;
                Fixture f;

                test_set_row("%zu", i);
                fixture_init(&f);
                ASSERT_OK(fstat(f.log_fd, &st));
                memcpy(table, tables[i], sizeof(table));
                table[1] = table[1] == 0 ? st.st_ino : table[1];
                ASSERT_OK(fs_write_all(f.log_fd, "line\n", 5));
                ASSERT_OK(ftruncate(f.times_fd, 0));
                ASSERT_OK(fs_write_all(f.times_fd, table, sizeof(table)));
                /* Half a pair. */
                ASSERT_OK(fs_write_all(f.times_fd, table, 5));
                request = request_for(&f, &source);
                request.output = LOG_OUTPUT_CAT;
                assert_shows(&request, "line\n");
                end_log(&f);
                begin_log(&f);
                say(&f, T0, "next\n");
                request.since_usec = T0;
                assert_shows(&request, "next\n");
                fixture_done(&f);
        }
}

TEST(what_is_trimmed_keeps_its_end) {
        _cleanup_free_ ConsoleTime *block = xnew0(ConsoleTime, CONSOLE_TIMES_MAX);
        LogRequest request;
        LogSource source;
        struct stat st;
        Fixture f;

        fixture_init(&f);
        say(&f, T0, "first\n");
        for (size_t i = 0; i < CONSOLE_TIMES_MAX; i++)
                block[i] = (ConsoleTime){6, T0 + i};
        for (int i = 0; i < 3; i++) {
                ASSERT_OK(fs_write_all(f.times_fd, block, CONSOLE_TIMES_MAX * sizeof(*block)));
                console_times_trim(f.times_fd);
        }
        say(&f, T0 + USEC_PER_SEC, "last\n");
        ASSERT_OK(fstat(f.times_fd, &st));
        ASSERT_TRUE(st.st_blocks * 512 <= (off_t) (CONSOLE_TIMES_MAX * sizeof(*block)) + 1024 * 1024);
        request = request_for(&f, &source);
        request.since_usec = T0 + USEC_PER_SEC;
        request.output = LOG_OUTPUT_CAT;
        assert_shows(&request, "last\n");
        fixture_done(&f);
}
