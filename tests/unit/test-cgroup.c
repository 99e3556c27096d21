/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/strv.h"
#include "cgroup/cgroup-find.h"
#include "cgroup/cgroup-use.h"
#include "cgroup/cgroup.h"
#include "host/facts.h"
#include "project-util.h"

#define SOON (10 * USEC_PER_SEC)

static char *mount_point(void) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        HostFacts facts;
        char *path;

        ASSERT_OK(facts_gather(&facts, &error), &error);
        path = xstrdup(facts.cgroup_root);
        facts_done(&facts);
        return path;
}

static bool possible(const char *mount) {
        return mount && geteuid() == 0 && access(mount, W_OK) == 0;
}

static char *machine_name(void) {
        return xasprintf("fc-test-%d", getpid());
}

/* A child in the cgroup that does nothing but be there. */
static pid_t put_child(int fd, const char *name) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int child = cgroup_open_child(fd, name, &error);
        pid_t pid;

        ASSERT_OK(child, &error);
        pid = own_cgroup_fork(child);
        ASSERT_TRUE(pid >= 0);
        if (pid == 0)
                for (;;)
                        (void) pause();
        return pid;
}

static void reap(pid_t pid, int signal) {
        int status;

        ASSERT_EQ(waitpid(pid, &status, 0), pid);
        ASSERT_TRUE(WIFSIGNALED(status));
        ASSERT_EQ(WTERMSIG(status), signal);
}

static CgroupUse use_of(const TestDir *dir, const char *path) {
        _cleanup_close_ int fd = openat(dir->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CgroupUse use;

        ASSERT_TRUE(fd >= 0);
        cgroup_use_read(fd, &use);
        ASSERT_EQ(cgroup_use_read_memory(fd), use.memory);
        return use;
}

TEST(memory_of_a_payload) {
        TEST_DIR(dir);
        ASSERT_EQ(test_shell(&dir, "mkdir -p a/nspawn/payload b/payload c/payload d/payload; "
                                   "echo 4096 >a/nspawn/payload/memory.current; "
                                   "echo 8192 >b/memory.current; echo max >b/memory.max; "
                                   "echo max >c/payload/memory.max; echo 1000 >c/memory.max; "
                                   "echo 500 >d/payload/memory.max; echo 1000 >d/memory.max"),
                  0);
        ASSERT_EQ(use_of(&dir, "a/nspawn/payload").memory, 4096);
        ASSERT_EQ(use_of(&dir, "b/payload").memory, 8192);
        /* The group around that is another thing. */
        ASSERT_EQ(use_of(&dir, "a/nspawn").memory, CGROUP_USE_UNKNOWN);

        ASSERT_EQ(use_of(&dir, "b/payload").memory_max, CGROUP_USE_UNKNOWN);
        /* nspawn turns controllers on below what has the limit. */
        ASSERT_EQ(use_of(&dir, "c/payload").memory_max, 1000);
        ASSERT_EQ(use_of(&dir, "d/payload").memory_max, 500);
}

static bool ran_out(const TestDir *dir, const char *path) {
        _cleanup_close_ int fd = openat(dir->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        ASSERT_TRUE(fd >= 0);
        return cgroup_use_ran_out(fd);
}

TEST(memory_that_ran_out) {
        TEST_DIR(dir);
        ASSERT_EQ(test_shell(&dir, "mkdir -p a/payload b/payload c/payload d/payload; "
                                   "echo oom_kill 1 >a/payload/memory.events; "
                                   "echo oom_kill 0 >b/payload/memory.events; "
                                   "echo oom_kill 1 >b/memory.events; echo oom_kill 2 >c/memory.events"),
                  0);
        ASSERT_TRUE(ran_out(&dir, "a/payload"));
        ASSERT_TRUE(!ran_out(&dir, "b/payload"));
        ASSERT_TRUE(ran_out(&dir, "c/payload"));
        ASSERT_TRUE(!ran_out(&dir, "d/payload"));
}

TEST(life_of_a_machine) {
        _cleanup_free_ char *mount = mount_point(), *machine = machine_name();
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int fd = -EBADF, again = -EBADF;
        _cleanup_strv_ char **all = NULL;
        bool populated;
        pid_t pid, found;

        if (!possible(mount))
                SKIP("needs root and a writable cgroup2");
        ASSERT_OK(cgroup_open(mount, machine, &again, &error), &error);
        ASSERT_EQ(again, -EBADF);

        fd = cgroup_create(mount, machine, &error);
        ASSERT_OK(fd, &error);
        ASSERT_ERROR(cgroup_create(mount, machine, &error), &error, FC_EXIT_INTERNAL, machine);
        ASSERT_OK(cgroup_list(mount, &all, &error), &error);
        ASSERT_TRUE(strv_contains(all, machine));
        ASSERT_OK(cgroup_populated(fd, &populated, &error), &error);
        ASSERT_TRUE(!populated);
        ASSERT_EQ(cgroup_wait_empty(fd, ".", 0, &error), 1);

        pid = put_child(fd, "runner");
        ASSERT_OK(cgroup_populated(fd, &populated, &error), &error);
        ASSERT_TRUE(populated);
        ASSERT_OK(cgroup_first_process(fd, "runner", &found, &error), &error);
        ASSERT_EQ(found, pid);
        ASSERT_OK(cgroup_first_process(fd, "nspawn", &found, &error), &error);
        ASSERT_EQ(found, 0);
        ASSERT_OK(cgroup_first_process(fd, "nspawn/supervisor", &found, &error), &error);
        ASSERT_EQ(found, 0);
        ASSERT_EQ(cgroup_wait_empty(fd, ".", 1000, &error), 0);

        ASSERT_TRUE(cgroup_remove(mount, machine, NULL) < 0);
        ASSERT_OK(cgroup_kill(fd, ".", &error), &error);
        reap(pid, SIGKILL);
        ASSERT_EQ(cgroup_wait_empty(fd, ".", SOON, &error), 1);
        ASSERT_OK(cgroup_remove(mount, machine, &error), &error);
        ASSERT_OK(cgroup_remove(mount, machine, &error), &error);

        /* What is held open of a machine that is gone is as good as empty. */
        ASSERT_OK(cgroup_populated(fd, &populated, &error), &error);
        ASSERT_TRUE(!populated);
        ASSERT_OK(cgroup_kill(fd, ".", &error), &error);
        ASSERT_EQ(cgroup_wait_empty(fd, ".", 0, &error), 1);
}

/* Only the named child is killed, and it can be made again: the reboot of a guest. */
TEST(a_part_of_a_machine) {
        _cleanup_free_ char *mount = mount_point(), *machine = machine_name();
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int fd = -EBADF;
        pid_t runner, payload;
        bool populated;

        if (!possible(mount))
                SKIP("needs root and a writable cgroup2");
        fd = cgroup_create(mount, machine, &error);
        ASSERT_OK(fd, &error);
        runner = put_child(fd, "runner");
        ASSERT_EQ(mkdirat(fd, "nspawn/payload", 0755), 0);
        ASSERT_EQ(mkdirat(fd, "nspawn/payload/deep", 0755), 0);
        payload = put_child(fd, "nspawn/payload/deep");

        ASSERT_OK(cgroup_kill(fd, "nspawn", &error), &error);
        reap(payload, SIGKILL);
        ASSERT_EQ(cgroup_wait_empty(fd, "nspawn", SOON, &error), 1);
        ASSERT_OK(cgroup_remove_child(fd, "nspawn", &error), &error);
        ASSERT_OK(cgroup_create_child(fd, "nspawn", &error), &error);
        ASSERT_OK(cgroup_populated(fd, &populated, &error), &error);
        ASSERT_TRUE(populated);

        ASSERT_OK(cgroup_kill(fd, ".", &error), &error);
        reap(runner, SIGKILL);
        ASSERT_OK(cgroup_remove(mount, machine, &error), &error);
}
TEST(freezes_and_thaws) {
        _cleanup_free_ char *mount = mount_point(), *machine = machine_name();
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int fd = -EBADF, nspawn_fd = -EBADF;
        bool populated, frozen;
        pid_t pid;

        if (!possible(mount))
                SKIP("needs root and a writable cgroup2");
        fd = cgroup_create(mount, machine, &error);
        ASSERT_OK(fd, &error);
        pid = put_child(fd, "nspawn");
        nspawn_fd = cgroup_open_child(fd, "nspawn", &error);
        ASSERT_OK(nspawn_fd, &error);
        ASSERT_EQ(cgroup_freeze(nspawn_fd, SOON, &error), 1);
        ASSERT_OK(cgroup_frozen(nspawn_fd, &frozen, &error), &error);
        ASSERT_TRUE(frozen);
        ASSERT_OK(cgroup_populated_or_frozen(nspawn_fd, &populated, &frozen, &error), &error);
        ASSERT_TRUE(populated && frozen);
        ASSERT_EQ(cgroup_thaw(nspawn_fd, SOON, &error), 1);
        ASSERT_OK(cgroup_frozen(nspawn_fd, &frozen, &error), &error);
        ASSERT_TRUE(!frozen);
        ASSERT_OK(cgroup_kill(nspawn_fd, ".", &error), &error);
        reap(pid, SIGKILL);
        ASSERT_EQ(cgroup_wait_empty(nspawn_fd, ".", SOON, &error), 1);
        /* What was killed while it stood still is not paused any more. */
        ASSERT_EQ(cgroup_freeze(nspawn_fd, SOON, &error), 1);
        ASSERT_OK(cgroup_populated_or_frozen(nspawn_fd, &populated, &frozen, &error), &error);
        ASSERT_TRUE(!populated && !frozen);

        ASSERT_OK(cgroup_remove_child(fd, "nspawn", &error), &error);
        ASSERT_EQ(cgroup_freeze(nspawn_fd, SOON, &error), -ENODEV);
        ASSERT_OK(cgroup_populated_or_frozen(nspawn_fd, &populated, &frozen, &error), &error);
        ASSERT_TRUE(!populated && !frozen);
        ASSERT_OK(cgroup_remove(mount, machine, &error), &error);
}

TEST(who_expects_moves_stays) {
        _cleanup_free_ char *mount = mount_point(), *machine = machine_name();
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int fd = -EBADF, runner = -EBADF;
        pid_t pid, found;
        int status;

        if (!possible(mount))
                SKIP("needs root and a writable cgroup2");
        fd = cgroup_create(mount, machine, &error);
        ASSERT_OK(fd, &error);
        runner = cgroup_open_child(fd, "runner", &error);
        ASSERT_OK(runner, &error);
        pid = own_cgroup_fork(runner);
        ASSERT_TRUE(pid >= 0);
        if (pid == 0) {
                cgroup_expect_moves(fd, "runner");
                /* It is advice: of what is not there nothing is said. */
                cgroup_expect_moves(fd, "nowhere");
                _exit(cgroup_first_process(fd, "runner", &found, NULL) >= 0 && found == getpid() ? 0 : 1);
        }
        ASSERT_EQ(waitpid(pid, &status, 0), pid);
        ASSERT_EQ(status, 0);
        ASSERT_OK(cgroup_remove(mount, machine, &error), &error);
}

/* The first controller that @mount has for what is below it; owned by the caller, NULL: there is none. */
static char *controller_of(const char *mount) {
        _cleanup_free_ char *path = xasprintf("%s/cgroup.controllers", mount), *text = NULL;
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0 || fs_read_fd(fd, path, 4096, &text, NULL, NULL) < 0 ||
            text[strcspn(text, " \n")] == '\0')
                return NULL;
        return xstrndup(text, strcspn(text, " \n"));
}

static int write_control(int fd, const char *path, const char *value) {
        _cleanup_close_ int file = openat(fd, path, O_WRONLY | O_CLOEXEC);

        return file < 0 || write(file, value, strlen(value)) < 0 ? -errno : 0;
}

/* Where one is on for what is below no process can be. */
TEST(turns_controllers_off) {
        _cleanup_free_ char *mount = mount_point(), *machine = machine_name(), *on = NULL, *off = NULL,
                            *process = NULL, *controller = mount ? controller_of(mount) : NULL;
        char *controllers[] = {controller, NULL};
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int fd = -EBADF, root = -EBADF;
        pid_t pid;

        if (!possible(mount) || !controller)
                SKIP("needs root and a cgroup2 with a controller");
        fd = cgroup_create(mount, machine, &error);
        ASSERT_OK(fd, &error);
        if (cgroup_enable(mount, machine, controllers, NULL) < 0) {
                ASSERT_OK(cgroup_remove(mount, machine, &error), &error);
                SKIP("no controller can be turned on here");
        }
        on = xasprintf("+%s", controller);
        off = xasprintf("-%s", controller);
        ASSERT_OK(mkdirat(fd, "nspawn/payload", 0755));
        ASSERT_OK(write_control(fd, "nspawn/cgroup.subtree_control", on));
        pid = put_child(fd, "runner");
        process = xasprintf("%d", (int) pid);
        ASSERT_EQ(write_control(fd, "cgroup.procs", process), -EBUSY);
        ASSERT_OK(cgroup_disable_all(fd, &error), &error);
        ASSERT_OK(write_control(fd, "cgroup.procs", process));
        ASSERT_OK(cgroup_disable_all(fd, &error), &error);
        ASSERT_OK(cgroup_kill(fd, ".", &error), &error);
        reap(pid, SIGKILL);
        ASSERT_EQ(cgroup_wait_empty(fd, ".", SOON, &error), 1);
        ASSERT_OK(cgroup_remove(mount, machine, &error), &error);
        /* As far as no other machine needs it. */
        root = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        (void) write_control(root, "cgroup.subtree_control", off);
}

TEST(refuses_links_and_missing_mounts) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        int fd = -EBADF;

        ASSERT_ERROR(cgroup_open("/proc/nonexistent", "m", &fd, &error), &error, FC_EXIT_INTERNAL,
                     "/proc/nonexistent");
        ASSERT_EQ(fd, -EBADF);
}
