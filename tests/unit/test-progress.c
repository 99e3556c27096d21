/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <fcntl.h>
#include <sys/ioctl.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/strv.h"
#include "screen/error-print.h"
#include "screen/progress.h"

/* What a screen shows of what is written to a terminal: as much of one as the progress uses. */
#define ROWS 40

typedef struct Screen {
        int master;
        FILE *out;
        unsigned width;
        char *rows[ROWS];
        unsigned row, column; /* columns count characters */
} Screen;

static void set_terminal(const char *no_color, const char *ci, const char *term, const char *locale) {
        (void) setenv("NO_COLOR", no_color, 1);
        (void) setenv("CI", ci, 1);
        (void) setenv("TERM", term, 1);
        (void) setenv("LC_ALL", locale, 1);
}

static void screen_resize(Screen *screen, unsigned width, unsigned height) {
        struct winsize size = {.ws_col = (unsigned short) width, .ws_row = (unsigned short) height};

        ASSERT_EQ(ioctl(fileno(screen->out), TIOCSWINSZ, &size), 0);
        screen->width = width;
}

static void screen_init(Screen *screen, unsigned width, unsigned height) {
        int slave;

        *screen = (Screen){.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};
        if (screen->master < 0 || grantpt(screen->master) < 0 || unlockpt(screen->master) < 0)
                test_fail(__FILE__, __LINE__, "make a terminal: %m");
        slave = ioctl(screen->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (slave < 0)
                test_fail(__FILE__, __LINE__, "open a terminal: %m");
        screen->out = fdopen(slave, "w");
        for (unsigned i = 0; i < ROWS; i++)
                screen->rows[i] = xstrdup("");
        screen_resize(screen, width, height);
}

static void screen_done(Screen *screen) {
        (void) fclose(screen->out);
        (void) close(screen->master);
        for (unsigned i = 0; i < ROWS; i++)
                free(screen->rows[i]);
}

/* The @n-th character of a row, or its end. */
static char *character(char *row, unsigned n) {
        for (; n > 0 && *row; n--)
                for (row++; (*row & 0xc0) == 0x80;)
                        row++;
        return row;
}

/* In the first column of the first row that is the whole screen, which tmux then keeps in its history. */
static void screen_clear_from(Screen *screen) {
        ASSERT_TRUE(screen->row > 0);
        *character(screen->rows[screen->row], screen->column) = '\0';
        for (unsigned i = screen->row + 1; i < ROWS; i++)
                screen->rows[i][0] = '\0';
}

static void screen_put(Screen *screen, const char *c, size_t length) {
        char *old, *at;

        if (screen->column == screen->width) {
                screen->row++;
                screen->column = 0;
        }
        ASSERT_TRUE(screen->row < ROWS);
        old = screen->rows[screen->row];
        at = character(old, screen->column);
        screen->rows[screen->row] =
                xasprintf("%.*s%.*s%s", (int) (at - old), old, (int) length, c, character(at, 1));
        free(old);
        screen->column++;
}

/* Takes what was written since the last call, as a string. The kernel hands it over in the background, so a
 * mark is sent behind it. */
static void screen_take(Screen *screen, char *text, size_t size) {
        size_t n = 0;

        ASSERT_EQ(write(fileno(screen->out), "\x05", 1), 1);
        do {
                ssize_t k = read(screen->master, text + n, size - n);

                if (k <= 0)
                        test_fail(__FILE__, __LINE__, "read a terminal: %m");
                n += (size_t) k;
        } while (text[n - 1] != '\x05');
        text[n - 1] = '\0';
}

/* Shows what was written since the last call. */
static void screen_read(Screen *screen) {
        char text[65536];

        screen_take(screen, text, sizeof(text));
        for (char *p = text; *p;) {
                unsigned count;
                int length = 0;

                if (*p == '\r')
                        screen->column = 0, p++;
                else if (*p == '\n')
                        screen->row++, p++; /* the terminal's driver puts a carriage return in front */
                else if (sscanf(p, "\x1b[%uA%n", &count, &length) == 1 && length > 0) {
                        ASSERT_TRUE(count <= screen->row);
                        screen->row -= count;
                        p += length;
                } else if (startswith(p, "\x1b[J")) {
                        screen_clear_from(screen);
                        p += 3;
                } else if (startswith(p, "\x1b[2K")) {
                        screen->rows[screen->row][0] = '\0';
                        p += 4;
                } else if (startswith(p, "\x1b[K")) {
                        *character(screen->rows[screen->row], screen->column) = '\0';
                        p += 3;
                } else if (*p == '\x1b')
                        p += strcspn(p, "m") + 1;
                else {
                        for (length = 1; (p[length] & 0xc0) == 0x80;)
                                length++;
                        screen_put(screen, p, (size_t) length);
                        p += length;
                }
        }
}

static void assert_row(Screen *screen, unsigned row, const char *expected) {
        ASSERT_STREQ(screen->rows[row], expected);
}

/* "*" in @expected stands for one character, of the spinner, and "#" for a number, of a time. */
static void assert_like(const char *text, const char *expected) {
        const char *t = text;

        for (const char *e = expected; *e; e++)
                if (*e == '*') {
                        for (t += *t != '\0'; (*t & 0xc0) == 0x80;)
                                t++;
                } else if (*e == '#')
                        t += strspn(t, "0123456789.");
                else if (*e != *t++)
                        test_fail(__FILE__, __LINE__, "'%s' is not like '%s'", text, expected);
        ASSERT_STREQ(t, "");
}

static void assert_row_like(Screen *screen, unsigned row, const char *expected) {
        assert_like(screen->rows[row], expected);
}

static char *const names[] = {(char *) "db", (char *) "cache", NULL};

TEST(live_lines) {
        _cleanup_(progress_freep) Progress *progress = NULL;
        Screen screen;

        set_terminal("", "", "xterm", "C.UTF-8");
        screen_init(&screen, 80, 24);
        progress = progress_new(PROGRESS_AUTO, screen.out, names);
        ASSERT_EQ(progress_tick_interval(progress), UINT64_MAX);
        progress_update(progress, "db", PHASE_STARTING, NULL);
        progress_update(progress, "cache", PHASE_STARTING, NULL);
        ASSERT_TRUE(progress_tick_interval(progress) <= 200000);
        screen_read(&screen);
        assert_row_like(&screen, 0, "  * db     starting   #s");
        assert_row_like(&screen, 1, "  * cache  starting   #s");

        progress_update(progress, "db", PHASE_BOOTING, "postgresql.service/start running");
        progress_tick(progress);
        progress_tick(progress);
        screen_read(&screen);
        assert_row_like(&screen, 0, "  * db     booting    #s  postgresql.service/start running");
        assert_row_like(&screen, 1, "  * cache  starting   #s");
        assert_row(&screen, 2, "");

        /* The one that is ready first stands first, and stays. */
        progress_update(progress, "cache", PHASE_READY, "127.0.0.1:6379");
        screen_read(&screen);
        assert_row_like(&screen, 0, "  ✔ cache  ready  127.0.0.1:6379  #s");
        assert_row_like(&screen, 1, "  * db     booting    #s  postgresql.service/start running");

        progress_note(progress, "a note");
        screen_read(&screen);
        assert_row(&screen, 1, "a note");
        assert_row_like(&screen, 2, "  * db     booting    #s  postgresql.service/start running");

        progress_update(progress, "db", PHASE_FAILED, "exit status 1");
        ASSERT_EQ(progress_tick_interval(progress), UINT64_MAX);
        progress_finish(progress);
        screen_read(&screen);
        assert_row_like(&screen, 2, "  ✖ db     failed  exit status 1  #s");
        assert_row(&screen, 3, "");
        ASSERT_EQ(screen.row, 3);
        screen_done(&screen);
}

TEST(live_restart_and_interruption) {
        _cleanup_(progress_freep) Progress *progress = NULL;
        Screen screen;

        set_terminal("", "", "xterm", "C.UTF-8");
        screen_init(&screen, 80, 24);
        progress = progress_new(PROGRESS_AUTO, screen.out, names);
        progress_update(progress, "db", PHASE_STOPPING, NULL);
        progress_update(progress, "db", PHASE_STOPPED, NULL);
        progress_update(progress, "db", PHASE_STARTING, NULL);
        progress_update(progress, "cache", PHASE_UNCHANGED, NULL);
        progress_finish(progress);
        progress_finish(progress);
        screen_read(&screen);
        assert_row_like(&screen, 0, "  ✔ db     stopped  #s");
        assert_row(&screen, 1, "    cache  unchanged");
        assert_row_like(&screen, 2, "  … db     starting  #s");
        assert_row(&screen, 3, "");
        screen_done(&screen);
}

/* Nothing happened: one line says so, once. */
TEST(all_unchanged) {
        static const ProgressMode modes[] = {PROGRESS_PLAIN, PROGRESS_AUTO, PROGRESS_QUIET};
        static const char *const expected[] = {"db, cache: unchanged  already up\n",
                                               "db, cache: unchanged  already up\n", ""};

        for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
                _cleanup_free_ char *text = NULL;
                size_t size;
                FILE *out = open_memstream(&text, &size);
                Progress *progress = progress_new(modes[i], out, names);

                progress_update(progress, "db", PHASE_UNCHANGED, "already up");
                progress_update(progress, "cache", PHASE_UNCHANGED, "already up");
                progress_finish(progress);
                progress_finish(progress);
                (void) progress_free(progress);
                (void) fclose(out);
                test_set_row("%zu", i);
                ASSERT_STREQ(text, expected[i]);
        }
}

/* Where people look on, a failure is explained below its own line, while others go on. */
TEST(errors_stand_where_they_belong) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        Screen screen;
        Progress *progress;

        (void) error_raise(&error, FC_EXIT_FAILED, "db: it failed");
        error_add_evidence(&error, "said this");
        error_add_hint(&error, "type that");
        set_terminal("", "", "xterm", "C.UTF-8");
        screen_init(&screen, 80, 24);
        progress = progress_new(PROGRESS_AUTO, screen.out, names);
        progress_say(progress, "project: starting db, cache");
        progress_update(progress, "db", PHASE_STARTING, NULL);
        progress_update(progress, "cache", PHASE_STARTING, NULL);
        progress_update(progress, "db", PHASE_FAILED, NULL);
        ASSERT_TRUE(progress_error(progress, &error));
        screen_read(&screen);
        assert_row(&screen, 0, "project: starting db, cache");
        assert_row_like(&screen, 1, "  ✖ db     failed  #s");
        assert_row(&screen, 2, "error: db: it failed");
        assert_row(&screen, 3, "      said this");
        assert_row(&screen, 4, "  type that");
        assert_row_like(&screen, 5, "  * cache  starting   #s");
        (void) progress_free(progress);
        screen_done(&screen);

        progress = progress_new(PROGRESS_QUIET, stderr, names);
        ASSERT_TRUE(!progress_error(progress, &error));
        (void) progress_free(progress);
        progress = progress_new(PROGRESS_JSON, stderr, names);
        ASSERT_TRUE(!progress_error(progress, &error));
        (void) progress_free(progress);
}

TEST(narrow_screens) {
        _cleanup_(progress_freep) Progress *progress = NULL;
        Screen screen;

        set_terminal("", "", "xterm", "C");
        screen_init(&screen, 30, 24);
        progress = progress_new(PROGRESS_AUTO, screen.out, names);
        progress_update(progress, "db", PHASE_BOOTING,
                        "a text that is longer than what is left of the line");
        screen_read(&screen);
        /* Of the phase and what it does only one has room. */
        assert_row_like(&screen, 0, "  * db      #s  a text tha...");
        /* The terminal wraps the line that stands there into two; both are erased. (This screen does not
         * wrap when its width changes, so the test moves its cursor.) */
        screen.row = 2;
        screen_resize(&screen, 20, 24);
        progress_tick(progress);
        screen_read(&screen);
        assert_row_like(&screen, 0, "  * db      #s  ...");
        assert_row(&screen, 1, "");
        screen_resize(&screen, 3, 24);
        screen.row = 7;
        progress_tick(progress);
        screen_read(&screen);
        /* A line that stays is not cut. */
        screen_resize(&screen, 80, 24);
        screen.row = 1;
        progress_update(progress, "db", PHASE_READY, "a text that is longer than thirty characters");
        screen_read(&screen);
        ASSERT_TRUE(strstr(screen.rows[0], "+ db     ready  a text that is longer than thirty characters"));
        screen_done(&screen);
}

TEST(more_containers_than_rows) {
        _cleanup_(progress_freep) Progress *progress = NULL;
        Screen screen;

        set_terminal("", "", "xterm", "C.UTF-8");
        screen_init(&screen, 80, 5);
        progress = progress_new(PROGRESS_AUTO, screen.out, NULL);
        for (unsigned i = 0; i < 9; i++) {
                char name[16];

                (void) snprintf(name, sizeof(name), "web%u", i);
                progress_update(progress, name, PHASE_STARTING, NULL);
        }
        screen_read(&screen);
        assert_row_like(&screen, 0, "  * web0  starting   #s");
        assert_row_like(&screen, 2, "  * web2  starting   #s");
        assert_row(&screen, 3, "    and 6 more");
        ASSERT_EQ(screen.row, 4);
        screen_resize(&screen, 80, 1);
        progress_tick(progress);
        screen_read(&screen);
        ASSERT_EQ(screen.row, 0);
        screen_done(&screen);
}

/* Everything that the mode prints for a short story. */
static char *story(ProgressMode mode) {
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        Progress *progress = progress_new(mode, out, names);

        progress_update(progress, "db", PHASE_STARTING, NULL);
        progress_update(progress, "db", PHASE_STARTING, NULL);
        progress_update(progress, "db", PHASE_BOOTING, "one");
        progress_update(progress, "db", PHASE_BOOTING, "one");
        progress_update(progress, "db", PHASE_BOOTING, "\x1b[31mtwo\n");
        progress_update(progress, "cache", PHASE_UNCHANGED, "");
        progress_tick(progress);
        progress_note(progress, "note\x1b[2J");
        progress_update(progress, "db", PHASE_READY, "127.0.0.1:5432");
        progress_update(progress, "db", PHASE_READY, "127.0.0.1:5432");
        ASSERT_EQ(progress_tick_interval(progress), UINT64_MAX);
        progress_finish(progress);
        progress_free(progress);
        (void) fclose(out);
        return text;
}

TEST(plain_lines) {
        /* A text of changing details is no new state, so "two" is not there. */
        static const char expected[] = "db: starting\n"
                                       "db: booting  one\n"
                                       "note\n"
                                       "db: ready  127.0.0.1:5432  #s\n";
        _cleanup_free_ char *plain = story(PROGRESS_PLAIN), *automatic = story(PROGRESS_AUTO);
        _cleanup_free_ char *quiet = story(PROGRESS_QUIET);

        assert_like(plain, expected);
        assert_like(automatic, expected);
        ASSERT_STREQ(quiet, "");
}

TEST(terminals_that_are_not_redrawn) {
        static const struct {
                const char *no_color, *ci, *term;
                bool live;
        } cases[] = {
                {"", "", "xterm", true},      {"", "false", "xterm", true}, {"1", "", "xterm", false},
                {"", "true", "xterm", false}, {"", "", "dumb", false},      {"", "", "", false},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(progress_freep) Progress *progress = NULL;
                char text[4096];
                Screen screen;

                test_set_row("case %zu", i);
                set_terminal(cases[i].no_color, cases[i].ci, cases[i].term, "C.UTF-8");
                screen_init(&screen, 80, 24);
                progress = progress_new(PROGRESS_AUTO, screen.out, names);
                progress_update(progress, "db", PHASE_STARTING, NULL);
                progress_tick(progress);
                progress_update(progress, "db", PHASE_READY, NULL);
                progress_finish(progress);
                screen_take(&screen, text, sizeof(text));
                ASSERT_EQ(strchr(text, '\x1b') != NULL, cases[i].live);
                screen_done(&screen);
        }
        test_set_row("%s", "");
}

TEST(json_lines) {
        static const char *const expected[][3] = {
                {"db", "starting", NULL},     {"db", "booting", "one"}, {"db", "booting", "two\xef\xbf\xbd"},
                {"cache", "unchanged", NULL}, {NULL, NULL, "note"},     {"db", "ready", "127.0.0.1:5432"},
        };
        _cleanup_free_ char *text = story(PROGRESS_JSON);
        size_t n = 0;

        for (char *line = text, *end; *line; line = end + 1, n++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(json_freep) Json *json = NULL;

                end = strchr(line, '\n');
                ASSERT_TRUE(end != NULL && n < ELEMENTSOF(expected));
                ASSERT_OK(json_parse(line, (size_t) (end - line), "line", &json, &error), &error);
                ASSERT_EQ(strlen(json_string(json_get(json, "time"))), strlen("2026-11-22T10:04:40.113Z"));
                if (!expected[n][0]) {
                        ASSERT_STREQ(json_string(json_get(json, "note")), expected[n][2]);
                        continue;
                }
                ASSERT_STREQ(json_string(json_get(json, "container")), expected[n][0]);
                ASSERT_STREQ(json_string(json_get(json, "phase")), expected[n][1]);
                if (expected[n][2])
                        ASSERT_STREQ(json_string(json_get(json, "detail")), expected[n][2]);
                else
                        ASSERT_EQ(json_type(json_get(json, "detail")), JSON_NULL);
        }
        ASSERT_EQ(n, ELEMENTSOF(expected));
}

static char *printed(const Error *error, ProgressMode mode) {
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        report_error(out, error, mode);
        (void) fclose(out);
        return text;
}

TEST(errors) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *none = printed(&error, PROGRESS_PLAIN),
                            *no_json = printed(&error, PROGRESS_JSON);
        _cleanup_free_ char *text = NULL, *json = NULL;

        ASSERT_STREQ(none, "");
        ASSERT_STREQ(no_json, "");
        (void) error_raise(&error, FC_EXIT_FAILED, "postgresql.service failed\x1b]0;x\a");
        (void) error_in_container(&error, 0, "db");
        error_add_evidence(&error, "10:11:02.118 postgres[61]: LOG:  starting");
        error_add_evidence(&error, "\x1b[31mFATAL\x1b[0m\n\xff");
        error_add_hint(&error, "more: flake-containers logs db");
        text = printed(&error, PROGRESS_QUIET);
        ASSERT_STREQ(text, "error: db: postgresql.service failed\\x1b]0;x\\x07\n"
                           "      10:11:02.118 postgres[61]: LOG:  starting\n"
                           "      \\x1b[31mFATAL\\x1b[0m\\n\\xff\n"
                           "  more: flake-containers logs db\n");
        json = printed(&error, PROGRESS_JSON);
        ASSERT_STREQ(
                json,
                "{\"error\":{\"exit\":3,\"message\":\"db: postgresql.service failed\\\\x1b]0;x\\\\x07\","
                "\"container\":\"db\","
                "\"evidence\":[\"10:11:02.118 postgres[61]: LOG:  starting\","
                "\"\\\\x1b[31mFATAL\\\\x1b[0m\\\\n\\\\xff\"],"
                "\"hints\":[\"more: flake-containers logs db\"]}}\n");
}

TEST(errors_of_no_container_name_none) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *json = NULL;

        (void) error_raise(&error, FC_EXIT_USAGE, "wrong");
        json = printed(&error, PROGRESS_JSON);
        ASSERT_STREQ(json, "{\"error\":{\"exit\":2,\"message\":\"wrong\",\"evidence\":[],\"hints\":[]}}\n");
}

TEST(colour_of_errors) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        char text[256] = "";
        Screen screen;

        (void) error_raise(&error, FC_EXIT_USAGE, "wrong");
        set_terminal("", "true", "xterm", "C");
        screen_init(&screen, 80, 24);
        report_error(screen.out, &error, PROGRESS_AUTO);
        screen_take(&screen, text, sizeof(text));
        ASSERT_STREQ(text, "\x1b[1;31merror:\x1b[0m wrong\r\n");
        set_terminal("1", "", "xterm", "C");
        report_error(screen.out, &error, PROGRESS_AUTO);
        screen_take(&screen, text, sizeof(text));
        ASSERT_STREQ(text, "error: wrong\r\n");
        screen_done(&screen);
}

TEST(modes) {
        static const char *const wrong[] = {"", "Plain", "tty", "jso", "json ", "none"};
        ProgressMode mode;

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                ASSERT_ERROR(progress_mode_parse(wrong[i], &mode, &error), &error, FC_EXIT_USAGE,
                             "auto, plain, json, quiet");
        }
        for (ProgressMode i = 0; i < _PROGRESS_MODE_MAX; i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                ASSERT_OK(progress_mode_parse(progress_mode_to_string(i), &mode, &error), &error);
                ASSERT_EQ(mode, i);
        }
}

/* A full disk behind stderr must not matter. */
TEST(full_disk) {
        _cleanup_fclose_ FILE *full = fopen("/dev/full", "we");
        _cleanup_(progress_freep) Progress *progress = progress_new(PROGRESS_JSON, full, NULL);

        progress_update(progress, "db", PHASE_STARTING, NULL);
        progress_finish(progress);
}
