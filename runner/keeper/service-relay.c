/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>

#include "base/alloc.h"
#include "base/privilege.h"
#include "base/process.h"
#include "cgroup/cgroup.h"
#include "keeper/gate.h"
#include "keeper/machine-dir.h"
#include "keeper/netns-helper.h"
#include "keeper/nspawn-notify.h"
#include "keeper/nspawn-status.h"
#include "keeper/machine-unit.h"
#include "record/crash-record.h"
#include "record/record.h"
#include "record/state-place.h"
#include "keeper/service-events.h"
#include "keeper/service-lifeline.h"
#include "keeper/service-proxies.h"
#include "keeper/service-relay.h"

/* systemd forgets what a process has said that is gone by the time it looks who that was. */
#define BARRIER_TIMEOUT_USEC (10 * USEC_PER_SEC)

int relay_socket(Error *reterr) {
        struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = RELAY_SOCKET};
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        int on = 1;

        /* That of the last start: the mounts outlive a reboot of the guest. */
        (void) unlink(RELAY_SOCKET);
        if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 ||
            setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
                return error_set(reterr, errno, "make the notification socket");
        return TAKE_FD(fd);
}

/* Return: 1 it is set, 0 the payload has ended. */
static int set_network(const ServiceOptions *o, pid_t leader, Error *reterr) {
        int status = 0;
        pid_t pid;

        if (!o->keeper.netns)
                return 1;
        pid = netns_helper_start(&o->keeper, leader, reterr);
        if (pid < 0)
                return pid;
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        return netns_helper_result(status, reterr);
}

/* Return: how many of them are ready, or -1. */
static int wait_for(int watch, int leader_fd, int timeout_msec) {
        struct pollfd fds[] = {{.fd = watch, .events = POLLIN}, {.fd = leader_fd, .events = POLLIN}};
        int n;

        do
                n = poll(fds, ELEMENTSOF(fds), timeout_msec);
        while (n < 0 && errno == EINTR);
        return n;
}

static int look_for_gate(const ServiceOptions *o, int leader_fd, Error *reterr) {
        _cleanup_close_ int cgroup_fd = -EBADF;
        int r, n;

        r = machine_unit_cgroup_open(CGROUP_MOUNT, o->keeper.machine, &cgroup_fd, reterr);
        if (r < 0)
                return r;
        while (!gate_is_passed(cgroup_fd)) {
                n = wait_for(-EBADF, leader_fd, GATE_LOOK_USEC / USEC_PER_MSEC);
                if (n != 0)
                        return n < 0 ? error_set(reterr, errno, "wait for the gate") : 0;
        }
        return 1;
}

/* Return: 1 the command is executed, 0 it will never be. */
static int pass_gate(const ServiceOptions *o, int leader_fd, Error *reterr) {
        _cleanup_close_ int watch = -EBADF, fd = -EBADF;

        if (!o->keeper.gate)
                return 1;
        watch = inotify_init1(IN_CLOEXEC);
        if (watch >= 0 && inotify_add_watch(watch, MACHINE_GATE, IN_CLOSE_NOWRITE) < 0)
                watch = safe_close(watch);
        fd = gate_open(reterr);
        if (fd < 0)
                return fd;
        /* Without an inotify instance there is no event. */
        if (watch < 0)
                return look_for_gate(o, leader_fd, reterr);
        if (wait_for(watch, leader_fd, -1) < 0)
                return error_set(reterr, errno, "watch the gate");
        return poll(&(struct pollfd){.fd = watch, .events = POLLIN}, 1, 0) > 0 && gate_has_executed(fd);
}

/* Return: 1 the payload runs, 0 it has ended already, and nspawn will say so. */
static int on_leader(const ServiceOptions *o, pid_t leader, int *ret_pidfd, Error *reterr) {
        int r = process_open(leader);

        if (r == -ESRCH)
                return 0;
        if (r < 0)
                return error_set(reterr, r, "open the container's PID 1");
        *ret_pidfd = r;
        r = set_network(o, leader, reterr);
        return r <= 0 ? r : pass_gate(o, *ret_pidfd, reterr);
}

/* The first time that is for the command to tell that started it. */
static int note_booted(const ServiceOptions *o, Error *reterr) {
        _cleanup_close_ int runtime_fd = open(o->runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                            state_fd = -EBADF;
        CrashRecord crashes;
        int r;

        if (runtime_fd < 0)
                return 0;
        r = crash_record_read(runtime_fd, &crashes, reterr);
        if (r < 0 || (crashes.restarts == 0 && crashes.reboots == 0))
                return r;
        crashes.ready_usec = realtime_usec();
        r = crash_record_write(runtime_fd, &crashes, reterr);
        if (r >= 0)
                r = state_place_open(runtime_fd, &state_fd, reterr);
        if (r >= 0)
                service_event(o, state_fd, PHASE_BOOTED, NULL);
        return r;
}

typedef struct Relay {
        const ServiceOptions *options;
        int leader_fd;    /* pidfd; -EBADF: not named yet */
        Proxies *proxies; /* NULL: the guest is not ready, or has no ports */
        bool over;        /* there is nothing more to do */
} Relay;

static int on_notification(Relay *relay, const char *text, Error *reterr) {
        _cleanup_(nspawn_notice_done) NspawnNotice notice = {0};
        const ServiceOptions *o = relay->options;
        int r = 1;

        nspawn_notice_parse(text, &notice);
        if (notice.leader > 0 && relay->leader_fd < 0)
                r = on_leader(o, notice.leader, &relay->leader_fd, reterr);
        /* nspawn will say how that ended; what it has to say before is not true any more. */
        relay->over = r == 0;
        if (r > 0 && notice.ready)
                r = note_booted(o, reterr);
        if (r < 0 || relay->over)
                return r;
        r = sd_notify(false, text);
        if (r >= 0 && notice.ready)
                r = sd_notify_barrier(false, BARRIER_TIMEOUT_USEC);
        if (r < 0)
                return error_set(reterr, r, "notify systemd");
        if (!notice.ready || relay->proxies)
                return 0;
        relay->over = o->keeper.ports.n == 0 || relay->leader_fd < 0;
        if (!relay->over)
                relay->proxies = proxies_new(o, relay->leader_fd);
        return 0;
}

/* nspawn's last notifications come before its end. */
static int relay_step(Relay *relay, struct pollfd *fds, Error *reterr) {
        const ServiceOptions *o = relay->options;
        char buffer[4096];
        int timeout = -1, r;
        size_t n = relay->proxies ? proxies_prepare(relay->proxies, fds, &timeout) : 0;

        fds[n] = (struct pollfd){.fd = o->notify_fd, .events = POLLIN};
        fds[n + 1] = (struct pollfd){.fd = o->nspawn_fd, .events = POLLIN};
        if (poll(fds, n + 2, timeout) < 0)
                return errno == EINTR ? 0 : error_set(reterr, errno, "wait for connections");
        if (relay->proxies)
                proxies_dispatch(relay->proxies, fds, n);
        if (fds[n].revents == 0) {
                relay->over = fds[n + 1].revents != 0;
                return 0;
        }
        r = nspawn_notify_receive(o->notify_fd, MSG_DONTWAIT, o->nspawn_pid, buffer, sizeof(buffer));
        if (r == -EINTR || r == -EAGAIN)
                return 0;
        if (r < 0)
                return error_set(reterr, r, "hear systemd-nspawn");
        return r > 0 ? on_notification(relay, buffer, reterr) : 0;
}

/* This process writes to the event log as its owner and ends proxies. Its children need the rest: they
 * set the network and enter it, and a proxy gives its privileges up. */
static int give_up_privileges(Error *reterr) {
        const uint64_t own = PRIVILEGE(DAC_READ_SEARCH) | PRIVILEGE(KILL) | PRIVILEGE(SETGID) |
                             PRIVILEGE(SETUID),
                       executed = PRIVILEGE(NET_ADMIN) | PRIVILEGE(SETPCAP) | PRIVILEGE(SYS_ADMIN) |
                                  PRIVILEGE(SYS_PTRACE) | PRIVILEGE(SYS_RESOURCE);
        int r = privilege_bound(own | executed);

        if (r >= 0)
                r = privilege_keep(own);
        privilege_no_core();
        return r < 0 ? error_set(reterr, r, "give up privileges") : 0;
}

/* Without the relay the container has neither network nor ports. Why it ends is for `service finish` to tell,
 * which sees only that nspawn was killed. */
static void give_up(const ServiceOptions *o, const Error *error) {
        _cleanup_close_ int runtime_fd = open(o->runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (runtime_fd >= 0)
                (void) record_write(runtime_fd, RECORD_GIVEN_UP, error->message, NULL);
        (void) process_signal(o->nspawn_fd, SIGKILL);
}

int service_relay(const ServiceOptions *o, Error *reterr) {
        _cleanup_free_ struct pollfd *fds = xnew0(struct pollfd, o->keeper.ports.n * 2 + 2);
        Relay relay = {.options = o, .leader_fd = -EBADF};
        int r;

        if (o->nspawn_pid == 0 || o->nspawn_fd < 0 || o->notify_fd < 0 || o->lifeline_fd < 0 ||
            o->lifeline_of_nspawn_fd < 0)
                return error_raise(reterr, FC_EXIT_INTERNAL, "a descriptor of the relay is missing");
        r = give_up_privileges(reterr);
        while (r >= 0 && !relay.over)
                r = relay_step(&relay, fds, reterr);
        if (relay.proxies)
                proxies_end(relay.proxies);
        /* When the guest has ended, that is what is to be reported, and nspawn does. */
        if (r < 0 && (relay.leader_fd < 0 || process_wait(relay.leader_fd, 0) == 0))
                give_up(o, reterr);
        lifeline_release(o->lifeline_of_nspawn_fd);
        return r;
}

void relay_exec(const ServiceOptions *o) {
        _cleanup_strv_ char **argv = service_options_print(o, "relay");
        sigset_t all;

        service_options_inherit(o);
        /* `systemctl kill` sends its signal to all of a unit. The relay ends with nspawn. */
        (void) sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, NULL);
        (void) execv(o->program, argv);
}
