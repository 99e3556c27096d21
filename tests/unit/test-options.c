/* SPDX-License-Identifier: MIT */

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
