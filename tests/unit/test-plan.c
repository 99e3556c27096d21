/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "plan/definition.h"
#include "plan/in-place.h"
#include "plan/switch.h"
#include "spec/spec-parse.h"
#include "test.h"

static const PlanNetwork networks[] = {
        {.name = (char *) "default", .bridge = (char *) "fc-0", .address = (char *) "10.77.3.9"}};

static const PlanFacts facts = {
        .root = "/home/ada/shop",
        .state = "/home/ada/shop/.containers",
        .hosts = "/run/hosts",
        .machine = "shop-3f2a-web",
        .nspawn = "/usr/bin/systemd-nspawn",
        .networks = networks,
        .n_networks = 1,
};

/* @keys: of the container "web", beside its system. */
static Spec *parse(const char *keys) {
        _cleanup_free_ char *text =
                xasprintf("{\"version\": 1, \"containers\": {\"web\": {%s}, \"db\": {\"system\": "
                          "{\"rootfs\": \"i\"}}}}",
                          keys);
        _cleanup_(error_done) Error error = ERROR_NULL;
        Spec *spec;

        ASSERT_OK(spec_parse(text, strlen(text), &spec, &error), &error);
        return spec;
}

static PlanAction decide(const char *before, const char *after, char ***ret_reasons) {
        _cleanup_(spec_freep) Spec *old = parse(before), *new = parse(after);
        _cleanup_(container_plan_freep) ContainerPlan *running = plan_container(&old->containers[0], &facts),
                                                      *plan = plan_container(&new->containers[0], &facts);

        return plan_decide(plan, /* running= */ true, running->definition, ret_reasons);
}

#define SYSTEM  "\"system\": {\"rootfs\": \"i\"}"
#define OCI     "\"system\": {\"oci\": \"i\"}"
#define COMMAND SYSTEM ", \"command\": [\"a\"]"

/* Another flag of ours, another nspawn: another release starts the container otherwise, but not another
 * container. */
TEST(resolvers_of_a_joined_namespace) {
        _cleanup_(spec_freep) Spec *spec = parse("\"system\": {\"rootfs\": \"i\"}, \"network\": {\"mode\": "
                                                 "\"namespace\", \"namespace\": \"vpn\"}");
        PlanFacts joined = facts;
        ContainerPlan *plan = plan_container(&spec->containers[0], &joined);

        ASSERT_TRUE(!strv_contains(plan->argv, "--private-network"));
        ASSERT_TRUE(!strv_contains(plan->argv, "--resolv-conf=off"));
        ASSERT_TRUE(!plan->bridge && !plan_sets_network(plan));
        (void) container_plan_free(plan);

        joined.resolv_conf = "nameserver 10.64.0.1\n";
        plan = plan_container(&spec->containers[0], &joined);
        ASSERT_TRUE(strv_contains(plan->argv, "--resolv-conf=off"));
        ASSERT_STREQ(plan->files[plan->n_files - 1].text, joined.resolv_conf);
        ASSERT_TRUE(strv_contains(plan->mount_points, RESOLV_CONF_TARGET));
        (void) container_plan_free(plan);
}

TEST(arguments_of_ours_restart_nothing) {
        _cleanup_(spec_freep) Spec *spec = parse(SYSTEM);
        _cleanup_(container_plan_freep) ContainerPlan *running =
                                                              plan_container(&spec->containers[0], &facts),
                                                      *plan = plan_container(&spec->containers[0], &facts);
        _cleanup_strv_ char **reasons = NULL;

        strv_push(&plan->argv, "--an-argument-of-another-release");
        plan->mounts[0].read_only = true;
        strv_free(plan->definition);
        plan->definition = definition_make(plan, facts.root, facts.root);
        ASSERT_TRUE(!(strv_equal(plan->argv, running->argv)));
        ASSERT_EQ(plan_decide(plan, true, running->definition, &reasons), PLAN_KEEP);
        ASSERT_TRUE(!reasons);
        STRV_FOREACH (argument, plan->argv)
                STRV_FOREACH (line, plan->definition)
                        ASSERT_TRUE(!(startswith(*argument, "--") && strstr(*line, *argument)));
}

/* A key with its default says nothing, so that a release that knows another key restarts nothing either. */
TEST(a_default_is_not_named) {
        _cleanup_(spec_freep) Spec *spec = parse(COMMAND);
        _cleanup_(container_plan_freep) ContainerPlan *plan = plan_container(&spec->containers[0], &facts);
        char *const expected[] = {(char *) "image /home/ada/shop/i", (char *) "project /home/ada/shop",
                                  (char *) "address 10.77.3.9", (char *) "command[0] a", NULL};

        ASSERT_TRUE(strv_equal(plan->definition, expected));
        ASSERT_TRUE(definition_runs_command(plan->definition));
}

/* A root is a copy, which keeps running whatever becomes of what it was made of. */
TEST(another_oci_image) {
        static const struct {
                const char *before, *after; /* NULL: it cannot be looked at */
                const char *keys, *then;
                PlanAction action;
        } table[] = {
                {"a", "a", "", "", PLAN_KEEP},
                {"a", "b", "", "", PLAN_KEEP},
                {"a", NULL, "", "", PLAN_KEEP},
                {"a", "b", "", ", \"users\": \"host\"", PLAN_RESTART},
                {"a", "b", ", \"ephemeral\": true", ", \"ephemeral\": true", PLAN_RESTART},
                {"a", NULL, ", \"ephemeral\": true", ", \"ephemeral\": true", PLAN_KEEP},
                {"a", "a", ", \"ephemeral\": true", "", PLAN_RESTART},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *text = xasprintf(OCI "%s", table[i].keys),
                                    *then = xasprintf(OCI "%s", table[i].then);
                _cleanup_(spec_freep) Spec *old = parse(text), *new = parse(then);
                _cleanup_(container_plan_freep) ContainerPlan *running = NULL, *plan = NULL;

                test_set_row("%zu", i);
                old->containers[0].oci->input = xstrdup(table[i].before);
                new->containers[0].oci->input = xstrdup(table[i].after);
                running = plan_container(&old->containers[0], &facts);
                plan = plan_container(&new->containers[0], &facts);
                ASSERT_EQ(strv_equal(plan->definition, running->definition), i == 0);
                ASSERT_EQ(plan_decide(plan, true, running->definition, NULL), table[i].action);
        }
}

TEST(what_the_user_changes_restarts) {
        static const struct {
                const char *before, *after, *reason;
        } table[] = {
                {SYSTEM, "\"system\": {\"rootfs\": \"j\"}", "new: image /home/ada/shop/j"},
                {SYSTEM, "\"system\": {\"rootfs\": \"i\", \"init\": \"/init\"}", "new: system.init /init"},
                {"\"system\": {\"toplevel\": \"/s/a\"}", "\"system\": {\"toplevel\": \"/t/b\"}",
                 "not in place: the new system is in another store"},
                {"\"system\": {\"toplevel\": \"/s/a\"}", "\"system\": {\"toplevel\": \"/t/b\"}",
                 "no longer: system.toplevel /s/a"},
                {"\"system\": {\"toplevel\": \"/s/a\"}",
                 "\"system\": {\"toplevel\": \"/s/b\"}, \"volumes\": [\"a:/b\", \"c:/d\"], \"users\": "
                 "\"host\"",
                 "not in place: users, volumes changed, too"},
                {"\"system\": {\"toplevel\": \"/s/a\"}, \"command\": [\"a\"]",
                 "\"system\": {\"toplevel\": \"/s/b\"}, \"command\": [\"a\"]",
                 "not in place: it runs a command"},
                {"\"system\": {\"toplevel\": \"/s/a\"}, \"oneShot\": true",
                 "\"system\": {\"toplevel\": \"/s/b\"}, \"oneShot\": true", "not in place: oneShot is set"},
                {"\"system\": {\"toplevel\": \"/s/a\", \"closure\": \"/s/c\"}, \"store\": \"closure\"",
                 "\"system\": {\"toplevel\": \"/s/b\", \"closure\": \"/s/d\"}, \"store\": \"closure\"",
                 "not in place: store is 'closure', and has nothing of the new system"},
                /* The init alone is what it boots. */
                {"\"system\": {\"toplevel\": \"/s/a\"}",
                 "\"system\": {\"toplevel\": \"/s/a\", \"init\": \"/s/b/i\"}", "new: system.init /s/b/i"},
                {"\"system\": {\"toplevel\": \"/s/a\", \"closure\": \"/s/c\"}",
                 "\"system\": {\"toplevel\": \"/s/a\", \"closure\": \"/s/c\"}, \"store\": \"closure\"",
                 "new: store closure"},
                {COMMAND, SYSTEM ", \"command\": [\"a\", \"b\"]", "new: command[1] b"},
                {SYSTEM, SYSTEM ", \"users\": \"host\"", "new: users host"},
                {SYSTEM, SYSTEM ", \"network\": {\"mode\": \"none\"}", "new: network.mode none"},
                {SYSTEM, SYSTEM ", \"volumes\": [\"a:/b\"]", "new: volumes[0].source a"},
                {SYSTEM ", \"volumes\": [\"a:/b\"]", SYSTEM ", \"volumes\": [\"a:/b:ro\"]",
                 "new: volumes[0].readOnly true"},
                /* The same words, cut otherwise. */
                {SYSTEM ", \"volumes\": [\"a /b:/c\"]", SYSTEM ", \"volumes\": [\"a:/b /c\"]",
                 "no longer: volumes[0].source a /b"},
                {SYSTEM, SYSTEM ", \"tmpfs\": [\"/t\"]", "new: tmpfs[0].target /t"},
                {SYSTEM ", \"environment\": {\"A\": \"1\"}", SYSTEM ", \"environment\": {\"A\": \"2\"}",
                 "no longer: environment.A 1"},
                /* Names that differ where a message would cut them. */
                {SYSTEM
                 ", \"environment\": {"
                 "\"N123456789N123456789N123456789N123456789N123456789N123456789N123456789a\": \"1\"}",
                 SYSTEM
                 ", \"environment\": {"
                 "\"N123456789N123456789N123456789N123456789N123456789N123456789N123456789b\": \"1\"}",
                 NULL},
                {SYSTEM, SYSTEM ", \"credentials\": {\"a.b\": \"f\"}", "new: credentials.a.b f"},
                {SYSTEM, SYSTEM ", \"capabilities\": {\"drop\": [\"CAP_MKNOD\"]}",
                 "new: capabilities.drop[0] CAP_MKNOD"},
                {SYSTEM, SYSTEM ", \"devices\": [\"/dev/fuse\"]", "new: devices[0].path /dev/fuse"},
                {SYSTEM, SYSTEM ", \"ephemeral\": true", "new: ephemeral true"},
                {SYSTEM, SYSTEM ", \"restart\": \"on-failure\"", "new: restart on-failure"},
                {SYSTEM, SYSTEM ", \"nspawnArgs\": [\"--no-new-privileges=yes\"]",
                 "new: nspawnArgs[0] --no-new-privileges=yes"},
                {COMMAND, COMMAND ", \"ready\": {\"notify\": true}", "new: ready.notify true"},
                {COMMAND, COMMAND ", \"stop\": {\"signal\": \"SIGINT\"}", "new: stop.signal SIGINT"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_strv_ char **reasons = NULL;

                test_set_row("%s", table[i].after);
                ASSERT_EQ(decide(table[i].before, table[i].after, &reasons), PLAN_RESTART);
                if (table[i].reason)
                        ASSERT_TRUE(strv_contains(reasons, table[i].reason));
        }
}

/* What goes along with another system says nothing against it. */
TEST(another_system_alone_is_switched) {
        static const struct {
                const char *before, *after;
        } table[] = {
                {"\"system\": {\"toplevel\": \"/s/a\"}", "\"system\": {\"toplevel\": \"/s/b\"}"},
                {"\"system\": {\"toplevel\": \"/s/a\"}",
                 "\"system\": {\"toplevel\": \"/s/b\", \"init\": \"/s/b/prepare-root\"}"},
                {"\"system\": {\"toplevel\": \"/s/a\", \"closure\": \"/s/c\"}",
                 "\"system\": {\"toplevel\": \"/s/b\", \"closure\": \"/s/d\"}"},
                {"\"system\": {\"toplevel\": \"/s/a\"}",
                 "\"system\": {\"toplevel\": \"/s/b\"}, \"ready\": {\"timeout\": 7}"},
                {"\"system\": {\"toplevel\": \"/s/a\"}, \"volumes\": [\"a:/b\"]",
                 "\"system\": {\"toplevel\": \"/s/b\"}, \"volumes\": [\"a:/b\"]"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_strv_ char **reasons = NULL;

                test_set_row("%s", table[i].after);
                ASSERT_EQ(decide(table[i].before, table[i].after, &reasons), PLAN_SWITCH);
                ASSERT_TRUE(strv_contains(reasons, "no longer: system.toplevel /s/a"));
                ASSERT_TRUE(strv_contains(reasons, "new: system.toplevel /s/b"));
        }
}

#define NIXOS(name) "\"system\": {\"toplevel\": \"/s/" name "\"}"
#define PORTS(list) SYSTEM ", \"ports\": [" list "]"

/* As NixOS checks it: nixpkgs, nixos/modules/system/activation/switchable-system.nix. */
TEST(inhibitors_of_a_switch) {
        static const struct {
                const char *before, *after, *key;
        } table[] = {
                {"{\"dbus\": \"dbus\"}", "{\"dbus\": \"broker\"}", "dbus"},
                {"{\"a\": \"1\", \"b\": \"1\"}", "{\"b\": \"2\", \"a\": \"1\"}", "b"},
                {"{\"dbus\": \"dbus\"}", "{\"dbus\": \"dbus\"}", NULL},
                /* What only one of them names. */
                {"{}", "{\"dbus\": \"broker\"}", NULL},
                {"{\"dbus\": \"dbus\"}", "{}", NULL},
                /* What is none. */
                {"{\"dbus\": 1}", "{\"dbus\": \"broker\"}", NULL},
                {"[\"dbus\"]", "[\"broker\"]", NULL},
                {"", "{\"dbus\": \"broker\"}", NULL},
                {"{\"dbus\": \"dbus\"}", "{\"dbus\": \"broker\"", NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *key = switch_find_inhibitor(table[i].before, table[i].after);

                test_set_row("%s, %s", table[i].before, table[i].after);
                ASSERT_STREQ(key, table[i].key);
        }
}

TEST(ports_alone_are_changed_in_place) {
        static const struct {
                const char *before, *after;
                PlanAction action;
        } table[] = {
                {SYSTEM, PORTS("\"80\""), PLAN_ADJUST},
                {PORTS("\"80\""), SYSTEM, PLAN_ADJUST},
                {PORTS("\"80\""), PORTS("\"80\", \"81\", \"auto:82\", \"83:83/udp\""), PLAN_ADJUST},
                {PORTS("\"80\", \"81\""), PORTS("\"81\""), PLAN_ADJUST},
                {PORTS("\"80\", \"81\""), PORTS("\"81\", \"80\""), PLAN_ADJUST},
                {PORTS("\"8080:80\""), PORTS("\"8081:80\""), PLAN_ADJUST},
                {PORTS("\"auto:80\""), PORTS("\"auto:81\""), PLAN_ADJUST},
                {PORTS("\"80\", \"83:83/udp\""), PORTS("\"83:83/udp\""), PLAN_ADJUST},
                {PORTS("\"auto:80\", \"8080:80\""), PORTS("\"auto:80\""), PLAN_ADJUST},
                {PORTS("\"auto:80\", \"8080:80\""), SYSTEM, PLAN_ADJUST},
                {PORTS("\"auto:80\", \"auto:80/udp\""), PORTS("\"auto:80/udp\", \"8080:80\""), PLAN_ADJUST},
                {PORTS("\"192.168.1.5:8080:80\""), PORTS("\"auto:80\""), PLAN_ADJUST},
                /* Which of those that are bound is the "auto" one? */
                {PORTS("\"auto:80\", \"8080:80\""), PORTS("\"8080:80\""), PLAN_RESTART},
                {PORTS("\"auto:80\", \"127.0.0.2:auto:80\""), PORTS("\"auto:80\""), PLAN_RESTART},
                {PORTS("\"80\", {\"host\": 81, \"container\": 81, \"proxyProtocol\": true}"),
                 PORTS("{\"host\": 81, \"container\": 81, \"proxyProtocol\": true}"), PLAN_ADJUST},
                /* The host's port stays, and leads elsewhere, or is at another address. */
                {PORTS("\"8080:80\""), PORTS("\"8080:81\""), PLAN_RESTART},
                {PORTS("\"127.0.0.1:80:80\""), PORTS("\"127.0.0.2:80:80\""), PLAN_RESTART},
                {PORTS("\"127.0.0.1:80:80\", \"127.0.0.2:80:80\""), PORTS("\"127.0.0.1:80:80\""),
                 PLAN_RESTART},
                {PORTS("\"80:80/udp\""), PORTS("\"80:80\""), PLAN_RESTART},
                {PORTS("\"80:80/udp\""), SYSTEM, PLAN_RESTART},
                {PORTS("\"80\""), PORTS("{\"host\": 80, \"container\": 80, \"proxyProtocol\": true}"),
                 PLAN_RESTART},
                {SYSTEM, PORTS("{\"host\": 80, \"container\": 80, \"proxyProtocol\": true}"), PLAN_RESTART},
                {PORTS("{\"host\": 80, \"container\": 80, \"proxyProtocol\": true}"), SYSTEM, PLAN_RESTART},
                /* And something else. */
                {SYSTEM, PORTS("\"80\"") ", \"users\": \"host\"", PLAN_RESTART},
                {SYSTEM ", \"users\": \"host\"", PORTS("\"80\""), PLAN_RESTART},
                /* And the system. */
                {NIXOS("a"), NIXOS("b") ", \"ports\": [\"80\"]", PLAN_SWITCH},
                {NIXOS("a") ", \"ports\": [\"80\"]", NIXOS("b"), PLAN_SWITCH},
                {NIXOS("a") ", \"ports\": [\"80/udp\"]", NIXOS("b"), PLAN_RESTART},
                {NIXOS("a"), NIXOS("b") ", \"ports\": [\"80\"], \"users\": \"host\"", PLAN_RESTART},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_strv_ char **reasons = NULL;

                test_set_row("%s -> %s", table[i].before, table[i].after);
                ASSERT_EQ(decide(table[i].before, table[i].after, &reasons), table[i].action);
                ASSERT_TRUE(reasons);
        }
}

#define LIMITS(list) SYSTEM ", \"resources\": {" list "}"

TEST(limits_are_changed_in_place) {
        static const struct {
                const char *before, *after;
                PlanAction action;
                bool differ;
        } table[] = {
                {SYSTEM, LIMITS("\"TasksMax\": 7"), PLAN_ADJUST, true},
                {LIMITS("\"TasksMax\": 7"), SYSTEM, PLAN_ADJUST, true},
                {LIMITS("\"TasksMax\": 7"), LIMITS("\"TasksMax\": 8"), PLAN_ADJUST, true},
                {LIMITS("\"TasksMax\": 7"), LIMITS("\"CPUQuota\": \"50%\", \"MemoryMax\": \"1G\""),
                 PLAN_ADJUST, true},
                {LIMITS("\"MemoryMax\": \"1G\""), LIMITS("\"MemoryMax\": \"1024M\""), PLAN_KEEP, false},
                {LIMITS("\"TasksMax\": 7"), PORTS("\"80\""), PLAN_ADJUST, true},
                {LIMITS("\"TasksMax\": 7"), LIMITS("\"TasksMax\": 7") ", \"ports\": [\"80\"]", PLAN_ADJUST,
                 false},
                {LIMITS("\"TasksMax\": 7"), SYSTEM ", \"users\": \"host\"", PLAN_RESTART, true},
                {PORTS("\"80:80/udp\""), LIMITS("\"TasksMax\": 7"), PLAN_RESTART, true},
                {NIXOS("a"), NIXOS("b") ", \"resources\": {\"TasksMax\": 7}", PLAN_SWITCH, true},
                {NIXOS("a"), NIXOS("b") ", \"resources\": {\"TasksMax\": 7}, \"ports\": [\"80\"]",
                 PLAN_SWITCH, true},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(spec_freep) Spec *old = parse(table[i].before), *new = parse(table[i].after);
                _cleanup_(container_plan_freep)
                        ContainerPlan *before = plan_container(&old->containers[0], &facts),
                                      *after = plan_container(&new->containers[0], &facts);

                test_set_row("%s -> %s", table[i].before, table[i].after);
                ASSERT_EQ(plan_decide(after, /* running= */ true, before->definition, NULL),
                          table[i].action);
                ASSERT_EQ(in_place_limits_differ(after, before->definition), table[i].differ);
        }
}

/* After a command that was killed on the way: whatever they are to be, they are set. */
TEST(limits_half_changed) {
        _cleanup_(spec_freep) Spec *spec = parse(LIMITS("\"TasksMax\": 7, \"MemoryMax\": \"50%\""));
        _cleanup_(container_plan_freep) ContainerPlan *plan = plan_container(&spec->containers[0], &facts);
        _cleanup_strv_ char **running = strv_copy(plan->definition), **reasons = NULL;
        Resource *limits;
        size_t n;

        strv_push(&running, IN_PLACE_LIMITS_UNFINISHED);
        ASSERT_TRUE(in_place_limits_differ(plan, running));
        ASSERT_EQ(plan_decide(plan, /* running= */ true, running, &reasons), PLAN_ADJUST);
        ASSERT_STREQ(reasons[0], "its last change of limits was interrupted");
        in_place_limits(running, &limits, &n);
        ASSERT_EQ(n, 2);
        ASSERT_EQ(limits[0].kind, RESOURCE_MEMORY_MAX);
        ASSERT_STREQ(limits[0].value, "50%");
        ASSERT_EQ(limits[1].kind, RESOURCE_TASKS_MAX);
        ASSERT_STREQ(limits[1].value, "7");
        in_place_limits_free(limits, n);
}

/* What goes with another system comes before it: the definition in between is that of the old system, and
 * tells what a command that was killed has left undone. */
TEST(adjusted_before_a_switch) {
        _cleanup_(spec_freep) Spec *old = parse(NIXOS("a") ", \"ports\": [\"80\", \"81\"]"),
                                   *new = parse(NIXOS("b") ", \"ports\": [\"81\"], "
                                                           "\"resources\": {\"TasksMax\": 7}"),
                                   *back = parse(NIXOS("a") ", \"ports\": [\"81\"], "
                                                            "\"resources\": {\"TasksMax\": 7}");
        _cleanup_(container_plan_freep) ContainerPlan *before = plan_container(&old->containers[0], &facts),
                                                      *after = plan_container(&new->containers[0], &facts),
                                                      *old_system =
                                                              plan_container(&back->containers[0], &facts);
        _cleanup_strv_ char **adjusted = in_place_adjusted(after, before->definition), **reasons = NULL;

        ASSERT_STREQ(definition_get(adjusted, DEFINITION_TOPLEVEL), "/s/a");
        ASSERT_STREQ(definition_get(adjusted, "ports[0].host"), "81");
        ASSERT_TRUE(!definition_get(adjusted, "ports[1].host"));
        ASSERT_TRUE(!in_place_limits_differ(after, adjusted));
        ASSERT_EQ(plan_decide(after, /* running= */ true, adjusted, NULL), PLAN_SWITCH);
        /* The system is taken back, the ports and limits are not. */
        ASSERT_EQ(plan_decide(old_system, /* running= */ true, adjusted, NULL), PLAN_KEEP);
        strv_push(&adjusted, IN_PLACE_LIMITS_UNFINISHED);
        ASSERT_EQ(plan_decide(after, /* running= */ true, adjusted, NULL), PLAN_SWITCH);
        strv_push(&adjusted, IN_PLACE_UNFINISHED);
        ASSERT_EQ(plan_decide(after, /* running= */ true, adjusted, &reasons), PLAN_RESTART);
        ASSERT_STREQ(reasons[strv_length(reasons) - 1], "not in place: ports changed, too");
}

/* A command that failed has closed it: a specification that has it again is another one. */
TEST(a_port_is_forgotten_by_a_definition) {
        static const struct {
                const char *before, *after;
                Port port;
        } table[] = {
                {PORTS("\"80\", \"auto:81\", \"82:83/udp\""),
                 PORTS("\"auto:81\", \"82:83/udp\""),
                 {.host = 80, .container = 80}},
                {PORTS("\"80\", \"auto:81\", \"82:83/udp\""),
                 PORTS("\"80\", \"82:83/udp\""),
                 {.container = 81}},
                {PORTS("\"80\", \"127.0.0.2:80:80\""),
                 PORTS("\"80\""),
                 {.address = (char *) "127.0.0.2", .host = 80, .container = 80}},
                {PORTS("\"80\""), SYSTEM, {.host = 80, .container = 80}},
                {PORTS("\"80\""), PORTS("\"80\""), {.host = 81, .container = 80}},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(spec_freep) Spec *old = parse(table[i].before), *new = parse(table[i].after);
                _cleanup_(container_plan_freep)
                        ContainerPlan *before = plan_container(&old->containers[0], &facts),
                                      *after = plan_container(&new->containers[0], &facts);
                _cleanup_strv_ char **running = strv_copy(before->definition);

                test_set_row("%zu", i);
                in_place_forget_port(&running, &table[i].port);
                ASSERT_TRUE(strv_equal(running, after->definition));
                ASSERT_EQ(plan_decide(before, /* running= */ true, running, NULL),
                          streq(table[i].before, table[i].after) ? PLAN_KEEP : PLAN_ADJUST);
        }
}

/* What is left with its port inside is it, when all others that go are closed. */
TEST(an_automatic_port_goes_last) {
        _cleanup_(spec_freep) Spec *old = parse(PORTS("\"auto:80\", \"8080:80\", \"auto:81\"")),
                                   *new = parse(SYSTEM);
        _cleanup_(container_plan_freep) ContainerPlan *running = plan_container(&old->containers[0], &facts),
                                                      *plan = plan_container(&new->containers[0], &facts);
        Port *gone;
        size_t n;

        in_place_ports_gone(plan, running->definition, &gone, &n);
        ASSERT_EQ(n, 3);
        ASSERT_EQ(gone[0].host, 8080);
        ASSERT_EQ(gone[1].container, 80);
        ASSERT_EQ(gone[2].container, 81);
        in_place_ports_free(gone, n);
}

TEST(what_a_running_container_takes_restarts_nothing) {
        static const struct {
                const char *before, *after;
        } table[] = {
                {SYSTEM, SYSTEM},
                {SYSTEM, "\"system\": {\"rootfs\": \"i\", \"build\": \"make\"}"},
                /* A default, written down. */
                {SYSTEM, SYSTEM ", \"users\": \"private\", \"tmpfs\": [], \"restart\": \"no\""},
                {SYSTEM ", \"ports\": [\"80\"]",
                 SYSTEM ", \"ports\": [{\"host\": 80, \"container\": 80, \"protocol\": \"tcp\"}]"},
                {SYSTEM,
                 SYSTEM ", \"ready\": {\"timeout\": 7, \"units\": [\"a.service\"], \"tcp\": [1], \"unix\": "
                        "[\"/s\"], \"exec\": [[\"a\"]], \"http\": [{\"port\": 1}]}"},
                {SYSTEM, SYSTEM ", \"stop\": {\"timeout\": 7}"},
                {SYSTEM, SYSTEM ", \"dependsOn\": {\"db\": \"ready\"}"},
                {COMMAND, COMMAND ", \"oneShot\": true"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_strv_ char **reasons = NULL;

                test_set_row("%s", table[i].after);
                ASSERT_EQ(decide(table[i].before, table[i].after, &reasons), PLAN_KEEP);
                ASSERT_TRUE(!reasons);
        }
}

/* nspawn's own PID 1, which a command has, would take SIGINT for Ctrl-Alt-Del. */
TEST(only_an_init_is_asked_by_nspawn_with_its_own_signal) {
        static const struct {
                const char *keys, *argument;
        } table[] = {
                {SYSTEM, "--kill-signal=SIGRTMIN+3"},
                {SYSTEM ", \"stop\": {\"signal\": \"SIGRTMIN+4\"}", "--kill-signal=SIGRTMIN+4"},
                {SYSTEM ", \"stop\": {\"signal\": \"SIGPWR\"}", "--kill-signal=SIGPWR"},
                {COMMAND ", \"stop\": {\"signal\": \"SIGINT\"}", "--kill-signal=SIGRTMIN+3"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(spec_freep) Spec *spec = parse(table[i].keys);
                _cleanup_(container_plan_freep) ContainerPlan *plan =
                        plan_container(&spec->containers[0], &facts);

                test_set_row("%s", table[i].keys);
                ASSERT_TRUE(strv_contains(plan->argv, table[i].argument));
        }
}

TEST(keys_of_a_definition) {
        char *const definition[] = {(char *) "image /a b", (char *) "image-more x",
                                    (char *) "ephemeral true", NULL};

        ASSERT_STREQ(definition_get(definition, DEFINITION_IMAGE), "/a b");
        ASSERT_STREQ(definition_get(definition, DEFINITION_EPHEMERAL), "true");
        ASSERT_TRUE(!definition_get(definition, DEFINITION_TOPLEVEL));
        ASSERT_TRUE(!definition_get(NULL, DEFINITION_IMAGE));
        ASSERT_TRUE(!(definition_runs_command(definition)));
}
