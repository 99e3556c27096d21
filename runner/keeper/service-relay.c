/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/systemd.h"
#include "cgroup/cgroup.h"
#include "keeper/command-notify.h"
#include "keeper/machine-unit.h"
#include "keeper/nspawn-notify.h"
#include "keeper/payload.h"
#include "keeper/port-proxy.h"
#include "keeper/publish-socket.h"
#include "keeper/publish.h"
#include "keeper/service-finish.h"
#include "keeper/service-lifeline.h"
#include "keeper/service-privileges.h"
#include "keeper/service-publish.h"
#include "keeper/service-records.h"
#include "keeper/service-relay.h"
#include "record/stop-record.h"

/* systemd forgets what a process has said that is gone by the time it looks who that was. */
#define BARRIER_TIMEOUT_USEC (10 * USEC_PER_SEC)

typedef struct Relay {
        const ServiceOptions *options;
        sd_event *event;
        sd_event_source *notify;  /* off while a notification waits */
        sd_event_source *command; /* from when it was executed; NULL: it says nothing */
        bool command_ready;
        sd_event_source *owner; /* of the network; NULL: the container has one of its own */
        int cgroup_fd;          /* the unit's */
        Payload *payload;
        PortProxy *proxy;
        int publish_fd;
        Publisher *publisher; /* where the relay stays */
        char *waiting;        /* the notification that has named the leader, until the payload is open */
        Error error;
} Relay;

static void relay_done(Relay *relay) {
        (void) port_proxy_free(relay->proxy);
        (void) publisher_free(relay->publisher);
        (void) safe_close(relay->publish_fd);
        (void) payload_free(relay->payload);
        sd_event_source_disable_unref(relay->notify);
        sd_event_source_disable_unref(relay->command);
        sd_event_source_disable_unref(relay->owner);
        (void) sd_event_unref(relay->event);
        (void) safe_close(relay->cgroup_fd);
        free(relay->waiting);
        error_done(&relay->error);
}

static void relay_end(Relay *relay) {
        (void) sd_event_exit(relay->event, 0);
}

/* The first time, the command that started it tells it. */
static int note_booted(const ServiceOptions *o, Error *reterr) {
        _cleanup_(service_records_done) ServiceRecords records = SERVICE_RECORDS_NULL;
        int r;

        /* A command has put the project away meanwhile. */
        if (access(o->runtime, F_OK) < 0)
                return 0;
        r = service_records_open(o, &records, reterr);
        return r < 0 ? r : records_note_booted(&records.shared, reterr);
}

/* A guest's PID 1 that had not set up its signals yet when nspawn asked it to halt has lost that; now it
 * has. A command's own signal is `service stop`'s to send, and ends what has not set it up. */
static void relay_continue_stop(const Relay *relay) {
        const ServiceOptions *o = relay->options;
        _cleanup_close_ int runtime_fd = open(o->runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        StopRecord stop;

        if (!o->keeper.command && runtime_fd >= 0 && stop_record_read(runtime_fd, &stop, NULL) >= 0 &&
            stop.holds)
                payload_halt(relay->payload);
}

/* Ports are to be served, or ways out to be kept, as long as the payload runs, or a network to be watched;
 * and what a command says has to be heard, or it would be told that there is no manager any more. */
static bool relay_stays(const KeeperOptions *o) {
        return o->shares || o->notify || o->ports.n > 0 || o->published.n > 0 || o->pasta || o->host_access;
}

/* From the beginning on, or a command that publishes a port meanwhile would start another keeper. Where it
 * cannot, ports cannot be published while it runs, and nothing else is wrong. */
static int relay_open_publisher(Relay *relay, Error *reterr) {
        const ServiceOptions *o = relay->options;
        _cleanup_close_ int runtime_fd = open(o->runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (!o->keeper.proxy || runtime_fd < 0)
                return 0;
        relay->publish_fd = publish_socket_listen(runtime_fd);
        if (relay->publish_fd < 0)
                return 0;
        return publisher_new(relay->event, &o->keeper, relay->proxy, relay->publish_fd,
                             service_publish_store, &relay->publisher, reterr);
}

/* Hands a notification on to systemd. */
static int relay_pass_on(Relay *relay, const char *text, Error *reterr) {
        _cleanup_(nspawn_notice_done) NspawnNotice notice = {0};
        const ServiceOptions *o = relay->options;
        int leader_fd = payload_leader_fd(relay->payload), r = 0;

        nspawn_notice_parse(text, &notice);
        if (notice.ready)
                r = note_booted(o, reterr);
        if (r < 0)
                return r;
        r = sd_notify(false, text);
        if (r >= 0 && notice.ready)
                r = sd_notify_barrier(false, BARRIER_TIMEOUT_USEC);
        if (r < 0)
                return error_set(reterr, r, "notify systemd");
        if (!notice.ready)
                return 0;
        relay_continue_stop(relay);
        if (!relay_stays(&o->keeper) || leader_fd < 0) {
                relay_end(relay);
                return 0;
        }
        port_proxy_enable(relay->proxy, leader_fd);
        if (relay->publisher)
                publisher_enable(relay->publisher, leader_fd);
        return 0;
}

static int relay_hear_command(Relay *relay, int fd, Error *reterr) {
        _cleanup_(nspawn_notice_done) NspawnNotice notice = {0};
        _cleanup_free_ char *words = NULL;

        if (command_notify_receive(fd, &notice) == 0)
                return 0;
        notice.ready = notice.ready && !relay->command_ready;
        words = nspawn_notice_pass_on(&notice);
        relay->command_ready = relay->command_ready || notice.ready;
        return words ? relay_pass_on(relay, words, reterr) : 0;
}

static int relay_on_command_notify(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Relay *relay = userdata;

        if (relay_hear_command(relay, fd, &relay->error) < 0)
                relay_end(relay);
        return 0;
}

static void relay_on_opened(void *userdata) {
        Relay *relay = userdata;
        _cleanup_free_ char *text = TAKE_PTR(relay->waiting);

        (void) sd_event_source_set_enabled(relay->notify, SD_EVENT_ON);
        if (relay->command)
                (void) sd_event_source_set_enabled(relay->command, SD_EVENT_ON);
        if (text && relay_pass_on(relay, text, &relay->error) < 0)
                relay_end(relay);
}

static void relay_on_failed(Error *error, void *userdata) {
        Relay *relay = userdata;

        error_move(&relay->error, error);
        relay_end(relay);
}

/* What nspawn says from here on waits, too. When the payload ends before it is open, nspawn tells that, and
 * what it has to say before is not true any more. */
static int relay_on_leader(Relay *relay, pid_t leader, const char *text, Error *reterr) {
        int r = payload_set_leader(relay->payload, leader, reterr);

        if (r == 0)
                relay_end(relay);
        if (r <= 0)
                return r;
        relay->waiting = xstrdup(text);
        (void) sd_event_source_set_enabled(relay->notify, SD_EVENT_OFF);
        return payload_start(relay->payload, reterr);
}

static int relay_hear(Relay *relay, Error *reterr) {
        _cleanup_(nspawn_notice_done) NspawnNotice notice = {0};
        char text[4096];
        int r;

        r = notify_socket_receive(relay->options->notify_fd, relay->options->nspawn_pid, text, sizeof(text));
        if (r < 0)
                return error_set(reterr, r, "hear systemd-nspawn");
        if (r == 0)
                return 0;
        nspawn_notice_parse(text, &notice);
        if (notice.leader > 0 && payload_leader_fd(relay->payload) < 0)
                return relay_on_leader(relay, notice.leader, text, reterr);
        return relay_pass_on(relay, text, reterr);
}

static int relay_on_notify(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Relay *relay = userdata;

        if (relay_hear(relay, &relay->error) < 0)
                relay_end(relay);
        return 0;
}

static int relay_on_nspawn_end(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        relay_end(userdata);
        return 0;
}

/* The network ends with the container that it is shared with. systemd stops the unit in order, and does not
 * start it again. */
static int relay_on_owner_end(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Relay *relay = userdata;

        (void) sd_event_source_set_enabled(s, SD_EVENT_OFF);
        records_say_network_end();
        payload_let_network_go(relay->payload);
        if (service_ask_stop(relay->options, &relay->error) < 0)
                relay_end(relay);
        return 0;
}

static int relay_on_child(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata) {
        Relay *relay = userdata;
        int status;
        pid_t pid;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
                if (!payload_reaped(relay->payload, pid, status) &&
                    !port_proxy_reaped(relay->proxy, pid, status) && relay->publisher)
                        (void) publisher_reaped(relay->publisher, pid, status);
        return 0;
}

static int relay_watch(Relay *relay, Error *reterr) {
        const ServiceOptions *o = relay->options;
        sd_event_source *end = NULL;
        sigset_t mask;
        int r;

        /* The event loop wants it blocked, as it is already unless a wrapper has executed this program. */
        (void) sigemptyset(&mask);
        (void) sigaddset(&mask, SIGCHLD);
        (void) sigprocmask(SIG_BLOCK, &mask, NULL);
        r = sd_event_new(&relay->event);
        if (r >= 0)
                r = sd_event_add_signal(relay->event, NULL, SIGCHLD, relay_on_child, relay);
        if (r >= 0)
                r = sd_event_add_io(relay->event, &relay->notify, o->notify_fd, EPOLLIN, relay_on_notify,
                                    relay);
        if (r >= 0)
                r = sd_event_add_io(relay->event, &end, o->nspawn_fd, EPOLLIN, relay_on_nspawn_end, relay);
        if (r >= 0 && o->owner_fd >= 0)
                r = sd_event_add_io(relay->event, &relay->owner, o->owner_fd, EPOLLIN, relay_on_owner_end,
                                    relay);
        /* nspawn's last notifications come before its end. */
        if (r >= 0)
                r = sd_event_source_set_priority(end, SD_EVENT_PRIORITY_IDLE);
        if (r >= 0)
                r = sd_event_source_set_floating(end, true);
        (void) sd_event_source_unref(end);
        return r < 0 ? error_set(reterr, r, "make an event loop") : 0;
}

static int relay_listen_to_command(Relay *relay, Error *reterr) {
        int r = command_notify_watch(relay->event, relay->options->command_fd, relay_on_command_notify,
                                     relay, &relay->command, reterr);

        if (r >= 0)
                (void) sd_event_source_set_enabled(relay->command, SD_EVENT_OFF);
        return r;
}

static int relay_open(Relay *relay, Error *reterr) {
        static const PayloadHandlers handlers = {relay_on_opened, relay_on_failed};
        const ServiceOptions *o = relay->options;
        int r;

        r = relay_watch(relay, reterr);
        if (r >= 0 && o->command_fd >= 0)
                r = relay_listen_to_command(relay, reterr);
        if (r >= 0)
                r = machine_unit_cgroup_open(CGROUP_MOUNT, o->keeper.machine, &relay->cgroup_fd, reterr);
        if (r >= 0)
                r = port_proxy_new(relay->event, &o->keeper, &o->keeper.ports, &relay->proxy, reterr);
        if (r >= 0 && relay_stays(&o->keeper))
                r = relay_open_publisher(relay, reterr);
        if (r < 0)
                return r;
        relay->payload = payload_new(relay->event, &o->keeper, relay->cgroup_fd, &handlers, relay);
        return 0;
}

static int relay_run(Relay *relay, Error *reterr) {
        int r;

        r = service_give_up_privileges(&relay->options->keeper, reterr);
        if (r >= 0)
                r = relay_open(relay, reterr);
        if (r < 0)
                return r;
        r = sd_event_loop(relay->event);
        if (error_is_set(&relay->error)) {
                error_move(reterr, &relay->error);
                return -EIO;
        }
        return r < 0 ? error_set(reterr, r, "run the event loop") : 0;
}

int service_relay(const ServiceOptions *o, Error *reterr) {
        _cleanup_(relay_done)
                Relay relay = {.options = o, .cgroup_fd = -EBADF, .publish_fd = -EBADF, .error = ERROR_NULL};
        int leader_fd, r;

        if (o->nspawn_pid == 0 || o->nspawn_fd < 0 || o->notify_fd < 0 || o->lifeline_fd < 0 ||
            o->lifeline_of_nspawn_fd < 0 || (o->keeper.notify && o->command_fd < 0))
                return error_raise(reterr, FC_EXIT_INTERNAL, "a descriptor of the relay is missing");
        r = relay_run(&relay, reterr);
        if (relay.proxy)
                port_proxy_disable(relay.proxy);
        if (relay.publisher)
                publisher_disable(relay.publisher);
        leader_fd = relay.payload ? payload_leader_fd(relay.payload) : -EBADF;
        /* When the guest has ended, that is what is to be reported, and nspawn does. */
        if (r < 0 && (leader_fd < 0 || process_wait(leader_fd, 0) == 0)) {
                /* Without the relay the container has neither network nor ports. */
                service_give_up(o, reterr);
                (void) process_signal(o->nspawn_fd, SIGKILL);
        }
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
