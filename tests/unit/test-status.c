/* SPDX-License-Identifier: MIT */

/* The word that `status` has for a container, and why. */

#include <string.h>

#include "base/alloc.h"
#include "base/process.h"
#include "ops-util.h"
#include "running/run-records.h"
#include "screen/text.h"
#include "view/status-judge.h"
#include "view/status-table.h"

#define COMMAND "\"system\": {\"rootfs\": \"/i\"}, \"command\": [\"/c\"]"

#define NONE _PHASE_INVALID /* no state is remembered */

/* Owned by the caller: a container called `web`, with that phase remembered. */
static ContainerStatus open_status(Phase remembered, const char *result) {
        ContainerStatus c = {.name = xstrdup("web"), .machine = xstrdup("project-0001-web")};

        if (remembered == NONE)
                return c;
        c.state = container_state_new();
        c.state->machine = xstrdup(c.machine);
        c.state->boot_id = xstrdup(OPS_BOOT);
        c.state->phase = remembered;
        c.state->result = xstrdup(result);
        return c;
}

static void close_status(ContainerStatus *c) {
        StatusList list = {.entries = xmalloc0(sizeof(*c)), .n = 1};

        list.entries[0] = *c;
        status_list_done(&list);
}

static void check(const ContainerStatus *c, Phase phase, const char *note) {
        _cleanup_free_ char *notes = c->notes ? strv_join(c->notes, "; ") : NULL;

        ASSERT_STREQ(phase_to_string(c->phase), phase_to_string(phase));
        ASSERT_STREQ(notes, note);
}

/* The event that a command tells for a keeper that was killed: the same story as status_judge_down(). */
TEST(how_it_ended) {
        static const struct {
                const char *end; /* NULL: no record */
                bool stopping;
                Phase event;
                const char *detail;
        } table[] = {
                {NULL, false, PHASE_CRASHED, "its supervisor was killed"},
                {NULL, true, PHASE_STOPPED, NULL},
                {"exited 0", false, PHASE_ENDED, "exited 0"},
                {"exited 3", false, PHASE_CRASHED, "exited 3"},
                {"exited 3", true, PHASE_ENDED, "exited 3"},
                {"killed 9", false, PHASE_CRASHED, "killed 9"},
                {"killed 9", true, PHASE_ENDED, "killed 9"},
                {"exited 0, given up after 5 restarts", false, PHASE_CRASHED,
                 "exited 0, given up after 5 restarts"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(run_records_done) RunRecords records = {.stop.exists = table[i].stopping};
                _cleanup_free_ char *detail = NULL;

                test_set_row("%zu", i);
                ASSERT_TRUE(!table[i].end || exit_record_parse(table[i].end, &records.end));
                ASSERT_STREQ(phase_to_string(run_records_tell_end(&records, &detail)),
                             phase_to_string(table[i].event));
                ASSERT_STREQ(detail, table[i].detail);
        }
}

TEST(down) {
        static const struct {
                Phase remembered;
                const char *result, *boot, *end; /* NULL: none; this boot; no record */
                bool stopping, being_started, one_shot, other_path;
                unsigned restarts;
                Phase phase;
                const char *note;
        } table[] = {
                {NONE, .phase = PHASE_STOPPED, .note = "never started"},
                {NONE, .end = "exited 0", .phase = PHASE_STOPPED, .note = "never started"},
                {PHASE_STOPPED, .phase = PHASE_STOPPED},
                {PHASE_STOPPED, .end = "killed 9", .phase = PHASE_STOPPED},
                {PHASE_STOPPED, .boot = OPS_OTHER, .phase = PHASE_STOPPED},
                {PHASE_COMPLETED, .phase = PHASE_COMPLETED},
                {PHASE_COMPLETED, .boot = OPS_OTHER, .phase = PHASE_COMPLETED},

                {PHASE_READY, .boot = OPS_OTHER, .phase = PHASE_STOPPED, .note = "the host was rebooted"},
                {PHASE_STARTING, .boot = OPS_OTHER, .phase = PHASE_STOPPED, .note = "the host was rebooted"},
                {PHASE_READY, .boot = OPS_SESSION, .phase = PHASE_STOPPED,
                 .note = "ended by a logout; to keep it: loginctl enable-linger"},
                {PHASE_STOPPED, .boot = OPS_SESSION, .phase = PHASE_STOPPED},
                {PHASE_FAILED, "no", OPS_OTHER, .phase = PHASE_STOPPED, .note = "the host was rebooted"},
                {PHASE_FAILED, "port 80 is in use", .phase = PHASE_FAILED, .note = "port 80 is in use"},
                {PHASE_FAILED, "no", .end = "exited 1", .phase = PHASE_FAILED, .note = "no"},
                {PHASE_READY, .other_path = true, .phase = PHASE_STOPPED,
                 .note = "it ran last by another path of the project"},

                /* It ended by itself. */
                {PHASE_READY, .end = "exited 0", .phase = PHASE_STOPPED, .note = "shut down by itself"},
                {PHASE_READY, .end = "exited 0", .one_shot = true, .phase = PHASE_COMPLETED},
                {PHASE_STARTING, .end = "exited 0", .one_shot = true, .phase = PHASE_COMPLETED},
                {PHASE_READY, .end = "exited 3", .phase = PHASE_CRASHED, .note = "exited 3"},
                {PHASE_READY, .end = "exited 3", .one_shot = true, .phase = PHASE_CRASHED,
                 .note = "exited 3"},
                {PHASE_READY, .end = "killed 9, had run out of memory", .phase = PHASE_CRASHED,
                 .note = "killed 9, had run out of memory"},
                {PHASE_READY, .end = "exited 1, given up after 5 restarts", .restarts = 5,
                 .phase = PHASE_FAILED, .note = "exited 1, given up after 5 restarts"},
                {PHASE_FAILED, .end = "exited 3", .phase = PHASE_CRASHED, .note = "exited 3"},

                /* A command has asked for the end. */
                {PHASE_READY, .end = "killed 15", .stopping = true, .phase = PHASE_STOPPED},
                {PHASE_READY, .stopping = true, .phase = PHASE_STOPPED},
                {PHASE_STARTING, .stopping = true, .being_started = true, .phase = PHASE_STOPPED},

                /* No record says how it ended: a command is about to start it, or its keeper was killed. */
                {PHASE_STARTING, .being_started = true, .phase = PHASE_STARTING},
                {PHASE_STARTING, .phase = PHASE_CRASHED, .note = "its supervisor was killed"},
                {PHASE_READY, .phase = PHASE_CRASHED, .note = "its supervisor was killed"},
                {PHASE_READY, .being_started = true, .phase = PHASE_CRASHED,
                 .note = "its supervisor was killed"},
                {PHASE_READY, .restarts = 2, .phase = PHASE_CRASHED, .note = "its supervisor was killed"},
        };
        _cleanup_(spec_freep) Spec *spec =
                ops_spec("\"web\": {" COMMAND "}, \"seed\": {" COMMAND ", \"oneShot\": true}");

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(exit_record_done) ExitRecord end = {};
                ContainerStatus c = open_status(table[i].remembered, table[i].result);

                test_set_row("%zu", i);
                if (table[i].end)
                        ASSERT_TRUE(exit_record_parse(table[i].end, &end));
                if (c.state && table[i].boot) {
                        free(c.state->boot_id);
                        c.state->boot_id = xstrdup(table[i].boot);
                }
                if (table[i].other_path) {
                        free(c.machine);
                        c.machine = xstrdup("other-0002-web");
                }
                c.stopping = table[i].stopping;
                c.crashes.restarts = table[i].restarts;
                status_judge_down(&c, &(StatusFacts){
                                              .boot_id = OPS_BOOT,
                                              .spec = spec_find(spec, table[i].one_shot ? "seed" : "web"),
                                              .end = &end,
                                              .being_started = table[i].being_started,
                                      });
                check(&c, table[i].phase, table[i].note);
                ASSERT_TRUE(!c.ready);
                close_status(&c);
        }
}

TEST(down_without_specification) {
        _cleanup_(exit_record_done) ExitRecord end = {};
        ContainerStatus c = open_status(PHASE_READY, NULL);

        ASSERT_TRUE(exit_record_parse("exited 0", &end));
        status_judge_down(&c, &(StatusFacts){.boot_id = OPS_BOOT, .end = &end});
        check(&c, PHASE_STOPPED, "shut down by itself");
        close_status(&c);
}

TEST(elsewhere) {
        ContainerStatus c = open_status(PHASE_READY, NULL);

        status_judge_elsewhere(&c, "container 'web' of project '/other'");
        check(&c, PHASE_ELSEWHERE, "runs as container 'web' of project '/other'");
        close_status(&c);
}

#define NOT_ASKED _MANAGER_STATE_MAX
#define SILENT    (_MANAGER_STATE_MAX + 1)

/* One that runs. */
TEST(up) {
        static const struct {
                Phase remembered;
                const char *result;
                pid_t leader;
                bool frozen, paused, stopping;
                unsigned restarts, reboots;
                uint64_t ready_usec; /* of the run after that */
                bool checks, seeds, interrupted;
                int answer;
                Phase phase;
                bool ready;
                const char *note;
        } table[] = {
                {PHASE_READY, .leader = 7, .answer = NOT_ASKED, .phase = PHASE_RUNNING, .ready = true},
                {PHASE_STARTING, .leader = 7, .answer = NOT_ASKED, .phase = PHASE_STARTING},
                {NONE, .leader = 7, .answer = NOT_ASKED, .phase = PHASE_STARTING},
                {PHASE_READY, .leader = 7, .frozen = true, .answer = NOT_ASKED, .phase = PHASE_FROZEN},
                {PHASE_READY, .leader = 7, .frozen = true, .paused = true, .answer = NOT_ASKED,
                 .phase = PHASE_PAUSED},
                {PHASE_READY, .leader = 7, .stopping = true, .answer = NOT_ASKED, .phase = PHASE_STOPPING},
                /* Its PID 1 has ended, or there is none yet. */
                {PHASE_READY, .answer = NOT_ASKED, .phase = PHASE_STOPPING},
                {PHASE_STARTING, .answer = NOT_ASKED, .phase = PHASE_STARTING},
                {PHASE_FAILED, "not ready after 60 s", 7, .answer = NOT_ASKED, .phase = PHASE_DEGRADED,
                 .note = "not ready after 60 s"},

                /* A command that brings it up seeds it; its systemd knows nothing of that. */
                {PHASE_SEEDING, .leader = 7, .answer = NOT_ASKED, .phase = PHASE_SEEDING},
                {PHASE_SEEDING, .leader = 7, .stopping = true, .answer = NOT_ASKED, .phase = PHASE_STOPPING},
                {PHASE_SEEDING, .leader = 7, .interrupted = true, .answer = NOT_ASKED,
                 .phase = PHASE_DEGRADED, .note = "its seed was interrupted, run up"},
                {PHASE_STARTING, .leader = 7, .seeds = true, .answer = MANAGER_RUNNING,
                 .phase = PHASE_RUNNING},

                /* It started again by itself: what was remembered is about the run before. */
                {PHASE_READY, .leader = 7, .restarts = 1, .answer = NOT_ASKED, .phase = PHASE_STARTING},
                {PHASE_READY, .leader = 7, .restarts = 1, .ready_usec = 5, .answer = NOT_ASKED,
                 .phase = PHASE_RUNNING, .ready = true},
                {PHASE_READY, .leader = 7, .reboots = 1, .answer = NOT_ASKED, .phase = PHASE_STARTING},

                /* What its systemd says. */
                {PHASE_READY, .leader = 7, .answer = MANAGER_RUNNING, .phase = PHASE_RUNNING, .ready = true},
                {PHASE_STARTING, .leader = 7, .answer = MANAGER_RUNNING, .phase = PHASE_RUNNING,
                 .ready = true},
                {PHASE_STARTING, .leader = 7, .checks = true, .answer = MANAGER_RUNNING,
                 .phase = PHASE_RUNNING},
                {PHASE_READY, .leader = 7, .checks = true, .answer = MANAGER_RUNNING, .phase = PHASE_RUNNING,
                 .ready = true},
                {PHASE_FAILED, "web.service failed", 7, .answer = MANAGER_RUNNING, .phase = PHASE_DEGRADED,
                 .note = "web.service failed"},
                {PHASE_READY, .leader = 7, .answer = MANAGER_STARTING, .phase = PHASE_STARTING},
                {PHASE_READY, .leader = 7, .answer = MANAGER_INITIALIZING, .phase = PHASE_STARTING},
                {PHASE_READY, .leader = 7, .answer = MANAGER_STOPPING, .phase = PHASE_STOPPING},
                {PHASE_READY, .leader = 7, .answer = MANAGER_OFFLINE, .phase = PHASE_STOPPING},
                {PHASE_READY, .leader = 7, .answer = MANAGER_DEGRADED, .phase = PHASE_DEGRADED},
                {PHASE_READY, .leader = 7, .answer = MANAGER_MAINTENANCE, .phase = PHASE_DEGRADED},
                {PHASE_FAILED, "old", 7, .answer = MANAGER_DEGRADED, .phase = PHASE_DEGRADED},
                {PHASE_READY, .leader = 7, .answer = MANAGER_UNKNOWN, .phase = PHASE_DEGRADED,
                 .note = "its systemd says that it is in a state that is not known"},
                {PHASE_READY, .leader = 7, .answer = SILENT, .phase = PHASE_DEGRADED,
                 .note = "its systemd does not answer"},
        };
        _cleanup_(spec_freep) Spec *spec =
                ops_spec("\"web\": {" COMMAND "}, \"checked\": {" COMMAND ", \"ready\": {\"tcp\": [80]}},"
                         "\"seeded\": {" COMMAND ", \"seed\": [{\"run\": [\"x\"]}]}");

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                const ContainerSpec *c_spec = spec_find(spec, table[i].checks  ? "checked"
                                                              : table[i].seeds ? "seeded"
                                                                               : "web");
                ContainerStatus c = open_status(table[i].remembered, table[i].result);
                bool more;

                test_set_row("%zu", i);
                c.running = true;
                c.leader = table[i].leader;
                c.frozen = table[i].frozen;
                c.paused = table[i].paused;
                c.stopping = table[i].stopping;
                c.crashes.restarts = table[i].restarts;
                c.crashes.reboots = table[i].reboots;
                c.crashes.ready_usec = table[i].ready_usec;
                more = status_judge_up(&c);
                if (table[i].interrupted)
                        status_judge_unseeded(&c);
                if (table[i].answer == SILENT)
                        status_judge_silence(&c);
                else if (table[i].answer != NOT_ASKED)
                        status_judge_manager(&c, c_spec, (ManagerState) table[i].answer);
                check(&c, table[i].phase, table[i].note);
                ASSERT_EQ(c.ready, table[i].ready);
                ASSERT_EQ(more, table[i].leader > 0 && !table[i].frozen && !table[i].stopping &&
                                        table[i].remembered != PHASE_SEEDING);
                close_status(&c);
        }
}

TEST(notes) {
        FailedUnit units[] = {{.name = (char *) "web.service"}, {.name = (char *) "db.service"}};
        FailedUnits failed = {.units = units, .n = 2, .n_more = 3};
        ContainerStatus c = open_status(PHASE_READY, NULL);

        status_note_failed(&c, &failed);
        check(&c, 0, "web.service failed; db.service failed; 3 more units failed");
        c.notes = strv_free(c.notes);
        c.crashes = (CrashRecord){.restarts = 1, .crash_usec = 1000000, .reason = "killed 9"};
        status_note_reboots(&c);
        check(&c, 0, NULL);
        c.crashes = (CrashRecord){.reboots = 2};
        status_note_reboots(&c);
        check(&c, 0, "rebooted 2 times, not ready since");
        close_status(&c);
}

/* What goes on by itself is said as it is when it is shown. */
TEST(crashed_ago) {
        static const struct {
                bool running;
                uint64_t now;
                const char *notes;
        } table[] = {
                {true, 3000000, "a; crashed 2.0s ago (killed 9), restarted 1 time"},
                {true, 61000000, "a; crashed 1m ago (killed 9), restarted 1 time"},
                {true, 0, "a; crashed 0.00s ago (killed 9), restarted 1 time"},
                {false, 3000000, "a"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                ContainerStatus c = open_status(PHASE_READY, NULL);
                _cleanup_strv_ char **notes = NULL;
                _cleanup_free_ char *text = NULL;

                test_set_row("%zu", i);
                c.running = table[i].running;
                c.crashes = (CrashRecord){.restarts = 1, .crash_usec = 1000000, .reason = "killed 9"};
                strv_push(&c.notes, "a");
                notes = status_notes(&c, table[i].now);
                text = strv_join(notes, "; ");
                ASSERT_STREQ(text, table[i].notes);
                close_status(&c);
        }
}

TEST(ready_since) {
        ContainerStatus c = open_status(PHASE_READY, NULL);

        c.state->ready_usec = 5;
        ASSERT_EQ(status_ready_since(&c), 0);
        c.running = true;
        ASSERT_EQ(status_ready_since(&c), 5);
        c.crashes = (CrashRecord){.reboots = 1};
        ASSERT_EQ(status_ready_since(&c), 0);
        c.crashes.ready_usec = 9;
        ASSERT_EQ(status_ready_since(&c), 9);
        close_status(&c);
}

/* What --check says of several. */
TEST(check_of_all) {
        static const struct {
                Phase first, second;
                bool ready;
                int exit;
                bool left_out, named;
        } table[] = {
                {PHASE_RUNNING, PHASE_RUNNING, true, FC_EXIT_OK},
                {PHASE_RUNNING, PHASE_STARTING, false, FC_EXIT_NOT_RUNNING},
                {PHASE_RUNNING, PHASE_STOPPED, false, FC_EXIT_NOT_RUNNING},
                {PHASE_STOPPED, PHASE_CRASHED, false, FC_EXIT_FAILED},
                {PHASE_RUNNING, PHASE_DEGRADED, false, FC_EXIT_FAILED},
                {PHASE_FAILED, PHASE_RUNNING, true, FC_EXIT_FAILED},
                {PHASE_RUNNING, PHASE_STOPPED, false, FC_EXIT_OK, true, false},
                {PHASE_RUNNING, PHASE_STOPPED, false, FC_EXIT_NOT_RUNNING, true, true},
                {PHASE_STOPPED, PHASE_STOPPED, false, FC_EXIT_NOT_RUNNING, true, false},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                ContainerStatus entries[] = {
                        {.phase = table[i].first, .ready = table[i].first == PHASE_RUNNING},
                        {.phase = table[i].second, .ready = table[i].ready, .left_out = table[i].left_out},
                };
                StatusList list = {entries, 2}, last = {entries + 1, 1};

                test_set_row("%zu", i);
                ASSERT_EQ(status_list_check(&list, table[i].named), table[i].exit);
                if (table[i].left_out)
                        ASSERT_EQ(status_list_check(&last, table[i].named), FC_EXIT_NOT_RUNNING);
        }
}

TEST(ports_have_one_form) {
        static const struct {
                BoundPort ports[6];
                const char *text;
        } table[] = {
                {{}, NULL},
                {{{(char *) "127.0.0.1", 8080, 80, false}, {(char *) "::1", 8080, 80, false}}, "8080->80"},
                {{{(char *) "0.0.0.0", 53, 53, true}, {(char *) "::", 53, 53, true}}, "*:53->53/udp"},
                /* What is only one half, or not a pair, has its address. */
                {{{(char *) "127.0.0.1", 8080, 80, false}}, "127.0.0.1:8080->80"},
                {{{(char *) "::1", 8080, 80, false}}, "[::1]:8080->80"},
                {{{(char *) "127.0.0.1", 8080, 80, false}, {(char *) "::1", 8080, 80, true}},
                 "127.0.0.1:8080->80 [::1]:8080->80/udp"},
                {{{(char *) "10.1.2.3", 8080, 80, false}, {(char *) "fe80::1", 8080, 80, false}},
                 "10.1.2.3:8080->80 [fe80::1]:8080->80"},
                /* Ranges are one. */
                {{{(char *) "127.0.0.1", 8000, 80, false},
                  {(char *) "::1", 8000, 80, false},
                  {(char *) "127.0.0.1", 8001, 81, false},
                  {(char *) "::1", 8001, 81, false},
                  {(char *) "127.0.0.1", 8003, 83, false},
                  {(char *) "::1", 8003, 83, false}},
                 "8000-8001->80-81 8003->83"},
                {{{(char *) "127.0.0.1", 8000, 80, false}, {(char *) "127.0.0.2", 8001, 81, false}},
                 "127.0.0.1:8000->80 127.0.0.2:8001->81"},
                {{{(char *) "127.0.0.1", 8000, 80, false}, {(char *) "127.0.0.1", 8001, 81, true}},
                 "127.0.0.1:8000->80 127.0.0.1:8001->81/udp"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                ContainerState state = {.ports = (BoundPort *) table[i].ports};
                _cleanup_free_ char *text = NULL;

                while (state.n_ports < ELEMENTSOF(table[i].ports) && table[i].ports[state.n_ports].address)
                        state.n_ports++;
                test_set_row("%zu", i);
                text = status_ports_text(&state);
                ASSERT_STREQ(text, table[i].text);
        }
}

static char *show(const StatusList *list, bool wide, const Output *output) {
        _cleanup_(table_freep) Table *table = status_table(list, wide, 100 * USEC_PER_SEC);
        Buffer buffer = {0};

        table_append(table, output, &buffer);
        return buffer_steal(&buffer);
}

TEST(table) {
        BoundPort ports[] = {{(char *) "127.0.0.1", 5432, 5432, false}, {(char *) "::1", 5432, 5432, false}};
        ContainerState state = {.address = (char *) "10.1.2.3", .ports = ports, .n_ports = 2};
        char *notes[] = {(char *) "postgresql-with-a-long-name.service failed",
                         (char *) "definition changed, run up", NULL};
        ContainerStatus entries[] = {
                {.name = (char *) "db",
                 .machine = (char *) "shop-3f2a-db",
                 .phase = PHASE_DEGRADED,
                 .running = true,
                 .since_usec = 40 * USEC_PER_SEC,
                 .crashes = {.restarts = 3, .crash_usec = 97 * USEC_PER_SEC, .reason = "killed 9"},
                 .memory = 55000000,
                 .state = &state,
                 .notes = notes},
                {.name = (char *) "web", .machine = (char *) "shop-3f2a-web", .phase = PHASE_CRASHED},
                {.name = (char *) "one",
                 .machine = (char *) "shop-3f2a-one",
                 .phase = PHASE_RUNNING,
                 .running = true,
                 .ready = true},
        };
        StatusList list = {entries, ELEMENTSOF(entries), false};
        static const struct {
                bool wide;
                Output output;
                const char *text;
        } table[] = {
                {false,
                 {.unicode = true},
                 "NAME  STATE     READY  UPTIME  RESTARTS  PORTS       MEM    NOTE\n"
                 "db    degraded  no     1m      3         5432->5432  55 MB  "
                 "postgresql-with-a-long-name.service failed; definition changed, run up; "
                 "crashed 3.0s ago (killed 9), restarted 3 times\n"
                 "web   crashed   -      -       -         -           -      -\n"
                 "one   running   yes    -       0         -           -      -\n"},
                {true,
                 {.unicode = true},
                 "NAME  STATE     READY  UPTIME  RESTARTS  PORTS       MEM    MACHINE        ADDRESS   "
                 "NOTE\n"
                 "db    degraded  no     1m      3         5432->5432  55 MB  shop-3f2a-db   10.1.2.3  "
                 "postgresql-with-a-long-name.service failed; definition changed, run up; "
                 "crashed 3.0s ago (killed 9), restarted 3 times\n"
                 "web   crashed   -      -       -         -           -      shop-3f2a-web  -         -\n"
                 "one   running   yes    -       0         -           -      shop-3f2a-one  -         -\n"},
                {false,
                 {.unicode = true, .terminal = true, .colour = true, .width = 80},
                 "NAME  STATE     READY  UPTIME  RESTARTS  PORTS       MEM    NOTE\n"
                 "db    \x1b[33mdegraded\x1b[0m  no     1m      3         5432->5432  55 MB  "
                 "postgresql-with-a-l…\n"
                 "web   \x1b[31mcrashed\x1b[0m   -      -       -         -           -      -\n"
                 "one   running   yes    -       0         -           -      -\n"},
                {false,
                 {.unicode = true, .terminal = true, .width = 50},
                 "NAME  STATE  READY  UPTI…  REST…  POR…  MEM   NOTE\n"
                 "db    degr…  no     1m     3      543…  55 …  pos…\n"
                 "web   cras…  -      -      -      -     -     -\n"
                 "one   runn…  yes    -      0      -     -     -\n"},
                {false,
                 {.terminal = true, .width = 20},
                 "NAME  S...  R...  ..\n"
                 "db    d...  no    1m\n"
                 "web   c...  -     -\n"
                 "one   r...  yes   -\n"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *text = show(&list, table[i].wide, &table[i].output);

                test_set_row("%zu", i);
                ASSERT_STREQ(text, table[i].text);
        }
        test_set_row("%s", "");
        /* No line is longer than the screen, whatever its width. */
        for (unsigned width = 1; width < 120; width++) {
                _cleanup_free_ char *text = show(&list, true, &(Output){.unicode = true, .width = width});

                for (char *rest = text, *line; (line = strsep(&rest, "\n"));)
                        ASSERT_TRUE(text_width(line) <= width);
        }
}
