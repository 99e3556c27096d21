/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/handshake.h"
#include "base/userns.h"
#include "cell/inside.h"
#include "cell/life.h"
#include "cell/tree.h"
#include "cgroup/cgroup.h"
#include "keeper/nspawn-notify.h"

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

/* What listens there may have ended; that is not the guest's affair. */
static void life_tell(const Life *l, const char *text) {
        if (l->tell_fd >= 0)
                (void) send(l->tell_fd, text, strlen(text), MSG_NOSIGNAL);
}

/* In the guest's own process it returns with an error only. */
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
        if (l->leader > 0)
                return 0;
        l->sync_fd = safe_close(l->sync_fd);
        return inside_become(l->options, theirs, reterr);
}

/* Return: 1 the payload is executed, 0 the guest has ended and said why. */
static int bring_up(Life *l, Error *reterr) {
        int r;

        r = userns_copy_maps(l->proc_fd, l->leader);
        if (r < 0)
                return error_set(reterr, r, "give the container its ids");
        r = handshake_tell(l->sync_fd);
        if (r >= 0)
                r = handshake_await(l->sync_fd);
        if (r <= 0)
                return r < 0 ? error_set(reterr, r, "wait for the container") : 0;
        r = tree_hide_sights(reterr);
        l->proc_fd = safe_close(l->proc_fd);
        if (r < 0)
                return r;
        r = handshake_tell(l->sync_fd);
        return r < 0 ? error_set(reterr, r, "tell the container") : 1;
}

static void announce(const Life *l) {
        _cleanup_free_ char *text =
                xasprintf("STATUS=Container running.\nX_NSPAWN_LEADER_PID=%d%s", (int) l->leader,
                          streq_ptr(l->options->notify_ready, "yes") ? "" : "\nREADY=1");

        life_tell(l, text);
}

/* Users other than root may tell as well, who do not count; and of the guest's PID 1 nothing else is passed
 * on. */
static void on_notification(const Life *l) {
        _cleanup_(nspawn_notice_done) NspawnNotice notice = {};
        _cleanup_free_ char *status = NULL;
        char text[4096];

        if (notify_socket_receive(l->notify_fd, l->leader, text, sizeof(text)) <= 0)
                return;
        nspawn_notice_parse(text, &notice);
        if (notice.status)
                status = xasprintf("STATUS=Container running: %s", notice.status);
        if (status)
                life_tell(l, status);
        if (notice.ready && streq_ptr(l->options->notify_ready, "yes"))
                life_tell(l, "READY=1");
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
        const char *tell = getenv("NOTIFY_SOCKET");
        int r;

        /* A guest that has ended is told nothing, and says itself why. */
        (void) signal(SIGPIPE, SIG_IGN);
        (void) umask(022);
        r = tell ? l.tell_fd = notify_socket_connect(tell, reterr) : 0;
        if (r >= 0)
                r = l.cgroup_fd = cgroup_divide(reterr);
        if (r >= 0)
                r = tree_enter(o, reterr);
        if (r < 0)
                return r;
        l.proc_fd = open(TREE_PROC, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (l.proc_fd < 0)
                return error_set(reterr, errno, "open '" TREE_PROC "'");
        r = l.notify_fd = notify_socket_open(TREE_NOTIFY, 0666, reterr);
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
