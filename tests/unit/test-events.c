/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/json.h"
#include "logs/event-health.h"
#include "logs/event-view.h"
#include "record/event-log.h"

#define T0 UINT64_C(1790000000000000)

static char directory[64];
static int dir_fd = -EBADF;

static void begin(void) {
        strcpy(directory, "/tmp/fc-test-events-XXXXXX");
        if (!mkdtemp(directory))
                test_fail(__FILE__, __LINE__, "mkdtemp: %m");
        dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        (void) setenv("TZ", "UTC", 1);
}

static void end(void) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int tmp = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        ASSERT_OK(fs_remove_tree(tmp, strrchr(directory, '/') + 1, &error), &error);
        dir_fd = safe_close(dir_fd);
}

static void write_file(const char *name, const char *text) {
        _cleanup_close_ int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

        if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t) strlen(text))
                test_fail(__FILE__, __LINE__, "%s: %m", name);
}

static char *read_file(const char *name) {
        _cleanup_close_ int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
        _cleanup_(error_done) Error error = ERROR_NULL;
        char *text;

        ASSERT_OK(fs_read_fd(fd, name, 1024 * 1024, &text, NULL, &error), &error);
        return text;
}

static void assert_shows(const EventRequest *request, const char *expected) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        ASSERT_OK(events_show(request, out, &error), &error);
        (void) fclose(out);
        ASSERT_STREQ(text, expected);
}

TEST(lines_are_json) {
        static const char *const texts[] = {
                "",
                "plain",
                "a \"quote\" and a \\",
                "\n\t\r\x01\x1f\x7f",
                "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
                "\xff\xc3",
                "\xc0\x80",
        };
        static const char *const read[] = {
                "",
                "plain",
                "a \"quote\" and a \\",
                "\n\t\r\x01\x1f\x7f",
                "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
                "\xef\xbf\xbd\xef\xbf\xbd",
                "\xef\xbf\xbd\xef\xbf\xbd",
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_free_ char *line = event_log_format(T0 + 123456, "db", "failed", texts[i]);
                _cleanup_(json_freep) Json *json = NULL;

                test_set_row("text %zu", i);
                ASSERT_TRUE(!strchr(line, '\n'));
                ASSERT_OK(json_parse(line, strlen(line), "line", &json, &error), &error);
                ASSERT_STREQ(json_string(json_get(json, "time")), "2026-09-21T14:13:20.123Z");
                ASSERT_STREQ(json_string(json_get(json, "container")), "db");
                ASSERT_STREQ(json_string(json_get(json, "event")), "failed");
                ASSERT_STREQ(json_string(json_get(json, "detail")), read[i]);
        }
        test_set_row("%s", "");
}

TEST(long_text_is_cut) {
        _cleanup_free_ char *text = xmalloc0(100001), *line = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(json_freep) Json *json = NULL;

        memset(text, '\x01', 100000);
        line = event_log_format(T0, "db", "failed", text);
        ASSERT_OK(json_parse(line, strlen(line), "line", &json, &error), &error);
        ASSERT_EQ(strlen(json_string(json_get(json, "detail"))), 1000);
}

TEST(appending) {
        _cleanup_free_ char *text = NULL, *other = NULL;
        char *big = NULL;
        struct stat st;

        begin();
        /* Only event_log_prepare() makes it. */
        event_log_append(dir_fd, "db", PHASE_STARTING, NULL);
        ASSERT_EQ(fstatat(dir_fd, EVENT_LOG, &st, 0), -1);
        event_log_append(-EBADF, "db", PHASE_STARTING, NULL);
        event_log_prepare(-EBADF);
        event_log_prepare(dir_fd);
        event_log_prepare(dir_fd);
        event_log_append(dir_fd, "db", PHASE_STARTING, NULL);
        event_log_append(dir_fd, "db", PHASE_READY, "127.0.0.1:5432");
        text = read_file(EVENT_LOG);
        ASSERT_TRUE(strstr(text, "\"event\":\"starting\",\"detail\":null}\n{\"time\":"));
        ASSERT_TRUE(strstr(text, "\"detail\":\"127.0.0.1:5432\"}\n"));

        /* Another name for a file that is not to be written to. */
        write_file("precious", "x");
        ASSERT_EQ(unlinkat(dir_fd, EVENT_LOG, 0), 0);
        ASSERT_EQ(linkat(dir_fd, "precious", dir_fd, EVENT_LOG, 0), 0);
        event_log_append(dir_fd, "db", PHASE_STARTING, NULL);
        ASSERT_EQ(unlinkat(dir_fd, EVENT_LOG, 0), 0);
        ASSERT_EQ(symlinkat("precious", dir_fd, EVENT_LOG), 0);
        event_log_prepare(dir_fd);
        event_log_append(dir_fd, "db", PHASE_STARTING, NULL);
        other = read_file("precious");
        ASSERT_STREQ(other, "x");
        ASSERT_EQ(unlinkat(dir_fd, EVENT_LOG, 0), 0);
        ASSERT_EQ(mkfifoat(dir_fd, EVENT_LOG, 0644), 0);
        event_log_prepare(dir_fd);
        event_log_append(dir_fd, "db", PHASE_STARTING, NULL);
        ASSERT_EQ(unlinkat(dir_fd, EVENT_LOG, 0), 0);

        /* A full one is put aside, once. */
        big = xmalloc0(EVENT_LOG_SIZE_MAX + 2);
        memset(big, '\n', EVENT_LOG_SIZE_MAX);
        write_file(EVENT_LOG, big);
        event_log_prepare(dir_fd);
        ASSERT_EQ(fstatat(dir_fd, EVENT_LOG_OLD, &st, 0), -1);
        write_file(EVENT_LOG, "\n");
        event_log_prepare(dir_fd);
        ASSERT_EQ(fstatat(dir_fd, EVENT_LOG_OLD, &st, 0), 0);
        ASSERT_EQ(fstatat(dir_fd, EVENT_LOG, &st, 0), 0);
        ASSERT_EQ(st.st_size, 0);
        free(big);
        end();
}

#define LINE(second, container, event, detail)                                                              \
        "{\"time\":\"2026-09-21T14:13:" second ".000Z\",\"container\":\"" container "\",\"event\":\"" event \
        "\",\"detail\":" detail "}\n"

TEST(choosing) {
        static const char *const db[] = {"db", NULL}, *const none[] = {"web", NULL};
        EventRequest request = {.lines = UINT64_MAX};

        begin();
        request.dir_fd = dir_fd;
        assert_shows(&request, "");
        write_file(EVENT_LOG_OLD, LINE("20", "db", "starting", "null"));
        assert_shows(&request, "2026-09-21 14:13:20 db: starting\n");
        write_file(EVENT_LOG,
                   LINE("21", "db", "ready", "\"127.0.0.1:5432\"") LINE("22", "one", "ready", "null"));
        assert_shows(&request, "2026-09-21 14:13:20 db: starting\n"
                               "2026-09-21 14:13:21 db: ready  127.0.0.1:5432\n"
                               "2026-09-21 14:13:22 one: ready\n");
        request.containers = (char *const *) db;
        request.lines = 1;
        assert_shows(&request, "2026-09-21 14:13:21 db: ready  127.0.0.1:5432\n");
        request.lines = 0;
        assert_shows(&request, "");
        request.lines = UINT64_MAX;
        request.containers = (char *const *) none;
        assert_shows(&request, "");
        request.containers = NULL;
        request.since_usec = T0 + 2 * USEC_PER_SEC;
        request.json = true;
        assert_shows(&request, LINE("22", "one", "ready", "null"));
        request.since_usec++;
        assert_shows(&request, "");
        end();
}

/* What another program has written there. */
TEST(no_events) {
        static const char *const lines[] = {
                "\n",
                "text\n",
                "[]\n",
                "{}\n",
                "{\"time\":\"2026-09-21T14:13:20.000Z\",\"container\":\"db\"}\n",
                "{\"time\":\"2026-09-21T14:13:20.000Z\",\"event\":\"ready\"}\n",
                "{\"container\":\"db\",\"event\":\"ready\"}\n",
                "{\"time\":1,\"container\":\"db\",\"event\":\"ready\"}\n",
                "{\"time\":\"never\",\"container\":\"db\",\"event\":\"ready\"}\n",
                "{\"time\":\"2026-09-21T14:13:20.000Z\",\"container\":{},\"event\":\"ready\"}\n",
                LINE("20", "db", "ready", "null,\"detail\":null"),
                "\xff\xfe\n",
                /* Written to its half. */
                "{\"time\":\"2026-09-21T14:13:20.000Z\",\"container\":\"db\",\"event\":\"ready\"}",
        };
        EventRequest request = {.lines = UINT64_MAX};

        begin();
        request.dir_fd = dir_fd;
        for (size_t i = 0; i < ELEMENTSOF(lines); i++)
                write_file(EVENT_LOG, lines[i]);
        assert_shows(&request, "");
        ASSERT_EQ(unlinkat(dir_fd, EVENT_LOG, 0), 0);
        /* A later version may know more. */
        write_file(
                EVENT_LOG,
                "{\"time\":\"2026-09-21T14:13:20.000Z\",\"container\":\"d\\u001b[2Jb\",\"event\":\"e\\n\","
                "\"detail\":\"\\u001b[31mred\\u0007\",\"more\":[1]}\n");
        assert_shows(&request, "2026-09-21 14:13:20 db: e\xef\xbf\xbd  red\xef\xbf\xbd\n");
        end();
}

static void note(const char *container, const char *first, const char *second) {
        char *failures[] = {(char *) first, (char *) second, NULL};

        event_health_note(dir_fd, container, first ? failures : NULL);
}

/* "degraded a,recovered null,..": what the log has of web. */
static void assert_health(const char *expected) {
        _cleanup_free_ char *text = read_file(EVENT_LOG);
        char shown[512] = "", *save = NULL;

        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(json_freep) Json *json = NULL;
                const Json *detail;

                ASSERT_OK(json_parse(line, strlen(line), "line", &json, &error), &error);
                if (!streq(json_string(json_get(json, "container")), "web"))
                        continue;
                detail = json_get(json, "detail");
                (void) sprintf(shown + strlen(shown), "%s %s,", json_string(json_get(json, "event")),
                               json_type(detail) == JSON_STRING ? json_string(detail) : "-");
        }
        ASSERT_STREQ(shown, expected);
}

/* What is known is not written again, by any process. */
TEST(health) {
        _cleanup_free_ char *line = NULL;
        _cleanup_close_ int lock = -EBADF;
        struct stat st;

        begin();
        note("web", "a", NULL);
        ASSERT_EQ(fstatat(dir_fd, EVENT_LOG, &st, 0), -1);
        event_log_prepare(dir_fd);
        note("web", NULL, NULL);
        assert_health("");
        note("web", "a", NULL);
        note("web", "a", NULL);
        note("web", "b \"x\" \\x2d", "a");
        note("web", "b \"x\" \\x2d", NULL);
        note("other", "a", NULL);
        note("other", NULL, NULL);
        assert_health("degraded a,degraded b \"x\" \\x2d,");
        note("web", NULL, NULL);
        note("web", NULL, NULL);
        assert_health("degraded a,degraded b \"x\" \\x2d,recovered -,");
        note("web", "a", NULL);
        /* Events in between, of which some begin anew. */
        event_log_append(dir_fd, "web", PHASE_RUNG, "boot");
        event_log_append(dir_fd, "web", PHASE_FAILED, "web: a");
        note("web", "a", NULL);
        event_log_append(dir_fd, "web", PHASE_REBOOTING, NULL);
        note("web", NULL, NULL);
        note("web", "a", NULL);
        assert_health("degraded a,degraded b \"x\" \\x2d,recovered -,degraded a,rung boot,failed web: a,"
                      "rebooting -,degraded a,");

        /* In the file before this one, too. */
        ASSERT_EQ(renameat(dir_fd, EVENT_LOG, dir_fd, EVENT_LOG_OLD), 0);
        event_log_prepare(dir_fd);
        note("web", "a", NULL);
        assert_health("");
        note("web", NULL, NULL);
        assert_health("recovered -,");

        /* A text that looks like an event of another container is a text. */
        line = event_log_format(T0, "web", "degraded", "x");
        note("other", line, NULL);
        note("web", "x", NULL);
        assert_health("recovered -,degraded x,");

        /* What is written in another way than it was said is known all the same. */
        note("web", "x", "\xff");
        note("web", "x", "\xff");
        assert_health("recovered -,degraded x,degraded \xef\xbf\xbd,");
        note("web", NULL, NULL);
        note("web", "x", NULL);
        assert_health("recovered -,degraded x,degraded \xef\xbf\xbd,recovered -,degraded x,");

        /* Another process writes it down already. */
        lock = openat(dir_fd, EVENT_LOG, O_RDONLY | O_CLOEXEC);
        ASSERT_EQ(flock(lock, LOCK_EX), 0);
        note("web", NULL, NULL);
        assert_health("recovered -,degraded x,degraded \xef\xbf\xbd,recovered -,degraded x,");
        lock = safe_close(lock);

        /* What is torn or no event counts for nothing. */
        write_file(EVENT_LOG, "\n}\n,\"container\":\"web\",\"event\":\"degraded\",\"detail\":\n"
                              ",\"container\":\"web\",\"event\":\"");
        note("web", "x", NULL);
        ASSERT_EQ(unlinkat(dir_fd, EVENT_LOG, 0), 0);
        ASSERT_EQ(mkfifoat(dir_fd, EVENT_LOG, 0600), 0);
        note("web", "y", NULL);
        end();
}

/* What the log has of a container whose end no keeper has noted. */
TEST(crash) {
        static const struct {
                Phase last;
                bool over;
        } table[] = {
                {PHASE_STARTING, false},  {PHASE_READY, false},  {PHASE_DEGRADED, false},
                {PHASE_RECOVERED, false}, {PHASE_BOOTED, false}, {PHASE_RESTARTING, false},
                {PHASE_STOPPING, false},  {PHASE_STOPPED, true}, {PHASE_COMPLETED, true},
                {PHASE_FAILED, true},     {PHASE_SKIPPED, true}, {PHASE_ENDED, true},
                {PHASE_CRASHED, true},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *expected = xasprintf("%s -,%s", phase_to_string(table[i].last),
                                                          table[i].over ? "" : "crashed x,");

                test_set_row("%s", phase_to_string(table[i].last));
                begin();
                event_log_prepare(dir_fd);
                /* Of a container that the log does not know nothing is said. */
                event_health_note_end(dir_fd, "web", 0, PHASE_CRASHED, "x");
                assert_health("");
                event_log_append(dir_fd, "web", table[i].last, NULL);
                event_log_append(dir_fd, "other", PHASE_READY, "web");
                event_health_note_end(dir_fd, "web", 0, PHASE_CRASHED, "x");
                event_health_note_end(dir_fd, "web", 0, PHASE_CRASHED, "x");
                assert_health(expected);
                end();
        }
}

/* An end counts for the run that began before it. */
TEST(end_of_an_earlier_run) {
        static const struct {
                const char *end;
                uint64_t since, now; /* milliseconds */
                bool over;
        } table[] = {
                {"1970-01-01T00:00:05.000Z", 0, 9000, true},
                {"1970-01-01T00:00:05.000Z", 4999, 9000, true},
                {"1970-01-01T00:00:05.000Z", 5000, 9000, false},
                {"1970-01-01T00:00:05.000Z", 6000, 9000, false},
                /* The clock was set back in that run. */
                {"1970-01-01T00:00:05.000Z", 6000, 5000, true},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *line = xasprintf(
                        "{\"time\":\"%s\",\"container\":\"web\",\"event\":\"stopped\",\"detail\":null}\n",
                        table[i].end);
                _cleanup_(event_health_done) EventHealth health = EVENT_HEALTH_NULL;

                test_set_row("%zu", i);
                /* Microseconds within that millisecond do not count. */
                health.since = table[i].since * USEC_PER_MSEC + 999;
                health.now = table[i].now * USEC_PER_MSEC;
                event_health_read(line, "web", &health);
                ASSERT_EQ(health.over, table[i].over);
        }
}
