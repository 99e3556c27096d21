/* SPDX-License-Identifier: MIT */

/* What a specification becomes for a fresh instance, and how its plan differs. */

#include "context/fresh-spec.h"
#include "ops-util.h"
#include "spec/volume.h"

#define SYSTEM "\"system\": {\"rootfs\": \"/i\"}, \"command\": [\"/c\"]"

/* "file" is one, all else are directories. */
static bool is_directory(const char *source, void *userdata) {
        return !strstr(source, "file");
}

static Spec *made(const char *keys) {
        _cleanup_free_ char *text = xasprintf("\"db\": {" SYSTEM "%s}", keys);
        Spec *spec = ops_spec(text);

        fresh_spec_make(spec, "/home/ada/shop", is_directory, NULL);
        return spec;
}

TEST(roots_are_not_kept) {
        _cleanup_(spec_freep) Spec *spec = made("");

        ASSERT_TRUE(spec->containers[0].ephemeral);
}

/* The project itself may have them at that time. */
TEST(addresses_are_not_kept) {
        _cleanup_(spec_freep) Spec *spec = made(", \"network\": {\"address\": \"10.250.0.2\"}");

        ASSERT_STREQ(spec->containers[0].address, NULL);
        ASSERT_EQ(spec->n_networks, 0u);
}

TEST(volumes) {
        static const struct {
                const char *volume;
                bool overlay, read_only, create;
        } table[] = {
                {"\"@data:/t\"", false, false, false},
                {"\"src:/t\"", true, false, false},
                {"\"/srv/src:/t\"", true, false, false},
                {"\"src:/t:ro\"", false, true, false},
                {"\"src:/t:overlay\"", true, false, false},
                {"{\"source\": \"src\", \"target\": \"/t\", \"create\": true}", true, false, true},
                {"\"src/file:/t\"", false, true, false},
                /* What is written over them would lie in them. */
                {"\".:/t\"", false, true, false},
                {"\"..:/t\"", false, true, false},
                {"\"/home/ada:/t\"", false, true, false},
                {"\"/home/ada/shop/\\u002e/:/t\"", false, true, false},
                {"\"/home/ada/shopping:/t\"", true, false, false},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *keys = xasprintf(", \"volumes\": [%s]", table[i].volume);
                _cleanup_(spec_freep) Spec *spec = made(keys);
                const Volume *v = &spec->containers[0].volumes[0];

                test_set_row("%s", table[i].volume);
                ASSERT_EQ(v->overlay, table[i].overlay);
                ASSERT_EQ(v->read_only, table[i].read_only);
                ASSERT_EQ(v->create, table[i].create);
        }
}

TEST(ports) {
        _cleanup_(spec_freep) Spec *spec =
                made(", \"ports\": [\"8080:80\", \"0.0.0.0:8081:80\", \"8080:80/udp\", \"auto:81\"]");
        const ContainerSpec *c = &spec->containers[0];

        ASSERT_EQ(c->n_ports, 3);
        for (size_t i = 0; i < c->n_ports; i++) {
                ASSERT_STREQ(c->ports[i].address, "127.0.0.1");
                ASSERT_EQ(c->ports[i].host, 0);
        }
        ASSERT_TRUE(c->ports[0].container == 80 && !c->ports[0].udp);
        ASSERT_TRUE(c->ports[1].container == 80 && c->ports[1].udp);
        ASSERT_EQ(c->ports[2].container, 81);
}

TEST(network) {
        _cleanup_(spec_freep) Spec *spec =
                ops_spec("\"db\": {" SYSTEM "}, \"open\": {" SYSTEM ", \"network\": {\"mode\": \"host\"}}");
        char *const fine[] = {(char *) "db", NULL}, *const both[] = {(char *) "db", (char *) "open", NULL};
        _cleanup_(error_done) Error error = ERROR_NULL;

        ASSERT_OK(fresh_spec_check(spec, fine, &error), &error);
        ASSERT_ERROR(fresh_spec_check(spec, both, &error), &error, FC_EXIT_USAGE,
                     "it has the host's network");
}

/* What can be a layer below, and what has to be copied. */
TEST(count_volume) {
        _cleanup_(spec_freep) Spec *spec = ops_spec(
                "\"db\": {" SYSTEM ", \"volumes\": [\"@own:/a\", \"@both:/b\", \"src:/c:overlay\"]}, "
                "\"web\": {" SYSTEM ", \"volumes\": [\"@both:/b\"]}, \"rest\": {" SYSTEM
                ", \"volumes\": [\"@rest:/b\"]}");
        char *const names[] = {(char *) "db", (char *) "web", NULL};
        _cleanup_free_ char *overlay = NULL;

        overlay = volume_kept_name("db", &spec->containers[0].volumes[2]);
        ASSERT_EQ(fresh_spec_count_volume(spec, names, "own"), 1);
        ASSERT_EQ(fresh_spec_count_volume(spec, names, "both"), 2);
        ASSERT_EQ(fresh_spec_count_volume(spec, names, "rest"), 0);
        ASSERT_TRUE(fresh_spec_count_volume(spec, names, overlay) > 1);
}

/* What is kept lies with the instance, what is not shown is the project's. */
TEST(plan) {
        _cleanup_(spec_freep) Spec *spec =
                ops_spec("\"db\": {" SYSTEM ", \"volumes\": [\"@own:/a\", \"@new:/b\", \".:/c:ro\"]}");
        Project project = ops_project(spec);
        char *layered[] = {(char *) "own", NULL};
        _cleanup_(container_plan_freep) ContainerPlan *plan = NULL;
        size_t seen = 0;

        project.state.instance = (char *) "shop-1f2e3d4c";
        project.layered = layered;
        fresh_spec_make(spec, project.root, is_directory, NULL);
        plan = ops_plan(&project, "db");
        for (size_t i = 0; i < plan->n_mounts; i++) {
                const PlanMount *m = &plan->mounts[i];

                if (m->kind == PLAN_MOUNT_ROOT) {
                        ASSERT_STREQ(m->source, "/project/.containers/.fresh/shop-1f2e3d4c/db/ephemeral");
                        seen++;
                } else if (streq_ptr(m->target, "/a")) {
                        ASSERT_EQ(m->kind, PLAN_MOUNT_LAYERED);
                        ASSERT_STREQ(m->upper, "own");
                        ASSERT_TRUE(m->fleeting && plan_mount_is_volume(m) && plan_mount_is_overlay(m));
                        seen++;
                } else if (streq_ptr(m->target, "/b")) {
                        ASSERT_EQ(m->kind, PLAN_MOUNT_NAMED_VOLUME);
                        ASSERT_STREQ(m->source, "/project/.containers/.fresh/shop-1f2e3d4c/volumes/new");
                        seen++;
                } else if (streq_ptr(m->target, "/c")) {
                        ASSERT_TRUE(m->masked);
                        ASSERT_EQ(m[1].kind, PLAN_MOUNT_MASK);
                        seen++;
                }
        }
        ASSERT_EQ(seen, 4);
}
