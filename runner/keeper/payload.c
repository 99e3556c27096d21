/* SPDX-License-Identifier: MIT */

#include <signal.h>
#include <sys/inotify.h>

#include "base/alloc.h"
#include "base/process.h"
#include "cgroup/cgroup-find.h"
#include "keeper/gate.h"
#include "keeper/host-access.h"
#include "keeper/internet.h"
#include "keeper/machine-dir.h"
#include "keeper/netns-helper.h"
#include "keeper/payload.h"

/* nspawn's own process is the payload's first. */
#define COMMAND_PID 2

struct Payload {
        const KeeperOptions *options;
        sd_event *event;
        int cgroup_fd;
        const PayloadHandlers *handlers;
        void *userdata;
        int leader_fd; /* pidfd */
        pid_t leader;
        pid_t helper; /* sets the network */
        Internet *internet;
        HostAccess *host_access;
        unsigned n_steps; /* until the network is set */
        int gate_fd;      /* open once the network is set, which lets the payload start */
        sd_event_source *gate_closed;
        bool open;
};

Payload *payload_new(sd_event *event, const KeeperOptions *o, int cgroup_fd, const PayloadHandlers *handlers,
                     void *userdata) {
        Payload *p = xmalloc0(sizeof(*p));

        *p = (Payload){
                .options = o,
                .event = event,
                .cgroup_fd = cgroup_fd,
                .handlers = handlers,
                .userdata = userdata,
                .leader_fd = -EBADF,
                .gate_fd = -EBADF,
        };
        if (o->pasta)
                p->internet = internet_new(event, o);
        if (o->host_access)
                p->host_access = host_access_new(event, o);
        return p;
}

Payload *payload_free(Payload *p) {
        if (!p)
                return NULL;
        payload_end(p);
        (void) internet_free(p->internet);
        (void) host_access_free(p->host_access);
        free(p);
        return NULL;
}

int payload_set_leader(Payload *p, pid_t leader, Error *reterr) {
        int r = process_open(leader);

        if (r == -ESRCH)
                return 0;
        if (r < 0)
                return error_set(reterr, r, "open the container's PID 1");
        p->leader = leader;
        p->leader_fd = r;
        return 1;
}

int payload_leader_fd(const Payload *p) {
        return p->leader_fd;
}

/* With a bridge the network is the project's, and nothing in it the host's. */
void payload_let_network_go(const Payload *p) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        if (p->leader_fd < 0 || !p->options->netns || p->options->bridge)
                return;
        if (netns_helper_let_go(p->options, p->leader, &error) < 0)
                (void) fprintf(stderr, "flake-containers: %s, ignoring\n", error.message);
}

bool payload_is_open(const Payload *p) {
        return p->open;
}

static void payload_opened(Payload *p) {
        if (p->open)
                return;
        p->open = true;
        p->handlers->opened(p->userdata);
}

static int payload_on_gate_closed(sd_event_source *s, const struct inotify_event *event, void *userdata) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        Payload *p = userdata;
        int r = p->gate_fd >= 0 ? gate_has_executed(p->gate_fd, &error) : 0;

        if (r > 0)
                payload_opened(p);
        if (r < 0)
                p->handlers->failed(&error, p->userdata);
        return 0;
}

static int payload_on_gate_look(sd_event_source *s, uint64_t usec, void *userdata) {
        Payload *p = userdata;
        pid_t command;

        if (payload_find_command(p->cgroup_fd, &command, NULL) <= 0 || !gate_is_passed(command)) {
                (void) sd_event_source_set_time_relative(s, GATE_LOOK_USEC);
                return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
        }
        payload_opened(p);
        return 0;
}

/* Without an inotify instance there is no event. */
static int payload_watch_gate(Payload *p, Error *reterr) {
        int r = sd_event_add_inotify(p->event, &p->gate_closed, MACHINE_GATE, IN_CLOSE_NOWRITE,
                                     payload_on_gate_closed, p);

        if (r < 0)
                r = sd_event_add_time_relative(p->event, &p->gate_closed, CLOCK_MONOTONIC, GATE_LOOK_USEC, 1,
                                               payload_on_gate_look, p);
        return r < 0 ? error_set(reterr, r, "watch the gate that the command waits at") : 0;
}

static int payload_on_network_set(Payload *p, Error *reterr) {
        int r;

        if (!p->options->gate) {
                payload_opened(p);
                return 0;
        }
        r = payload_watch_gate(p, reterr);
        return r < 0 ? r : (p->gate_fd = gate_open(reterr));
}

int payload_start(Payload *p, Error *reterr) {
        int r;

        if (!p->options->netns || p->options->shares)
                return payload_on_network_set(p, reterr);
        p->helper = netns_helper_start(p->options, p->leader, reterr);
        if (p->helper < 0)
                return p->helper;
        p->n_steps = 1 + !!p->host_access;
        r = p->host_access ? host_access_start(p->host_access, p->leader, reterr) : 0;
        return r < 0 || !p->internet ? r : internet_start(p->internet, p->leader, reterr);
}

static int payload_on_step(Payload *p, Error *reterr) {
        return --p->n_steps == 0 ? payload_on_network_set(p, reterr) : 0;
}

/* The network cannot be set: what sets it waits for a way out that does not come. */
static void payload_on_internet_end(Payload *p) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        if (p->helper <= 0 || p->leader_fd < 0)
                return;
        (void) error_raise(&error, FC_EXIT_FAILED,
                           "pasta, which leads to the internet, has ended (see its console log)");
        p->handlers->failed(&error, p->userdata);
}

bool payload_reaped(Payload *p, pid_t pid, int status) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        int r;

        if (p->internet && internet_reaped(p->internet, pid, status)) {
                payload_on_internet_end(p);
                return true;
        }
        if (!p->host_access || !host_access_reaped(p->host_access, pid, status, &r, &error)) {
                if (p->helper <= 0 || p->helper != pid)
                        return false;
                p->helper = 0;
                /* It was killed with the payload. */
                if (p->leader_fd < 0)
                        return true;
                r = netns_helper_result(status, &error);
                if (r > 0 && p->internet)
                        internet_on_set(p->internet);
        }
        if (r > 0)
                r = payload_on_step(p, &error);
        if (r < 0)
                p->handlers->failed(&error, p->userdata);
        return true;
}

void payload_end(Payload *p) {
        if (p->helper > 0)
                (void) kill(p->helper, SIGKILL);
        if (p->internet)
                internet_end(p->internet);
        if (p->host_access)
                host_access_end(p->host_access);
        p->leader_fd = safe_close(p->leader_fd);
        p->gate_closed = sd_event_source_disable_unref(p->gate_closed);
        p->gate_fd = safe_close(p->gate_fd);
        p->open = false;
}

static int payload_stop_signal(const KeeperOptions *o, int usual) {
        return o->stop_signal > 0 ? o->stop_signal : usual;
}

/* SIGRTMIN+3 halts systemd (systemd(1), SIGNALS) and nspawn's PID 1, to which a command's own signal means
 * something else. */
void payload_halt(const Payload *p) {
        int halt = SIGRTMIN + 3;

        (void) process_signal(p->leader_fd,
                              p->options->command ? halt : payload_stop_signal(p->options, halt));
}

int payload_find_command(int cgroup_fd, pid_t *ret, Error *reterr) {
        int r = cgroup_find_process(cgroup_fd, COMMAND_PID, ret, reterr);

        return r < 0 ? r : *ret > 0;
}

int payload_terminate_command(const KeeperOptions *o, int cgroup_fd, Error *reterr) {
        pid_t pid;
        int r = payload_find_command(cgroup_fd, &pid, reterr);

        return r <= 0 ? r : kill(pid, payload_stop_signal(o, SIGTERM)) >= 0;
}
