/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/host-exec.h"
#include "base/process.h"
#include "base/strv.h"
#include "base/systemd.h"
#include "cgroup/cgroup.h"
#include "cgroup/leftovers.h"
#include "keeper/command-notify.h"
#include "keeper/control.h"
#include "keeper/machine-dir.h"
#include "keeper/nspawn-notify.h"
#include "keeper/payload.h"
#include "keeper/port-proxy.h"
#include "keeper/publish-socket.h"
#include "keeper/publish.h"
#include "keeper/records.h"
#include "keeper/restart.h"
#include "keeper/supervisor-console.h"
#include "keeper/supervisor-guest.h"
#include "keeper/supervisor-isolate.h"
#include "record/exit-record.h"
#include "record/limit-record.h"
#include "record/stop-record.h"

typedef enum StopRequest {
        STOP_NOT,
        STOP_IN_ORDER, /* the payload is asked to halt */
        STOP_AT_ONCE,
} StopRequest;

struct Guest {
        const SupervisorOptions *options;
        int host_proc;
        sd_event *event;
        int notify_fd;
        int command_fd; /* what a command notifies, -EBADF: it says nothing */
        sd_event_source *command_notify;
        pid_t nspawn;
        int life_fd; /* of one in the host's network that is not a child, host_exec_start(); or -EBADF */
        sd_event_source *life_end;
        Payload *payload;
        bool ready; /* as nspawn says, or the command */
        bool told_ready;
        bool failed; /* it ended, was not asked to, and not by an orderly shutdown */
        unsigned boots;
        StopRequest stop;
        bool asked; /* by a command */
        sd_event_source *owner_end, *owner_timeout;
        Console *console;
        PortProxy *proxy;
        int publish_fd;
        Publisher *publisher;
        RestartLimit restart_limit;
        RebootPace reboot_pace;
        uint64_t started_usec;          /* nspawn, the last time */
        sd_event_source *restart_timer; /* set: it failed and waits to be started again */
        KeeperRecords records;
        ExitRecord end; /* of the last nspawn */
        Error error;    /* what made us give up, if anything did */
};

static void guest_give_up(Guest *g) {
        if (g->life_fd >= 0)
                (void) shutdown(g->life_fd, SHUT_WR);
        else if (g->nspawn > 0)
                (void) kill(g->nspawn, SIGKILL);
}

/* A PID 1 that has lost the signal is asked again: continued when the leader is known and when the payload
 * is ready. */
static void continue_stop(Guest *g) {
        int leader_fd = payload_leader_fd(g->payload);

        if (g->stop == STOP_NOT)
                return;
        /* Before there is a leader nothing of the payload has run that could be halted. */
        if (leader_fd < 0)
                guest_give_up(g);
        /* With the leader goes its PID namespace, and nspawn then ends in its own order. */
        else if (g->stop == STOP_AT_ONCE)
                (void) process_signal(leader_fd, SIGKILL);
        else if (!g->options->keeper.command ||
                 payload_terminate_command(&g->options->keeper, g->options->cgroup_fd, NULL) <= 0)
                payload_halt(g->payload);
}

/* A command that changes them writes the record first and the cgroup second: so what the record says after
 * they have been set here is what the cgroup has in the end, whoever was last. */
static int limit_guest(const Guest *g, Error *reterr) {
        _cleanup_strv_ char **limits = NULL;

        for (;;) {
                _cleanup_strv_ char **now = NULL;
                int r = limit_record_read(g->options->runtime_fd, &now, reterr);

                if (r < 0 || strv_equal(now, limits))
                        return r;
                r = cgroup_set(g->options->cgroup_fd, "nspawn", now, reterr);
                if (r < 0)
                        return r;
                strv_free(limits);
                limits = TAKE_PTR(now);
        }
}

/* Where it has a limit. */
static bool ran_out_of_memory(const Guest *g) {
        _cleanup_strv_ char **limits = NULL;

        return limit_record_read(g->options->runtime_fd, &limits, NULL) >= 0 && limits &&
               cgroup_ran_out_of_memory(g->options->cgroup_fd, "nspawn");
}

static _Noreturn void supervisor_exec_nspawn(const Guest *g) {
        const SupervisorOptions *o = g->options;

        process_unblock_signals();
        if (dup2(console_input(g->console), STDOUT_FILENO) < 0 ||
            dup2(console_input(g->console), STDERR_FILENO) < 0)
                _exit(EXIT_FAILURE);
        if (o->owner_fd >= 0 && dup2(o->owner_fd, STDIN_FILENO) < 0)
                _exit(EXIT_FAILURE);
        if (setenv("NOTIFY_SOCKET", NSPAWN_NOTIFY_SOCKET, 1) < 0)
                _exit(EXIT_FAILURE);
        (void) execv(o->keeper.nspawn[0], o->keeper.nspawn);
        (void) fprintf(stderr, "cannot execute %s: %m\n", o->keeper.nspawn[0]);
        _exit(EXIT_FAILURE);
}

static int on_life_end(sd_event_source *s, int fd, uint32_t revents, void *userdata);

/* Return: as start_child(). */
static pid_t start_in_host_network(Guest *g, int cgroup_fd) {
        _cleanup_strv_ char **environment = strv_copy(environ);
        pid_t pid;
        int r;

        strv_push(&environment, "NOTIFY_SOCKET=" NSPAWN_NOTIFY_SOCKET);
        r = pid = host_exec_start(g->options->keeper.nspawn, environment, console_input(g->console),
                                  cgroup_fd, &g->life_fd);
        if (r >= 0)
                r = sd_event_add_io(g->event, &g->life_end, g->life_fd, EPOLLIN, on_life_end, g);
        return r < 0 ? r : pid;
}

/* Return: its pid, or a negative errno. */
static pid_t start_child(const Guest *g, int cgroup_fd) {
        pid_t pid = own_cgroup_fork(cgroup_fd);

        if (pid == 0)
                supervisor_exec_nspawn(g);
        return pid < 0 ? -errno : pid;
}

static int spawn_nspawn(Guest *g, Error *reterr) {
        const SupervisorOptions *o = g->options;
        _cleanup_close_ int cgroup = cgroup_open_child(o->cgroup_fd, "nspawn", reterr);
        int r;

        if (cgroup < 0)
                return cgroup;
        r = machine_dir_check_root(reterr);
        if (r >= 0)
                r = machine_dir_empty_tmpfs(reterr);
        if (r >= 0)
                r = limit_guest(g, reterr);
        if (r < 0)
                return r;
        r = o->in_host_network ? start_in_host_network(g, cgroup) : start_child(g, cgroup);
        if (r < 0)
                return error_set(reterr, r, "start systemd-nspawn");
        g->nspawn = r;
        g->boots++;
        g->started_usec = now_usec();
        /* nspawn is going to move its payload, and that to move itself. There is nothing to be done here
         * until nspawn has a leader. */
        cgroup_expect_moves(o->cgroup_fd, "runner");
        return 0;
}

static void tell_ready(Guest *g) {
        if (!g->ready || g->told_ready || !payload_is_open(g->payload))
                return;
        g->told_ready = true;
        (void) records_note_booted(&g->records, NULL);
        control_send(g->options->control_fd, CONTROL_READY, NULL);
        port_proxy_enable(g->proxy, payload_leader_fd(g->payload));
        if (g->publisher)
                publisher_enable(g->publisher, payload_leader_fd(g->payload));
        continue_stop(g);
}

static void on_payload_opened(void *userdata) {
        tell_ready(userdata);
}

static void on_payload_failed(Error *error, void *userdata) {
        Guest *g = userdata;

        if (!error_is_set(&g->error))
                error_move(&g->error, error);
        guest_give_up(g);
}

/* Our pid numbers are those of our namespace. */
static int host_pid(Guest *g, pid_t *ret) {
        return process_number(g->host_proc, payload_leader_fd(g->payload), ret);
}

static int guest_on_leader(Guest *g, pid_t leader, Error *reterr) {
        char text[32];
        pid_t host;
        int r;

        r = payload_set_leader(g->payload, leader, reterr);
        if (r <= 0)
                return r;
        r = host_pid(g, &host);
        if (r < 0)
                return r == -ESRCH ? 0 : error_set(reterr, r, "open the container's PID 1");
        (void) snprintf(text, sizeof(text), "%d", host);
        control_send(g->options->control_fd, CONTROL_LEADER, text);
        continue_stop(g);
        r = payload_start(g->payload, reterr);
        if (r < 0)
                return r;
        /* In some milliseconds a systemd moves itself. A command may wait at the gate for us. */
        if (!g->options->keeper.gate)
                cgroup_expect_moves(g->options->cgroup_fd, "runner");
        return 0;
}

/* sd_notify(3): lines of KEY=VALUE; unknown keys are ignored. */
static int on_notice(Guest *g, const NspawnNotice *notice, Error *reterr) {
        int r = 0;

        if (notice->leader > 0 && payload_leader_fd(g->payload) < 0)
                r = guest_on_leader(g, notice->leader, reterr);
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

        r = notify_socket_receive(g->notify_fd, g->nspawn, buffer, sizeof(buffer));
        if (r <= 0)
                return 0;
        nspawn_notice_parse(buffer, &notice);
        if (on_notice(g, &notice, &g->error) < 0)
                guest_give_up(g);
        return 0;
}

static int on_command_notify(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        _cleanup_(nspawn_notice_done) NspawnNotice notice = {0};
        Guest *g = userdata;

        if (command_notify_receive(fd, &notice) > 0)
                (void) on_notice(g, &notice, NULL);
        return 0;
}

/* What the payload left behind: nothing after an orderly end, all of it when nspawn was killed. */
static int clear_payload(Guest *g, Error *reterr) {
        int r;

        port_proxy_disable(g->proxy);
        if (g->publisher)
                publisher_disable(g->publisher);
        payload_end(g->payload);
        g->ready = g->told_ready = false;

        r = cgroup_kill(g->options->cgroup_fd, "nspawn", reterr);
        if (r < 0)
                return r;
        r = cgroup_wait_empty(g->options->cgroup_fd, "nspawn", CGROUP_KILL_USEC, reterr);
        if (r == 0)
                return error_raise(reterr, FC_EXIT_INTERNAL, "the payload outlives SIGKILL");
        if (r < 0)
                return r;
        console_drain(g->console);
        if (g->command_fd >= 0)
                command_notify_drain(g->command_fd);
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
                (void) records_count_crashes(&g->records, &g->end.restarts, NULL);
                return 0;
        }
        r = sd_event_add_time_relative(g->event, &g->restart_timer, CLOCK_MONOTONIC, delay, 1, on_restart,
                                       g);
        if (r < 0)
                return error_set(reterr, r, "wait for the restart");
        (void) records_note_crash(&g->records, end, NULL);
        control_send(g->options->control_fd, CONTROL_RESTARTING, end);
        records_say_restart(end);
        return 1;
}

static int reboot(Guest *g, Error *reterr) {
        uint64_t delay = reboot_pace_next(&g->reboot_pace, now_usec() - g->started_usec);
        _cleanup_free_ char *detail = reboot_pace_describe(&g->reboot_pace, delay);
        int r;

        (void) records_note_reboot(&g->records, detail, NULL);
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
        if (g->stop != STOP_NOT || error_is_set(&g->error))
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
        g->failed = g->stop == STOP_NOT && !exit_record_is_success(&g->end);
        next = what_next(g);
        if (!exit_record_is_success(&g->end))
                g->end.out_of_memory = ran_out_of_memory(g);
        if (clear_payload(g, error_is_set(&g->error) ? NULL : &g->error) < 0)
                next = NEXT_END;
        if (next == NEXT_REBOOT)
                again = reboot(g, &g->error) >= 0;
        if (next == NEXT_RESTART)
                again = restart_later(g, &g->error);
        if (again <= 0)
                (void) sd_event_exit(g->event, 0);
}

static int on_life_end(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Guest *g = userdata;
        int status = host_exec_reap(fd);

        g->life_end = sd_event_source_disable_unref(g->life_end);
        g->life_fd = safe_close(g->life_fd);
        on_nspawn_end(g, status);
        return 0;
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
                else if (!payload_reaped(g->payload, pid, status) &&
                         !port_proxy_reaped(g->proxy, pid, status) && g->publisher)
                        (void) publisher_reaped(g->publisher, pid, status);
        }
}

static int guest_stop(Guest *g, StopRequest request) {
        if (request <= g->stop)
                return 0;
        g->stop = request;
        if (g->restart_timer)
                return sd_event_exit(g->event, 0);
        continue_stop(g);
        return 0;
}

/* The first time it halts the payload, unless the end of its network does so already; the second time it
 * ends that at once. */
static int on_terminate(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata) {
        Guest *g = userdata;
        StopRequest request = g->asked ? STOP_AT_ONCE : STOP_IN_ORDER;

        g->asked = true;
        return guest_stop(g, request);
}

static int on_owner_timeout(sd_event_source *s, uint64_t usec, void *userdata) {
        return guest_stop(userdata, STOP_AT_ONCE);
}

/* The network ends with the container that it is shared with: what is left is a loopback interface, or less.
 * Noted as an end that was asked for, since it is not a failure of this one. */
static int on_owner_end(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Guest *g = userdata;

        (void) sd_event_source_set_enabled(s, SD_EVENT_OFF);
        records_say_network_end();
        payload_let_network_go(g->payload);
        /* The command that has asked it to end sees to the rest. */
        if (g->asked)
                return 0;
        (void) stop_record_write(g->options->runtime_fd, 0, NULL);
        (void) sd_event_add_time_relative(g->event, &g->owner_timeout, CLOCK_MONOTONIC,
                                          g->options->stop_timeout_usec, 1, on_owner_timeout, g);
        return guest_stop(g, STOP_IN_ORDER);
}

static int guest_watch(Guest *g, Error *reterr) {
        int r;

        r = sd_event_new(&g->event);
        if (r >= 0)
                r = sd_event_add_signal(g->event, NULL, SIGCHLD, on_child, g);
        if (r >= 0)
                r = sd_event_add_signal(g->event, NULL, SIGTERM, on_terminate, g);
        if (r >= 0)
                r = sd_event_add_io(g->event, NULL, g->notify_fd, EPOLLIN, on_notify, g);
        if (r >= 0 && g->options->owner_fd >= 0)
                r = sd_event_add_io(g->event, &g->owner_end, g->options->owner_fd, EPOLLIN, on_owner_end, g);
        return r < 0 ? error_set(reterr, r, "make an event loop") : 0;
}

static int guest_open_publisher(Guest *g, Error *reterr) {
        g->publish_fd = publish_socket_listen(g->options->runtime_fd);
        if (g->publish_fd < 0)
                return error_set(reterr, g->publish_fd, "listen for ports to publish");
        return publisher_new(g->event, &g->options->keeper, g->proxy, g->publish_fd, NULL, &g->publisher,
                             reterr);
}

static int guest_listen_to_command(Guest *g, Error *reterr) {
        g->command_fd = command_notify_open(COMMAND_NOTIFY_SOCKET, reterr);
        return g->command_fd < 0 ? g->command_fd
                                 : command_notify_watch(g->event, g->command_fd, on_command_notify, g,
                                                        &g->command_notify, reterr);
}

int guest_new(const SupervisorOptions *o, int host_proc, Guest **ret, Error *reterr) {
        static const PayloadHandlers handlers = {on_payload_opened, on_payload_failed};
        _cleanup_(guest_freep) Guest *g = xmalloc0(sizeof(*g));
        int r;

        *g = (Guest){
                .options = o,
                .host_proc = host_proc,
                .command_fd = -EBADF,
                .life_fd = -EBADF,
                .publish_fd = -EBADF,
                .records = {o->runtime_fd, o->events_fd, o->keeper.container},
        };
        g->notify_fd = nspawn_notify_open(reterr);
        if (g->notify_fd < 0)
                return g->notify_fd;
        r = guest_watch(g, reterr);
        if (r >= 0 && o->keeper.notify)
                r = guest_listen_to_command(g, reterr);
        if (r >= 0)
                r = console_new(g->event, o, &g->console, reterr);
        if (r < 0)
                return r;
        r = port_proxy_new(g->event, &o->keeper, &o->keeper.ports, &g->proxy, reterr);
        if (r >= 0 && o->keeper.proxy)
                r = guest_open_publisher(g, reterr);
        if (r < 0)
                return r;
        g->payload = payload_new(g->event, &o->keeper, o->cgroup_fd, &handlers, g);
        *ret = TAKE_PTR(g);
        return 0;
}

Guest *guest_free(Guest *g) {
        if (!g)
                return NULL;
        (void) port_proxy_free(g->proxy);
        (void) publisher_free(g->publisher);
        (void) payload_free(g->payload);
        (void) console_free(g->console);
        sd_event_source_disable_unref(g->restart_timer);
        sd_event_source_disable_unref(g->life_end);
        (void) safe_close(g->life_fd);
        sd_event_source_disable_unref(g->owner_end);
        sd_event_source_disable_unref(g->owner_timeout);
        sd_event_source_disable_unref(g->command_notify);
        (void) sd_event_unref(g->event);
        (void) safe_close(g->notify_fd);
        (void) safe_close(g->command_fd);
        (void) safe_close(g->publish_fd);
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
        return g->asked;
}
