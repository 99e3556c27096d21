/* SPDX-License-Identifier: MIT */

/* `logs -f`: lines appear when they are written, each once, through everything that happens to the files. */

#include "test.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>

#include "journal-util.h"

#define PATIENCE_MS 10000

/* A process that follows, and the pipe it prints to. */
typedef struct Follower {
        pid_t pid;
        FILE *out;
        int fd;
} Follower;

static void follow(Follower *follower, const LogRequest *request) {
        int p[2];

        if (pipe2(p, O_CLOEXEC) < 0)
                test_fail(__FILE__, __LINE__, "pipe: %m");
        follower->pid = fork();
        if (follower->pid < 0)
                test_fail(__FILE__, __LINE__, "fork: %m");
        if (follower->pid == 0) {
                Error error = ERROR_NULL;
                FILE *out = fdopen(p[1], "w");
                int r;

                (void) close(p[0]);
                (void) signal(SIGPIPE, SIG_IGN);
                r = logs_show(request, out, &error);
                if (r < 0)
                        (void) fprintf(stderr, "follower: %s\n", error.message);
                error_done(&error);
                (void) fclose(out);
                exit(r < 0 ? 1 : 0);
        }
        (void) close(p[1]);
        follower->fd = p[0];
        follower->out = fdopen(p[0], "r");
        (void) setvbuf(follower->out, NULL, _IONBF, 0);
}

static bool waits_for_events(long number) {
#ifdef SYS_epoll_wait /* which newer architectures do not have */
        if (number == SYS_epoll_wait)
                return true;
#endif
        return number == SYS_epoll_pwait || number == SYS_epoll_pwait2;
}

/* Until it waits for events, proc_pid_syscall(5): what is written before that, it may take for old. No event
 * tells, so it is looked at again, with a deadline. */
static void await_waiting(const Follower *follower) {
        uint64_t deadline = now_usec() + PATIENCE_MS * USEC_PER_MSEC;
        _cleanup_free_ char *path = xasprintf("/proc/%d/syscall", (int) follower->pid);
        long number = -1;

        while (!waits_for_events(number)) {
                _cleanup_fclose_ FILE *f = fopen(path, "re");

                /* "running" is not a number. */
                if (!f || fscanf(f, "%ld", &number) != 1)
                        number = -1;
                ASSERT_TRUE(now_usec() < deadline);
                (void) sched_yield();
        }
}

static void expect_line(Follower *follower, const char *expected) {
        char line[256] = "";
        struct pollfd fd = {.fd = follower->fd, .events = POLLIN};

        if (poll(&fd, 1, PATIENCE_MS) <= 0)
                test_fail(__FILE__, __LINE__, "no line, expected '%s'", expected);
        if (!fgets(line, sizeof(line), follower->out))
                test_fail(__FILE__, __LINE__, "the follower ended, expected '%s'", expected);
        line[strcspn(line, "\n")] = '\0';
        ASSERT_STREQ(line, expected);
}

static int status_of(Follower *follower) {
        _cleanup_close_ int pidfd = process_open(follower->pid);
        int status;

        /* It may have ended, but has not been waited for yet. */
        if (pidfd >= 0 && process_wait(pidfd, PATIENCE_MS * USEC_PER_MSEC) != 1)
                test_fail(__FILE__, __LINE__, "the follower does not end");
        ASSERT_EQ(waitpid(follower->pid, &status, 0), follower->pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Ends it, after all that it has printed was expected. */
static void stop(Follower *follower) {
        char rest[256];

        ASSERT_EQ(kill(follower->pid, SIGTERM), 0);
        ASSERT_EQ(status_of(follower), 0);
        if (fgets(rest, sizeof(rest), follower->out))
                test_fail(__FILE__, __LINE__, "a line too many: '%s'", rest);
        (void) fclose(follower->out);
}

static LogSource the_source;

static LogRequest follow_request(const Tree *tree, const char *journal, const char *console) {
        LogRequest request = LOG_REQUEST_INIT;

        the_source =
                (LogSource){.container = "a", .dir_fd = tree->fd, .journal = journal, .console = console};
        request.sources = &the_source;
        request.n_sources = 1;
        request.output = LOG_OUTPUT_CAT;
        request.follow = true;
        return request;
}

static int compare_times(const void *a, const void *b) {
        uint64_t x = *(const uint64_t *) a, y = *(const uint64_t *) b;

        return x < y ? -1 : x > y;
}

TEST(new_lines_at_once) {
        uint64_t times[21];
        LogRequest request;
        Follower follower;
        Writer writer;
        Tree tree;

        if (journal_skip())
                SKIP(journal_skip());
        tree_init(&tree);
        tree_mkdir(&tree, "a/journal/" ID1);
        request = follow_request(&tree, "a/journal", NULL);
        follow(&follower, &request);
        /* Not before: the follower would inherit the pipe whose end the writer waits for. */
        writer_open(&writer, &tree, "a/journal/" ID1 "/system.journal");
        for (size_t i = 0; i < ELEMENTSOF(times); i++) {
                _cleanup_free_ char *message = xasprintf("line %zu", i);
                uint64_t start = now_usec();

                writer_say(&writer, "app", message);
                expect_line(&follower, message);
                times[i] = now_usec() - start;
        }
        writer_close(&writer);
        stop(&follower);
        /* The median: some other process may have the processor for once. About 0.1 ms. */
        qsort(times, ELEMENTSOF(times), sizeof(times[0]), compare_times);
        if (times[ELEMENTSOF(times) / 2] >= 50 * USEC_PER_MSEC)
                test_fail(__FILE__, __LINE__, "a line takes %u us", (unsigned) times[ELEMENTSOF(times) / 2]);
        tree_done(&tree);
}

static void write_journal(const Tree *tree, const char *file, unsigned first, unsigned last) {
        Writer writer;

        writer_open(&writer, tree, file);
        writer.usec += first * USEC_PER_SEC;
        for (unsigned i = first; i <= last; i++) {
                _cleanup_free_ char *message = xasprintf("line %u", i);

                writer_say(&writer, "app", message);
        }
        writer_close(&writer);
}

static void expect_lines(Follower *follower, unsigned first, unsigned last) {
        for (unsigned i = first; i <= last; i++) {
                _cleanup_free_ char *line = xasprintf("line %u", i);

                expect_line(follower, line);
        }
}

TEST(where_it_begins) {
        static const struct {
                uint64_t lines;
                unsigned since; /* 0: unset */
                bool this_boot;
                unsigned first; /* the first line that is shown, of 30 */
                unsigned next;  /* the first line that is written later */
        } cases[] = {
                {LOG_LINES_DEFAULT, 0, false, 20, 30}, /* the last 10, as journalctl -f */
                {LOG_LINES_ALL, 0, false, 0, 30},
                {3, 0, false, 27, 30},
                {0, 0, false, 30, 30},
                {100, 0, false, 0, 30},
                {LOG_LINES_DEFAULT, 5, false, 5, 30},
                {LOG_LINES_DEFAULT, 1000, false, 30, 1000},
                {LOG_LINES_DEFAULT, 0, true, 0, 30},
                {2, 5, false, 28, 30},
        };
        Tree tree;

        if (journal_skip())
                SKIP(journal_skip());
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                LogRequest request;
                Follower follower;

                test_set_row("case %zu", i);
                tree_init(&tree);
                tree_mkdir(&tree, "a/journal/" ID1);
                write_journal(&tree, "a/journal/" ID1 "/old.journal", 0, 29);
                request = follow_request(&tree, "a/journal", NULL);
                request.lines = cases[i].lines;
                request.since_usec = cases[i].since > 0 ? T0 + cases[i].since * USEC_PER_SEC : 0;
                request.boot.kind = cases[i].this_boot ? LOG_BOOT_OFFSET : LOG_BOOT_ANY;
                follow(&follower, &request);
                expect_lines(&follower, cases[i].first, 29);
                await_waiting(&follower);
                /* What comes later follows without a gap. */
                write_journal(&tree, "a/journal/" ID1 "/new.journal", cases[i].next, cases[i].next + 1);
                expect_lines(&follower, cases[i].next, cases[i].next + 1);
                stop(&follower);
                tree_done(&tree);
        }
        test_set_row("%s", "");
}

/* The same guest again (rotation renames the file and begins another), a guest with a new machine id, files
 * that vanish by vacuuming. */
TEST(rotation_and_restart) {
        LogRequest request;
        Follower follower;
        Tree tree;

        if (journal_skip())
                SKIP(journal_skip());
        tree_init(&tree);
        tree_mkdir(&tree, "a/journal/" ID1);
        write_journal(&tree, "a/journal/" ID1 "/system.journal", 0, 2);
        request = follow_request(&tree, "a/journal", NULL);
        follow(&follower, &request);
        expect_lines(&follower, 0, 2);

        tree_rename(&tree, "a/journal/" ID1 "/system.journal", "a/journal/" ID1 "/system@1.journal");
        write_journal(&tree, "a/journal/" ID1 "/system.journal", 3, 5);
        expect_lines(&follower, 3, 5);

        /* What journald does to a file that a crash left. */
        tree_rename(&tree, "a/journal/" ID1 "/system.journal", "a/journal/" ID1 "/system@2.journal~");
        write_journal(&tree, "a/journal/" ID1 "/system.journal", 6, 7);
        expect_lines(&follower, 6, 7);
        ASSERT_EQ(unlinkat(tree.fd, "a/journal/" ID1 "/system@1.journal", 0), 0);

        tree_mkdir(&tree, "a/journal/" ID2);
        write_journal(&tree, "a/journal/" ID2 "/system.journal", 8, 9);
        expect_lines(&follower, 8, 9);
        stop(&follower);
        tree_done(&tree);
}

TEST(waits_for_the_directory) {
        LogRequest request;
        Follower follower;
        Tree tree;

        if (journal_skip())
                SKIP(journal_skip());
        tree_init(&tree);
        request = follow_request(&tree, "a/journal", NULL);
        request.lines = 0; /* applies to what is old, of which there is nothing */
        follow(&follower, &request);
        await_waiting(&follower);
        tree_mkdir(&tree, "a");
        tree_mkdir(&tree, "a/journal");
        tree_mkdir(&tree, "a/journal/" ID1);
        write_journal(&tree, "a/journal/" ID1 "/system.journal", 0, 1);
        expect_lines(&follower, 0, 1);

        /* `reset` and `up`: the container's directory is another one. */
        {
                _cleanup_(error_done) Error error = ERROR_NULL;

                ASSERT_OK(fs_remove_tree(tree.fd, "a", &error), &error);
        }
        tree_mkdir(&tree, "b/journal/" ID1);
        write_journal(&tree, "b/journal/" ID1 "/system.journal", 2, 3);
        tree_rename(&tree, "b", "a");
        expect_lines(&follower, 2, 3);
        stop(&follower);
        tree_done(&tree);
}

TEST(several_while_one_is_down) {
        LogSource sources[2];
        LogRequest request;
        Follower follower;
        Tree tree;

        if (journal_skip())
                SKIP(journal_skip());
        tree_init(&tree);
        tree_mkdir(&tree, "a/journal/" ID1);
        write_journal(&tree, "a/journal/" ID1 "/system.journal", 0, 0);
        sources[0] = (LogSource){.container = "a", .dir_fd = tree.fd, .journal = "a/journal"};
        sources[1] = (LogSource){.container = "bb", .dir_fd = tree.fd, .journal = "b/journal"};
        request = follow_request(&tree, NULL, NULL);
        request.sources = sources;
        request.n_sources = 2;
        request.output = LOG_OUTPUT_SHORT;
        follow(&follower, &request);
        expect_line(&follower, "a  | 2026-09-21 14:13:20 app[7]: line 0");
        tree_mkdir(&tree, "b/journal/" ID2);
        write_journal(&tree, "b/journal/" ID2 "/system.journal", 1, 1);
        expect_line(&follower, "bb | 2026-09-21 14:13:21 app[7]: line 1");
        write_journal(&tree, "a/journal/" ID1 "/new.journal", 2, 2);
        expect_line(&follower, "a  | 2026-09-21 14:13:22 app[7]: line 2");
        stop(&follower);
        tree_done(&tree);
}

/* A guest that truncates its journal must not take us with it (SIGBUS). */
TEST(survives_a_truncated_file) {
        LogRequest request;
        Follower follower;
        Tree tree;
        int fd;

        if (journal_skip())
                SKIP(journal_skip());
        tree_init(&tree);
        tree_mkdir(&tree, "a/journal/" ID1);
        write_journal(&tree, "a/journal/" ID1 "/system.journal", 0, 2);
        request = follow_request(&tree, "a/journal", NULL);
        follow(&follower, &request);
        expect_lines(&follower, 0, 2);
        fd = openat(tree.fd, "a/journal/" ID1 "/system.journal", O_RDWR | O_CLOEXEC);
        ASSERT_TRUE(fd >= 0);
        ASSERT_EQ(ftruncate(fd, 0), 0);
        write_journal(&tree, "a/journal/" ID1 "/next.journal", 3, 4);
        expect_lines(&follower, 3, 4);
        (void) close(fd);
        stop(&follower);
        tree_done(&tree);
}

TEST(ends_by_signal_and_by_its_reader) {
        static const int signals[] = {SIGINT, SIGTERM};
        LogRequest request;
        Follower follower;
        Tree tree;

        tree_init(&tree);
        tree_mkdir(&tree, "a");
        tree_write(&tree, "a/console.log", "here\n", 0);
        request = follow_request(&tree, NULL, "a/console.log");
        for (size_t i = 0; i < ELEMENTSOF(signals); i++) {
                follow(&follower, &request);
                expect_line(&follower, "here");
                ASSERT_EQ(kill(follower.pid, signals[i]), 0);
                ASSERT_EQ(status_of(&follower), 0);
                (void) fclose(follower.out);
        }
        /* Without another line that would run into EPIPE. */
        follow(&follower, &request);
        expect_line(&follower, "here");
        (void) fclose(follower.out);
        ASSERT_EQ(status_of(&follower), 0);
        tree_done(&tree);
}

TEST(console) {
        LogRequest request;
        Follower follower;
        Tree tree;

        tree_init(&tree);
        request = follow_request(&tree, NULL, "a/console.log");
        follow(&follower, &request);
        tree_mkdir(&tree, "a");
        tree_write(&tree, "a/console.log", "one\ntw", 0);
        expect_line(&follower, "one");
        tree_write(&tree, "a/console.log", "o\nthr", O_APPEND);
        expect_line(&follower, "two");
        /* A new start truncates it; what was left of the old line is not lost. */
        tree_write(&tree, "a/console.log", "x\n", O_TRUNC);
        expect_line(&follower, "thr");
        expect_line(&follower, "x");
        /* Rotated: renamed, with a last line to the old one, and made anew. */
        tree_write(&tree, "a/console.log", "y\n", O_APPEND);
        tree_rename(&tree, "a/console.log", "a/console.log.1");
        expect_line(&follower, "y");
        tree_write(&tree, "a/console.log", "z\n", 0);
        expect_line(&follower, "z");
        stop(&follower);
        tree_done(&tree);
}

/* Rotated while it is followed, also twice before we look: the follower is stopped meanwhile. */
TEST(console_rotation) {
        LogRequest request;
        Follower follower;
        Tree tree;

        tree_init(&tree);
        tree_mkdir(&tree, "a");
        tree_write(&tree, "a/console.log.1", "old 1\nold 2\n", 0);
        tree_write(&tree, "a/console.log", "one\n", 0);
        request = follow_request(&tree, NULL, "a/console.log");
        the_source.console_old = "a/console.log.1";
        request.lines = 2;
        follow(&follower, &request);
        expect_line(&follower, "old 2");
        expect_line(&follower, "one");
        for (size_t round = 0; round < 3; round++) {
                ASSERT_EQ(kill(follower.pid, SIGSTOP), 0);
                tree_write(&tree, "a/console.log", "two\n", O_APPEND);
                tree_rename(&tree, "a/console.log", "a/console.log.1");
                tree_write(&tree, "a/console.log", "three\n", 0);
                if (round > 0) {
                        tree_rename(&tree, "a/console.log", "a/console.log.1");
                        tree_write(&tree, "a/console.log", "four\n", 0);
                }
                ASSERT_EQ(kill(follower.pid, SIGCONT), 0);
                expect_line(&follower, "two");
                expect_line(&follower, "three");
                if (round > 0)
                        expect_line(&follower, "four");
        }
        stop(&follower);

        /* Where nothing is at first, what was before it is old. */
        request.lines = 1;
        ASSERT_EQ(unlinkat(tree.fd, "a/console.log", 0), 0);
        follow(&follower, &request);
        await_waiting(&follower);
        tree_write(&tree, "a/console.log", "five\n", 0);
        expect_line(&follower, "five");
        stop(&follower);
        tree_done(&tree);
}

/* The directory is the user's, and a FIFO in it must not hold us up. */
TEST(console_is_no_file) {
        static const char *const names[] = {"a/console.log", "a/console.log.1"};
        _cleanup_(error_done) Error error = ERROR_NULL;
        LogRequest request;
        Tree tree;

        tree_init(&tree);
        tree_mkdir(&tree, "a");
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                tree_write(&tree, "a/console.log", "one\n", 0);
                (void) unlinkat(tree.fd, names[i], 0);
                ASSERT_EQ(mkfifoat(tree.fd, names[i], 0600), 0);
                request = follow_request(&tree, NULL, "a/console.log");
                the_source.console_old = "a/console.log.1";
                for (size_t follow = 0; follow < 2; follow++) {
                        request.follow = follow == 1;
                        ASSERT_ERROR(logs_show(&request, stdout, &error), &error, FC_EXIT_CONFLICT,
                                     "is not a regular file");
                }
                ASSERT_EQ(unlinkat(tree.fd, names[i], 0), 0);
        }
        tree_done(&tree);
}

TEST(console_until_there_is_a_journal) {
        LogRequest request;
        Follower follower;
        Tree tree;

        if (journal_skip())
                SKIP(journal_skip());
        tree_init(&tree);
        tree_mkdir(&tree, "a/journal");
        tree_write(&tree, "a/console.log", "booting\n", 0);
        request = follow_request(&tree, "a/journal", "a/console.log");
        follow(&follower, &request);
        expect_line(&follower, "booting");
        tree_write(&tree, "a/console.log", "still booting\n", O_APPEND);
        expect_line(&follower, "still booting");
        tree_mkdir(&tree, "a/journal/" ID1);
        write_journal(&tree, "a/journal/" ID1 "/system.journal", 0, 1);
        expect_lines(&follower, 0, 1);
        tree_write(&tree, "a/console.log", "not shown\n", O_APPEND);
        write_journal(&tree, "a/journal/" ID1 "/next.journal", 2, 2);
        expect_lines(&follower, 2, 2);
        stop(&follower);
        tree_done(&tree);
}
