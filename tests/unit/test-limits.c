/* SPDX-License-Identifier: MIT */

/* Against folders that look like a cgroup2 tree: the controllers that matter are often not to be had. What
 * the kernel makes of such writes is its own affair. */

#include "cgroup/cgroup.h"
#include "machine/limits.h"
#include "project-util.h"
#include "record/limit-record.h"

static void put(const TestDir *tree, const char *name, const char *text) {
        _cleanup_free_ char *path = xasprintf("%s/%s", tree->path, name);
        FILE *f = fopen(path, "we");

        ASSERT_TRUE(f);
        ASSERT_TRUE(fputs(text, f) >= 0);
        ASSERT_EQ(fclose(f), 0);
}

static char *get(const TestDir *tree, const char *name) {
        _cleanup_free_ char *path = xasprintf("%s/%s", tree->path, name);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        char *text = NULL;

        ASSERT_TRUE(fd >= 0);
        ASSERT_OK(fs_read_fd(fd, path, 4096, &text, NULL, NULL));
        return text;
}

static void make_folder(const TestDir *tree, const char *name) {
        _cleanup_free_ char *path = xasprintf("%s/%s", tree->path, name);

        ASSERT_TRUE(mkdir(path, 0755) >= 0);
}

TEST(settings) {
        static const struct {
                ResourceKind kind;
                const char *value, *setting;
        } table[] = {
                {RESOURCE_MEMORY_MAX, "536870912", "memory.max=536870912"},
                {RESOURCE_MEMORY_MAX, "50%", "memory.max=4000000000"},
                {RESOURCE_MEMORY_HIGH, "infinity", "memory.high=max"},
                {RESOURCE_MEMORY_SWAP_MAX, "0", "memory.swap.max=0"},
                {RESOURCE_CPU_QUOTA, "50%", "cpu.max=50000 100000"},
                {RESOURCE_CPU_QUOTA, "1%", "cpu.max=1000 100000"},
                {RESOURCE_CPU_QUOTA, "250%", "cpu.max=250000 100000"},
                {RESOURCE_CPU_WEIGHT, "200", "cpu.weight=200"},
                {RESOURCE_TASKS_MAX, "512", "pids.max=512"},
                {RESOURCE_TASKS_MAX, "infinity", "pids.max=max"},
                {RESOURCE_IO_WEIGHT, "10", "io.weight=10"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                Resource resource = {table[i].kind, (char *) table[i].value};
                _cleanup_strv_ char **settings = limits_settings(&resource, 1, UINT64_C(8000000000));

                ASSERT_EQ(strv_length(settings), 1);
                ASSERT_STREQ(settings[0], table[i].setting);
        }
        ASSERT_TRUE(!limits_settings(NULL, 0, 1));
}

/* Each is in one of the two lists, or in both kinds of them. */
TEST(what_is_not_named_is_lifted) {
        const Resource resources[] = {
                {RESOURCE_CPU_QUOTA, (char *) "150%"},
                {RESOURCE_MEMORY_MAX, (char *) "25%"},
        };
        static const HostUnitLimit expected[_RESOURCE_KIND_MAX] = {
                [RESOURCE_MEMORY_MAX] = {"MemoryMax", UINT64_C(2000000000)},
                [RESOURCE_MEMORY_HIGH] = {"MemoryHigh", UINT64_MAX},
                [RESOURCE_MEMORY_SWAP_MAX] = {"MemorySwapMax", UINT64_MAX},
                [RESOURCE_CPU_QUOTA] = {"CPUQuotaPerSecUSec", UINT64_C(1500000)},
                [RESOURCE_CPU_WEIGHT] = {"CPUWeight", UINT64_MAX},
                [RESOURCE_TASKS_MAX] = {"TasksMax", 16384},
                [RESOURCE_IO_WEIGHT] = {"IOWeight", UINT64_MAX},
        };
        _cleanup_strv_ char **others = limits_others(resources, ELEMENTSOF(resources));
        HostUnitLimit properties[_RESOURCE_KIND_MAX];

        ASSERT_EQ(strv_length(others), _RESOURCE_KIND_MAX - ELEMENTSOF(resources));
        ASSERT_TRUE(strv_contains(others, "memory.high=max"));
        ASSERT_TRUE(strv_contains(others, "cpu.weight=100"));
        ASSERT_TRUE(strv_contains(others, "pids.max=max"));
        limits_properties(resources, ELEMENTSOF(resources), UINT64_C(8000000000), properties);
        for (size_t i = 0; i < _RESOURCE_KIND_MAX; i++) {
                test_set_row("%zu", i);
                ASSERT_STREQ(properties[i].property, expected[i].property);
                ASSERT_EQ(properties[i].value, expected[i].value);
        }
}

/* For the guest's next boot. */
TEST(record) {
        static const char *const damaged[] = {"memory.max=1", "memory.max\n", "=1\n",     "a=\n",
                                              "a=1\n\n",      "../a=1\n",     "a=1\nb\n", "\n"};
        char *const settings[] = {(char *) "cpu.max=50000 100000", (char *) "pids.max=7", NULL};
        TEST_DIR(dir);
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_strv_ char **read = NULL;

        ASSERT_OK(limit_record_read(dir.fd, &read, &error), &error);
        ASSERT_TRUE(!read);
        ASSERT_OK(limit_record_write(dir.fd, settings, &error), &error);
        ASSERT_OK(limit_record_read(dir.fd, &read, &error), &error);
        ASSERT_TRUE(strv_equal(read, settings));
        for (size_t i = 0; i < ELEMENTSOF(damaged); i++) {
                test_set_row("%zu", i);
                put(&dir, "limits", damaged[i]);
                ASSERT_ERROR(limit_record_read(dir.fd, &read, &error), &error, FC_EXIT_INTERNAL,
                             "the record 'limits' is damaged");
        }
        ASSERT_OK(limit_record_write(dir.fd, NULL, &error), &error);
        read = strv_free(read);
        ASSERT_OK(limit_record_read(dir.fd, &read, &error), &error);
        ASSERT_TRUE(!read);
}

TEST(a_missing_controller_is_named) {
        TEST_DIR(tree);
        Resource resources[] = {
                {RESOURCE_TASKS_MAX, (char *) "5"},
                {RESOURCE_MEMORY_MAX, (char *) "1048576"},
        };
        _cleanup_(error_done) Error error = ERROR_NULL;

        put(&tree, "cgroup.controllers", "cpuset cpu io memory hugetlb pids\n");
        ASSERT_OK(limits_require(tree.path, resources, 2, "containers.c.resources", &error), &error);
        put(&tree, "cgroup.controllers", "hugetlb pids\n");
        ASSERT_ERROR(limits_require(tree.path, resources, 2, "containers.c.resources", &error), &error,
                     FC_EXIT_HOST, "containers.c.resources.MemoryMax: the cgroup2 tree at '");
        ASSERT_TRUE(strstr(error.message, "has no controller 'memory' on this host"));
        ASSERT_TRUE(strstr(error.hints[0], "cgroup_no_v1=all"));
        put(&tree, "cgroup.type", "domain\n");
        ASSERT_ERROR(limits_require(tree.path, resources, 2, "containers.c.resources", &error), &error,
                     FC_EXIT_HOST, "has no controller 'memory'");
        ASSERT_TRUE(strstr(error.hints[0], "Delegate=cpu io memory pids"));
        put(&tree, "cgroup.controllers", "\n");
        ASSERT_ERROR(limits_require(tree.path, resources, 2, "containers.c.resources", &error), &error,
                     FC_EXIT_HOST, "TasksMax");
        /* Without limits nothing is asked for. */
        ASSERT_OK(limits_require(tree.path, NULL, 0, "containers.c.resources", &error), &error);
}

TEST(controllers_are_turned_on_down_to_the_machine) {
        static const char *const folders[] = {"flake-containers", "flake-containers/m"};
        TEST_DIR(tree);
        Resource resources[] = {
                {RESOURCE_MEMORY_MAX, (char *) "1048576"},
                {RESOURCE_MEMORY_SWAP_MAX, (char *) "0"},
        };
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *top = NULL, *middle = NULL, *machine = NULL;

        for (size_t i = 0; i < ELEMENTSOF(folders); i++)
                make_folder(&tree, folders[i]);
        put(&tree, "cgroup.subtree_control", "");
        put(&tree, "flake-containers/cgroup.subtree_control", "");
        /* A kernel that refuses is an error of the host's. */
        ASSERT_ERROR(limits_enable(tree.path, "m", resources, 2, &error), &error, FC_EXIT_HOST,
                     "turn on cgroup controller 'memory' in 'm'");
        put(&tree, "flake-containers/m/cgroup.subtree_control", "");
        ASSERT_OK(limits_enable(tree.path, "m", resources, 2, &error), &error);
        top = get(&tree, "cgroup.subtree_control");
        middle = get(&tree, "flake-containers/cgroup.subtree_control");
        machine = get(&tree, "flake-containers/m/cgroup.subtree_control");
        ASSERT_STREQ(top, "+memory");
        ASSERT_STREQ(middle, "+memory");
        ASSERT_STREQ(machine, "+memory");
        ASSERT_OK(limits_enable(tree.path, "no such machine", NULL, 0, &error), &error);
}

TEST(out_of_memory) {
        static const struct {
                const char *events;
                bool killed;
        } table[] = {
                {"low 0\nhigh 0\nmax 12\noom 0\noom_kill 0\noom_group_kill 0\n", false},
                {"low 0\nhigh 0\nmax 12\noom 1\noom_kill 1\noom_group_kill 0\n", true},
                {"low 0\nhigh 0\nmax 12\noom 3\noom_kill 20\n", true},
                {"", false},
        };
        TEST_DIR(tree);

        make_folder(&tree, "nspawn");
        ASSERT_TRUE(!cgroup_ran_out_of_memory(tree.fd, "nspawn"));
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("%zu", i);
                put(&tree, "nspawn/memory.events", table[i].events);
                ASSERT_EQ(cgroup_ran_out_of_memory(tree.fd, "nspawn"), table[i].killed);
        }
}

TEST(attributes_are_written) {
        char *const settings[] = {(char *) "cpu.max=50000 100000", (char *) "pids.max=7", NULL};
        char *const unknown[] = {(char *) "io.weight=7", NULL};
        TEST_DIR(tree);
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *cpu = NULL, *pids = NULL;

        make_folder(&tree, "nspawn");
        put(&tree, "nspawn/cpu.max", "");
        put(&tree, "nspawn/pids.max", "");
        ASSERT_OK(cgroup_set(tree.fd, "nspawn", settings, &error), &error);
        cpu = get(&tree, "nspawn/cpu.max");
        pids = get(&tree, "nspawn/pids.max");
        ASSERT_STREQ(cpu, "50000 100000");
        ASSERT_STREQ(pids, "7");
        ASSERT_TRUE(cgroup_has(tree.fd, "nspawn", "pids.max=max"));
        ASSERT_TRUE(!cgroup_has(tree.fd, "nspawn", "io.weight=100"));
        ASSERT_OK(cgroup_set(tree.fd, "nspawn", NULL, &error), &error);
        ASSERT_ERROR(cgroup_set(tree.fd, "nspawn", unknown, &error), &error, FC_EXIT_HOST,
                     "this kernel has no 'io.weight' for cgroups");
}
