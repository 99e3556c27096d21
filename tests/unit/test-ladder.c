/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "ready/ladder.h"
#include "test.h"

TEST(progress) {
        static const struct {
                ReadyProgress progress;
                const char *rung, *text;
        } table[] = {
                {{RUNG_LEADER, NULL, NULL}, "boot", NULL},
                {{RUNG_BOOT, NULL, NULL}, "boot", NULL},
                {{RUNG_BOOT, NULL, "Starting units: 3 of 9"}, "boot", "Starting units: 3 of 9"},
                {{RUNG_UNITS, NULL, "web.service is activating"},
                 "units",
                 "units: web.service is activating"},
                {{RUNG_UNITS, NULL, NULL}, "units", "units"},
                {{RUNG_CHECKS, "tcp 5432", NULL}, "tcp 5432", "tcp 5432"},
                {{RUNG_CHECKS, "tcp 5432", "Connection refused"},
                 "tcp 5432",
                 "tcp 5432: Connection refused"},
                /* A colon in what is waited for cuts nothing. */
                {{RUNG_CHECKS, "exec sh -c: x", "exit status 1"},
                 "exec sh -c: x",
                 "exec sh -c: x: exit status 1"},
                {{RUNG_CHECKS, "for db", NULL}, "for db", "for db"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *text = ready_progress_to_string(&table[i].progress);

                test_set_row("%zu", i);
                ASSERT_STREQ(ready_progress_rung(&table[i].progress), table[i].rung);
                ASSERT_TRUE(streq_ptr(text, table[i].text));
        }
}

/* Every combination: whether it is asked, checked, or left alone. */
TEST(after_the_payload) {
        for (unsigned i = 0; i < 16; i++)
                for (ReadyRung rung = RUNG_LEADER; rung <= RUNG_CHECKS; rung++) {
                        LadderPayload p = {
                                .one_shot = i & 1,
                                .has_init = i & 2,
                                .has_leader = i & 4,
                                .connected = i & 8,
                                .rung = rung,
                        };
                        bool stays = p.one_shot || p.connected || rung == RUNG_UNITS || rung == RUNG_CHECKS;
                        LadderStep expected = stays                        ? LADDER_STAY
                                              : p.has_init && p.has_leader ? LADDER_ASK
                                                                           : LADDER_CHECKS;

                        test_set_row("%u on rung %d", i, (int) rung);
                        ASSERT_EQ(ladder_after_payload(&p), expected);
                }
}

#define GUEST .alive = true, .age_usec = USEC_PER_SEC

TEST(after_asking) {
        static const struct {
                const char *what;
                LadderPeer peer;
                LadderStep step;
        } table[] = {
                {"it answers", {GUEST, .connected = true}, LADDER_BOOT},
                {"it answers, and units are wanted",
                 {GUEST, .connected = true, .wants_units = true},
                 LADDER_BOOT},
                {"it is too busy", {GUEST, .busy = true}, LADDER_RETRY},
                {"it is too busy, whatever else is known of it", {.busy = true}, LADDER_RETRY},
                {"it has ended", {.is_told_of = true}, LADDER_STAY},
                {"it has ended, and was a systemd", {.had_manager = true, .is_systemd = true}, LADDER_STAY},
                {"a systemd that executes itself anew", {GUEST, .had_manager = true}, LADDER_RETRY},
                {"a systemd that does not listen yet", {GUEST, .is_systemd = true}, LADDER_RETRY},
                {"a systemd on its way down",
                 {GUEST, .is_shutting_down = true, .is_told_of = true},
                 LADDER_RETRY},
                {"another init", {GUEST, .is_told_of = true}, LADDER_CHECKS},
                {"another init, and units are wanted",
                 {GUEST, .is_told_of = true, .wants_units = true},
                 LADDER_NO_SYSTEMD},
                {"what it will be is not known yet", {GUEST, .unsure = true}, LADDER_RETRY},
                {"nor after most of a second", {GUEST, .unsure = true, .waited_usec = 999999}, LADDER_RETRY},
                {"but after a second", {GUEST, .unsure = true, .waited_usec = 1000000}, LADDER_CHECKS},
                {"and then it has no units",
                 {GUEST, .unsure = true, .waited_usec = 1000000, .wants_units = true},
                 LADDER_NO_SYSTEMD},
                {"we have started it, and it said READY=1",
                 {GUEST, .unsure = true, .is_told_of = true},
                 LADDER_CHECKS},
                {"a command has found it ready before", {GUEST}, LADDER_CHECKS},
                {"but it has rebooted since",
                 {.alive = true, .age_usec = 999999, .wants_units = true},
                 LADDER_RETRY},
                {"we have started it anew, and it said READY=1",
                 {.alive = true, .is_told_of = true, .wants_units = true},
                 LADDER_NO_SYSTEMD},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("%s", table[i].what);
                ASSERT_EQ(ladder_after_asking(&table[i].peer), table[i].step);
        }
}

TEST(after_the_boot) {
        static const struct {
                ManagerState state;
                LadderStep told, untold;
        } table[] = {
                {MANAGER_INITIALIZING, LADDER_STAY, LADDER_STAY},
                {MANAGER_STARTING, LADDER_STAY, LADDER_STAY},
                {MANAGER_RUNNING, LADDER_UNITS, LADDER_UNITS},
                {MANAGER_DEGRADED, LADDER_DEGRADED, LADDER_DEGRADED},
                {MANAGER_MAINTENANCE, LADDER_DEGRADED, LADDER_DEGRADED},
                {MANAGER_STOPPING, LADDER_STAY, LADDER_ENDED},
                {MANAGER_OFFLINE, LADDER_RETRY, LADDER_RETRY},
                {MANAGER_UNKNOWN, LADDER_UNKNOWN, LADDER_UNKNOWN},
        };

        ASSERT_EQ(ELEMENTSOF(table), _MANAGER_STATE_MAX);
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("state %d", (int) table[i].state);
                ASSERT_EQ(ladder_after_boot(table[i].state, true), table[i].told);
                ASSERT_EQ(ladder_after_boot(table[i].state, false), table[i].untold);
        }
}

TEST(pauses_grow_within_limits) {
        uint64_t before = 0;

        ASSERT_EQ(ladder_retry_pause(0), 20 * USEC_PER_MSEC);
        ASSERT_EQ(ladder_retry_pause(800 * USEC_PER_MSEC), 100 * USEC_PER_MSEC);
        ASSERT_EQ(ladder_retry_pause(3600 * USEC_PER_SEC), 500 * USEC_PER_MSEC);
        for (uint64_t unheard = 0; unheard < 10 * USEC_PER_SEC; unheard += 7 * USEC_PER_MSEC) {
                uint64_t pause = ladder_retry_pause(unheard);

                ASSERT_TRUE(pause >= before);
                before = pause;
        }
}

TEST(what_is_heeded_of_a_ready_one) {
        static const struct {
                ControlKind kind;
                bool alive, gone;
        } table[] = {
                {CONTROL_LEADER, true, true},  {CONTROL_STATUS, false, false},
                {CONTROL_READY, false, false}, {CONTROL_RESTARTING, true, true},
                {CONTROL_EXITED, true, true},  {CONTROL_ERROR, false, true},
                {CONTROL_LOST, false, true},
        };

        ASSERT_EQ(ELEMENTSOF(table), _CONTROL_KIND_MAX);
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("message %d", (int) table[i].kind);
                ASSERT_EQ(ladder_heeds_when_ready(table[i].kind, false), table[i].alive);
                ASSERT_EQ(ladder_heeds_when_ready(table[i].kind, true), table[i].gone);
        }
}

TEST(a_lost_one_gets_time_for_its_news) {
        ASSERT_EQ(ladder_deadline_after_loss(100 * USEC_PER_SEC, 0, 0, 50 * USEC_PER_SEC),
                  112 * USEC_PER_SEC);
        ASSERT_EQ(ladder_deadline_after_loss(100 * USEC_PER_SEC, 0, 0, 111 * USEC_PER_SEC),
                  112 * USEC_PER_SEC);
        ASSERT_EQ(ladder_deadline_after_loss(100 * USEC_PER_SEC, 0, 0, 300 * USEC_PER_SEC),
                  300 * USEC_PER_SEC);
        ASSERT_EQ(ladder_deadline_after_loss(100 * USEC_PER_SEC, 0, 0, UINT64_MAX), UINT64_MAX);
        /* Again: only one that had held out gets the time anew. */
        ASSERT_EQ(ladder_deadline_after_loss(100 * USEC_PER_SEC, 0, 1, 105 * USEC_PER_SEC),
                  105 * USEC_PER_SEC);
        ASSERT_EQ(ladder_deadline_after_loss(100 * USEC_PER_SEC, USEC_PER_MSEC, 1, 50 * USEC_PER_SEC),
                  50 * USEC_PER_SEC);
        ASSERT_EQ(ladder_deadline_after_loss(100 * USEC_PER_SEC, USEC_PER_SEC, 1, 50 * USEC_PER_SEC),
                  112 * USEC_PER_SEC);
        /* But not without end: another one may do the same, out of step. */
        ASSERT_EQ(ladder_deadline_after_loss(100 * USEC_PER_SEC, 90 * USEC_PER_SEC, 3, 50 * USEC_PER_SEC),
                  50 * USEC_PER_SEC);
}

TEST(what_was_in_the_way) {
        static const struct {
                LadderTimeout timeout;
                const char *text;
        } table[] = {
                {{.one_shot = true, .has_leader = true, .rung = RUNG_BOOT, .status = "busy"},
                 "it has not ended"},
                {{.rung = RUNG_LEADER}, "it has no PID 1 yet"},
                {{.rung = RUNG_LEADER, .status = "failed (exited 1), starting again"},
                 "failed (exited 1), starting again"},
                {{.has_init = true, .has_leader = true, .rung = RUNG_BOOT},
                 "its PID 1 has not said READY=1"},
                {{.has_leader = true, .rung = RUNG_BOOT}, "its command has not said READY=1"},
                {{.has_leader = true, .rung = RUNG_BOOT, .status = "Starting a"}, "Starting a"},
                {{.has_leader = true,
                  .rung = RUNG_UNITS,
                  .status = "old",
                  .waiting = "units: a is activating"},
                 "units: a is activating"},
                {{.has_leader = true, .rung = RUNG_CHECKS, .status = "old", .waiting = "tcp 1"}, "tcp 1"},
                {{.has_leader = true, .rung = RUNG_UNITS, .status = "old"}, NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("%zu", i);
                ASSERT_TRUE(streq_ptr(ladder_describe_timeout(&table[i].timeout), table[i].text));
        }
}
