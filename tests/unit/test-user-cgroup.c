/* SPDX-License-Identifier: MIT */

#include "rootless/user-cgroup.h"
#include "test.h"

/* What the user's systemd divides is not ours, but for the scope that was made for it. */
TEST(takes_nothing_that_a_systemd_divides) {
        static const struct {
                const char *name;
                UserCgroupStep step;
        } path[] = {
                {"user.slice", USER_CGROUP_MAY_BE},
                {"user-1000.slice", USER_CGROUP_MAY_BE},
                {"user@1000.service", USER_CGROUP_OTHER},
                {"app.slice", USER_CGROUP_OTHER},
                {"flake-containers.scope", USER_CGROUP_SCOPE},
        };
        bool in_manager = false;

        for (size_t i = 0; i < ELEMENTSOF(path); i++) {
                test_set_row("%s", path[i].name);
                ASSERT_EQ(user_cgroup_judge(path[i].name, &in_manager), path[i].step);
        }
        in_manager = false;
        ASSERT_EQ(user_cgroup_judge("flake-containers.scope", &in_manager), USER_CGROUP_MAY_BE);
        ASSERT_EQ(user_cgroup_judge("user@", &in_manager), USER_CGROUP_MAY_BE);
        ASSERT_EQ(in_manager, false);
}
