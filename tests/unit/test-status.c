/* SPDX-License-Identifier: MIT */

/* The word that `status` has for a container, and why. */

#include "ops/status-judge.h"
#include "ops-util.h"

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
        status_note_restarts(&c, 3000000);
        check(&c, 0, "crashed 2.0s ago (killed 9), restarted 1 time");
        c.notes = strv_free(c.notes);
        c.crashes = (CrashRecord){.reboots = 2};
        status_note_restarts(&c, 3000000);
        check(&c, 0, "rebooted 2 times, not ready since");
        close_status(&c);
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
        } table[] = {
                {PHASE_RUNNING, PHASE_RUNNING, true, FC_EXIT_OK},
                {PHASE_RUNNING, PHASE_STARTING, false, FC_EXIT_NOT_RUNNING},
                {PHASE_RUNNING, PHASE_STOPPED, false, FC_EXIT_NOT_RUNNING},
                {PHASE_STOPPED, PHASE_CRASHED, false, FC_EXIT_FAILED},
                {PHASE_RUNNING, PHASE_DEGRADED, false, FC_EXIT_FAILED},
                {PHASE_FAILED, PHASE_RUNNING, true, FC_EXIT_FAILED},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                ContainerStatus entries[] = {
                        {.phase = table[i].first, .ready = table[i].first == PHASE_RUNNING},
                        {.phase = table[i].second, .ready = table[i].ready},
                };

                test_set_row("%zu", i);
                ASSERT_EQ(status_list_check(&(StatusList){entries, 2}), table[i].exit);
        }
}
