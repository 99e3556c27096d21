/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/privilege.h"
#include "base/process.h"
#include "base/strv.h"
#include "enter/direct-child.h"

enum { GROUPS_MAX = 256 };

/* What the parent prepares, so that the children between fork and exec only make system calls. */
typedef struct Plan {
        const ExecRequest *request;
        const EnterTarget *target;
        const Command *command;
        const int *stdio;
        bool terminal;
        uint64_t bounding; /* the leader's capability bounding set */
        bool no_new_privileges;
        int report_fd;
} Plan;

typedef enum Step {
        STEP_STARTED, /* no failure: `value` is the program's pid */
        STEP_CGROUP,
        STEP_NAMESPACES,
        STEP_FORK,
        STEP_STDIO,
        STEP_PRIVILEGES,
        STEP_USER,
        STEP_DIRECTORY,
        STEP_EXEC,
} Step;

typedef struct Report {
        Step step;
        int value; /* positive errno */
} Report;

static void report(const Plan *p, Step step, int value) {
        Report message = {.step = step, .value = value};

        (void) !write(p->report_fd, &message, sizeof(message));
}

static _Noreturn void direct_child_fail(const Plan *p, Step step) {
        report(p, step, errno);
        _exit(FC_EXIT_EXEC_OWN);
}

/* So that the container's limits apply to it, and so that it is killed with the container's cgroup. Before
 * entering the namespaces: inside, no process may write there. */
static int join_cgroup(int cgroup_fd) {
        _cleanup_close_ int fd = openat(cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);

        return fd < 0 || write(fd, "0", 1) < 0 ? -1 : 0;
}

/* A session of its own, so that the container cannot type into our terminal (TIOCSTI), and so that all it
 * starts can be signalled as one group. */
static int take_stdio(const Plan *p) {
        (void) setsid();
        if (p->terminal && ioctl(p->stdio[0], TIOCSCTTY, 0) < 0)
                return -1;
        /* None of them is below 3: the callers of container_exec() have their standard streams open. */
        for (int i = 0; i < 3; i++)
                if (dup2(p->stdio[i], i) < 0)
                        return -1;
        return 0;
}

/* The container's init was limited by nspawn; joining a namespace gives everything there is in it. Without a
 * user namespace of the container's own that would be everything on the host. */
static int drop_privileges(const Plan *p) {
        /* In place of nspawn's filter of system calls, which is not loaded here: open_by_handle_at(2) leads
         * out of the root where the container's ids are the host's. Inside CAP_DAC_OVERRIDE is enough. */
        uint64_t bounding = p->bounding & ~(UINT64_C(1) << CAP_DAC_READ_SEARCH);
        int r = privilege_leave_keyring();

        if (r < 0) {
                errno = -r;
                return -1;
        }
        for (unsigned long cap = 0; cap < 64; cap++)
                if (!(bounding & (UINT64_C(1) << cap)) && prctl(PR_CAPBSET_READ, cap) == 1 &&
                    prctl(PR_CAPBSET_DROP, cap) < 0)
                        return -1;
        return p->no_new_privileges ? prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) : 0;
}

static int become_user(const Account *a) {
        gid_t groups[GROUPS_MAX];
        size_t n = 0;

        /* Root of the user namespace first: only on the way from that to another user the kernel takes the
         * capabilities away (capabilities(7)). */
        if (privilege_become_root() < 0)
                return -1;

        for (; n < a->n_groups && n < ELEMENTSOF(groups); n++)
                groups[n] = a->groups[n];
        if (setgroups(n, groups) < 0 || setresgid(a->gid, a->gid, a->gid) < 0)
                return -1;
        return setresuid(a->uid, a->uid, a->uid);
}

static _Noreturn void program_child(const Plan *p) {
        const Command *c = p->command;

        if (take_stdio(p) < 0)
                direct_child_fail(p, STEP_STDIO);
        if (drop_privileges(p) < 0)
                direct_child_fail(p, STEP_PRIVILEGES);
        if (become_user(&c->account) < 0)
                direct_child_fail(p, STEP_USER);
        if (chdir(c->directory) < 0 && (!c->directory_optional || chdir("/") < 0))
                direct_child_fail(p, STEP_DIRECTORY);
        (void) umask(022);
        /* Ours are blocked or ignored for the session, and some by our parent (SIGINT, in the background of
         * a script). */
        process_reset_signals();
        /* Descriptors that we inherited without O_CLOEXEC must not reach the container. */
        (void) syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC);
        /* After the change of user, which clears it. */
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void) execve(c->path, c->argv, c->environment);
        direct_child_fail(p, STEP_EXEC);
}

static _Noreturn void entering_child(const Plan *p) {
        struct clone_args args = {.flags = CLONE_PARENT};
        int all = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP,
            r;
        pid_t pid;

        if (p->request->cgroup_fd >= 0 && join_cgroup(p->request->cgroup_fd) < 0)
                direct_child_fail(p, STEP_CGROUP);
        r = enter_join(p->target, all);
        if (r < 0) {
                errno = -r;
                direct_child_fail(p, STEP_NAMESPACES);
        }
        /* Only a child is in the PID namespace. It becomes our parent's child, so that this process need not
         * stay to wait for it and to repeat how it ended. */
        pid = (pid_t) syscall(SYS_clone3, &args, sizeof(args));
        if (pid < 0)
                direct_child_fail(p, STEP_FORK);
        if (pid == 0)
                program_child(p);
        report(p, STEP_STARTED, pid);
        _exit(0);
}

static int direct_child_read_status(const EnterTarget *target, Plan *p, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        const char *line;
        int r;

        r = enter_target_read(target, "status", &text, NULL, reterr);
        if (r < 0)
                return r;
        line = strstr(text, "\nCapBnd:");
        if (!line)
                return error_raise(reterr, FC_EXIT_EXEC_OWN,
                                   "read the capabilities of the container's leader");
        p->bounding = strtoull(line + strlen("\nCapBnd:"), NULL, 16);
        line = strstr(text, "\nNoNewPrivs:");
        p->no_new_privileges = line && strtoul(line + strlen("\nNoNewPrivs:"), NULL, 10) == 1;
        return 0;
}

static int direct_child_explain(const Plan *p, const Report *failure, Error *reterr) {
        const char *container = p->request->container, *path = p->command->path;
        int e = failure->value;

        switch (failure->step) {
        case STEP_EXEC:
                return error_raise(reterr, e == ENOENT ? FC_EXIT_NOT_FOUND : FC_EXIT_NOT_EXECUTABLE,
                                   "'%s' cannot be executed in container '%s' as user '%s': %s", path,
                                   container, p->command->account.name, strerror(e));
        case STEP_DIRECTORY:
                return error_raise(reterr, FC_EXIT_EXEC_OWN, "working directory '%s' in container '%s': %s",
                                   p->command->directory, container, strerror(e));
        case STEP_USER:
                return error_raise(reterr, FC_EXIT_EXEC_OWN, "become user '%s' in container '%s': %s",
                                   p->command->account.name, container, strerror(e));
        case STEP_NAMESPACES:
                if (e == ESRCH)
                        return error_raise(reterr, FC_EXIT_NOT_RUNNING, "container '%s' stopped", container);
                return error_raise(reterr, FC_EXIT_EXEC_OWN, "enter the namespaces of container '%s': %s",
                                   container, strerror(e));
        case STEP_CGROUP:
                /* ENODEV: the cgroup is being removed. */
                if (e == ENODEV || e == ENOENT)
                        return error_raise(reterr, FC_EXIT_NOT_RUNNING, "container '%s' stopped", container);
                /* It has divided its cgroup already, as systemd does, but does not listen yet. */
                if (e == EBUSY)
                        return error_raise(reterr, FC_EXIT_EXEC_OWN,
                                           "container '%s' is booting and takes no commands yet", container);
                return error_raise(reterr, FC_EXIT_EXEC_OWN, "enter the cgroup of container '%s': %s",
                                   container, strerror(e));
        default:
                return error_raise(reterr, FC_EXIT_EXEC_OWN, "start '%s' in container '%s': %s", path,
                                   container, strerror(e));
        }
}

/* Until the last process that could report has executed its program (the pipe is closed by that) or
 * ended. */
static void read_reports(int fd, pid_t *ret_pid, Report *ret_failure) {
        Report message;
        ssize_t n;

        while ((n = read(fd, &message, sizeof(message))) == sizeof(message) || (n < 0 && errno == EINTR)) {
                if (n < 0)
                        continue;
                if (message.step == STEP_STARTED)
                        *ret_pid = (pid_t) message.value;
                else
                        *ret_failure = message;
        }
}

int direct_child_start(const ExecRequest *request, const EnterTarget *target, const Command *command,
                       Session *session, pid_t *ret_pid, int *ret_pidfd, Error *reterr) {
        _cleanup_close_ int read_fd = -EBADF, write_fd = -EBADF, pidfd = -EBADF;
        Plan p = {
                .request = request,
                .target = target,
                .command = command,
                .stdio = session_program_stdio(session),
                .terminal = session_has_terminal(session),
        };
        Report failure = {.step = STEP_STARTED};
        pid_t entering, pid = 0;
        int pipe_fd[2], r;

        if (target->in_network_above)
                return error_raise(reterr, FC_EXIT_EXEC_OWN,
                                   "without root only a systemd in container '%s' can start '%s' there, in "
                                   "the host's network",
                                   request->container, command->path);
        r = direct_child_read_status(target, &p, reterr);
        if (r < 0)
                return r;
        if (pipe2(pipe_fd, O_CLOEXEC) < 0)
                return error_set(reterr, errno, "make a pipe");
        read_fd = pipe_fd[0];
        p.report_fd = write_fd = pipe_fd[1];

        entering = fork();
        if (entering < 0)
                return error_set(reterr, errno, "start a process for the container");
        if (entering == 0)
                entering_child(&p);
        write_fd = safe_close(write_fd);
        read_reports(read_fd, &pid, &failure);
        (void) process_reap(entering);

        if (pid > 0 && failure.step != STEP_STARTED)
                (void) process_reap(pid);
        if (failure.step != STEP_STARTED)
                return direct_child_explain(&p, &failure, reterr);
        if (pid <= 0)
                return error_raise(reterr, FC_EXIT_NOT_RUNNING, "container '%s' stopped",
                                   request->container);

        pidfd = process_open(pid);
        if (pidfd < 0)
                return error_set(reterr, pidfd, "watch '%s' in container '%s'", command->path,
                                 request->container);
        *ret_pid = pid;
        *ret_pidfd = TAKE_FD(pidfd);
        return 0;
}
