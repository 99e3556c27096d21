/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <systemd/sd-event.h>

#include "base/alloc.h"
#include "base/process.h"
#include "cgroup/cgroup.h"
#include "cgroup/leftovers.h"
#include "keeper/control.h"
#include "keeper/gate.h"
#include "keeper/netns-helper.h"
#include "keeper/nspawn-notify.h"
#include "keeper/nspawn-status.h"
#include "keeper/reboot-pace.h"
#include "record/crash-record.h"
#include "keeper/supervisor-console.h"
#include "keeper/supervisor-events.h"
#include "keeper/supervisor-guest.h"
#include "keeper/supervisor-isolate.h"
#include "keeper/supervisor-proxy.h"
#include "keeper/restart.h"
#include "record/exit-record.h"

/* In the private mount namespace: no name clash, short enough for sun_path, gone with the supervisor. */
#define NOTIFY_SOCKET MACHINE_DIR "/notify"

/* Killing a cgroup takes a millisecond, in the worst case seen a hundred. */
#define KILL_TIMEOUT_USEC (10 * USEC_PER_SEC)

struct Guest {
        const SupervisorOptions *options;
        int host_proc;
        sd_event *event;
        int notify_fd;
        int leader_pidfd;
        int gate_fd; /* open once the network is set, which lets the payload start */
        sd_event_source *gate_closed;
        bool executed; /* the command behind the gate */
        bool told_ready;
        pid_t nspawn;
        pid_t netns_helper;
        bool network_set;
        bool ready;
        bool failed; /* it ended, was not asked to, and not by an orderly shutdown */
        unsigned boots;
        unsigned stop_requests; /* 1: the payload was asked to halt, 2: it is ended at once */
        Console *console;
        Proxy **proxies;
        size_t n_proxies;
        RestartLimit restart_limit;
        RebootPace reboot_pace;
        uint64_t started_usec;          /* nspawn, the last time */
        sd_event_source *restart_timer; /* set: it failed and waits to be started again */
        CrashRecord crashes;
        ExitRecord end; /* of the last nspawn */
        Error error;    /* what made us give up, if anything did */
};

static int notify_socket(Error *reterr) {
        struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = NOTIFY_SOCKET};
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        int on = 1;

        if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 ||
            setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
                return error_set(reterr, errno, "make the notification socket");
        return TAKE_FD(fd);
}

static void give_up(Guest *g) {
        if (g->nspawn > 0)
                (void) kill(g->nspawn, SIGKILL);
}

/* A plain command gets SIGTERM and nothing else. Asked to halt, nspawn's PID 1 would send it SIGHUP as well,
 * which is delivered first and ends what handles only SIGTERM. */
static bool terminate_command(Guest *g) {
        pid_t pid;

        return g->options->keeper.command &&
               cgroup_find_process(g->options->cgroup_fd, 2, &pid, NULL) >= 0 && pid > 0 &&
               kill(pid, SIGTERM) >= 0;
}

/* SIGRTMIN+3 halts systemd (systemd(1), SIGNALS) and nspawn's PID 1. A PID 1 that has not yet set up its
 * signals loses it without a trace: continued when the leader is known and when the payload is ready. */
static void continue_stop(Guest *g) {
        if (g->stop_requests == 0)
                return;
        /* Before there is a leader nothing of the payload has run that could be halted. */
        if (g->leader_pidfd < 0)
                give_up(g);
        /* With the leader goes its PID namespace, and nspawn then ends in its own order. */
        else if (g->stop_requests > 1)
                (void) process_signal(g->leader_pidfd, SIGKILL);
        else if (!terminate_command(g))
                (void) process_signal(g->leader_pidfd, SIGRTMIN + 3);
}

static void enable_ports(Guest *g) {
        if (!g->ready || !g->network_set)
                return;
        for (size_t i = 0; i < g->n_proxies; i++)
                proxy_enable(g->proxies[i], g->leader_pidfd);
}

static int spawn_nspawn(Guest *g, Error *reterr) {
        const SupervisorOptions *o = g->options;
        _cleanup_close_ int cgroup = cgroup_open_child(o->cgroup_fd, "nspawn", reterr);
        int r;

        if (cgroup < 0)
                return cgroup;
        r = cgroup_set(o->cgroup_fd, "nspawn", o->limits, reterr);
        if (r < 0)
                return r;
        g->nspawn = cgroup_fork(cgroup);
        if (g->nspawn < 0)
                return error_set(reterr, errno, "start systemd-nspawn");
        if (g->nspawn > 0) {
                g->boots++;
                g->started_usec = now_usec();
                /* nspawn is going to move its payload, and that to move itself. There is nothing to be done
                 * here until nspawn has a leader. */
                cgroup_expect_moves(o->cgroup_fd, "runner");
                return 0;
        }

        process_unblock_signals();
        if (dup2(console_input(g->console), STDOUT_FILENO) < 0 ||
            dup2(console_input(g->console), STDERR_FILENO) < 0)
                _exit(EXIT_FAILURE);
        if (setenv("NOTIFY_SOCKET", NOTIFY_SOCKET, 1) < 0)
                _exit(EXIT_FAILURE);
        (void) execv(o->keeper.nspawn[0], o->keeper.nspawn);
        (void) fprintf(stderr, "cannot execute %s: %m\n", o->keeper.nspawn[0]);
        _exit(EXIT_FAILURE);
}

/* The first time that is for the command to tell that started it. */
static void note_booted(Guest *g) {
        if (g->boots <= 1)
                return;
        supervisor_event(g->options, PHASE_BOOTED, NULL);
        g->crashes.ready_usec = realtime_usec();
        (void) crash_record_write(g->options->runtime_fd, &g->crashes, NULL);
}

static void tell_ready(Guest *g) {
        if (!g->ready || g->told_ready || (g->options->keeper.gate && !g->executed))
                return;
        g->told_ready = true;
        note_booted(g);
        control_send(g->options->control_fd, CONTROL_READY, NULL);
        enable_ports(g);
        continue_stop(g);
}

static int on_gate_closed(sd_event_source *s, const struct inotify_event *event, void *userdata) {
        Guest *g = userdata;

        if (g->executed || g->gate_fd < 0 || !gate_has_executed(g->gate_fd))
                return 0;
        g->executed = true;
        tell_ready(g);
        return 0;
}

static int on_gate_look(sd_event_source *s, uint64_t usec, void *userdata) {
        Guest *g = userdata;

        if (!gate_is_passed(g->options->cgroup_fd)) {
                (void) sd_event_source_set_time_relative(s, GATE_LOOK_USEC);
                return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
        }
        g->executed = true;
        tell_ready(g);
        return 0;
}

/* Without an inotify instance there is no event. */
static int watch_gate(Guest *g, Error *reterr) {
        int r = sd_event_add_inotify(g->event, &g->gate_closed, MACHINE_GATE, IN_CLOSE_NOWRITE,
                                     on_gate_closed, g);

        if (r < 0)
                r = sd_event_add_time_relative(g->event, &g->gate_closed, CLOCK_MONOTONIC, GATE_LOOK_USEC, 1,
                                               on_gate_look, g);
        return r < 0 ? error_set(reterr, r, "watch the gate that the command waits at") : 0;
}

static int on_network_set(Guest *g, Error *reterr) {
        int r;

        g->network_set = true;
        if (g->options->keeper.gate) {
                r = watch_gate(g, reterr);
                if (r >= 0)
                        r = g->gate_fd = gate_open(reterr);
                if (r < 0)
                        return r;
        }
        enable_ports(g);
        return 0;
}

/* Our pid numbers are those of our namespace. The host's /proc shows the host's number of a pidfd's process.
 */
static int host_pid(Guest *g, pid_t *ret) {
        _cleanup_free_ char *path = xasprintf("self/fdinfo/%d", g->leader_pidfd);
        _cleanup_close_ int fd = openat(g->host_proc, path, O_RDONLY | O_CLOEXEC);
        char text[1024], *line;
        ssize_t n;

        n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
        if (n < 0)
                return -errno;
        text[n] = '\0';
        line = strstr(text, "Pid:");
        if (!line)
                return -EBADMSG;
        *ret = (pid_t) strtol(line + strlen("Pid:"), NULL, 10);
        return *ret > 0 ? 0 : -ESRCH;
}

static int on_leader(Guest *g, pid_t leader, Error *reterr) {
        char text[32];
        pid_t host;
        int r;

        /* -ESRCH: it has ended already, and nspawn will say so. */
        r = process_open(leader);
        if (r >= 0) {
                g->leader_pidfd = r;
                r = host_pid(g, &host);
        }
        if (r < 0)
                return r == -ESRCH ? 0 : error_set(reterr, r, "open the container's PID 1");
        (void) snprintf(text, sizeof(text), "%d", host);
        control_send(g->options->control_fd, CONTROL_LEADER, text);
        continue_stop(g);
        if (g->options->keeper.netns)
                r = g->netns_helper = netns_helper_start(&g->options->keeper, leader, reterr);
        else
                r = on_network_set(g, reterr);
        if (r < 0)
                return r;
        /* In some milliseconds a systemd moves itself. A command may wait at the gate for us. */
        if (!g->options->keeper.gate)
                cgroup_expect_moves(g->options->cgroup_fd, "runner");
        return 0;
}

/* The record is for `status` only, so that a full /run is no reason to do anything else. */
static void note_reboot(Guest *g, uint64_t delay_usec) {
        _cleanup_free_ char *detail = reboot_pace_describe(&g->reboot_pace, delay_usec);

        g->crashes.reboots++;
        g->crashes.ready_usec = 0;
        (void) crash_record_write(g->options->runtime_fd, &g->crashes, NULL);
        supervisor_event(g->options, PHASE_REBOOTING, detail);
}

static void note_crash(Guest *g, const char *end) {
        g->crashes.restarts++;
        g->crashes.crash_usec = realtime_usec();
        g->crashes.ready_usec = 0;
        (void) snprintf(g->crashes.reason, sizeof(g->crashes.reason), "%s", end);
        (void) crash_record_write(g->options->runtime_fd, &g->crashes, NULL);
        supervisor_event(g->options, PHASE_CRASHED, end);
        supervisor_event(g->options, PHASE_RESTARTING, NULL);
}

/* sd_notify(3): lines of KEY=VALUE; unknown keys are ignored. */
static int on_notice(Guest *g, const NspawnNotice *notice, Error *reterr) {
        int r = 0;

        if (notice->leader > 0 && g->leader_pidfd < 0)
                r = on_leader(g, notice->leader, reterr);
        if (notice->status)
                control_send(g->options->control_fd, CONTROL_STATUS, notice->status);
        if (r >= 0 && notice->ready) {
                g->ready = true;
                tell_ready(g);
        }
        return r;
}

static int on_notify(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        _cleanup_(nspawn_notice_done) NspawnNotice notice = {0};
        Guest *g = userdata;
        char buffer[4096];
        int r;

        r = nspawn_notify_receive(g->notify_fd, MSG_DONTWAIT, g->nspawn, buffer, sizeof(buffer));
        if (r <= 0)
                return 0;
        nspawn_notice_parse(buffer, &notice);
        if (on_notice(g, &notice, &g->error) < 0)
                give_up(g);
        return 0;
}

/* What the payload left behind: nothing after an orderly end, all of it when nspawn was killed. */
static int clear_payload(Guest *g, Error *reterr) {
        int r;

        for (size_t i = 0; i < g->n_proxies; i++)
                proxy_disable(g->proxies[i]);
        if (g->netns_helper > 0)
                (void) kill(g->netns_helper, SIGKILL);
        g->leader_pidfd = safe_close(g->leader_pidfd);
        g->gate_closed = sd_event_source_disable_unref(g->gate_closed);
        g->gate_fd = safe_close(g->gate_fd);
        g->network_set = g->ready = g->executed = g->told_ready = false;

        r = cgroup_kill(g->options->cgroup_fd, "nspawn", reterr);
        if (r < 0)
                return r;
        r = cgroup_wait_empty(g->options->cgroup_fd, "nspawn", KILL_TIMEOUT_USEC, reterr);
        if (r == 0)
                return error_raise(reterr, FC_EXIT_INTERNAL, "the payload outlives SIGKILL");
        if (r < 0)
                return r;
        console_drain(g->console);
        r = cgroup_remove_child(g->options->cgroup_fd, "nspawn", reterr);
        if (r < 0)
                return r;
        return nspawn_clear_leftovers(g->options->keeper.machine, reterr);
}

static int start_again(Guest *g, Error *reterr) {
        int r;

        r = cgroup_create_child(g->options->cgroup_fd, "nspawn", reterr);
        if (r < 0)
                return r;
        return spawn_nspawn(g, reterr);
}

static int on_restart(sd_event_source *s, uint64_t usec, void *userdata) {
        Guest *g = userdata;

        g->restart_timer = sd_event_source_disable_unref(g->restart_timer);
        if (start_again(g, &g->error) < 0)
                (void) sd_event_exit(g->event, 0);
        return 0;
}

/* Return: 1 it will be started again, 0 that has happened too often, or a negative errno. */
static int restart_later(Guest *g, Error *reterr) {
        _cleanup_free_ char *end = exit_record_to_string(&g->end);
        uint64_t delay;
        int r;

        if (!restart_limit_next(&g->restart_limit, now_usec(), &delay)) {
                g->end.given_up = true;
                g->end.restarts = g->crashes.restarts;
                return 0;
        }
        r = sd_event_add_time_relative(g->event, &g->restart_timer, CLOCK_MONOTONIC, delay, 1, on_restart,
                                       g);
        if (r < 0)
                return error_set(reterr, r, "wait for the restart");
        note_crash(g, end);
        control_send(g->options->control_fd, CONTROL_RESTARTING, end);
        (void) fprintf(stderr, "flake-containers: the container failed (%s) and is started again\n", end);
        return 1;
}

static int reboot(Guest *g, Error *reterr) {
        uint64_t delay = reboot_pace_next(&g->reboot_pace, now_usec() - g->started_usec);
        int r;

        note_reboot(g, delay);
        if (delay == 0)
                return start_again(g, reterr);
        r = sd_event_add_time_relative(g->event, &g->restart_timer, CLOCK_MONOTONIC, delay, 1, on_restart,
                                       g);
        return r < 0 ? error_set(reterr, r, "wait for the reboot") : 0;
}

typedef enum Next {
        NEXT_END,
        NEXT_REBOOT,
        NEXT_RESTART,
} Next;

static Next what_next(const Guest *g) {
        if (g->stop_requests > 0 || error_is_set(&g->error))
                return NEXT_END;
        if (exit_record_is_reboot(&g->end))
                return NEXT_REBOOT;
        if (exit_record_is_success(&g->end))
                return NEXT_END;
        return g->options->keeper.restart ? NEXT_RESTART : NEXT_END;
}

static void on_nspawn_end(Guest *g, int status) {
        int again = 0;
        Next next;

        g->nspawn = 0;
        g->end = exit_record_from_status(status);
        g->failed = g->stop_requests == 0 && !exit_record_is_success(&g->end);
        next = what_next(g);
        if (!exit_record_is_success(&g->end) && g->options->limits)
                g->end.out_of_memory = cgroup_ran_out_of_memory(g->options->cgroup_fd, "nspawn");
        if (clear_payload(g, error_is_set(&g->error) ? NULL : &g->error) < 0)
                next = NEXT_END;
        if (next == NEXT_REBOOT)
                again = reboot(g, &g->error) >= 0;
        if (next == NEXT_RESTART)
                again = restart_later(g, &g->error);
        if (again <= 0)
                (void) sd_event_exit(g->event, 0);
}

static void on_netns_helper_end(Guest *g, int status) {
        int r;

        g->netns_helper = 0;
        /* It was killed with the payload. */
        if (g->leader_pidfd < 0)
                return;
        r = netns_helper_result(status, &g->error);
        if (r > 0)
                r = on_network_set(g, &g->error);
        if (r < 0)
                give_up(g);
}

/* As PID 1 we also reap what nspawn leaves to us when it is killed. */
static int on_child(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata) {
        Guest *g = userdata;

        for (;;) {
                int status;
                pid_t pid = waitpid(-1, &status, WNOHANG);

                if (pid <= 0)
                        return 0;
                if (pid == g->nspawn)
                        on_nspawn_end(g, status);
                else if (pid == g->netns_helper)
                        on_netns_helper_end(g, status);
                else
                        for (size_t i = 0; i < g->n_proxies && !proxy_reaped(g->proxies[i], pid); i++)
                                ;
        }
}

/* The first SIGTERM halts the payload, a second one ends it at once. */
static int on_terminate(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata) {
        Guest *g = userdata;

        g->stop_requests++;
        if (g->restart_timer)
                return sd_event_exit(g->event, 0);
        continue_stop(g);
        return 0;
}

static int watch(Guest *g, Error *reterr) {
        int r;

        r = sd_event_new(&g->event);
        if (r >= 0)
                r = sd_event_add_signal(g->event, NULL, SIGCHLD, on_child, g);
        if (r >= 0)
                r = sd_event_add_signal(g->event, NULL, SIGTERM, on_terminate, g);
        if (r >= 0)
                r = sd_event_add_io(g->event, NULL, g->notify_fd, EPOLLIN, on_notify, g);
        return r < 0 ? error_set(reterr, r, "make an event loop") : 0;
}

int guest_new(const SupervisorOptions *o, int host_proc, Guest **ret, Error *reterr) {
        _cleanup_(guest_freep) Guest *g = xmalloc0(sizeof(*g));
        int r;

        *g = (Guest){
                .options = o,
                .host_proc = host_proc,
                .leader_pidfd = -EBADF,
                .gate_fd = -EBADF,
        };
        g->notify_fd = notify_socket(reterr);
        if (g->notify_fd < 0)
                return g->notify_fd;
        r = watch(g, reterr);
        if (r >= 0)
                r = console_new(g->event, o, &g->console, reterr);
        if (r < 0)
                return r;
        g->proxies = xnew0(Proxy *, o->keeper.ports.n);
        for (; g->n_proxies < o->keeper.ports.n; g->n_proxies++) {
                r = proxy_new(g->event, o, &o->keeper.ports.ports[g->n_proxies], &g->proxies[g->n_proxies],
                              reterr);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(g);
        return 0;
}

Guest *guest_free(Guest *g) {
        if (!g)
                return NULL;
        for (size_t i = 0; i < g->n_proxies; i++)
                (void) proxy_free(g->proxies[i]);
        free(g->proxies);
        (void) console_free(g->console);
        sd_event_source_disable_unref(g->restart_timer);
        sd_event_source_disable_unref(g->gate_closed);
        (void) sd_event_unref(g->event);
        (void) safe_close(g->notify_fd);
        (void) safe_close(g->leader_pidfd);
        (void) safe_close(g->gate_fd);
        error_done(&g->error);
        free(g);
        return NULL;
}

int guest_run(Guest *g, Error *reterr) {
        int r;

        r = spawn_nspawn(g, reterr);
        if (r < 0)
                return r;
        r = sd_event_loop(g->event);
        if (error_is_set(&g->error)) {
                error_move(reterr, &g->error);
                return -EIO;
        }
        return r < 0 ? error_set(reterr, r, "run the event loop") : 0;
}

const ExitRecord *guest_end(const Guest *g) {
        return &g->end;
}

bool guest_failed(const Guest *g) {
        return g->failed;
}

bool guest_asked(const Guest *g) {
        return g->stop_requests > 0;
}
