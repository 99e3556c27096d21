/* SPDX-License-Identifier: MIT */

#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/systemd.h"
#include "cgroup/cgroup-find.h"
#include "cgroup/cgroup.h"
#include "keeper/machine-unit.h"
#include "keeper/service-privileges.h"
#include "keeper/service-publish.h"

/* Until systemd has heard what it was told. */
#define BARRIER_USEC (10 * USEC_PER_SEC)

typedef struct Late {
        sd_event *event;
        Publisher *publisher;
        bool used;
} Late;

static void late_done(Late *late) {
        (void) publisher_free(late->publisher);
        (void) sd_event_unref(late->event);
}

void service_publish_store(const KeeperPort *port) {
        _cleanup_free_ char *state = xasprintf("FDSTORE=1\nFDNAME=" SERVICE_PUBLISHED "%s", port->container);

        (void) sd_pid_notify_with_fds(0, 0, state, port->fds, (unsigned) keeper_port_sockets(port));
}

/* What systemd keeps of one that was killed would be bound, and served by none. */
static void late_forget(char *const *ports) {
        STRV_FOREACH (port, ports) {
                _cleanup_free_ char *state =
                        xasprintf("FDSTOREREMOVE=1\nFDNAME=" SERVICE_PUBLISHED "%s", *port);

                (void) sd_notify(false, state);
        }
        if (ports)
                (void) sd_notify_barrier(false, BARRIER_USEC);
}

static int late_on_nspawn_end(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        Late *late = userdata;

        return sd_event_exit(late->event, 0);
}

static int late_on_child(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata) {
        Late *late = userdata;
        int status;
        pid_t pid;

        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
                (void) publisher_reaped(late->publisher, pid, status);
        return 0;
}

/* Has the last request left something to be served? */
static int late_on_event(sd_event_source *s, void *userdata) {
        Late *late = userdata;
        bool is_used = publisher_is_used(late->publisher), ends = late->used && !is_used;

        late->used = is_used;
        return ends ? sd_event_exit(late->event, 0) : 0;
}

static int late_watch(Late *late, int nspawn_fd, Error *reterr) {
        sigset_t mask;
        int r;

        (void) sigemptyset(&mask);
        (void) sigaddset(&mask, SIGCHLD);
        (void) sigprocmask(SIG_BLOCK, &mask, NULL);
        r = sd_event_new(&late->event);
        if (r >= 0)
                r = sd_event_add_signal(late->event, NULL, SIGCHLD, late_on_child, late);
        if (r >= 0)
                r = sd_event_add_io(late->event, NULL, nspawn_fd, EPOLLIN, late_on_nspawn_end, late);
        if (r >= 0)
                r = sd_event_add_post(late->event, NULL, late_on_event, late);
        return r < 0 ? error_set(reterr, r, "make an event loop") : 0;
}

/* Asked again once both are open: their numbers may have become those of others before. */
static int late_are_the_machines(const ServiceOptions *o, bool *ret, Error *reterr) {
        _cleanup_close_ int cgroup_fd = -EBADF;
        pid_t nspawn = 0, leader = 0;
        int r = machine_unit_cgroup_open(CGROUP_MOUNT, o->keeper.machine, &cgroup_fd, reterr);

        if (r >= 0 && cgroup_fd >= 0)
                r = cgroup_first_process(cgroup_fd, "supervisor", &nspawn, reterr);
        if (r >= 0 && cgroup_fd >= 0)
                r = cgroup_find_leader(cgroup_fd, &leader, reterr);
        *ret = nspawn == o->nspawn_pid && leader == o->leader_pid;
        return r;
}

int service_publish(const ServiceOptions *o, Error *reterr) {
        _cleanup_(late_done) Late late = {};
        _cleanup_close_ int nspawn_fd = process_open(o->nspawn_pid), leader_fd = process_open(o->leader_pid);
        bool are_the_machines = false;
        int r = 0;

        if (nspawn_fd >= 0 && leader_fd >= 0)
                r = late_are_the_machines(o, &are_the_machines, reterr);
        /* Without them it has ended. */
        if (r < 0 || !are_the_machines)
                return r;
        if (setenv("NOTIFY_SOCKET", "/run/systemd/notify", 1) < 0)
                return error_set(reterr, errno, "set the environment");
        late_forget(o->forget);
        r = service_give_up_privileges(&o->keeper, reterr);
        if (r >= 0)
                r = late_watch(&late, nspawn_fd, reterr);
        if (r >= 0)
                r = publisher_new(late.event, &o->keeper, /* specified= */ NULL, o->publish_fd,
                                  service_publish_store, &late.publisher, reterr);
        if (r < 0)
                return r;
        publisher_enable(late.publisher, leader_fd);
        r = sd_event_loop(late.event);
        publisher_disable(late.publisher);
        return r < 0 ? error_set(reterr, r, "run the event loop") : 0;
}
