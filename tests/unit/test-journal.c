/* SPDX-License-Identifier: MIT */

/* Reading journals that are complete; following them is in test-logs-follow.c. */

#include "test.h"

#include "base/json.h"
#include "base/strv.h"
#include "journal-util.h"
#include "logs/log-filter.h"

static LogSource source(const Tree *tree, const char *name, const char *journal, const char *console) {
        return (LogSource){.container = name, .dir_fd = tree->fd, .journal = journal, .console = console};
}

static LogRequest request_for(const LogSource *sources, size_t n) {
        LogRequest request = LOG_REQUEST_INIT;

        request.sources = sources;
        request.n_sources = n;
        return request;
}

static void assert_shows(const LogRequest *request, const char *expected) {
        _cleanup_free_ char *text = show(request, NULL);

        ASSERT_STREQ(text, expected);
}

/* Ten lines "line 0" to "line 9" of the service app, a second apart. */
static void ten_lines(const Tree *tree, const char *directory) {
        _cleanup_free_ char *file = xasprintf("%s/system.journal", directory);
        Writer writer;

        tree_mkdir(tree, directory);
        writer_open(&writer, tree, file);
        for (unsigned i = 0; i < 10; i++) {
                _cleanup_free_ char *message = xasprintf("line %u", i);

                writer_say(&writer, "app", message);
        }
        writer_close(&writer);
}

TEST(short_json_cat) {
        LogRequest request;
        LogSource sources[1];
        Writer writer;
        Tree tree;

        if (journal_skip())
                SKIP(journal_skip());
        tree_init(&tree);
        tree_mkdir(&tree, "db/journal/" ID1);
        writer_open(&writer, &tree, "db/journal/" ID1 "/system.journal");
        writer_say(&writer, "redis", "Ready");
        writer_add(&writer, "_COMM=noident\nSYSLOG_PID=12\nMESSAGE=no priority\n");
        writer_add(&writer, "MESSAGE=bare\n");
        writer_add(&writer,
                   "_PID=1\n_SYSTEMD_UNIT=init.scope\nUNIT=redis.service\nSYSLOG_IDENTIFIER=systemd\n"
                   "PRIORITY=3\nMESSAGE=redis.service: Failed\n");
        writer_close(&writer);
        sources[0] = source(&tree, "db", "db/journal", NULL);
        request = request_for(sources, 1);

        assert_shows(&request, "2026-09-21 14:13:20 redis[7]: Ready\n"
                               "2026-09-21 14:13:21 noident[12]: no priority\n"
                               "2026-09-21 14:13:22 unknown: bare\n"
                               "2026-09-21 14:13:23 systemd[1]: redis.service: Failed\n");
        request.output = LOG_OUTPUT_CAT;
        assert_shows(&request, "Ready\nno priority\nbare\nredis.service: Failed\n");
        request.output = LOG_OUTPUT_JSON;
        assert_shows(
                &request,
                "{\"ts\":\"2026-09-21T14:13:20.000Z\",\"container\":\"db\",\"unit\":\"redis.service\","
                "\"ident\":\"redis\",\"pid\":7,\"priority\":6,\"message\":\"Ready\"}\n"
                "{\"ts\":\"2026-09-21T14:13:21.000Z\",\"container\":\"db\",\"unit\":null,"
                "\"ident\":\"noident\",\"pid\":12,\"priority\":null,\"message\":\"no priority\"}\n"
                "{\"ts\":\"2026-09-21T14:13:22.000Z\",\"container\":\"db\",\"unit\":null,"
                "\"ident\":null,\"pid\":null,\"priority\":null,\"message\":\"bare\"}\n"
                "{\"ts\":\"2026-09-21T14:13:23.000Z\",\"container\":\"db\",\"unit\":\"redis.service\","
                "\"ident\":\"systemd\",\"pid\":1,\"priority\":3,\"message\":\"redis.service: Failed\"}\n");
        tree_done(&tree);
}

TEST(several_are_merged_by_time) {
        LogRequest request;
        LogSource sources[2];
        Writer writer;
        Tree tree;

        if (journal_skip())
                SKIP(journal_skip());
        tree_init(&tree);
        tree_mkdir(&tree, "db/journal/" ID1);
        tree_mkdir(&tree, "cache/journal/" ID2);
        writer_open(&writer, &tree, "db/journal/" ID1 "/system.journal");
        writer_say(&writer, "postgres", "first");
        writer.usec += 1000000;
        writer_say(&writer, "postgres", "third");
        writer_close(&writer);
        /* Of the same container: a second machine id, as after a reset of the guest's /etc. */
        tree_mkdir(&tree, "db/journal/" ID2);
        writer_open(&writer, &tree, "db/journal/" ID2 "/system.journal");
        writer.boot = BOOT2;
        writer.usec += 4000000;
        writer_say(&writer, "postgres", "fifth");
        writer_close(&writer);
        writer_open(&writer, &tree, "cache/journal/" ID2 "/system.journal");
        writer.usec += 1000000;
        writer_say(&writer, "redis", "second");
        writer.usec += 1000000;
        writer_say(&writer, "redis", "fourth");
        writer_close(&writer);

        sources[0] = source(&tree, "db", "db/journal", NULL);
        sources[1] = source(&tree, "cache", "cache/journal", NULL);
        request = request_for(sources, 2);
        assert_shows(&request, "db    | 2026-09-21 14:13:20 postgres[7]: first\n"
                               "cache | 2026-09-21 14:13:21 redis[7]: second\n"
                               "db    | 2026-09-21 14:13:22 postgres[7]: third\n"
                               "cache | 2026-09-21 14:13:23 redis[7]: fourth\n"
                               "db    | 2026-09-21 14:13:24 postgres[7]: fifth\n");
        /* So many of each. */
        request.lines = 1;
        assert_shows(&request, "cache | 2026-09-21 14:13:23 redis[7]: fourth\n"
                               "db    | 2026-09-21 14:13:24 postgres[7]: fifth\n");
        tree_done(&tree);
}

TEST(hostile_messages) {
        static const char odd[] = "nul \0 bad \xff\xfe c1 \xc2\x9b"
                                  "31m esc \x1b[31mred\x1b]0;title\a end";
        _cleanup_free_ char *text = NULL;
        LogRequest request;
        LogSource sources[2];
        Writer writer;
        Tree tree;
        size_t size;

        if (journal_skip())
                SKIP(journal_skip());
        tree_init(&tree);
        tree_mkdir(&tree, "a/journal/" ID1);
        writer_open(&writer, &tree, "a/journal/" ID1 "/system.journal");
        writer_say_bytes(&writer, odd, sizeof(odd) - 1);
        writer_say_bytes(&writer, "one\ntwo\r\n\nthree\rfour\n", 21);
        writer_close(&writer);
        sources[0] = source(&tree, "a", "a/journal", NULL);
        sources[1] = source(&tree, "longer", "none/journal", NULL);
        request = request_for(sources, 2);

        assert_shows(&request,
                     "a      | 2026-09-21 14:13:20 app[7]: nul \xef\xbf\xbd bad \xef\xbf\xbd\xef\xbf\xbd c1 "
                     "\xef\xbf\xbd"
                     "31m esc red end\n"
                     "a      | 2026-09-21 14:13:21 app[7]: one\n"
                     "a      |                             two\n"
                     "a      | \n"
                     "a      |                             three\n"
                     "a      |                             four\n");

        /* Raw bytes, as they are not for a terminal. */
        request.output = LOG_OUTPUT_CAT;
        request.lines = 2;
        text = show(&request, &size);
        ASSERT_EQ(size, sizeof(odd) - 1 + 1 + 21 + 1);
        ASSERT_TRUE(memcmp(text, odd, sizeof(odd) - 1) == 0);
        free(TAKE_PTR(text));

        /* Each line is a whole JSON document, whatever the guest says. */
        request.output = LOG_OUTPUT_JSON;
        text = show(&request, &size);
        for (char *line = text, *end; *line; line = end + 1) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(json_freep) Json *json = NULL;

                end = strchr(line, '\n');
                ASSERT_TRUE(end != NULL);
                ASSERT_OK(json_parse(line, (size_t) (end - line), "line", &json, &error), &error);
                if (line == text)
                        ASSERT_STREQ(json_string(json_get(json, "message")),
                                     "nul \xef\xbf\xbd bad \xef\xbf\xbd\xef\xbf\xbd c1 \xef\xbf\xbd"
                                     "31m esc \x1b[31mred\x1b]0;title\a end");
        }
        tree_done(&tree);
}

TEST(lines_since_until) {
        static const struct {
                uint64_t lines;
                unsigned since, until; /* seconds after the first line; 0 and 99: unset */
                const char *expected;  /* the numbers of the lines */
        } cases[] = {
                {LOG_LINES_ALL, 0, 99, "0123456789"},
                {LOG_LINES_DEFAULT, 0, 99, "0123456789"},
                {3, 0, 99, "789"},
                {10, 0, 99, "0123456789"},
                {11, 0, 99, "0123456789"},
                {0, 0, 99, ""},
                {1, 0, 99, "9"},
                {LOG_LINES_ALL, 7, 99, "789"},
                {LOG_LINES_ALL, 7, 8, "78"},
                {LOG_LINES_ALL, 0, 2, "012"},
                {LOG_LINES_ALL, 11, 99, ""},
                {LOG_LINES_ALL, 8, 2, ""},
                {2, 7, 99, "89"},
                {5, 7, 99, "789"},
                {2, 0, 5, "45"},
                {2, 5, 5, "5"},
                {100, 3, 6, "3456"},
        };
        LogRequest request;
        LogSource sources[1];
        Tree tree;

        if (journal_skip())
                SKIP(journal_skip());
        tree_init(&tree);
        ten_lines(&tree, "a/journal/" ID1);
        sources[0] = source(&tree, "a", "a/journal", NULL);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = NULL;
                char numbers[16] = "";

                test_set_row("case %zu", i);
                request = request_for(sources, 1);
                request.output = LOG_OUTPUT_CAT;
                request.lines = cases[i].lines;
                request.since_usec = cases[i].since > 0 ? T0 + cases[i].since * 1000000 : 0;
                request.until_usec = cases[i].until != 99 ? T0 + cases[i].until * 1000000 : UINT64_MAX;
                text = show(&request, NULL);
                for (char *p = text; (p = strstr(p, "line ")); p++)
                        numbers[strlen(numbers)] = p[5];
                ASSERT_STREQ(numbers, cases[i].expected);
        }
        tree_done(&tree);
}

TEST(unit_and_priority_and_boot) {
        char *redis[] = {(char *) "redis.service", NULL};
        char *two[] = {(char *) "redis.service", (char *) "app.service", NULL};
        char *none[] = {(char *) "nothing.service", NULL};
        LogRequest request;
        LogSource sources[1];
        Writer writer;
        Tree tree;

        if (journal_skip())
                SKIP(journal_skip());
        tree_init(&tree);
        tree_mkdir(&tree, "a/journal/" ID1);
        writer_open(&writer, &tree, "a/journal/" ID1 "/system.journal");
        writer_say(&writer, "redis", "by itself");
        writer_say(&writer, "app", "other");
        writer_add(&writer, "_PID=1\n_SYSTEMD_UNIT=init.scope\nUNIT=redis.service\nPRIORITY=3\n"
                            "SYSLOG_IDENTIFIER=systemd\nMESSAGE=by the manager\n");
        /* Only the manager may speak of a unit: this one is made up by a service. */
        writer_add(&writer, "_PID=9\n_SYSTEMD_UNIT=evil.service\nUNIT=redis.service\nPRIORITY=4\n"
                            "MESSAGE=forged\n");
        writer_add(&writer, "_UID=0\nMESSAGE_ID=fc2e22bc6ee647b6b90729ab34a250b1\nPRIORITY=2\n"
                            "COREDUMP_UNIT=redis.service\nMESSAGE=dumped core\n");
        writer.boot = BOOT2;
        writer_say(&writer, "redis", "second boot");
        writer_close(&writer);
        sources[0] = source(&tree, "a", "a/journal", NULL);
        request = request_for(sources, 1);
        request.output = LOG_OUTPUT_CAT;

        request.units = redis;
        assert_shows(&request, "by itself\nby the manager\ndumped core\nsecond boot\n");
        request.units = two;
        assert_shows(&request, "by itself\nother\nby the manager\ndumped core\nsecond boot\n");
        request.units = none;
        assert_shows(&request, "");
        request.units = NULL;

        request.priority_last = 3;
        assert_shows(&request, "by the manager\ndumped core\n");
        request.priority_first = 3;
        assert_shows(&request, "by the manager\n");
        request.priority_last = 4;
        assert_shows(&request, "by the manager\nforged\n");
        request.priority_first = 4;
        request.output = LOG_OUTPUT_JSON;
        assert_shows(&request, "{\"ts\":\"2026-09-21T14:13:23.000Z\",\"container\":\"a\","
                               "\"unit\":\"evil.service\",\"ident\":null,\"pid\":9,\"priority\":4,"
                               "\"message\":\"forged\"}\n");
        request.output = LOG_OUTPUT_CAT;
        request.priority_first = 3;
        request.units = redis;
        assert_shows(&request, "by the manager\n");
        request.lines = 1;
        request.priority_first = 0;
        request.priority_last = 3;
        assert_shows(&request, "dumped core\n");

        request = request_for(sources, 1);
        request.output = LOG_OUTPUT_CAT;
        request.boot = (LogBoot){.kind = LOG_BOOT_OFFSET};
        assert_shows(&request, "second boot\n");
        request.lines = 5;
        assert_shows(&request, "second boot\n");
        request.units = two;
        assert_shows(&request, "second boot\n");
        tree_done(&tree);
}

static void assert_boots(LogRequest *request, const char *word, const char *expected) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        test_set_row("--boot=%s", word);
        ASSERT_OK(log_boot_parse(word, &request->boot, &error), &error);
        assert_shows(request, expected);
}

TEST(boots) {
        static const char *const missing[] = {"-3", "4", "-100000", "99999",
                                              "33333333333333333333333333333333"};
        _cleanup_(error_done) Error error = ERROR_NULL;
        LogSource sources[2];
        LogRequest request;
        Writer writer;
        Tree tree;

        if (journal_skip())
                SKIP(journal_skip());
        tree_init(&tree);
        tree_mkdir(&tree, "a/journal/" ID1);
        tree_mkdir(&tree, "b");
        writer_open(&writer, &tree, "a/journal/" ID1 "/system.journal");
        writer_say(&writer, "app", "one");
        writer_say(&writer, "app", "two");
        writer.boot = BOOT2;
        writer_say(&writer, "app", "three");
        writer.boot = "dddddddddddddddddddddddddddddddd";
        writer_say(&writer, "app", "four");
        writer_say(&writer, "app", "five");
        writer_close(&writer);
        sources[0] = source(&tree, "a", "a/journal", NULL);
        sources[1] = source(&tree, "b", "b/journal", "b/console.log");
        request = request_for(sources, 1);
        request.output = LOG_OUTPUT_CAT;

        assert_boots(&request, "", "four\nfive\n");
        assert_boots(&request, "0", "four\nfive\n");
        assert_boots(&request, "-0", "four\nfive\n");
        assert_boots(&request, "-1", "three\n");
        assert_boots(&request, "-2", "one\ntwo\n");
        assert_boots(&request, "1", "one\ntwo\n");
        assert_boots(&request, "+2", "three\n");
        assert_boots(&request, "3", "four\nfive\n");
        assert_boots(&request, "all", "one\ntwo\nthree\nfour\nfive\n");
        assert_boots(&request, BOOT1, "one\ntwo\n");
        assert_boots(&request, "DDDDDDDD-dddd-dddd-dddd-dddddddddddd", "four\nfive\n");
        request.lines = 1;
        assert_boots(&request, "-2", "two\n");
        request.lines = LOG_LINES_ALL;
        /* With other filters. */
        request.since_usec = T0 + USEC_PER_SEC;
        assert_boots(&request, "1", "two\n");
        request.since_usec = 0;
        request.priority_last = 5;
        assert_boots(&request, "1", "");
        request.priority_last = 7;
        /* One of several has it. */
        request.n_sources = 2;
        assert_boots(&request, "-1", "three\n");
        for (size_t i = 0; i < ELEMENTSOF(missing); i++) {
                test_set_row("--boot=%s", missing[i]);
                ASSERT_OK(log_boot_parse(missing[i], &request.boot, &error), &error);
                ASSERT_ERROR(logs_show(&request, stdout, &error), &error, FC_EXIT_USAGE, "there is no boot");
        }
        request.follow = true;
        ASSERT_OK(log_boot_parse("-1", &request.boot, &error), &error);
        ASSERT_ERROR(logs_show(&request, stdout, &error), &error, FC_EXIT_USAGE, "--boot");
        test_set_row("%s", "");
        tree_done(&tree);
}

TEST(words_for_boots) {
        static const char *const wrong[] = {
                "-",
                "+",
                "x",
                "1x",
                "--1",
                "0x1",
                "1 ",
                " 1",
                "1234567890",
                "ALL",
                "abcd",
                "1.5",
                "-b",
                "11111111111111111111111111111111 ",
                "1111111111111111111111111111111g",
                "111111111111111111111111111111111",
                "1111111-11111-1111-1111-111111111111",
        };
        LogBoot boot;

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("'%s'", wrong[i]);
                ASSERT_ERROR(log_boot_parse(wrong[i], &boot, &error), &error, FC_EXIT_USAGE,
                             "is not a boot");
        }
        test_set_row("%s", "");
}

TEST(patterns) {
        static const struct {
                const char *pattern, *text;
                bool matches;
        } table[] = {
                {"error", "an ERROR here", true},
                {"Error", "an ERROR here", false},
                {"", "anything", true},
                {"", "", true},
                {"^b$", "a\nb\nc", false},
                {"(?m)^b$", "a\nb\nc", true},
                {"\\d+ ?ms\\b", "took 12 ms.", true},
                {"\\bcat\\b", "concatenate", false},
                {"a.*?b(?=c)", "a-b-bc", true},
                {"(?i)ERROR", "an error here", true},
                {"\xc3\x9c.er",
                 "\xc3\x9c\xc3\xa4"
                 "er",
                 true},
                {"\xc3\xa4", "\xc3\x84", true},
                {"b",
                 "a\xff"
                 "b",
                 true},
                {"a.b",
                 "a\xff"
                 "b",
                 false},
                {"a{2", "a{2", true},
                {"a.b", "a\nb", false},
                {"(get|post) /", "POST /x", true},
                {"a{2}", "aa", true},
                {"\\.html$", "x.html", true},
                {"\\.html$", "x.html ", false},
                {"[[:digit:]]+ms", "12ms", true},
                {"x", "", false},
        };
        static const struct {
                const char *pattern, *message;
        } wrong[] = {
                {"(", "'(' is not a regular expression: missing closing parenthesis, at offset 1"},
                {"[a", "at offset 2"},
                {"*(", "quantifier does not follow a repeatable item, at offset 0"},
                {"a[[:nope:]]", "unknown POSIX class name, at offset"},
                {"\\", "\\ at end of pattern, at offset 1"},
                {"ab\xff", "UTF-8 error"},
                {"((ab){1000}){1000}", "regular expression is too large"},
                {"x(?<n", "at offset"},
                {"\x1b[2J(", "is not a regular expression: missing"},
        };
        _cleanup_(error_done) Error error = ERROR_NULL;

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(log_pattern_freep) LogPattern *pattern = NULL;
                _cleanup_free_ char *longer = xasprintf("%sxyz", table[i].text);

                test_set_row("'%s'", table[i].pattern);
                ASSERT_OK(log_pattern_new(table[i].pattern, LOG_CASE_AUTO, &pattern, &error), &error);
                /* Text that goes on behind its end. */
                ASSERT_EQ(log_pattern_match(pattern, longer, strlen(table[i].text), &error),
                          table[i].matches);
        }
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                LogPattern *pattern;

                test_set_row("'%s'", wrong[i].pattern);
                ASSERT_ERROR(log_pattern_new(wrong[i].pattern, LOG_CASE_AUTO, &pattern, &error), &error,
                             FC_EXIT_USAGE, wrong[i].message);
        }
        test_set_row("%s", "");
}

TEST(pattern_case) {
        static const struct {
                const char *word;
                LogCase what;
        } good[] = {
                {"", LOG_CASE_SENSITIVE},        {"yes", LOG_CASE_SENSITIVE},  {"1", LOG_CASE_SENSITIVE},
                {"false", LOG_CASE_INSENSITIVE}, {"no", LOG_CASE_INSENSITIVE},
        };
        static const char *const wrong[] = {"Yes", "maybe", "2", "yes "};
        _cleanup_(error_done) Error error = ERROR_NULL;
        LogCase what;

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                _cleanup_(log_pattern_freep) LogPattern *lower = NULL, *upper = NULL;
                bool sensitive = good[i].what == LOG_CASE_SENSITIVE;

                test_set_row("'%s'", good[i].word);
                ASSERT_OK(log_case_parse(good[i].word, &what, &error), &error);
                ASSERT_EQ(what, good[i].what);
                ASSERT_OK(log_pattern_new("error", what, &lower, &error), &error);
                ASSERT_OK(log_pattern_new("ERROR", what, &upper, &error), &error);
                ASSERT_EQ(log_pattern_match(lower, "ERROR", 5, &error), !sensitive);
                ASSERT_EQ(log_pattern_match(upper, "error", 5, &error), !sensitive);
        }
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                test_set_row("'%s'", wrong[i]);
                ASSERT_ERROR(log_case_parse(wrong[i], &what, &error), &error, FC_EXIT_USAGE,
                             "must be yes or no");
        }
        test_set_row("%s", "");
}

/* What would take years says so in a moment. */
TEST(pattern_without_end) {
        _cleanup_(log_pattern_freep) LogPattern *pattern = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        char text[60];
        uint64_t start;

        memset(text, 'a', sizeof(text));
        ASSERT_OK(log_pattern_new("(a+)+$", LOG_CASE_AUTO, &pattern, &error), &error);
        ASSERT_EQ(log_pattern_match(pattern, text, sizeof(text), &error), 1);
        text[sizeof(text) - 1] = 'b';
        start = now_usec();
        ASSERT_ERROR(log_pattern_match(pattern, text, sizeof(text), &error), &error, FC_EXIT_USAGE,
                     "'(a+)+$' is too much work for a message of 60 bytes: match limit exceeded");
        ASSERT_TRUE(now_usec() - start < 5 * USEC_PER_SEC);
}

TEST(grep) {
        _cleanup_(log_pattern_freep) LogPattern *pattern = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        LogSource sources[2];
        LogRequest request;
        Writer writer;
        Tree tree;

        if (journal_skip())
                SKIP(journal_skip());
        tree_init(&tree);
        tree_mkdir(&tree, "a/journal/" ID1);
        tree_mkdir(&tree, "b");
        writer_open(&writer, &tree, "a/journal/" ID1 "/system.journal");
        /* More than are read at a time. */
        for (unsigned i = 0; i < 10000; i++)
                writer_say(&writer, "app", i % 5000 == 0 ? "Needle" : "hay");
        writer_say(&writer, "app", "hay");
        writer_close(&writer);
        tree_write(&tree, "b/console.log", "hay\nneedle of the console\nhay\nneedle without end", 0);
        sources[0] = source(&tree, "a", "a/journal", NULL);
        sources[1] = source(&tree, "b", "b/journal", "b/console.log");
        request = request_for(sources, 2);
        request.output = LOG_OUTPUT_CAT;
        ASSERT_OK(log_pattern_new("needle", LOG_CASE_AUTO, &pattern, &error), &error);
        request.pattern = pattern;
        assert_shows(&request, "needle of the console\nneedle without end\nNeedle\nNeedle\n");
        request.n_sources = 1;
        /* Lines that match are counted. */
        request.lines = 1;
        assert_shows(&request, "Needle\n");
        request.lines = 2;
        assert_shows(&request, "Needle\nNeedle\n");
        request.lines = 3;
        assert_shows(&request, "Needle\nNeedle\n");
        request.lines = 0;
        assert_shows(&request, "");

        /* What cannot be known is not left out. */
        pattern = log_pattern_free(pattern);
        ASSERT_OK(log_pattern_new("(*LIMIT_MATCH=1)n.*l.*n.*e", LOG_CASE_INSENSITIVE, &pattern, &error),
                  &error);
        request.pattern = pattern;
        request.lines = 1;
        ASSERT_ERROR(logs_show(&request, stdout, &error), &error, FC_EXIT_USAGE, "is too much work");
        request.lines = LOG_LINES_ALL;
        ASSERT_ERROR(logs_show(&request, stdout, &error), &error, FC_EXIT_USAGE, "is too much work");
        tree_done(&tree);
}

TEST(unit_tail) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *directory = NULL, *missing = NULL;
        char **lines = NULL;
        Writer writer;
        Tree tree;

        if (journal_skip())
                SKIP(journal_skip());
        tree_init(&tree);
        tree_mkdir(&tree, "a/journal/" ID1);
        writer_open(&writer, &tree, "a/journal/" ID1 "/system.journal");
        writer.usec += 118000;
        writer_say(&writer, "postgres", "LOG:  starting");
        writer_say(&writer, "other", "noise");
        writer_say_bytes(&writer, "not of the unit", 15);
        writer_say(&writer, "postgres", "FATAL:  \x1b[31mincompatible\x1b[0m");
        (void) fprintf(writer.in,
                       "__REALTIME_TIMESTAMP=%llu\n_BOOT_ID=" BOOT1 "\n_SYSTEMD_UNIT=postgres.service\n"
                       "SYSLOG_IDENTIFIER=postgres\nMESSAGE\n",
                       (unsigned long long) writer.usec);
        (void) fwrite("\x0c\0\0\0\0\0\0\0DETAIL\nmore!\n\n", 1, 8 + 12 + 2, writer.in);
        writer_close(&writer);
        directory = xasprintf("%s/a/journal", tree.path);

        ASSERT_OK(journal_unit_tail(directory, &(JournalUnit){.name = "postgres.service"}, 0, 10, &lines,
                                    NULL, &error),
                  &error);
        ASSERT_EQ(strv_length(lines), 4);
        ASSERT_STREQ(lines[0], "14:13:20.118 postgres[7]: LOG:  starting");
        ASSERT_STREQ(lines[1], "14:13:23.118 postgres[7]: FATAL:  incompatible");
        ASSERT_STREQ(lines[2], "14:13:24.118 postgres: DETAIL");
        ASSERT_STREQ(lines[3], "                       more!");
        lines = strv_free(lines);

        /* At most so many lines, the last ones, also when that cuts a message. */
        ASSERT_OK(journal_unit_tail(directory, &(JournalUnit){.name = "postgres.service"}, 0, 1, &lines,
                                    NULL, &error),
                  &error);
        ASSERT_EQ(strv_length(lines), 1);
        ASSERT_STREQ(lines[0], "                       more!");
        lines = strv_free(lines);

        ASSERT_OK(journal_unit_tail(directory, &(JournalUnit){.name = "postgres.service"}, T0 + 2000000, 10,
                                    &lines, NULL, &error),
                  &error);
        ASSERT_EQ(strv_length(lines), 3);
        lines = strv_free(lines);
        ASSERT_OK(journal_unit_tail(directory, &(JournalUnit){.name = "nothing.service"}, 0, 10, &lines,
                                    NULL, &error),
                  &error);
        ASSERT_EQ(strv_length(lines), 0);
        ASSERT_OK(journal_unit_tail(directory, &(JournalUnit){.name = "postgres.service"}, 0, 0, &lines,
                                    NULL, &error),
                  &error);
        ASSERT_EQ(strv_length(lines), 0);

        missing = xasprintf("%s/nowhere", tree.path);
        ASSERT_OK(journal_unit_tail(missing, &(JournalUnit){.name = "postgres.service"}, 0, 10, &lines, NULL,
                                    &error),
                  &error);
        ASSERT_EQ(strv_length(lines), 0);
        tree_write(&tree, "file", "", 0);
        free(TAKE_PTR(missing));
        missing = xasprintf("%s/file", tree.path);
        ASSERT_ERROR(journal_unit_tail(missing, &(JournalUnit){.name = "postgres.service"}, 0, 10, &lines,
                                       NULL, &error),
                     &error, FC_EXIT_INTERNAL, "Not a directory");
        tree_done(&tree);
}

/* systemd-sysctl says why it fails before journald runs, and is gone when journald looks whose lines they
 * are. */
TEST(unit_tail_of_a_process_that_has_gone) {
        JournalUnit unit = {.name = "systemd-sysctl.service",
                            .invocation = "0123456789abcdef0123456789abcdef",
                            .pid = 18,
                            .started_usec = T0 + 1000000};
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *directory = NULL;
        char **lines = NULL;
        Writer writer;
        Tree tree;

        if (journal_skip())
                SKIP(journal_skip());
        tree_init(&tree);
        tree_mkdir(&tree, "a/journal/" ID1);
        writer_open(&writer, &tree, "a/journal/" ID1 "/system.journal");
        writer_add(&writer, "_PID=18\nSYSLOG_IDENTIFIER=systemd-sysctl\nMESSAGE=of an older start\n");
        writer_add(&writer, "_PID=18\nSYSLOG_IDENTIFIER=systemd-sysctl\nMESSAGE=Invalid argument\n");
        writer_add(&writer, "_PID=19\nSYSLOG_IDENTIFIER=other\nMESSAGE=noise\n");
        writer_add(&writer, "_PID=1\nSYSLOG_IDENTIFIER=systemd\nUNIT=systemd-sysctl.service\n"
                            "INVOCATION_ID=0123456789abcdef0123456789abcdef\nMESSAGE=failed\n");
        writer_close(&writer);
        directory = xasprintf("%s/a/journal", tree.path);

        ASSERT_OK(journal_unit_tail(directory, &unit, 0, 10, &lines, NULL, &error), &error);
        ASSERT_EQ(strv_length(lines), 2);
        ASSERT_STREQ(lines[0], "14:13:21.000 systemd-sysctl[18]: Invalid argument");
        ASSERT_STREQ(lines[1], "14:13:23.000 systemd[1]: failed");
        lines = strv_free(lines);

        /* Nothing from before what was asked for. */
        ASSERT_OK(journal_unit_tail(directory, &unit, T0 + 2000000, 10, &lines, NULL, &error), &error);
        ASSERT_EQ(strv_length(lines), 1);
        lines = strv_free(lines);
        unit.pid = 0;
        ASSERT_OK(journal_unit_tail(directory, &unit, 0, 10, &lines, NULL, &error), &error);
        ASSERT_EQ(strv_length(lines), 1);
        lines = strv_free(lines);
        tree_done(&tree);
}

TEST(refusals) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        char *units[] = {(char *) "a.service", NULL};
        LogRequest request;
        LogSource sources[1];
        Tree tree;

        tree_init(&tree);
        sources[0] = source(&tree, "a", "a/journal", "a/console.log");
        request = request_for(sources, 0);
        ASSERT_ERROR(logs_show(&request, stdout, &error), &error, FC_EXIT_USAGE, "no container");
        request = request_for(sources, 1);
        request.follow = true;
        request.until_usec = T0;
        ASSERT_ERROR(logs_show(&request, stdout, &error), &error, FC_EXIT_USAGE, "--until");

        /* A console cannot be searched. */
        sources[0].journal = NULL;
        for (unsigned i = 0; i < 4; i++) {
                test_set_row("filter %u", i);
                request = request_for(sources, 1);
                request.units = i == 0 ? units : NULL;
                request.priority_first = i == 1 ? 3 : 0;
                request.priority_last = i == 2 ? 3 : 7;
                request.boot.kind = i == 3 ? LOG_BOOT_OFFSET : LOG_BOOT_ANY;
                ASSERT_ERROR(logs_show(&request, stdout, &error), &error, FC_EXIT_USAGE, "only a console");
        }
        test_set_row("%s", "");

        /* No link leads us elsewhere. */
        sources[0] = source(&tree, "a", "a/journal", "a/console.log");
        request = request_for(sources, 1);
        tree_mkdir(&tree, "a");
        ASSERT_EQ(symlinkat("/var/log/journal", tree.fd, "a/journal"), 0);
        ASSERT_ERROR(logs_show(&request, stdout, &error), &error, FC_EXIT_CONFLICT, "symbolic link");
        request.follow = true;
        ASSERT_ERROR(logs_show(&request, stdout, &error), &error, FC_EXIT_CONFLICT, "symbolic link");
        request.follow = false;
        ASSERT_EQ(unlinkat(tree.fd, "a/journal", 0), 0);
        tree_write(&tree, "a/journal", "a file", 0);
        ASSERT_ERROR(logs_show(&request, stdout, &error), &error, FC_EXIT_INTERNAL, "Not a directory");
        tree_done(&tree);
}

TEST(files_that_are_no_journal) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        LogRequest request;
        LogSource sources[1];
        Tree tree;

        tree_init(&tree);
        tree_mkdir(&tree, "a/journal/" ID1);
        sources[0] = source(&tree, "a", "a/journal", "a/console.log");
        request = request_for(sources, 1);
        assert_shows(&request, "");
        tree_write(&tree, "a/journal/" ID1 "/notes.txt", "not looked at", 0);
        assert_shows(&request, "");
        tree_write(&tree, "a/journal/" ID1 "/system.journal", "no journal at all", 0);
        ASSERT_ERROR(logs_show(&request, stdout, &error), &error, FC_EXIT_HOST, "'a' can be read");
        ASSERT_EQ(strv_length(error.hints), 1);
        tree_done(&tree);
}

/* The guest owns the directory and puts links into it: to a journal that is not its own. */
TEST(links_of_the_guest_are_not_followed) {
        _cleanup_free_ char *directory = NULL, *file = NULL;
        LogRequest request;
        LogSource sources[1];
        Tree tree;

        if (journal_skip())
                SKIP(journal_skip());
        if (geteuid() != 0)
                SKIP("the guarded view of the directory needs root");
        tree_init(&tree);
        ten_lines(&tree, "secret/" ID1);
        tree_mkdir(&tree, "a/journal/" ID2);
        directory = xasprintf("%s/secret/" ID1, tree.path);
        file = xasprintf("%s/system.journal", directory);
        ASSERT_EQ(symlinkat(directory, tree.fd, "a/journal/" ID1), 0);
        ASSERT_EQ(symlinkat(file, tree.fd, "a/journal/" ID2 "/system.journal"), 0);
        sources[0] = source(&tree, "a", "a/journal", NULL);
        request = request_for(sources, 1);
        /* The test's own mistake would show nothing either. */
        sources[0].journal = "secret";
        request.lines = 1;
        assert_shows(&request, "2026-09-21 14:13:29 app[7]: line 9\n");

        sources[0].journal = "a/journal";
        {
                _cleanup_(error_done) Error error = ERROR_NULL;

                ASSERT_ERROR(logs_show(&request, stdout, &error), &error, FC_EXIT_HOST, "can be read");
        }
        tree_done(&tree);
}

TEST(console_where_there_is_no_journal) {
        LogRequest request;
        LogSource sources[2];
        Tree tree;

        tree_init(&tree);
        tree_mkdir(&tree, "a/journal");
        tree_mkdir(&tree, "b");
        tree_write(&tree, "a/console.log", "\x1b[1mBooting\x1b[0m\r\n10%\r20%\rdone\npartial", 0);
        tree_write(&tree, "b/console.log", "only this\n", 0);
        sources[0] = source(&tree, "a", "a/journal", "a/console.log");
        sources[1] = source(&tree, "b", NULL, "b/console.log");
        request = request_for(sources, 2);
        assert_shows(&request, "a | Booting\na | done\na | partial\nb | only this\n");
        request.lines = 1;
        assert_shows(&request, "a | partial\nb | only this\n");
        request.output = LOG_OUTPUT_JSON;
        request.n_sources = 1;
        assert_shows(&request, "{\"ts\":null,\"container\":\"a\",\"unit\":null,\"ident\":null,\"pid\":null,"
                               "\"priority\":null,\"message\":\"partial\"}\n");
        request = request_for(sources, 2);
        request.priority_last = 3;
        assert_shows(&request, "");
        tree_done(&tree);
}

TEST(full_output_is_an_error) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_fclose_ FILE *full = fopen("/dev/full", "we");
        LogRequest request;
        LogSource sources[1];
        Tree tree;

        tree_init(&tree);
        tree_mkdir(&tree, "a");
        tree_write(&tree, "a/console.log", "line\n", 0);
        sources[0] = source(&tree, "a", NULL, "a/console.log");
        request = request_for(sources, 1);
        ASSERT_ERROR(logs_show(&request, full, &error), &error, FC_EXIT_HOST, "No space left");
        tree_done(&tree);
}

TEST(words_that_choose) {
        static const struct {
                const char *word, *expected; /* NULL: refused */
        } units[] = {
                {"redis", "redis.service"},
                {"redis.service", "redis.service"},
                {"a@b", "a@b.service"},
                {"data.mount", "data.mount"},
                {".service", ".service.service"},
                {"dev-disk-by\\x2dlabel.swap", "dev-disk-by\\x2dlabel.swap"},
                {"postgresql@15-main", "postgresql@15-main.service"},
                {"", NULL},
                {"*.service", NULL},
                {"red?s", NULL},
                {"a b", NULL},
                {"../etc", NULL},
                {"a=b", NULL},
                {"\x1b[31m", NULL},
                {"a\nb", NULL},
        };
        static const struct {
                const char *word;
                int first, last; /* -1: refused */
        } priorities[] = {
                {"err", 0, 3},     {"error", 0, 3}, {"0", 0, 0},     {"7", 0, 7},         {"debug", 0, 7},
                {"warning", 0, 4}, {"3..5", 3, 5},  {"5..3", 3, 5},  {"err..crit", 2, 3}, {"", -1, 0},
                {"8", -1, 0},      {"-1", -1, 0},   {"ERR", -1, 0},  {"err..", -1, 0},    {"..err", -1, 0},
                {"err...", -1, 0}, {"loud", -1, 0}, {"3..9", -1, 0}, {"00", -1, 0},
        };
        static const struct {
                const char *word;
                int64_t lines; /* -1: refused */
        } numbers[] = {
                {"0", 0},           {"10", 10},  {"999999999", 999999999},
                {"1000000000", -1}, {"-1", -1},  {"", -1},
                {"ten", -1},        {"1.5", -1}, {" 1", -1},
                {"0x10", -1},       {"+3", -1},
        };
        char *long_name = xnew0(char, 400);
        LogOutput output;
        uint64_t lines;

        for (size_t i = 0; i < ELEMENTSOF(units); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_free_ char *unit = NULL;

                test_set_row("%s", units[i].word);
                if (units[i].expected) {
                        ASSERT_OK(log_unit_name(units[i].word, &unit, &error), &error);
                        ASSERT_STREQ(unit, units[i].expected);
                } else
                        ASSERT_ERROR(log_unit_name(units[i].word, &unit, &error), &error, FC_EXIT_USAGE,
                                     "unit");
        }
        for (size_t i = 0; i < ELEMENTSOF(priorities); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                unsigned first, last;

                test_set_row("%s", priorities[i].word);
                if (priorities[i].first >= 0) {
                        ASSERT_OK(log_priority_parse(priorities[i].word, &first, &last, &error), &error);
                        ASSERT_EQ((int) first, priorities[i].first);
                        ASSERT_EQ((int) last, priorities[i].last);
                } else
                        ASSERT_ERROR(log_priority_parse(priorities[i].word, &first, &last, &error), &error,
                                     FC_EXIT_USAGE, "is not a priority");
        }
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%s", numbers[i].word);
                if (numbers[i].lines >= 0) {
                        ASSERT_OK(log_lines_parse(numbers[i].word, &lines, &error), &error);
                        ASSERT_EQ(lines, numbers[i].lines);
                } else
                        ASSERT_ERROR(log_lines_parse(numbers[i].word, &lines, &error), &error, FC_EXIT_USAGE,
                                     "is not a number of lines");
        }
        test_set_row("%s", "");
        {
                _cleanup_(error_done) Error error = ERROR_NULL;
                char *unit;

                memset(long_name, 'x', 399);
                ASSERT_ERROR(log_unit_name(long_name, &unit, &error), &error, FC_EXIT_USAGE,
                             "longer than 255");
                ASSERT_OK(log_lines_parse("all", &lines, &error), &error);
                ASSERT_EQ(lines, LOG_LINES_ALL);
                ASSERT_OK(log_output_parse("json", &output, &error), &error);
                ASSERT_EQ(output, LOG_OUTPUT_JSON);
                ASSERT_ERROR(log_output_parse("yaml", &output, &error), &error, FC_EXIT_USAGE,
                             "short, json, cat");
        }
        free(long_name);
}
