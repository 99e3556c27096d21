/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "net/ports.h"
#include "net/socket-listen.h"
#include "ops/resources.h"
#include "record/console-log.h"
#include "record/console-times.h"
#include "record/crash-record.h"
#include "record/exit-record.h"
#include "record/record.h"
#include "record/stop-record.h"
#include "state/identity.h"
#include "spec/socket.h"
#include "state/runtime-dir.h"

void resources_close_mounts(Resources *r) {
        for (size_t i = 0; i < r->n_mounts; i++) {
                (void) safe_close(r->mount_fds[i]);
                free(r->source_ids[i]);
        }
        free(r->mount_fds);
        free(r->source_ids);
        mount_maps_done(&r->maps);
        r->mount_fds = NULL;
        r->source_ids = NULL;
        r->n_mounts = 0;
        r->image_fd = safe_close(r->image_fd);
        r->console_fd = safe_close(r->console_fd);
}

void resources_done(Resources *r) {
        resources_close_mounts(r);
        (void) safe_close(r->image_lock_fd);
        (void) safe_close(r->container_fd);
        (void) safe_close(r->runtime_fd);
        strv_free(r->notes);
        free(r->bridge_lock);
        for (size_t i = 0; i < r->n_ports; i++)
                published_port_done(&r->ports[i]);
        free(r->ports);
        for (size_t i = 0; i < r->n_sockets; i++)
                (void) safe_close(r->socket_fds[i]);
        free(r->socket_fds);
        strv_free(r->socket_paths);
        *r = RESOURCES_NULL;
}

int resources_open_directories(const Project *project, int project_runtime_fd, const char *container,
                               Resources *r, Error *reterr) {
        (void) safe_close(r->container_fd);
        r->container_fd = state_dir_container_make(&project->state, container, reterr);
        if (r->container_fd < 0)
                return r->container_fd;
        (void) safe_close(r->runtime_fd);
        r->runtime_fd =
                runtime_dir_container_make(project_runtime_fd, container, project->state.user.uid, reterr);
        return r->runtime_fd < 0 ? r->runtime_fd : 0;
}

char *resources_describe_machine(const char *machine, void *userdata) {
        _cleanup_(checkout_done) Checkout owner = {};
        _cleanup_free_ char *now = NULL;
        const char *container;

        if (!runtime_dir_find_owner(RUNTIME_DIR_BASE, machine, &owner, &container))
                return NULL;
        (void) checkout_find(&owner, &now);
        return xasprintf("container '%s' of project '%s'", container, now ? now : owner.path);
}

int resources_bind_ports(const ContainerPlan *plan, const ContainerState *old, bool running, Resources *r,
                         PortConflicts *conflicts, Error *reterr) {
        const ContainerSpec *c = plan->spec;

        if (!r->ports)
                r->ports = xnew0(PublishedPort, c->n_ports);
        for (; r->n_ports < c->n_ports; r->n_ports++) {
                r->ports[r->n_ports] = PUBLISHED_PORT_NULL;
                r->ports[r->n_ports].wanted = &c->ports[r->n_ports];
        }
        for (size_t i = 0; i < c->n_ports; i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                const Port *port = &c->ports[i];
                int k;

                if (published_port_is_open(&r->ports[i]) ||
                    (running && old && container_state_has_port(old, port)))
                        continue;
                k = port_bind(port, old ? container_state_get_port(old, port) : 0,
                              resources_describe_machine, NULL, &r->ports[i], &error);
                if (k < 0 && error.exit == FC_EXIT_CONFLICT)
                        port_conflicts_add(conflicts, c->name, port, &error);
                else if (k < 0) {
                        error_move(reterr, &error);
                        return error_in_container(reterr, k, c->name);
                }
        }
        return 0;
}

/* ID and NAME are as long as a host name at most, so a short name is always short enough. */
static char *resources_socket_path(const Project *project, const ContainerPlan *plan, size_t number) {
        const UnixSocket *socket = &plan->spec->sockets[number];

        return xasprintf(RUNTIME_DIR_BASE "/%s/%s/" RUNTIME_DIR_SOCKETS "/%s/%s", project->id,
                         plan->spec->name, socket->name, unix_socket_basename(socket));
}

int resources_check_sockets(const Project *project, const ContainerPlan *plan, Error *reterr) {
        for (size_t i = 0; i < plan->spec->n_sockets; i++) {
                _cleanup_free_ char *path = resources_socket_path(project, plan, i);
                int k;

                if (strlen(path) <= SOCKET_PATH_MAX)
                        continue;
                k = error_raise(reterr, FC_EXIT_USAGE,
                                "socket '%s': '%s' has %zu bytes, a socket's path at most %d",
                                plan->spec->sockets[i].name, path, strlen(path), SOCKET_PATH_MAX);
                error_add_hint(reterr, "give the socket, the container or the project a shorter name");
                return error_in_container(reterr, k, plan->spec->name);
        }
        return 0;
}

int resources_open_sockets(const Project *project, const ContainerPlan *plan, Resources *r, Error *reterr) {
        uid_t owner = project->state.user.uid;
        int k;

        r->socket_fds = xreallocarray(r->socket_fds, plan->spec->n_sockets, sizeof(*r->socket_fds));
        for (; r->n_sockets < plan->spec->n_sockets; r->n_sockets++) {
                _cleanup_free_ char *path = resources_socket_path(project, plan, r->n_sockets);

                k = runtime_dir_socket_make(r->runtime_fd, plan->spec->sockets[r->n_sockets].name, owner,
                                            reterr);
                if (k >= 0)
                        k = socket_listen(path, owner, reterr);
                if (k < 0)
                        return error_in_container(reterr, k, plan->spec->name);
                r->socket_fds[r->n_sockets] = k;
                strv_push(&r->socket_paths, path);
        }
        return 0;
}

static int put_console_aside(int container_fd, Error *reterr) {
        int r = console_log_rotate(container_fd, reterr);

        if (r >= 0)
                console_times_rotate(container_fd);
        return r;
}

/* What the last run has written without a keeper that looked has the time of the last of it. */
int resources_open_console(const Project *project, const ContainerPlan *plan, Resources *r, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_close_ int times_fd = -EBADF;
        uint64_t known;
        struct stat st;
        int k;

        k = user_fs_enter(&project->state.user, &guard, reterr);
        if (k >= 0 && fstatat(r->container_fd, CONSOLE_LOG, &st, AT_SYMLINK_NOFOLLOW) >= 0 &&
            st.st_size > CONSOLE_LOG_MAX)
                k = put_console_aside(r->container_fd, reterr);
        if (k >= 0)
                k = r->console_fd = console_log_open(r->container_fd, reterr);
        if (k >= 0 && fstat(r->console_fd, &st) < 0)
                k = error_set(reterr, errno, "look at '" CONSOLE_LOG "'");
        if (k < 0)
                return error_in_container(reterr, k, plan->spec->name);
        r->console_start = (uint64_t) st.st_size;
        times_fd = console_times_open(r->container_fd, r->console_fd, &known);
        if (times_fd >= 0)
                (void) console_times_catch_up(times_fd, r->console_fd, known);
        return 0;
}

int resources_start(const Project *project, sd_event *event, const ContainerPlan *plan, const Resources *r,
                    int *ret_control_fd, MachineReporter **ret_reporter, Error *reterr) {
        StartResources start = {
                .cgroup_mount = project->facts.cgroup_root,
                .bridge_lock = r->bridge_lock,
                .lock_fd = r->lock_fd,
                .runtime_fd = r->runtime_fd,
                .events_fd = project->state.fd,
                .console_fd = r->console_fd,
                .state_fd = r->container_fd,
                .mount_fds = r->mount_fds,
                .ports = r->ports,
                .socket_fds = r->socket_fds,
        };
        int k;

        /* How an earlier run ended is not about this one. */
        k = exit_record_remove(r->runtime_fd, reterr);
        if (k >= 0)
                k = crash_record_remove(r->runtime_fd, reterr);
        if (k >= 0)
                k = stop_record_remove(r->runtime_fd, reterr);
        if (k < 0)
                return error_in_container(reterr, k, plan->spec->name);
        k = machine_start(project->backend, event, plan, &start, ret_control_fd, ret_reporter, reterr);
        return k < 0 ? error_in_container(reterr, k, plan->spec->name) : 0;
}
