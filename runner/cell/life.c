/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "base/scm.h"
#include "base/userns.h"
#include "cell/inside.h"
#include "cell/life.h"
#include "cell/tree.h"
#include "cgroup/cgroup.h"

#define EXIT_REBOOT 133

typedef struct Life {
        const CellOptions *options;
        int proc_fd;   /* of our PID namespace */
        int tell_fd;   /* to NOTIFY_SOCKET, connected while its path leads there; -EBADF: there is none */
        int notify_fd; /* TREE_NOTIFY */
        int cgroup_fd; /* the payload's */
        int sync_fd;   /* of inside_become() */
        int leader_fd; /* a pidfd */
        pid_t leader;
} Life;

static void life_done(Life *l) {
        (void) safe_close(l->proc_fd);
        (void) safe_close(l->tell_fd);
        (void) safe_close(l->notify_fd);
        (void) safe_close(l->cgroup_fd);
        (void) safe_close(l->sync_fd);
        (void) safe_close(l->leader_fd);
}

static int open_tell(Life *l, Error *reterr) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        const char *path = getenv("NOTIFY_SOCKET");

        if (!path)
                return 0;
        if (strlen(path) >= sizeof(address.sun_path))
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is too long for a socket's name", path);
        (void) strcpy(address.sun_path, path);
        l->tell_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (l->tell_fd < 0 || connect(l->tell_fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return error_set(reterr, errno, "connect to '%s'", path);
        return 0;
}

/* What listens there may have ended; that is not the guest's affair. */
static void life_tell(const Life *l, const char *text) {
        if (l->tell_fd >= 0)
                (void) send(l->tell_fd, text, strlen(text), MSG_NOSIGNAL);
}

static int listen_to_guest(Life *l, Error *reterr) {
        struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = TREE_NOTIFY};
        const int on = 1;

        l->notify_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        /* Users other than root may tell as well, who do not count. */
        if (l->notify_fd < 0 || setsockopt(l->notify_fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0 ||
            bind(l->notify_fd, (struct sockaddr *) &address, sizeof(address)) < 0 ||
            chmod(TREE_NOTIFY, 0666) < 0)
                return error_set(reterr, errno, "listen at '" TREE_NOTIFY "' in the container");
        return 0;
}

/* As nspawn does: with a process in the unit's own cgroup the guest could not be given controllers. */
static int divide_cgroup(Life *l, Error *reterr) {
        _cleanup_free_ char *own = NULL, *path = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = cgroup_own_path(&own, reterr);
        if (r < 0)
                return r;
        path = xasprintf(CGROUP_MOUNT "%s", own);
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return error_set(reterr, errno, "open '%s'", path);
        r = cgroup_create_child(fd, "supervisor", reterr);
        if (r >= 0)
                r = cgroup_create_child(fd, "payload", reterr);
        if (r >= 0)
                r = cgroup_enter(fd, "supervisor", reterr);
        if (r < 0)
                return r;
        l->cgroup_fd = cgroup_open_child(fd, "payload", reterr);
        return l->cgroup_fd;
}

static _Noreturn void be_guest(const Life *l, int sync_fd) {
        Error error = ERROR_NULL;

        (void) inside_become(l->options, sync_fd, &error);
        (void) fprintf(stderr, "flake-containers: run the container: %s\n", error.message);
        _exit(EXIT_FAILURE);
}

static int start_guest(Life *l, Error *reterr) {
        struct clone_args args = {
                .flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
                         CLONE_INTO_CGROUP | CLONE_PIDFD,
                .exit_signal = SIGCHLD,
                .cgroup = (uint64_t) l->cgroup_fd,
                .pidfd = (uint64_t) (uintptr_t) &l->leader_fd,
        };
        _cleanup_close_ int theirs = -EBADF;
        int pair[2];

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                return error_set(reterr, errno, "make a socket pair");
        l->sync_fd = pair[0];
        theirs = pair[1];
        if (l->options->private_network)
                args.flags |= CLONE_NEWNET;
        l->leader = (pid_t) syscall(SYS_clone3, &args, sizeof(args));
        if (l->leader < 0)
                return error_set(reterr, errno, "make the container's namespaces");
        if (l->leader == 0) {
                l->sync_fd = safe_close(l->sync_fd);
                be_guest(l, theirs);
        }
        return 0;
}

static int go_on(const Life *l, Error *reterr) {
        return send(l->sync_fd, "", 1, MSG_NOSIGNAL) == 1 ? 0
                                                          : error_set(reterr, errno, "tell the container");
}

/* Return: 1 the guest has told, 0 it has ended instead and said why. */
static int wait_for_guest(const Life *l, Error *reterr) {
        char byte;
        ssize_t n;

        do
                n = read(l->sync_fd, &byte, 1);
        while (n < 0 && errno == EINTR);
        /* One that ends with a byte of ours unread resets the connection. */
        if (n < 0 && errno != ECONNRESET)
                return error_set(reterr, errno, "wait for the container");
        return n == 1;
}

/* Return: 1 the payload is executed, 0 the guest has ended. */
static int bring_up(Life *l, Error *reterr) {
        int r;

        r = userns_copy_maps(l->proc_fd, l->leader);
        if (r < 0)
                (void) error_set(reterr, r, "give the container its ids");
        if (r >= 0)
                r = go_on(l, reterr);
        if (r >= 0)
                r = wait_for_guest(l, reterr);
        if (r <= 0)
                return r;
        r = tree_hide_sights(reterr);
        l->proc_fd = safe_close(l->proc_fd);
        if (r >= 0)
                r = go_on(l, reterr);
        return r < 0 ? r : 1;
}

static void announce(const Life *l) {
        _cleanup_free_ char *text =
                xasprintf("STATUS=Container running.\nX_NSPAWN_LEADER_PID=%d%s", (int) l->leader,
                          streq_ptr(l->options->notify_ready, "yes") ? "" : "\nREADY=1");

        life_tell(l, text);
}

/* The guest's PID 1 only, as the kernel says; whatever else it says is not passed on. */
static void on_notification(const Life *l) {
        _cleanup_(scm_done) ScmMessage message = {};
        char text[4096], *rest, *line;

        if (scm_receive(l->notify_fd, MSG_DONTWAIT, text, sizeof(text) - 1, &message) < 0 ||
            message.sender != l->leader)
                return;
        text[message.size] = '\0';
        for (rest = text; (line = strsep(&rest, "\n"));) {
                const char *status = startswith(line, "STATUS=");
                _cleanup_free_ char *passed =
                        status ? xasprintf("STATUS=Container running: %s", status) : NULL;

                if (passed)
                        life_tell(l, passed);
                else if (streq(line, "READY=1") && streq_ptr(l->options->notify_ready, "yes"))
                        life_tell(l, "READY=1");
        }
}

static int life_wait_for_end(const Life *l, int *ret_status, Error *reterr) {
        struct pollfd p[] = {{.fd = l->leader_fd, .events = POLLIN}, {.fd = l->notify_fd, .events = POLLIN}};
        siginfo_t end = {};

        /* At a logout systemd sends it to all of the user's: the supervisor then halts the guest, which must
         * not lose us before. */
        (void) signal(SIGTERM, SIG_IGN);
        while (!p[0].revents) {
                if (poll(p, ELEMENTSOF(p), -1) < 0 && errno != EINTR)
                        return error_set(reterr, errno, "wait for the container");
                if (p[1].revents)
                        on_notification(l);
        }
        if (waitid(P_PID, (id_t) l->leader, &end, WEXITED) < 0)
                return error_set(reterr, errno, "wait for the container");
        if (end.si_code == CLD_EXITED)
                *ret_status = end.si_status;
        /* reboot(2): the kernel tells the parent of a PID 1 by these what it has asked for. */
        else
                *ret_status = end.si_status == SIGHUP   ? EXIT_REBOOT
                              : end.si_status == SIGINT ? EXIT_SUCCESS
                                                        : EXIT_FAILURE;
        return 0;
}

int life_run(const CellOptions *o, int *ret_status, Error *reterr) {
        _cleanup_(life_done) Life l = {o, -EBADF, -EBADF, -EBADF, -EBADF, -EBADF, -EBADF, 0};
        int r;

        r = open_tell(&l, reterr);
        if (r >= 0)
                r = divide_cgroup(&l, reterr);
        if (r >= 0)
                r = tree_enter(o, reterr);
        if (r < 0)
                return r;
        l.proc_fd = open(TREE_PROC, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (l.proc_fd < 0)
                return error_set(reterr, errno, "open '" TREE_PROC "'");
        r = listen_to_guest(&l, reterr);
        if (r >= 0)
                r = start_guest(&l, reterr);
        if (r >= 0)
                r = bring_up(&l, reterr);
        if (r < 0)
                return r;
        if (r > 0)
                announce(&l);
        return life_wait_for_end(&l, ret_status, reterr);
}
