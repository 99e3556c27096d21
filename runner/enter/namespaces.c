/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/host-socket.h"
#include "base/library.h"
#include "base/network-above.h"
#include "base/privilege.h"
#include "base/process.h"
#include "enter/namespaces.h"

#define PROC_FILE_MAX (4 * 1024 * 1024) /* an environment may be large */

/* One setns(2) call with a pidfd takes them all, and the kernel orders them: the user namespace first,
 * because the capabilities in it are what allows to join the others. */
static const struct {
        const char *file;
        int flag;
} namespaces_all[] = {
        /* clang-format off */
        {"ns/user",   CLONE_NEWUSER},
        {"ns/mnt",    CLONE_NEWNS},
        {"ns/pid",    CLONE_NEWPID},
        {"ns/net",    CLONE_NEWNET},
        {"ns/uts",    CLONE_NEWUTS},
        {"ns/ipc",    CLONE_NEWIPC},
        {"ns/cgroup", CLONE_NEWCGROUP},
        /* clang-format on */
};

void enter_target_done(EnterTarget *t) {
        t->pidfd = safe_close(t->pidfd);
        t->proc_fd = safe_close(t->proc_fd);
        t->root_fd = safe_close(t->root_fd);
        id_map_done(&t->uids);
        id_map_done(&t->gids);
}

bool enter_target_is_alive(const EnterTarget *t) {
        struct pollfd p = {.fd = t->pidfd, .events = POLLIN};

        /* A pidfd is readable from the moment the process has ended. */
        return poll(&p, 1, 0) == 0;
}

static int gone(pid_t leader, Error *reterr) {
        return error_raise(reterr, FC_EXIT_NOT_RUNNING, "its leader, process %d, has ended", (int) leader);
}

int enter_target_read(const EnterTarget *t, const char *file, char **ret, size_t *ret_size, Error *reterr) {
        _cleanup_close_ int fd = openat(t->proc_fd, file, O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                return error_set(reterr, errno, "open '%s' of the container's leader", file);
        return fs_read_fd(fd, file, PROC_FILE_MAX, ret, ret_size, reterr);
}

pid_t enter_target_first_child(const EnterTarget *t) {
        _cleanup_free_ char *text = NULL, *path = NULL;

        path = xasprintf("task/%d/children", (int) t->leader);
        if (enter_target_read(t, path, &text, NULL, NULL) < 0)
                return 0;
        return (pid_t) strtol(text, NULL, 10);
}

static bool comm_is(const EnterTarget *t, const char *expected) {
        _cleanup_free_ char *comm = NULL;

        return enter_target_read(t, "comm", &comm, NULL, NULL) >= 0 && streq(comm, expected);
}

bool enter_target_is_systemd(const EnterTarget *t) {
        return comm_is(t, "systemd\n");
}

bool enter_target_may_be_systemd(const EnterTarget *t, bool boots) {
        return enter_target_is_systemd(t) || (boots && process_age_usec(t->leader) < ENTER_UNSURE_USEC);
}

/* The kernel keeps 15 characters of "systemd-shutdown". */
bool enter_target_is_shutting_down(const EnterTarget *t) {
        return comm_is(t, "systemd-shutdow\n");
}

/* Without root a guest may be in the host's network, where we are not. */
static bool is_in_network_above(const EnterTarget *t) {
        _cleanup_close_ int fd = openat(t->proc_fd, "ns/net", O_RDONLY | O_CLOEXEC);

        return fd >= 0 && network_is_above(fd);
}

/* Joining one's own user namespace is refused (EINVAL), and there is no need to join others that are
 * shared. */
static int find_namespaces(EnterTarget *t, Error *reterr) {
        for (size_t i = 0; i < ELEMENTSOF(namespaces_all); i++) {
                _cleanup_free_ char *own = xasprintf("/proc/self/%s", namespaces_all[i].file);
                struct stat theirs, ours;

                if (fstatat(t->proc_fd, namespaces_all[i].file, &theirs, 0) < 0 || stat(own, &ours) < 0)
                        return error_set(reterr, errno, "look at the container's namespace '%s'",
                                         namespaces_all[i].file);
                if (theirs.st_dev != ours.st_dev || theirs.st_ino != ours.st_ino)
                        t->namespaces |= namespaces_all[i].flag;
        }
        t->in_network_above = (t->namespaces & CLONE_NEWNET) && is_in_network_above(t);
        return 0;
}

static int read_id_map(const EnterTarget *t, const char *file, IdMap *ret, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        int r;

        r = enter_target_read(t, file, &text, NULL, reterr);
        return r < 0 ? r : id_map_parse(text, ret, reterr);
}

int enter_target_open(pid_t leader, EnterTarget *ret, Error *reterr) {
        _cleanup_(enter_target_done) EnterTarget t = ENTER_TARGET_NULL;
        _cleanup_free_ char *proc = xasprintf("/proc/%d", (int) leader);
        int r;

        t.leader = leader;
        t.pidfd = leader > 0 ? process_open(leader) : -ESRCH;
        if (t.pidfd == -ESRCH)
                return gone(leader, reterr);
        if (t.pidfd < 0)
                return error_set(reterr, t.pidfd, "open the container's process %d", (int) leader);

        t.proc_fd = open(proc, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (t.proc_fd < 0 && errno != ENOENT && errno != ESRCH)
                return error_set(reterr, errno, "open '%s'", proc);
        if (t.proc_fd < 0 || !enter_target_is_alive(&t))
                return gone(leader, reterr);
        /* It was alive after its directory in /proc was opened, so that is the same process's; and what is
         * opened below that directory fails with ESRCH once it has ended. */
        t.root_fd = openat(t.proc_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
        /* A process that is exiting has lost its root some time before it counts as ended. */
        if (t.root_fd < 0 && errno == ENOENT)
                return gone(leader, reterr);
        r = t.root_fd < 0 ? error_set(reterr, errno, "open the container's root directory") : 0;
        if (r >= 0)
                r = find_namespaces(&t, reterr);
        if (r >= 0)
                r = read_id_map(&t, "uid_map", &t.uids, reterr);
        if (r >= 0)
                r = read_id_map(&t, "gid_map", &t.gids, reterr);
        /* So it has its namespaces. */
        if (r < 0 && (!enter_target_is_alive(&t) || process_is_ending(leader))) {
                error_done(reterr);
                return gone(leader, reterr);
        }
        if (r < 0)
                return r;

        *ret = t;
        t = ENTER_TARGET_NULL;
        return 0;
}

int enter_join(const EnterTarget *t, int namespaces) {
        int which = t->namespaces & (namespaces | CLONE_NEWUSER);

        library_seal();
        /* From here on the container's root has power over this process, which is a copy of one of the
         * host's, with its memory and descriptors: keep it from looking into them (ptrace(2)). Executing a
         * program ends that. */
        if (prctl(PR_SET_DUMPABLE, 0) < 0)
                return -errno;
        if (which != 0 && setns(t->pidfd, which) < 0)
                return -errno;
        /* setns() into a mount namespace goes to its topmost root; the leader may have another one. */
        if ((namespaces & CLONE_NEWNS) && (fchdir(t->root_fd) < 0 || chroot(".") < 0))
                return -errno;
        return 0;
}

int enter_socket(const EnterTarget *t, int family, int type) {
        _cleanup_close_ int own = -EBADF;
        int fd, saved;

        if (t->in_network_above)
                return host_socket(family, type | SOCK_NONBLOCK, 0);
        if (t->namespaces & CLONE_NEWNET) {
                own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
                if (own < 0 || setns(t->pidfd, CLONE_NEWNET) < 0)
                        return -errno;
        }
        fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        saved = errno;
        /* In the wrong network nothing that comes next would be right. */
        if (own >= 0 && setns(own, CLONE_NEWNET) < 0)
                abort();
        return fd < 0 ? -saved : fd;
}

typedef struct CallReport {
        bool worked; /* `value` is the function's, not that of what had to come before it */
        int value;
} CallReport;

/* For what is run inside, which is a few system calls. */
#define CALL_STACK 16384

typedef struct Call {
        int (*work)(void *userdata);
        void *userdata;
        CallReport report;
} Call;

static int call_inside(void *userdata) {
        Call *call = userdata;

        call->report.value = privilege_become_root();
        if (call->report.value >= 0)
                call->report = (CallReport){.worked = true, .value = call->work(call->userdata)};
        _exit(0);
}

/* Only a child is in the new PID namespace. It has the memory of this process, which stands still meanwhile
 * and is only here for it: to copy that once more, and to take it apart, would take most of the time.
 * Return: whether it came to its end. */
static bool call_in_child(Call *call) {
        _Alignas(16) char stack[CALL_STACK];
        pid_t pid = clone(call_inside, stack + CALL_STACK, CLONE_VM | CLONE_VFORK | SIGCHLD, call);

        if (pid < 0)
                call->report.value = -errno;
        return pid < 0 || process_reap(pid) == 0;
}

static _Noreturn void call_child(const EnterTarget *t, int namespaces, int (*work)(void *), void *userdata,
                                 int report_fd) {
        Call call = {work, userdata, {.value = enter_join(t, namespaces)}};

        if (call.report.value < 0 || call_in_child(&call))
                (void) !write(report_fd, &call.report, sizeof(call.report));
        _exit(0);
}

int enter_call(const EnterTarget *t, int namespaces, int (*work)(void *userdata), void *userdata,
               int *ret_result, Error *reterr) {
        _cleanup_close_ int read_fd = -EBADF, write_fd = -EBADF;
        int pipe_fd[2], failed;
        CallReport report;
        bool silent;
        ssize_t n;
        pid_t pid;

        if (pipe2(pipe_fd, O_CLOEXEC) < 0)
                return error_set(reterr, errno, "make a pipe");
        read_fd = pipe_fd[0];
        write_fd = pipe_fd[1];

        pid = fork();
        if (pid < 0)
                return error_set(reterr, errno, "start a process for the container");
        if (pid == 0)
                call_child(t, namespaces, work, userdata, write_fd);

        write_fd = safe_close(write_fd);
        do
                n = read(read_fd, &report, sizeof(report));
        while (n < 0 && errno == EINTR);
        failed = errno;
        (void) process_reap(pid);

        if (n < 0)
                return error_set(reterr, failed, "read what a process in the container says");
        /* Nothing was said: killed, most likely together with the container. ENOMEM is what fork(2) says in
         * a PID namespace whose PID 1 has ended, pid_namespaces(7), but not only there. */
        silent = n != sizeof(report);
        if ((silent || (!report.worked && (report.value == -ESRCH || report.value == -ENOMEM))) &&
            (!enter_target_is_alive(t) || process_is_ending(t->leader)))
                return error_raise(reterr, FC_EXIT_NOT_RUNNING, "the container stopped");
        if (silent)
                return error_raise(reterr, FC_EXIT_INTERNAL, "a process in the container was killed");
        if (!report.worked)
                return error_set(reterr, report.value, "enter the container's namespaces");
        *ret_result = report.value;
        return 0;
}
