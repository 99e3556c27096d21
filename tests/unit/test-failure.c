/* SPDX-License-Identifier: MIT */

/* What a failure says: the line, what the container has said itself, and what to type next. */

#include <signal.h>
#include <sys/wait.h>

#include "ops-util.h"
#include "running/failure.h"

#define HINTS_RUNNING                                                                                       \
        "> more: flake-containers logs web\n"                                                               \
        "> look inside: flake-containers shell web\n"                                                       \
        "> start over: flake-containers restart web\n"
#define HINTS_GONE                                                                                          \
        "> more: flake-containers logs web\n"                                                               \
        "> start over: flake-containers up web\n"

/* Message, evidence and hints, a line each; owned by the caller. */
static char *text_of(const Error *e, int exit) {
        _cleanup_free_ char *message = error_text(e);
        _cleanup_strv_ char **lines = NULL;

        ASSERT_EQ(e->exit, exit);
        ASSERT_STREQ(e->container, "web");
        strv_push(&lines, message);
        STRV_FOREACH (line, e->evidence)
                strv_pushf(&lines, "| %s", *line);
        STRV_FOREACH (line, e->hints)
                strv_pushf(&lines, "> %s", *line);
        strv_push(&lines, "");
        return strv_join(lines, "\n");
}

static char *tell(FailureCase *c, int exit) {
        _cleanup_(error_done) Error e = ERROR_NULL;
        Project project = ops_project(NULL);

        c->project = &project;
        c->container = "web";
        failure_tell(c, &e);
        return text_of(&e, exit);
}

/* What an earlier start has left may be the cause; of a first one there is nothing to start over from. */
TEST(old_data) {
        static const struct {
                bool old_root, old_volumes;
                const char *hint;
        } table[] = {
                {false, false, ""},
                {true, false, "> with a fresh root: flake-containers reset web\n"},
                {true, true,
                 "> with a fresh root and fresh volumes: flake-containers reset --volumes web\n"},
        };
        static const ExitRecord end = {.how = ENDED_EXITED, .code = 3};

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                ReadyResult result = {.outcome = READY_ENDED, .end = &end};
                FailureCase c = {
                        .result = &result,
                        .old_root = table[i].old_root,
                        .old_volumes = table[i].old_volumes,
                        .silent_usec = UINT64_MAX,
                };
                _cleanup_free_ char *got = tell(&c, FC_EXIT_FAILED),
                                    *want = xasprintf(
                                            "web: ended before it was ready: exit status 3\n" HINTS_GONE
                                            "%s",
                                            table[i].hint);

                ASSERT_STREQ(got, want);
        }
}

TEST(unit) {
        static const struct {
                FailedUnit unit;
                const char *text;
        } table[] = {
                {{.name = (char *) "a.service"}, "a.service failed"},
                {{.name = (char *) "a.service",
                  .result = (char *) "exit-code",
                  .exec_code = CLD_EXITED,
                  .exec_status = 3},
                 "a.service failed: exit status 3"},
                {{.name = (char *) "a.service",
                  .result = (char *) "signal",
                  .exec_code = CLD_KILLED,
                  .exec_status = SIGSEGV},
                 "a.service failed: killed by SIGSEGV"},
                {{.name = (char *) "a.service",
                  .result = (char *) "core-dump",
                  .exec_code = CLD_DUMPED,
                  .exec_status = SIGABRT},
                 "a.service failed: killed by SIGABRT"},
                {{.name = (char *) "a.service",
                  .result = (char *) "signal",
                  .exec_code = CLD_KILLED,
                  .exec_status = 63},
                 "a.service failed: killed by signal 63"},
                {{.name = (char *) "a.service",
                  .result = (char *) "timeout",
                  .exec_code = CLD_KILLED,
                  .exec_status = SIGTERM},
                 "a.service failed: timeout, killed by SIGTERM"},
                {{.name = (char *) "a.service", .result = (char *) "oom-kill", .exec_code = CLD_EXITED},
                 "a.service failed: oom-kill"},
                {{.name = (char *) "a.service",
                  .result = (char *) "exit-code",
                  .exec_code = CLD_EXITED,
                  .exec_status = 1,
                  .restarts = 1},
                 "a.service failed: exit status 1, 1 restart"},
                {{.name = (char *) "a.service", .result = (char *) "start-limit-hit", .restarts = 5},
                 "a.service failed: start-limit-hit, 5 restarts"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *text = failure_describe_unit(&table[i].unit);

                ASSERT_STREQ(text, table[i].text);
        }
}

TEST(degraded) {
        FailedUnit units[] = {
                {.name = (char *) "a.service",
                 .result = (char *) "exit-code",
                 .exec_code = CLD_EXITED,
                 .exec_status = 3},
                {.name = (char *) "b.mount"},
        };
        FailedUnits failed = {.units = units, .n = 1};
        ReadyResult result = {.outcome = READY_DEGRADED, .failed = &failed};
        char *one[] = {(char *) "one", NULL}, *two[] = {(char *) "two", NULL},
             *console[] = {(char *) "seen", NULL};
        char **lines[] = {one, two};
        FailureCase c = {
                .result = &result, .unit_lines = lines, .n_unit_lines = 1, .console_lines = console};
        _cleanup_free_ char *single = tell(&c, FC_EXIT_FAILED), *silent = NULL, *more = NULL, *none = NULL;

        ASSERT_STREQ(single, "web: a.service failed: exit status 3\n"
                             "| one\n"
                             "> more: flake-containers logs web -u a.service\n"
                             "> look inside: flake-containers shell web\n"
                             "> start over: flake-containers restart web\n");
        /* The console says what the journal does not. */
        c.n_unit_lines = 0;
        c.removed = true;
        silent = tell(&c, FC_EXIT_FAILED);
        ASSERT_STREQ(silent, "web: a.service failed: exit status 3\n"
                             "| seen\n"
                             "> more: flake-containers logs web -u a.service\n"
                             "> start over: flake-containers up web\n");
        c.removed = false;
        c.n_unit_lines = failed.n = 2;
        failed.n_more = 4;
        more = tell(&c, FC_EXIT_FAILED);
        ASSERT_STREQ(more, "web: a.service failed: exit status 3\n"
                           "| one\n"
                           "| also: b.mount failed\n"
                           "| two\n"
                           "| also: 4 more units\n"
                           "> more: flake-containers logs web -u a.service\n"
                           "> look inside: flake-containers shell web\n"
                           "> start over: flake-containers restart web\n");
        failed = (FailedUnits){};
        c.n_unit_lines = 0;
        none = tell(&c, FC_EXIT_FAILED);
        ASSERT_STREQ(none, "web: the guest is degraded\n" HINTS_RUNNING);
}

TEST(timeout) {
        ReadyResult result = {.outcome = READY_TIMEOUT};
        char *said[] = {(char *) "still at it", NULL}, *console[] = {(char *) "seen", NULL};
        char **lines[] = {said};
        FailureCase c = {
                .result = &result,
                .waited_usec = 6000000,
                .silent_usec = UINT64_MAX,
                .console_lines = console,
        };
        _cleanup_free_ char *plain = tell(&c, FC_EXIT_TIMEOUT), *check = NULL, *unit = NULL,
                            *one_shot = NULL;

        ASSERT_STREQ(plain, "web: not ready after 6.0s\n| seen\n" HINTS_RUNNING);
        result.text = "tcp 5432: Connection refused";
        check = tell(&c, FC_EXIT_TIMEOUT);
        ASSERT_STREQ(check,
                     "web: not ready after 6.0s: tcp 5432: Connection refused\n| seen\n" HINTS_RUNNING);
        result.text = "slow.service";
        result.unit = "slow.service";
        c.unit_lines = lines;
        c.n_unit_lines = 1;
        c.silent_usec = 2000000;
        unit = tell(&c, FC_EXIT_TIMEOUT);
        ASSERT_STREQ(unit, "web: not ready after 6.0s: slow.service\n"
                           "| still at it\n"
                           "| nothing more for 2.0s\n"
                           "> more: flake-containers logs web -u slow.service\n"
                           "> look inside: flake-containers shell web\n"
                           "> start over: flake-containers restart web\n");
        result = (ReadyResult){.outcome = READY_TIMEOUT};
        c = (FailureCase){
                .result = &result, .one_shot = true, .waited_usec = 6000000, .silent_usec = UINT64_MAX};
        one_shot = tell(&c, FC_EXIT_TIMEOUT);
        ASSERT_STREQ(one_shot, "web: not completed after 6.0s\n" HINTS_RUNNING);
}

TEST(ended) {
        static const struct {
                const char *record;
                bool one_shot, was_ready;
                const char *message;
        } table[] = {
                {"exited 0", false, false, "ended before it was ready: exit status 0"},
                {"exited 3", false, false, "ended before it was ready: exit status 3"},
                {"exited 3", false, true, "ended after it was ready: exit status 3"},
                {"exited 3", true, false, "failed: exit status 3"},
                {"killed 9, had run out of memory", false, false,
                 "ended before it was ready: killed by SIGKILL, had run out of memory"},
                {"exited 1, given up after 5 restarts", false, true,
                 "ended after it was ready: exit status 1, given up after 5 restarts"},
                {"its relay was killed", false, true, "ended after it was ready: its relay was killed"},
                {"", false, false, "ended before it was ready: no record says how"},
        };
        char *console[] = {(char *) "last words", NULL};

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(exit_record_done) ExitRecord end = {};
                ReadyResult result = {.outcome = READY_ENDED, .end = &end};
                FailureCase c = {
                        .result = &result,
                        .one_shot = table[i].one_shot,
                        .was_ready = table[i].was_ready,
                        .console_lines = console,
                };
                _cleanup_free_ char *expected =
                        xasprintf("web: %s\n| last words\n" HINTS_GONE, table[i].message);
                _cleanup_free_ char *text = NULL;

                test_set_row("%s", table[i].record);
                ASSERT_EQ(exit_record_parse(table[i].record, &end), table[i].record[0] != '\0');
                text = tell(&c, FC_EXIT_FAILED);
                ASSERT_STREQ(text, expected);
        }
}

/* The reason of an error of our own stays as it is. */
TEST(error_of_ours) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        ReadyResult result = {.outcome = READY_ERROR, .error = &error};
        char *console[] = {(char *) "last words", NULL};
        const InotifyUse use = {127, 128};
        FailureCase c = {.result = &result, .console_lines = console, .inotify = &use};
        _cleanup_free_ char *text = NULL;

        (void) error_raise(&error, FC_EXIT_HOST, "the message bus is gone");
        error_add_hint(&error, "restart it");
        text = tell(&c, FC_EXIT_HOST);
        ASSERT_STREQ(text, "web: the message bus is gone\n| last words\n> restart it\n");
        ASSERT_TRUE(!error_is_set(&error));
}

TEST(seed) {
#define AGAIN  "> look inside: flake-containers shell web\n"
#define ON_OLD "> run it again on the data that is there: flake-containers up web\n"
        static char *lines[] = {(char *) "one", (char *) "ERROR", NULL};
        static const struct {
                SeedResult result;
                bool volumes, removed;
                const char *anew;
                ExitCode exit;
                const char *text;
        } table[] = {
                {{.step = 1, .code = CLD_EXITED, .status = 3, .lines = lines},
                 .anew = "a fresh root, a fresh @pg",
                 .exit = FC_EXIT_FAILED,
                 .text = "web: step 2 of 2 of its seed ('seed.sql') failed: exit status 3\n| one\n| "
                         "ERROR\n" AGAIN
                         "> begin again with a fresh root, a fresh @pg: flake-containers up web\n"},
                {{.code = CLD_KILLED, .status = SIGKILL},
                 .exit = FC_EXIT_FAILED,
                 .text = "web: step 1 of 2 of its seed ('sh') failed: killed by SIGKILL\n" AGAIN ON_OLD
                         "> with a fresh root: flake-containers reset web\n"},
                {{.errnum = ENOSPC},
                 .volumes = true,
                 .removed = true,
                 .exit = FC_EXIT_FAILED,
                 .text = "web: step 1 of 2 of its seed ('sh') failed: it could not be begun: No space left "
                         "on "
                         "device\n" ON_OLD
                         "> with a fresh root and fresh volumes: flake-containers reset --volumes web\n"},
                {{.timed_out = true},
                 .anew = "a fresh root",
                 .exit = FC_EXIT_TIMEOUT,
                 .text = "web: step 1 of 2 of its seed ('sh') failed: it had not ended after 5.0s\n" AGAIN
                         "> begin again with a fresh root: flake-containers up web\n"},
        };
        _cleanup_(spec_freep) Spec *spec = ops_spec("\"web\": {\"system\": {\"rootfs\": \"/i\"}, \"seed\": "
                                                    "[{\"run\": [\"/bin/sh\"], \"timeout\": 5},"
                                                    "{\"sql\": \"db/seed.sql\"}]}");
        Project project = ops_project(spec);

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                const FailureCase c = {
                        .project = &project,
                        .container = "web",
                        .old_volumes = table[i].volumes,
                        .removed = table[i].removed,
                };
                _cleanup_(error_done) Error e = ERROR_NULL;
                _cleanup_free_ char *text = NULL;

                test_set_row("%zu", i);
                failure_tell_seed(&c, &spec->containers[0], &table[i].result, table[i].anew, &e);
                text = text_of(&e, table[i].exit);
                ASSERT_STREQ(text, table[i].text);
        }
}

TEST(scarcity) {
        ExitRecord end = {.how = ENDED_EXITED, .code = 1};
        ReadyResult result = {.outcome = READY_ENDED, .end = &end};
        const InotifyUse use = {127, 128};
        FailureCase c = {.result = &result, .inotify = &use};
        _cleanup_free_ char *text = tell(&c, FC_EXIT_FAILED);

        ASSERT_STREQ(text,
                     "web: ended before it was ready: exit status 1\n"
                     "| the host has hardly any inotify instances left: 127 of 128 are in use\n" HINTS_GONE
                     "> more: " INOTIFY_HINT "\n");
}

/* What a hint leads to must be there. */
TEST(instance) {
        ReadyResult result = {.outcome = READY_TIMEOUT, .text = (char *) "tcp 80"};
        Project project = ops_project(NULL);
        FailureCase c = {
                .project = &project,
                .container = "web",
                .result = &result,
                .waited_usec = USEC_PER_SEC,
                .silent_usec = UINT64_MAX,
                .old_root = true,
        };
        _cleanup_(error_done) Error e = ERROR_NULL;
        _cleanup_free_ char *got = NULL;

        project.state.instance = (char *) "shop-1f2e3d4c";
        failure_tell(&c, &e);
        got = text_of(&e, FC_EXIT_TIMEOUT);
        ASSERT_STREQ(got, "web: not ready after 1.0s: tcp 80\n"
                          "> to look at it, start it in the project itself: flake-containers up web\n");
}

/* The options that it took to get here are part of what to type. */
TEST(commands) {
        const Globals globals = {.directory = (char *) "shop", .spec = (char *) "other.json"};
        ReadyResult result = {.outcome = READY_TIMEOUT};
        FailureCase c = {.container = "web", .result = &result, .silent_usec = UINT64_MAX};
        _cleanup_(error_done) Error e = ERROR_NULL;
        Project project = ops_project(NULL);

        project.globals = &globals;
        c.project = &project;
        failure_tell(&c, &e);
        ASSERT_STREQ(e.hints[2], "start over: flake-containers -C shop --spec other.json restart web");
}
