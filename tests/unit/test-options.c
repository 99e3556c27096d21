/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "base/alloc.h"
#include "base/options.h"
#include "test.h"

typedef struct Target {
        char *name;
        char **words;
        uint64_t wait_usec;
        char *maybe;
        bool flag;
} Target;

static const Option rows[] = {
        {"name", 'n', OPTION_STRING, offsetof(Target, name), "NAME", "A name"},
        {"word", 'w', OPTION_STRINGS, offsetof(Target, words), "WORD", "A word"},
        {"wait", 0, OPTION_SECONDS, offsetof(Target, wait_usec), "SECONDS", "A time"},
        {"flag", 'f', OPTION_FLAG, offsetof(Target, flag), NULL, "A flag"},
        {"maybe", 'm', OPTION_OPTIONAL, offsetof(Target, maybe), "VALUE", "A value, or none"},
        {"old", 'o', OPTION_IGNORED, 0, NULL, "Nothing"},
        {"hidden", 0, OPTION_IGNORED, 0, NULL, NULL},
};

static int parse(const char *line, bool stop_early, Target *target, char ***ret_operands, Error *reterr) {
        OptionTable table = {rows, ELEMENTSOF(rows), target};
        _cleanup_free_ char *copy = xstrdup(line);
        _cleanup_strv_ char **argv = NULL;
        char *save = NULL;

        for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
                strv_push(&argv, streq(word, "''") ? "" : word);
        return options_parse(&table, 1, argv, stop_early, ret_operands, reterr);
}

static void done(Target *target) {
        options_done(&(OptionTable){rows, ELEMENTSOF(rows), target});
}

TEST(reads) {
        static const struct {
                const char *line;
                bool stop_early;
                const char *name, *words, *operands;
                uint64_t wait_usec;
                bool flag;
        } table[] = {
                {"", false, NULL, "", "", 0, false},
                {"a b", false, NULL, "", "a|b", 0, false},
                {"a -f b", false, NULL, "", "a|b", 0, true},
                {"-f a -f", true, NULL, "", "a|-f", 0, true},
                {"--flag -- -f --name", false, NULL, "", "-f|--name", 0, true},
                {"a -- -f", true, NULL, "", "a|--|-f", 0, false},
                {"-n x --name=y", false, "y", "", "", 0, false},
                {"-nx -fo a", false, "x", "", "a", 0, true},
                {"--name ''", false, "", "", "", 0, false},
                {"-w a --word b -wc", false, NULL, "a|b|c", "", 0, false},
                {"--wait 1.5 --wait=2", false, NULL, "", "", 2000000, false},
                {"--wait 0.25s", false, NULL, "", "", 250000, false},
                {"- -f", false, NULL, "", "-", 0, true},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(done) Target target = {};
                _cleanup_strv_ char **operands = NULL;
                _cleanup_free_ char *joined = NULL, *words = NULL;

                test_set_row("%s", table[i].line);
                ASSERT_OK(parse(table[i].line, table[i].stop_early, &target, &operands, &error), &error);
                joined = strv_join(operands, "|");
                words = strv_join(target.words, "|");
                ASSERT_STREQ(joined, table[i].operands);
                ASSERT_STREQ(words, table[i].words);
                ASSERT_STREQ(target.name, table[i].name);
                ASSERT_EQ(target.wait_usec, table[i].wait_usec);
                ASSERT_EQ(target.flag, table[i].flag);
        }
}

TEST(optional_values) {
        static const struct {
                const char *line, *maybe, *operands;
        } table[] = {
                {"a", NULL, "a"},
                {"-m a", "", "a"},
                {"a --maybe b", "", "a|b"},
                {"-mx a", "x", "a"},
                {"--maybe=x a", "x", "a"},
                {"--maybe= a", "", "a"},
                {"-m -1 a", "-1", "a"},
                {"--maybe +12", "+12", ""},
                {"a -m -20 b", "-20", "a|b"},
                {"-m 1 a", "", "1|a"},
                {"-m -f a", "", "a"},
                {"-m - a", "", "-|a"},
                {"-m -- -1", "", "-1"},
                {"-fm", "", ""},
                {"-m -1 -m", "", ""},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(done) Target target = {};
                _cleanup_strv_ char **operands = NULL;
                _cleanup_free_ char *joined = NULL;

                test_set_row("%s", table[i].line);
                ASSERT_OK(parse(table[i].line, false, &target, &operands, &error), &error);
                joined = strv_join(operands, "|");
                ASSERT_STREQ(joined, table[i].operands);
                ASSERT_STREQ(target.maybe, table[i].maybe);
        }
        test_set_row("%s", "");
}

static const char *explain(const char *option) {
        return streq(option, "-f") || streq(option, "--file") ? "use --spec" : NULL;
}

TEST(unknown_options_are_explained) {
        static const Option known[] = {
                {"lines", 'n', OPTION_STRING, 0, "N", "Lines"},
                {"hidden", 0, OPTION_IGNORED, 0, NULL, NULL},
        };
        static const struct {
                const char *word, *message, *hint;
        } table[] = {
                {"--lnies=3", "unknown option '--lnies=3'", "did you mean '--lines'?"},
                {"--liness", "unknown option '--liness'", "did you mean '--lines'?"},
                {"--hiden", "unknown option '--hiden'", NULL},
                {"--elsewhere", "unknown option '--elsewhere'", NULL},
                {"-x", "unknown option '-x'", NULL},
                {"-f", "unknown option '-f'", "use --spec"},
                {"--file=x", "unknown option '--file=x'", "use --spec"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                char *target = NULL, *words[] = {(char *) table[i].word, NULL};
                const OptionTable own = {known, ELEMENTSOF(known), &target, explain};
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_strv_ char **operands = NULL;

                test_set_row("%s", table[i].word);
                ASSERT_ERROR(options_parse(&own, 1, words, false, &operands, &error), &error, FC_EXIT_USAGE,
                             table[i].message);
                ASSERT_STREQ(error.hints ? error.hints[0] : NULL, table[i].hint);
        }
}

TEST(refuses) {
        static const struct {
                const char *line, *message;
        } table[] = {
                {"--none", "unknown option '--none'"},
                {"-x", "unknown option '-x'"},
                {"-fx", "unknown option '-x'"},
                {"--name", "option '--name' needs a value: NAME"},
                {"-n", "option '-n' needs a value: NAME"},
                {"--flag=1", "takes no value"},
                {"--wait -1", "not a number of seconds"},
                {"--wait 1e9", "not a number of seconds"},
                {"--wait 86401", "not a number of seconds"},
                {"--wait x", "not a number of seconds"},
                {"--wait ''", "not a number of seconds"},
                {"--wait inf", "not a number of seconds"},
                {"--wait 0x10", "not a number of seconds"},
                {"--wait 1sx", "not a number of seconds"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(done) Target target = {};
                _cleanup_strv_ char **operands = NULL;

                test_set_row("%s", table[i].line);
                ASSERT_ERROR(parse(table[i].line, false, &target, &operands, &error), &error, FC_EXIT_USAGE,
                             table[i].message);
                ASSERT_TRUE(!operands);
        }
}

TEST(help_hides_what_is_not_for_people) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        ASSERT_TRUE(f);
        options_print_help(f, rows, ELEMENTSOF(rows));
        ASSERT_EQ(fclose(f), 0);
        ASSERT_TRUE(strstr(text, "-n, --name NAME"));
        ASSERT_TRUE(!strstr(text, "hidden"));
}

/* ---- a program of ours that another one starts ---- */

typedef struct Program {
        char *name;
        char **words;
        bool flag;
        uint64_t wait_usec;
        pid_t pid;
        int fd;
        int other; /* written as so many letters */
} Program;

static int other_parse(void *field, const char *value, Error *reterr) {
        if (strspn(value, "x") != strlen(value))
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not of x", value);
        *(int *) field = (int) strlen(value);
        return 0;
}

static void other_print(const void *field, const char *name, char ***argv) {
        if (*(const int *) field > 0)
                strv_pushf(argv, "--%s=%.*s", name, *(const int *) field, "xxxxxxxx");
}

static void other_done(void *field) {
        *(int *) field = 0;
}

static const OptionKind other_kind = {other_parse, other_print, other_done, NULL};

static const Option program_rows[] = {
        {"name", 0, OPTION_STRING, offsetof(Program, name), "NAME", .required = true},
        {"word", 0, OPTION_STRINGS, offsetof(Program, words), "WORD"},
        {"flag", 0, OPTION_FLAG, offsetof(Program, flag), NULL},
        {"wait", 0, OPTION_SECONDS, offsetof(Program, wait_usec), "SECONDS"},
        {"pid", 0, OPTION_PID, offsetof(Program, pid), "PID"},
        {"fd", 0, OPTION_FD, offsetof(Program, fd), "FD"},
        {"other", 0, OPTION_OTHER, offsetof(Program, other), "XXX", .kind = &other_kind},
};

static void program_done(Program *p) {
        options_done(&(OptionTable){program_rows, ELEMENTSOF(program_rows), p});
}

static int program_parse(char *const *argv, Program *p, Error *reterr) {
        OptionTable table = {program_rows, ELEMENTSOF(program_rows), p};
        _cleanup_strv_ char **operands = NULL;

        options_init(&table);
        return options_parse(&table, 1, argv, /* stop_early= */ true, &operands, reterr);
}

TEST(reads_what_it_has_written) {
        char *words[] = {(char *) "--flag", (char *) "a b", (char *) "", NULL};
        int fd = fcntl(STDERR_FILENO, F_DUPFD, 3);
        const Program programs[] = {
                {.name = (char *) "x", .wait_usec = UINT64_MAX, .fd = -EBADF},
                {.name = (char *) "", .wait_usec = 0, .fd = -EBADF},
                {.name = (char *) "--name=y",
                 .words = words,
                 .flag = true,
                 .wait_usec = 1500000,
                 .pid = 7,
                 .fd = fd,
                 .other = 3},
        };

        for (size_t i = 0; i < ELEMENTSOF(programs); i++) {
                const Program *wanted = &programs[i];
                OptionTable table = {program_rows, ELEMENTSOF(program_rows), (void *) wanted};
                _cleanup_(program_done) Program read = {.wait_usec = UINT64_MAX};
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_strv_ char **argv = NULL;

                test_set_row("%zu", i);
                options_print(&table, &argv);
                if (wanted->fd >= 0) {
                        ASSERT_OK(fcntl(fd, F_SETFD, FD_CLOEXEC));
                        options_inherit(&table);
                        ASSERT_EQ(fcntl(fd, F_GETFD), 0);
                }
                ASSERT_OK(program_parse(argv, &read, &error), &error);
                ASSERT_STREQ(read.name, wanted->name);
                ASSERT_TRUE(strv_equal(read.words, wanted->words));
                ASSERT_EQ(read.flag, wanted->flag);
                ASSERT_EQ(read.wait_usec, wanted->wait_usec);
                ASSERT_EQ(read.pid, wanted->pid);
                ASSERT_EQ(read.fd, wanted->fd);
                ASSERT_EQ(read.other, wanted->other);
                if (wanted->fd >= 0)
                        ASSERT_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
        }
        /* The last one has closed it. */
        ASSERT_EQ(fcntl(fd, F_GETFD), -1);
}

TEST(refuses_what_no_program_of_ours_writes) {
        static const struct {
                const char *word, *message;
        } table[] = {
                {"--flag", "option '--name' is missing"},
                {"--pid=0", "option '--pid': '0' is not a process id"},
                {"--pid=-1", "'-1' is not a process id"},
                {"--pid=", "'' is not a process id"},
                {"--pid=7 ", "'7 ' is not a process id"},
                {"--pid=2147483648", "is not a process id"},
                {"--fd=0", "option '--fd': '0' is not an open file descriptor"},
                {"--fd=2", "'2' is not an open file descriptor"},
                {"--fd=999", "'999' is not an open file descriptor"},
                {"--fd=-3", "'-3' is not an open file descriptor"},
                {"--fd=", "'' is not an open file descriptor"},
                {"--fd=99999999999999999999", "is not an open file descriptor"},
                {"--other=xy", "option '--other': 'xy' is not of x"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(program_done) Program p = {};
                char *argv[] = {(char *) table[i].word, NULL};

                test_set_row("%s", table[i].word);
                ASSERT_ERROR(program_parse(argv, &p, &error), &error, FC_EXIT_USAGE, table[i].message);
        }
}
