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
#include "base/network-above.h"
#include "base/userns.h"
#include "cell/inside.h"
#include "cell/life.h"
#include "cell/tree.h"
#include "cgroup/cgroup.h"
#include "keeper/nspawn-notify.h"

#define EXIT_REBOOT 133

typedef struct Life {
        const CellOptions *options;
        int tell_fd;   /* to NOTIFY_SOCKET, connected while its path leads there; -EBADF: there is none */
        int notify_fd; /* TREE_NOTIFY */
        int leader_fd; /* a pidfd */
        pid_t leader;
} Life;

static void life_done(Life *l) {
        (void) safe_close(l->tell_fd);
        (void) safe_close(l->notify_fd);
        (void) safe_close(l->leader_fd);
}

/* Return: 1 the payload is executed, 0 the guest has ended and said why. */
static int bring_up(const CellOptions *o, pid_t leader, int sync_fd, Error *reterr) {
        _cleanup_close_ int proc_fd = open(TREE_PROC, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r = proc_fd < 0 ? -errno : userns_copy_maps(proc_fd, leader);

        if (r < 0)
                return error_set(reterr, r, "give the container its ids");
        r = handshake_tell(sync_fd);
        if (r >= 0)
                r = handshake_await(sync_fd);
        if (r <= 0)
                return r < 0 ? error_set(reterr, r, "wait for the container") : 0;
        r = tree_hide_sights(o, reterr);
        if (r < 0)
                return r;
        r = handshake_tell(sync_fd);
        return r < 0 ? error_set(reterr, r, "tell the container") : 1;
}

/* In the guest's own process it returns with an error only. Otherwise as bring_up(). */
static int start_guest(Life *l, int cgroup_fd, Error *reterr) {
        struct clone_args args = {
                .flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS |
                         CLONE_INTO_CGROUP | CLONE_PIDFD | (l->options->private_network ? CLONE_NEWNET : 0),
                .exit_signal = SIGCHLD,
                .cgroup = (uint64_t) cgroup_fd,
                .pidfd = (uint64_t) (uintptr_t) &l->leader_fd,
        };
        _cleanup_close_ int ours = -EBADF, theirs = -EBADF;
        int pair[2];

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                return error_set(reterr, errno, "make a socket pair");
        ours = pair[0];
        theirs = pair[1];
        l->leader = (pid_t) syscall(SYS_clone3, &args, sizeof(args));
        if (l->leader < 0)
                return error_set(reterr, errno, "make the container's namespaces");
        if (l->leader == 0) {
                ours = safe_close(ours);
                return inside_become(l->options, theirs, reterr);
        }
        theirs = safe_close(theirs);
        return bring_up(l->options, l->leader, ours, reterr);
}

/* What listens there may have ended; that is not the guest's affair. */
static void life_tell(const Life *l, const char *text) {
        if (l->tell_fd >= 0)
                (void) send(l->tell_fd, text, strlen(text), MSG_NOSIGNAL);
}

static void announce(const Life *l) {
        _cleanup_free_ char *text = xasprintf("STATUS=Container running.\nX_NSPAWN_LEADER_PID=%d%s",
                                              (int) l->leader, l->options->notify_ready ? "" : "\nREADY=1");

        life_tell(l, text);
}

/* Users other than root may tell as well, who do not count. */
static void on_notification(const Life *l) {
        _cleanup_(nspawn_notice_done) NspawnNotice notice = {};
        _cleanup_free_ char *words = NULL;
        char text[4096];

        if (notify_socket_receive(l->notify_fd, l->leader, text, sizeof(text)) <= 0)
                return;
        nspawn_notice_parse(text, &notice);
        notice.ready = notice.ready && l->options->notify_ready;
        words = nspawn_notice_pass_on(&notice);
        if (words)
                life_tell(l, words);
}

/* reboot(2): the kernel tells the parent of a PID 1 by these signals what it has asked for. */
static int life_end_to_status(const siginfo_t *end) {
        if (end->si_code == CLD_EXITED)
                return end->si_status;
        return end->si_status == SIGHUP   ? EXIT_REBOOT
               : end->si_status == SIGINT ? EXIT_SUCCESS
                                          : EXIT_FAILURE;
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
        *ret_status = life_end_to_status(&end);
        return 0;
}

int life_run(const CellOptions *o, int *ret_status, Error *reterr) {
        _cleanup_(life_done) Life l = {o, -EBADF, -EBADF, -EBADF, 0};
        _cleanup_close_ int cgroup_fd = -EBADF;
        const char *tell = getenv("NOTIFY_SOCKET");
        int r;

        /* A guest that has ended is told nothing, and says itself why. */
        (void) signal(SIGPIPE, SIG_IGN);
        (void) umask(022);
        r = tell ? l.tell_fd = notify_socket_connect(tell, reterr) : 0;
        if (r >= 0)
                r = network_above_hide_sockets(reterr);
        if (r >= 0)
                r = cgroup_fd = cgroup_divide(reterr);
        if (r >= 0)
                r = tree_enter(o, reterr);
        if (r >= 0)
                r = l.notify_fd = notify_socket_open(TREE_NOTIFY, 0666, reterr);
        if (r >= 0)
                r = start_guest(&l, cgroup_fd, reterr);
        if (r < 0)
                return r;
        if (r > 0)
                announce(&l);
        return life_wait_for_end(&l, ret_status, reterr);
}
