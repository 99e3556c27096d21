/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "base/userns.h"

#define MAP_MAX ((size_t) 4096)

/* It calls two functions, and no signal handler runs on it. */
#define HOLDER_STACK 16384

/* What a user namespace belongs to until it has a descriptor: stays until it is killed. It has our memory,
 * errno included, and changes nothing there. */
static int userns_holder(void *userdata) {
        const pid_t *parent = userdata;

        if (process_end_with_parent(*parent, SIGKILL) >= 0)
                for (;;)
                        (void) pause();
        _exit(1);
}

/* @process: its name in /proc. */
static int write_map(const char *process, const char *name, const char *map) {
        _cleanup_free_ char *path = xasprintf("/proc/%s/%s", process, name);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);

        return fd < 0 || write(fd, map, strlen(map)) < 0 ? -errno : 0;
}

static int user_namespace_of(pid_t pid, const char *uids, const char *gids) {
        _cleanup_free_ char *process = xasprintf("%d", (int) pid),
                            *path = xasprintf("/proc/%s/ns/user", process);
        int fd, r;

        r = write_map(process, "uid_map", uids);
        if (r >= 0)
                r = write_map(process, "gid_map", gids);
        if (r < 0)
                return r;
        fd = open(path, O_RDONLY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int userns_map_own(uid_t uid, gid_t gid) {
        _cleanup_free_ char *uids = xasprintf("0 %u 1", uid), *gids = xasprintf("0 %u 1", gid);
        int r = write_map("self", "setgroups", "deny");

        if (r >= 0)
                r = write_map("self", "uid_map", uids);
        return r < 0 ? r : write_map("self", "gid_map", gids);
}

/* A copy of our memory for each would take most of the time. Return: its pid, or a negative errno. */
static pid_t userns_holder_start(char *stack, pid_t *parent) {
        sigset_t all, old;
        pid_t pid;

        /* Those of a terminal go to its processes, and our handlers would run there, in our memory. */
        (void) sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, &old);
        pid = clone(userns_holder, stack + HOLDER_STACK, CLONE_VM | CLONE_NEWUSER | SIGCHLD, parent);
        pid = pid < 0 ? -errno : pid;
        (void) sigprocmask(SIG_SETMASK, &old, NULL);
        return pid;
}

int userns_open(const char *uids, const char *gids) {
        _Alignas(16) char stack[HOLDER_STACK];
        pid_t parent = getpid(), pid = userns_holder_start(stack, &parent);
        int fd;

        if (pid < 0)
                return pid;
        fd = user_namespace_of(pid, uids, gids);
        (void) kill(pid, SIGKILL);
        (void) process_reap(pid);
        return fd;
}

uid_t userns_own_uid(void) {
        _cleanup_free_ char *text = NULL;
        _cleanup_close_ int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
        char *rest, *line;

        if (fd < 0 || fs_read_fd(fd, "uid_map", MAP_MAX, &text, NULL, NULL) < 0)
                return (uid_t) -1;
        for (rest = text; (line = strsep(&rest, "\n"));) {
                unsigned inside, outside, n;

                if (sscanf(line, "%u %u %u", &inside, &outside, &n) == 3 && geteuid() >= inside &&
                    geteuid() - inside < n)
                        return outside + (geteuid() - inside);
        }
        return (uid_t) -1;
}

/* Extent by extent: the kernel wants each within one of ours. */
static int copy_map(int proc_fd, const char *name, pid_t pid) {
        _cleanup_free_ char *own = xasprintf("self/%s", name), *path = xasprintf("%d/%s", (int) pid, name);
        _cleanup_close_ int from = openat(proc_fd, own, O_RDONLY | O_CLOEXEC), to = -EBADF;
        _cleanup_free_ char *text = NULL, *map = xstrdup("");
        char *rest, *line;

        if (from < 0 || fs_read_fd(from, name, MAP_MAX, &text, NULL, NULL) < 0)
                return -errno;
        for (rest = text; (line = strsep(&rest, "\n"));) {
                unsigned inside, outside, n;
                char *longer;

                if (sscanf(line, "%u %u %u", &inside, &outside, &n) != 3)
                        continue;
                longer = xasprintf("%s%u %u %u\n", map, inside, inside, n);
                free(map);
                map = longer;
        }
        to = openat(proc_fd, path, O_WRONLY | O_CLOEXEC);
        /* The kernel takes it in one write(2) only. */
        return to < 0 || write(to, map, strlen(map)) < 0 ? -errno : 0;
}

int userns_copy_maps(int proc_fd, pid_t pid) {
        int r = copy_map(proc_fd, "uid_map", pid);

        return r < 0 ? r : copy_map(proc_fd, "gid_map", pid);
}
