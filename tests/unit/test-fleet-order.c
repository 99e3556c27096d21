/* SPDX-License-Identifier: MIT */

/* In which order the members of a fleet start and stop, and which never do. */

#include "fleet/fleet-order.h"
#include "ops-util.h"

#define COMMAND "\"system\": {\"rootfs\": \"/i\"}, \"command\": [\"/c\"]"

typedef struct Case {
        Spec *spec;
        Project project;
        Fleet *fleet;
} Case;

/* A fleet of all containers of a specification, each with a goal; nothing is opened. */
static void case_open(Case *c, const char *containers, Goal goal) {
        _cleanup_strv_ char **names = NULL;
        Fleet *fleet = xmalloc0(sizeof(*fleet));

        c->spec = ops_spec(containers);
        c->project = ops_project(c->spec);
        for (size_t i = 0; i < c->spec->n_containers; i++)
                strv_push(&names, c->spec->containers[i].name);
        fleet->project = &c->project;
        ASSERT_OK(machine_watch_open(&fleet->watch, &c->project, NULL, names, NULL));
        fleet->n_members = fleet->watch.n;
        fleet->members = xnew0(Member, fleet->n_members);
        for (size_t i = 0; i < fleet->n_members; i++) {
                fleet->members[i] = (Member){
                        .fleet = fleet,
                        .at = &fleet->watch.entries[i],
                        .goal = goal,
                        .stage = goal_stops(goal) ? STAGE_TO_STOP : STAGE_TO_START,
                };
                fleet->watch.entries[i].part = &fleet->members[i];
        }
        c->fleet = fleet;
}

static void case_close(Case *c) {
        machine_watch_done(&c->fleet->watch);
        free(c->fleet->members);
        free(c->fleet);
        (void) spec_free(c->spec);
}

static Member *member(const Case *c, const char *name) {
        return machine_watch_find(&c->fleet->watch, name)->part;
}

static Needs needs(const Case *c, const char *name, const char **ret_other) {
        const Dependency *open = NULL;
        const Member *other = NULL;
        Needs n = member_needs(member(c, name), &open, &other);

        if (ret_other)
                *ret_other = other ? other->at->name : NULL;
        return n;
}

#define SHOP                                                                                                \
        "\"db\": {" COMMAND "}, \"seed\": {" COMMAND                                                        \
        ", \"oneShot\": true, \"dependsOn\": {\"db\": \"ready\"}}, "                                        \
        "\"web\": {" COMMAND ", \"dependsOn\": {\"db\": \"started\", \"seed\": \"completed\"}}"

/* What a member waits for, by how far another one has come. */
TEST(needs) {
        static const struct {
                MemberReached db;
                MemberStage db_stage;
                Needs seed, web;
        } table[] = {
                {REACHED_NOTHING, STAGE_TO_START, NEEDS_OPEN, NEEDS_OPEN},
                {REACHED_NOTHING, STAGE_STARTING, NEEDS_OPEN, NEEDS_OPEN},
                {REACHED_STARTED, STAGE_STARTING, NEEDS_OPEN, NEEDS_MET},
                {REACHED_READY, STAGE_OVER, NEEDS_MET, NEEDS_MET},
                /* It has failed: after its start, or before. */
                {REACHED_STARTED, STAGE_OVER, NEEDS_FAILED, NEEDS_MET},
                {REACHED_NOTHING, STAGE_OVER, NEEDS_FAILED, NEEDS_FAILED},
        };
        Case c;

        case_open(&c, SHOP, GOAL_START);
        member(&c, "seed")->reached = REACHED_READY;
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("%zu", i);
                member(&c, "db")->reached = table[i].db;
                member(&c, "db")->stage = table[i].db_stage;
                ASSERT_EQ(needs(&c, "db", NULL), NEEDS_MET);
                ASSERT_EQ(needs(&c, "seed", NULL), table[i].seed);
                ASSERT_EQ(needs(&c, "web", NULL), table[i].web);
        }
        case_close(&c);
}

/* One that is left alone is neither waited for, nor a reason not to start. */
TEST(left_alone) {
        Case c;

        case_open(&c, SHOP, GOAL_START);
        member(&c, "seed")->reached = REACHED_READY;
        member(&c, "db")->stage = STAGE_OVER;
        ASSERT_EQ(needs(&c, "web", NULL), NEEDS_FAILED);
        member(&c, "db")->goal = GOAL_LEAVE;
        ASSERT_EQ(needs(&c, "web", NULL), NEEDS_MET);
        case_close(&c);
}

/* The dependency that never comes is named before one that may come yet. */
TEST(failure_is_named) {
        const char *other;
        Case c;

        case_open(&c, SHOP, GOAL_START);
        ASSERT_EQ(needs(&c, "web", &other), NEEDS_OPEN);
        ASSERT_STREQ(other, "db");
        member(&c, "seed")->stage = STAGE_OVER;
        ASSERT_EQ(needs(&c, "web", &other), NEEDS_FAILED);
        ASSERT_STREQ(other, "seed");
        case_close(&c);
}

/* What depends on a container stops before it, and only that. */
TEST(stops_in_reverse) {
        Case c;

        case_open(&c, SHOP, GOAL_STOP);
        ASSERT_TRUE(!member_may_stop(member(&c, "db")));
        ASSERT_TRUE(!member_may_stop(member(&c, "seed")));
        ASSERT_TRUE(member_may_stop(member(&c, "web")));
        member(&c, "web")->stage = STAGE_STOPPING;
        ASSERT_TRUE(!member_may_stop(member(&c, "seed")));
        member(&c, "web")->stage = STAGE_OVER;
        ASSERT_TRUE(member_may_stop(member(&c, "seed")));
        ASSERT_TRUE(!member_may_stop(member(&c, "db")));
        /* In a restart it is down while it waits for its start. */
        member(&c, "seed")->stage = STAGE_TO_START;
        ASSERT_TRUE(member_may_stop(member(&c, "db")));
        case_close(&c);
}

/* With --no-wait it is waited for where another one that starts needs more of it than that it has
 * started. */
TEST(is_awaited) {
        Case c;

        case_open(&c, SHOP, GOAL_START);
        ASSERT_TRUE(member_is_awaited(member(&c, "db")));
        ASSERT_TRUE(member_is_awaited(member(&c, "seed")));
        ASSERT_TRUE(!member_is_awaited(member(&c, "web")));
        member(&c, "seed")->goal = GOAL_LEAVE;
        ASSERT_TRUE(!member_is_awaited(member(&c, "db")));
        member(&c, "web")->goal = GOAL_KEEP;
        ASSERT_TRUE(!member_is_awaited(member(&c, "seed")));
        case_close(&c);
}

/* A container that is not in the fleet does not count. */
TEST(others_do_not_count) {
        Case c;

        case_open(&c, "\"web\": {" COMMAND ", \"dependsOn\": {\"db\": \"ready\"}}, \"db\": {" COMMAND "}",
                  GOAL_START);
        free(c.fleet->watch.entries[1].name);
        c.fleet->watch.entries[1].name = xstrdup("another");
        ASSERT_EQ(needs(&c, "web", NULL), NEEDS_MET);
        case_close(&c);
}
