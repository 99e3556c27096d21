/* SPDX-License-Identifier: MIT */

#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/detach.h"
#include "base/process.h"
#include "base/scm.h"
#include "cgroup/cgroup.h"
#include "keeper/machine-unit.h"
#include "keeper/publish-request.h"
#include "keeper/publish-socket.h"
#include "keeper/service-options.h"
#include "machine/publish.h"
#include "machine/systemd-client.h"

#define ANSWER_SECONDS 10

/* Killed processes end at once, but for one that waits for a disk. */
#define END_USEC (10 * USEC_PER_SEC)

/* ---- a keeper for what has none: a unit whose container had no ports ---- */

typedef struct Late {
        const char *program;
        char **argv;
        ServiceOptions options;
        int cgroup_fd;
} Late;

/* In a process that is not ours any more. */
static void late_exec(void *userdata) {
        const Late *late = userdata;

        if (cgroup_enter(late->cgroup_fd, MACHINE_UNIT_PUBLISHED, NULL) < 0)
                return;
        service_options_inherit(&late->options);
        (void) execv(late->program, late->argv);
}

/* The proxies of one that was killed go on with their connections, and hold the ports. */
static int late_end_proxies(const Late *late, Error *reterr) {
        int r = cgroup_kill(late->cgroup_fd, MACHINE_UNIT_PUBLISHED, reterr);

        if (r >= 0)
                r = cgroup_wait_empty(late->cgroup_fd, MACHINE_UNIT_PUBLISHED, END_USEC, reterr);
        return r != 0 ? r
                      : error_raise(reterr, FC_EXIT_FAILED,
                                    "what served its ports was killed and does not end");
}

/* Of its own, since the relay is in the other one as long as the guest boots. */
static int late_make_cgroup(const Late *late, Error *reterr) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        int r = cgroup_create_child(late->cgroup_fd, MACHINE_UNIT_PUBLISHED, &error);

        if (r >= 0 || r == -EEXIST)
                return 0;
        error_move(reterr, &error);
        return r;
}

static int late_run(const PublishPlace *place, Late *late, Error *reterr) {
        int r;

        r = machine_unit_cgroup_open(place->cgroup_mount, place->machine, &late->cgroup_fd, reterr);
        if (r < 0)
                return r;
        if (late->cgroup_fd < 0)
                return error_raise(reterr, FC_EXIT_CONFLICT, "it is just being started or stopped");
        r = late->options.forget ? late_end_proxies(late, reterr) : 0;
        if (r >= 0)
                r = late_make_cgroup(late, reterr);
        if (r < 0) {
                late->cgroup_fd = safe_close(late->cgroup_fd);
                return r;
        }
        late->argv = service_options_print(&late->options, "publish");
        r = detach_run(late_exec, late, (int[]){late->cgroup_fd, late->options.publish_fd}, 2, "publish");
        late->argv = strv_free(late->argv);
        late->cgroup_fd = safe_close(late->cgroup_fd);
        return r < 0 ? error_set(reterr, r, "start a process") : 0;
}

/* It listens from before the keeper runs: the request that follows waits for it. */
static int late_start(const PublishPlace *place, char *const *forget, Error *reterr) {
        _cleanup_free_ char *service = NULL, *proxy = NULL, *address = xasprintf("%s/24", place->address);
        _cleanup_close_ int listener = -EBADF;
        Late late = {.options = service_options_null(), .cgroup_fd = -EBADF};
        int r;

        if (place->status.backend != &backend_systemd)
                return error_raise(reterr, FC_EXIT_CONFLICT,
                                   "it was started by a release that cannot publish while it runs");
        r = process_find_helper("service", &service, reterr);
        if (r >= 0)
                r = process_find_helper("proxy", &proxy, reterr);
        if (r < 0)
                return r;
        listener = publish_socket_listen(place->runtime_fd);
        if (listener < 0)
                return error_set(reterr, listener, "listen in '%s'", place->runtime);
        late.program = late.options.program = service;
        late.options.runtime = (char *) place->runtime;
        late.options.keeper = (KeeperOptions){.machine = (char *) place->machine,
                                              .container = (char *) place->container,
                                              .address = address,
                                              .proxy = proxy};
        late.options.nspawn_pid = place->status.keeper;
        late.options.leader_pid = place->status.leader;
        late.options.publish_fd = listener;
        late.options.forget = (char **) forget;
        return late_run(place, &late, reterr);
}

/* ---- requests ---- */

/* @ret: an answer, as text. Return: 1, 0 no keeper hears it, or a negative errno. */
static int publish_try(const PublishPlace *place, const char *request, const int *fds, size_t n_fds,
                       char ret[PUBLISH_ANSWER_MAX], Error *reterr) {
        const struct timeval patience = {.tv_sec = ANSWER_SECONDS};
        _cleanup_close_ int fd = publish_socket_connect(place->runtime_fd);
        ssize_t n;
        int r;

        if (fd == -ENOENT || fd == -ECONNREFUSED)
                return 0;
        if (fd < 0)
                return error_set(reterr, fd, "connect to the keeper of '%s'", place->container);
        (void) setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        r = scm_send(fd, request, strlen(request), fds, n_fds);
        n = r < 0 ? -1 : recv(fd, ret, PUBLISH_ANSWER_MAX - 1, 0);
        /* It has ended meanwhile. */
        if (r == -EPIPE || n == 0 || (n < 0 && errno == ECONNRESET))
                return 0;
        if (r < 0 || n < 0)
                return error_set(reterr, r < 0 ? r : errno, "ask the keeper of '%s'", place->container);
        ret[n] = '\0';
        return 1;
}

/* Return: 1, 0 there is no keeper, so nothing is to be taken back, or a negative errno. */
static int publish_ask(const PublishPlace *place, const char *request, const int *fds, size_t n_fds,
                       Error *reterr) {
        char answer[PUBLISH_ANSWER_MAX];
        int r;

        r = publish_try(place, request, fds, n_fds, answer, reterr);
        if (r == 0 && n_fds > 0) {
                r = late_start(place, NULL, reterr);
                if (r >= 0)
                        r = publish_try(place, request, fds, n_fds, answer, reterr);
                if (r == 0)
                        r = error_raise(reterr, FC_EXIT_INTERNAL, "the process that serves ports has ended");
        }
        if (r <= 0)
                return r;
        return streq(answer, PUBLISH_DONE)
                       ? 1
                       : error_raise(reterr, n_fds > 0 ? FC_EXIT_FAILED : FC_EXIT_USAGE, "%s", answer);
}

int machine_publish_mend(const PublishPlace *place, char *const *ports, Error *reterr) {
        _cleanup_free_ char *nothing =
                publish_request_print_back(UINT16_MAX, /* udp= */ true, /* address= */ NULL);
        _cleanup_close_ int fd = publish_socket_connect(place->runtime_fd);
        char answer[PUBLISH_ANSWER_MAX];
        int r;

        if (!ports || fd != -ECONNREFUSED)
                return 0;
        r = late_start(place, ports, reterr);
        /* By the time that it answers it has let go of them. */
        if (r >= 0)
                r = publish_try(place, nothing, NULL, 0, answer, reterr);
        return r < 0 ? r : 1;
}

int machine_publish(const PublishPlace *place, uint16_t container_port, bool udp, const int *fds,
                    size_t n_fds, Error *reterr) {
        _cleanup_free_ char *request = publish_request_print(container_port, udp);

        return publish_ask(place, request, fds, n_fds, reterr);
}

int machine_unpublish(const PublishPlace *place, const char *address, uint16_t host_port, bool udp,
                      Error *reterr) {
        _cleanup_free_ char *request = publish_request_print_back(host_port, udp, address);
        int r = publish_ask(place, request, NULL, 0, reterr);

        return r != 0 ? r
                      : error_raise(reterr, FC_EXIT_USAGE, "port %u%s was not published", host_port,
                                    udp ? KEEPER_PORT_UDP : "");
}
