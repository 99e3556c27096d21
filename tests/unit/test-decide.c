/* SPDX-License-Identifier: MIT */

#include "drift/decide.h"
#include "ops-util.h"

/* How a container is found. */
typedef enum Found {
        GONE,
        RUNS,
        CHANGED,      /* runs, with another definition */
        REPLACED,     /* runs, with a volume that lies no longer where its source leads */
        OTHER_BOOT,   /* runs, but what is remembered is about another boot of the host */
        HALF_STARTED, /* runs without a PID 1 */
        ORPHANED,     /* runs without a keeper */
        STOPPING,     /* runs, and its end has been asked for */
        HALF_SEEDED,  /* runs, and what its seed has begun is thrown away */
} Found;

static const MachineStatus statuses[] = {
        [GONE] = {},
        [RUNS] = {.running = true, .leader = 7, .keeper = 6},
        [CHANGED] = {.running = true, .leader = 7, .keeper = 6},
        [REPLACED] = {.running = true, .leader = 7, .keeper = 6},
        [OTHER_BOOT] = {.running = true, .leader = 7, .keeper = 6},
        [HALF_STARTED] = {.running = true, .keeper = 6},
        [ORPHANED] = {.running = true, .leader = 7},
        [STOPPING] = {.running = true, .leader = 7, .keeper = 6},
        [HALF_SEEDED] = {.running = true, .leader = 7, .keeper = 6},
};

static void find(const Project *project, const char *name, Found found, bool asked, Decision *ret) {
        ContainerPlan *plan = ops_plan(project, name);
        ContainerState *state = ops_state(plan, found == OTHER_BOOT ? OPS_OTHER : OPS_BOOT, PHASE_READY);

        if (found == CHANGED || found == OTHER_BOOT)
                strv_push(&state->definition, "one line more");
        *ret = (Decision){
                .spec = plan->spec,
                .plan = plan,
                .state = state,
                .status = &statuses[found],
                .asked = asked,
                .stopping = found == STOPPING,
                .begins_again = found == HALF_SEEDED,
        };
        if (found == REPLACED)
                strv_push(&ret->replaced, "volume 'x' was replaced on the host");
}

static void lose(Decision *decisions, size_t n) {
        decisions_done(decisions, n);
        for (size_t i = 0; i < n; i++) {
                (void) container_plan_free((ContainerPlan *) decisions[i].plan);
                (void) container_state_free((ContainerState *) decisions[i].state);
        }
}

#define COMMAND "\"system\": {\"rootfs\": \"/i\"}, \"command\": [\"/c\"]"

TEST(one_container) {
        static const struct {
                Found found;
                bool restart;
                Goal goal;
                bool changed;
                const char *reason; /* the first; NULL: none */
        } table[] = {
                {GONE, false, GOAL_START, false, NULL},
                {GONE, true, GOAL_START, false, NULL},
                {RUNS, false, GOAL_KEEP, false, NULL},
                {RUNS, true, GOAL_RESTART, false, NULL},
                {CHANGED, false, GOAL_RESTART, true, "no longer: one line more"},
                {CHANGED, true, GOAL_RESTART, true, "no longer: one line more"},
                {REPLACED, false, GOAL_RESTART, false, "volume 'x' was replaced on the host"},
                {REPLACED, true, GOAL_RESTART, false, "volume 'x' was replaced on the host"},
                {OTHER_BOOT, false, GOAL_KEEP, false, NULL},
                {HALF_STARTED, false, GOAL_RESTART, false, "its last start or stop was interrupted"},
                {ORPHANED, false, GOAL_RESTART, false, "its last start or stop was interrupted"},
                {STOPPING, false, GOAL_RESTART, false, "its end has been asked for"},
                {HALF_SEEDED, false, GOAL_RESTART, false, "its seed has not succeeded, and begins again"},
        };
        _cleanup_(spec_freep) Spec *spec = ops_spec("\"a\": {" COMMAND "}");
        Project project = ops_project(spec);

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                Decision d;

                test_set_row("%zu", i);
                find(&project, "a", table[i].found, /* asked= */ true, &d);
                decide_all(&d, 1, OPS_BOOT, &(DecideHow){.restart = table[i].restart});
                ASSERT_EQ(d.goal, table[i].goal);
                ASSERT_EQ(d.changed, table[i].changed);
                ASSERT_STREQ(d.reasons ? d.reasons[0] : NULL, table[i].reason);
                lose(&d, 1);
        }
}

/* What is not waited for is not seeded, so that nothing of it is thrown away. */
TEST(begins_again_without_wait) {
        static const struct {
                const char *need;
                Found other;
                bool no_wait;
                Goal goal;
        } table[] = {
                {"ready", GONE, false, GOAL_RESTART},   {"ready", GONE, true, GOAL_RESTART},
                {"ready", CHANGED, true, GOAL_RESTART}, {"ready", RUNS, true, GOAL_KEEP},
                {"started", GONE, false, GOAL_RESTART}, {"started", GONE, true, GOAL_KEEP},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *text = xasprintf("\"a\": {" COMMAND "}, \"b\": {" COMMAND
                                                      ", \"dependsOn\": {\"a\": \"%s\"}}",
                                                      table[i].need);
                _cleanup_(spec_freep) Spec *spec = ops_spec(text);
                Project project = ops_project(spec);
                Decision d[2];

                test_set_row("%zu", i);
                find(&project, "a", HALF_SEEDED, /* asked= */ true, &d[0]);
                find(&project, "b", table[i].other, /* asked= */ true, &d[1]);
                d[0].no_wait = d[1].no_wait = table[i].no_wait;
                decide_all(d, 2, OPS_BOOT, &(DecideHow){});
                ASSERT_EQ(d[0].goal, table[i].goal);
                lose(d, 2);
        }
}

/* `seed` is one-shot; `web` depends on it. */
TEST(one_shot_for_others) {
        static const struct {
                Found seed, web;
                bool seed_asked, restart;
                Goal seed_goal, web_goal;
        } table[] = {
                /* It runs for what is started, ... */
                {GONE, GONE, false, false, GOAL_START, GOAL_START},
                {GONE, CHANGED, false, false, GOAL_START, GOAL_RESTART},
                {GONE, RUNS, false, true, GOAL_START, GOAL_RESTART},
                /* ... not for what runs already, ... */
                {GONE, RUNS, false, false, GOAL_LEAVE, GOAL_KEEP},
                {GONE, OTHER_BOOT, false, false, GOAL_LEAVE, GOAL_KEEP},
                /* ... whenever the user asks, ... */
                {GONE, RUNS, true, false, GOAL_START, GOAL_KEEP},
                /* ... and while it runs it is waited for, however it was started. */
                {RUNS, RUNS, false, false, GOAL_KEEP, GOAL_KEEP},
                {CHANGED, RUNS, false, false, GOAL_KEEP, GOAL_KEEP},
                {RUNS, GONE, false, false, GOAL_KEEP, GOAL_START},
                {CHANGED, GONE, false, false, GOAL_RESTART, GOAL_START},
                /* What was not asked for is not restarted. */
                {RUNS, RUNS, false, true, GOAL_KEEP, GOAL_RESTART},
                {RUNS, RUNS, true, true, GOAL_RESTART, GOAL_RESTART},
        };
        _cleanup_(spec_freep) Spec *spec =
                ops_spec("\"seed\": {" COMMAND ", \"oneShot\": true},"
                         "\"web\": {" COMMAND ", \"dependsOn\": {\"seed\": \"completed\"}}");
        Project project = ops_project(spec);

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                Decision d[2];

                test_set_row("%zu", i);
                find(&project, "seed", table[i].seed, table[i].seed_asked, &d[0]);
                find(&project, "web", table[i].web, /* asked= */ true, &d[1]);
                decide_all(d, 2, OPS_BOOT, &(DecideHow){.restart = table[i].restart});
                ASSERT_EQ(d[0].goal, table[i].seed_goal);
                ASSERT_EQ(d[1].goal, table[i].web_goal);
                if (d[0].goal == GOAL_LEAVE)
                        ASSERT_STREQ(d[0].reasons[0], "nothing that needs it is started");
                lose(d, 2);
        }
}

/* `app` shares the network of `vpn`. */
TEST(shared_network) {
        static const struct {
                Found vpn, app;
                bool app_asked, restart;
                Goal vpn_goal, app_goal;
        } table[] = {
                {GONE, GONE, true, false, GOAL_START, GOAL_START},
                {RUNS, GONE, true, false, GOAL_KEEP, GOAL_START},
                {RUNS, RUNS, true, false, GOAL_KEEP, GOAL_KEEP},
                {CHANGED, RUNS, true, false, GOAL_RESTART, GOAL_RESTART},
                {GONE, RUNS, true, false, GOAL_START, GOAL_RESTART},
                /* Only what begins anew takes along what the user has not asked for. */
                {RUNS, RUNS, false, false, GOAL_KEEP, GOAL_LEAVE},
                {RUNS, CHANGED, false, false, GOAL_KEEP, GOAL_LEAVE},
                {RUNS, GONE, false, false, GOAL_KEEP, GOAL_LEAVE},
                {RUNS, GONE, false, true, GOAL_RESTART, GOAL_LEAVE},
                {RUNS, RUNS, false, true, GOAL_RESTART, GOAL_RESTART},
                {CHANGED, RUNS, false, false, GOAL_RESTART, GOAL_RESTART},
        };
        _cleanup_(spec_freep) Spec *spec = ops_spec(
                "\"vpn\": {" COMMAND "},"
                "\"app\": {" COMMAND ", \"network\": {\"mode\": \"container\", \"container\": \"vpn\"}}");
        Project project = ops_project(spec);

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                Decision d[2];

                test_set_row("%zu", i);
                find(&project, "vpn", table[i].vpn, /* asked= */ true, &d[0]);
                find(&project, "app", table[i].app, table[i].app_asked, &d[1]);
                decide_all(d, 2, OPS_BOOT, &(DecideHow){.restart = table[i].restart});
                ASSERT_EQ(d[0].goal, table[i].vpn_goal);
                ASSERT_EQ(d[1].goal, table[i].app_goal);
                if (d[1].goal == GOAL_RESTART)
                        ASSERT_STREQ(d[1].reasons[0], "the network of 'vpn', which it shares, begins anew");
                lose(d, 2);
        }
}

TEST(defined_by_another_work_tree) {
        static const struct {
                Found found;
                DecideHow how;
                bool asked;
                Goal goal;
                bool held;
        } table[] = {
                {RUNS, {}, true, GOAL_KEEP, false},
                {CHANGED, {}, true, GOAL_KEEP, true},
                {CHANGED, {}, false, GOAL_KEEP, true},
                {CHANGED, {.restart_changed = true}, true, GOAL_KEEP, true},
                {CHANGED, {.restart = true}, true, GOAL_RESTART, false},
                {CHANGED, {.restart = true}, false, GOAL_KEEP, true},
                {REPLACED, {}, true, GOAL_RESTART, false},
                {HALF_STARTED, {}, true, GOAL_RESTART, false},
                {GONE, {}, true, GOAL_START, false},
        };
        _cleanup_(spec_freep) Spec *spec = ops_spec("\"db\": {" COMMAND ", \"shared\": true}");
        Project project = ops_project(spec);

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                Decision d;

                test_set_row("%zu", i);
                find(&project, "db", table[i].found, table[i].asked, &d);
                d.foreign = true;
                decide_all(&d, 1, OPS_BOOT, &table[i].how);
                ASSERT_EQ(d.goal, table[i].goal);
                ASSERT_EQ(d.held, table[i].held);
                lose(&d, 1);
        }
}

/* A chain of one-shot containers is needed as a whole or not at all. */
TEST(chain) {
        _cleanup_(spec_freep) Spec *spec =
                ops_spec("\"a\": {" COMMAND ", \"oneShot\": true},"
                         "\"b\": {" COMMAND ", \"oneShot\": true, \"dependsOn\": {\"a\": \"completed\"}},"
                         "\"c\": {" COMMAND ", \"dependsOn\": {\"b\": \"completed\"}}");
        Project project = ops_project(spec);

        for (int runs = 0; runs < 2; runs++) {
                Decision d[3];

                test_set_row("%d", runs);
                find(&project, "a", GONE, false, &d[0]);
                find(&project, "b", GONE, false, &d[1]);
                find(&project, "c", runs ? RUNS : GONE, true, &d[2]);
                decide_all(d, 3, OPS_BOOT, &(DecideHow){});
                ASSERT_EQ(d[0].goal, runs ? GOAL_LEAVE : GOAL_START);
                ASSERT_EQ(d[1].goal, runs ? GOAL_LEAVE : GOAL_START);
                ASSERT_EQ(d[2].goal, runs ? GOAL_KEEP : GOAL_START);
                lose(d, 3);
        }
}

TEST(known_state) {
        ContainerState state = {.machine = (char *) "m", .boot_id = (char *) OPS_BOOT};

        ASSERT_TRUE(decide_is_known(&state, "m", OPS_BOOT));
        ASSERT_TRUE(!decide_is_known(&state, "n", OPS_BOOT));
        ASSERT_TRUE(!decide_is_known(&state, "m", OPS_OTHER));
        ASSERT_TRUE(!decide_is_known(NULL, "m", OPS_BOOT));
}

TEST(left_out) {
        static const Phase started[] = {PHASE_STARTING, PHASE_SEEDING, PHASE_READY, PHASE_FAILED};
        const ContainerSpec with = {.profiles = (char *[]){(char *) "debug", NULL}}, without = {};
        ContainerState state = {.machine = (char *) "m", .boot_id = (char *) OPS_BOOT};

        ASSERT_TRUE(decide_is_left_out(&with, NULL, "m", OPS_BOOT));
        ASSERT_TRUE(!decide_is_left_out(&without, NULL, "m", OPS_BOOT));
        ASSERT_TRUE(!decide_is_left_out(NULL, NULL, "m", OPS_BOOT));
        state.phase = PHASE_STOPPED;
        ASSERT_TRUE(decide_is_left_out(&with, &state, "m", OPS_BOOT));
        ASSERT_TRUE(!decide_is_left_out(&without, &state, "m", OPS_BOOT));
        for (size_t i = 0; i < ELEMENTSOF(started); i++) {
                state.phase = started[i];
                ASSERT_TRUE(!decide_is_left_out(&with, &state, "m", OPS_BOOT));
                ASSERT_TRUE(decide_is_left_out(&with, &state, "m", OPS_OTHER));
        }
}

/* The words of --dry-run, in text and in JSON. */
TEST(words) {
        static const char *const words[_GOAL_MAX] = {
                [GOAL_LEAVE] = "nothing",   [GOAL_KEEP] = "nothing", [GOAL_START] = "start",
                [GOAL_RESTART] = "restart", [GOAL_STOP] = "stop",    [GOAL_SWITCH] = "switch",
                [GOAL_ADJUST] = "adjust",
        };

        for (Goal goal = 0; goal < _GOAL_MAX; goal++)
                ASSERT_STREQ(goal_to_string(goal), words[goal]);
}

#define SYSTEM(toplevel) "\"web\": {\"system\": {\"toplevel\": \"" toplevel "\"}}"

/* A running container with the system /s/a, and what becomes of it when it is specified with /s/b. */
TEST(another_system) {
        static const struct {
                bool interrupted, replaced, begins_again;
                const char *not_in_place;
                bool same;
                DecideHow how;
                Goal goal;
                const char *reason; /* the last */
        } table[] = {
                {.goal = GOAL_SWITCH, .reason = "new: system.init /s/b/init"},
                {.not_in_place = "it has another init",
                 .goal = GOAL_RESTART,
                 .reason = "not in place: it has another init"},
                {.replaced = true, .goal = GOAL_RESTART, .reason = "volume 'x' was replaced on the host"},
                {.begins_again = true,
                 .goal = GOAL_RESTART,
                 .reason = "its seed has not succeeded, and begins again"},
                {.how = {.restart = true}, .goal = GOAL_RESTART, .reason = "new: system.init /s/b/init"},
                {.how = {.restart_changed = true},
                 .goal = GOAL_RESTART,
                 .reason = "new: system.init /s/b/init"},
                {.how = {.update_only = true}, .goal = GOAL_SWITCH, .reason = "new: system.init /s/b/init"},
                /* Half of the way: to whichever of the two it is to have now. */
                {.interrupted = true, .goal = GOAL_SWITCH, .reason = "its last switch was interrupted"},
                {.interrupted = true,
                 .same = true,
                 .goal = GOAL_SWITCH,
                 .reason = "its last switch was interrupted"},
                {.interrupted = true,
                 .same = true,
                 .not_in_place = "why",
                 .goal = GOAL_RESTART,
                 .reason = "not in place: why"},
                {.same = true, .how = {.restart_changed = true}, .goal = GOAL_KEEP},
        };
        _cleanup_(spec_freep) Spec *before = ops_spec(SYSTEM("/s/a")), *after = ops_spec(SYSTEM("/s/b"));
        Project old = ops_project(before), new = ops_project(after);

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                Decision d;

                test_set_row("%zu", i);
                find(&old, "web", RUNS, /* asked= */ true, &d);
                if (!table[i].same) {
                        (void) container_plan_free((ContainerPlan *) d.plan);
                        d.plan = ops_plan(&new, "web");
                        d.spec = d.plan->spec;
                }
                if (table[i].interrupted)
                        ((ContainerState *) d.state)->switching = xstrdup("/s/c");
                if (table[i].replaced)
                        strv_push(&d.replaced, "volume 'x' was replaced on the host");
                d.begins_again = table[i].begins_again;
                d.not_in_place = table[i].not_in_place ? xstrdup(table[i].not_in_place) : NULL;
                decide_all(&d, 1, OPS_BOOT, &table[i].how);
                ASSERT_EQ(d.goal, table[i].goal);
                ASSERT_EQ(d.changed, !table[i].same);
                ASSERT_STREQ(d.reasons ? d.reasons[strv_length(d.reasons) - 1] : NULL, table[i].reason);
                lose(&d, 1);
        }
}

/* A running container, and what becomes of it when another port is published. */
TEST(other_ports) {
        static const struct {
                bool interrupted, replaced, begins_again;
                const char *not_in_place;
                DecideHow how;
                Goal goal;
        } table[] = {
                {.goal = GOAL_ADJUST},
                {.how = {.update_only = true}, .goal = GOAL_ADJUST},
                {.how = {.restart = true}, .goal = GOAL_RESTART},
                {.how = {.restart_changed = true}, .goal = GOAL_RESTART},
                {.interrupted = true, .goal = GOAL_RESTART},
                {.replaced = true, .goal = GOAL_RESTART},
                {.begins_again = true, .goal = GOAL_RESTART},
                {.not_in_place = "why", .goal = GOAL_RESTART},
        };
        _cleanup_(spec_freep) Spec *before = ops_spec("\"web\": {" COMMAND "}"),
                                   *after = ops_spec("\"web\": {" COMMAND ", \"ports\": [\"80\"]}");
        Project old = ops_project(before), new = ops_project(after);

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                Decision d;

                test_set_row("%zu", i);
                find(&old, "web", RUNS, /* asked= */ true, &d);
                (void) container_plan_free((ContainerPlan *) d.plan);
                d.plan = ops_plan(&new, "web");
                d.spec = d.plan->spec;
                if (table[i].interrupted)
                        ((ContainerState *) d.state)->switching = xstrdup("/s/c");
                if (table[i].replaced)
                        strv_push(&d.replaced, "volume 'x' was replaced on the host");
                d.begins_again = table[i].begins_again;
                d.not_in_place = table[i].not_in_place ? xstrdup(table[i].not_in_place) : NULL;
                decide_all(&d, 1, OPS_BOOT, &table[i].how);
                ASSERT_EQ(d.goal, table[i].goal);
                ASSERT_TRUE(d.changed);
                ASSERT_TRUE(!d.kept);
                lose(&d, 1);
        }
}

/* What one that takes another system needs comes before it, as for a start. */
TEST(another_system_needs_others) {
        _cleanup_(spec_freep)
                Spec *before = ops_spec("\"job\": {" COMMAND ", \"oneShot\": true}, " SYSTEM("/s/a")),
                     *after = ops_spec("\"job\": {" COMMAND ", \"oneShot\": true},"
                                       "\"web\": {\"system\": {\"toplevel\": \"/s/b\"}, "
                                       "\"dependsOn\": {\"job\": \"completed\"}}");
        Project old = ops_project(before), new = ops_project(after);
        Decision d[2];

        find(&new, "job", GONE, /* asked= */ false, &d[0]);
        find(&old, "web", RUNS, /* asked= */ true, &d[1]);
        (void) container_plan_free((ContainerPlan *) d[1].plan);
        d[1].plan = ops_plan(&new, "web");
        d[1].spec = d[1].plan->spec;
        decide_all(d, 2, OPS_BOOT, &(DecideHow){});
        ASSERT_EQ(d[1].goal, GOAL_SWITCH);
        ASSERT_EQ(d[0].goal, GOAL_START);
        lose(d, 2);
}

TEST(what_does_not_run_stays_so) {
        _cleanup_(spec_freep) Spec *spec = ops_spec("\"web\": {" COMMAND "}");
        Project project = ops_project(spec);
        Decision d;

        find(&project, "web", GONE, /* asked= */ true, &d);
        decide_all(&d, 1, OPS_BOOT, &(DecideHow){.update_only = true});
        ASSERT_EQ(d.goal, GOAL_LEAVE);
        ASSERT_STREQ(d.reasons[0], "it does not run");
        lose(&d, 1);
        find(&project, "web", CHANGED, /* asked= */ true, &d);
        decide_all(&d, 1, OPS_BOOT, &(DecideHow){.update_only = true});
        ASSERT_EQ(d.goal, GOAL_RESTART);
        lose(&d, 1);
}
