/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "net/ports.h"
#include "net/socket-listen.h"
#include "record/console-log.h"
#include "record/console-times.h"
#include "record/crash-record.h"
#include "record/exit-record.h"
#include "record/record.h"
#include "record/stop-record.h"
#include "resources/resources.h"
#include "spec/socket.h"
#include "state/identity.h"
#include "state/runtime-dir.h"

void resources_close_mounts(Resources *resources) {
        for (size_t i = 0; i < resources->n_mounts; i++) {
                (void) safe_close(resources->mount_fds[i]);
                (void) safe_close(resources->on_fds[i]);
                free(resources->source_ids[i]);
        }
        free(resources->mount_fds);
        free(resources->on_fds);
        free(resources->source_ids);
        mount_maps_done(&resources->maps);
        resources->mount_fds = resources->on_fds = NULL;
        resources->source_ids = NULL;
        resources->n_mounts = 0;
        resources->image_fd = safe_close(resources->image_fd);
        resources->console_fd = safe_close(resources->console_fd);
}

void resources_done(Resources *resources) {
        resources_close_mounts(resources);
        (void) safe_close(resources->image_lock_fd);
        (void) safe_close(resources->owner_fd);
        (void) safe_close(resources->container_fd);
        (void) safe_close(resources->runtime_fd);
        strv_free(resources->notes);
        free(resources->bridge_lock);
        for (size_t i = 0; i < resources->n_ports; i++)
                published_port_done(&resources->ports[i]);
        free(resources->ports);
        for (size_t i = 0; i < resources->n_sockets; i++)
                (void) safe_close(resources->socket_fds[i]);
        free(resources->socket_fds);
        strv_free(resources->socket_paths);
        *resources = RESOURCES_NULL;
}

int resources_open_directories(const Project *project, int project_runtime_fd, const char *container,
                               Resources *resources, Error *reterr) {
        (void) safe_close(resources->container_fd);
        resources->container_fd = state_dir_container_make(&project->state, container, reterr);
        if (resources->container_fd < 0)
                return resources->container_fd;
        (void) safe_close(resources->runtime_fd);
        resources->runtime_fd =
                runtime_dir_container_make(project_runtime_fd, container, project->state.user.uid, reterr);
        return resources->runtime_fd < 0 ? resources->runtime_fd : 0;
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

int resources_bind_ports(const ContainerPlan *plan, const ContainerState *old, bool running,
                         Resources *resources, PortConflicts *conflicts, Error *reterr) {
        const ContainerSpec *c = plan->spec;

        if (!resources->ports)
                resources->ports = xnew0(PublishedPort, c->n_ports);
        for (; resources->n_ports < c->n_ports; resources->n_ports++) {
                resources->ports[resources->n_ports] = PUBLISHED_PORT_NULL;
                resources->ports[resources->n_ports].wanted = &c->ports[resources->n_ports];
        }
        for (size_t i = 0; i < c->n_ports; i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                const Port *port = &c->ports[i];
                int r;

                if (published_port_is_open(&resources->ports[i]) ||
                    (running && old && container_state_has_port(old, port)))
                        continue;
                r = port_bind(port, old ? container_state_get_port(old, port) : 0,
                              resources_describe_machine, NULL, &resources->ports[i], &error);
                if (r < 0 && error.exit == FC_EXIT_CONFLICT)
                        port_conflicts_add(conflicts, c->name, port, &error);
                else if (r < 0) {
                        error_move(reterr, &error);
                        return error_in_container(reterr, r, c->name);
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

int resources_open_sockets(const Project *project, const ContainerPlan *plan, Resources *resources,
                           Error *reterr) {
        uid_t owner = project->state.user.uid;
        int r;

        resources->socket_fds =
                xreallocarray(resources->socket_fds, plan->spec->n_sockets, sizeof(*resources->socket_fds));
        for (; resources->n_sockets < plan->spec->n_sockets; resources->n_sockets++) {
                _cleanup_free_ char *path = resources_socket_path(project, plan, resources->n_sockets);

                r = runtime_dir_socket_make(resources->runtime_fd,
                                            plan->spec->sockets[resources->n_sockets].name, owner, reterr);
                if (r >= 0)
                        r = socket_listen(path, owner, reterr);
                if (r < 0)
                        return error_in_container(reterr, r, plan->spec->name);
                resources->socket_fds[resources->n_sockets] = r;
                strv_push(&resources->socket_paths, path);
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
int resources_open_console(const Project *project, const ContainerPlan *plan, Resources *resources,
                           Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_close_ int times_fd = -EBADF;
        uint64_t known;
        struct stat st;
        int r;

        r = user_fs_enter(&project->state.user, &guard, reterr);
        if (r >= 0 && fstatat(resources->container_fd, CONSOLE_LOG, &st, AT_SYMLINK_NOFOLLOW) >= 0 &&
            st.st_size > CONSOLE_LOG_MAX)
                r = put_console_aside(resources->container_fd, reterr);
        if (r >= 0)
                r = resources->console_fd = console_log_open(resources->container_fd, reterr);
        if (r >= 0 && fstat(resources->console_fd, &st) < 0)
                r = error_set(reterr, errno, "look at '" CONSOLE_LOG "'");
        if (r < 0)
                return error_in_container(reterr, r, plan->spec->name);
        resources->console_start = (uint64_t) st.st_size;
        times_fd = console_times_open(resources->container_fd, resources->console_fd, &known);
        if (times_fd >= 0)
                (void) console_times_catch_up(times_fd, resources->console_fd, known);
        return 0;
}

int resources_start(const Project *project, sd_event *event, const ContainerPlan *plan,
                    const Resources *resources, int *ret_control_fd, MachineReporter **ret_reporter,
                    Error *reterr) {
        StartResources start = {
                .cgroup_mount = project->facts.cgroup_root,
                .bridge_lock = resources->bridge_lock,
                .lock_fd = resources->lock_fd,
                .owner_fd = resources->owner_fd,
                .runtime_fd = resources->runtime_fd,
                .events_fd = project->state.fd,
                .console_fd = resources->console_fd,
                .state_fd = resources->container_fd,
                .mount_fds = resources->mount_fds,
                .on_fds = resources->on_fds,
                .ports = resources->ports,
                .socket_fds = resources->socket_fds,
        };
        int r;

        /* How an earlier run ended is not about this one. */
        r = exit_record_remove(resources->runtime_fd, reterr);
        if (r >= 0)
                r = crash_record_remove(resources->runtime_fd, reterr);
        if (r >= 0)
                r = stop_record_remove(resources->runtime_fd, reterr);
        if (r < 0)
                return error_in_container(reterr, r, plan->spec->name);
        r = machine_start(project->backend, event, plan, &start, ret_control_fd, ret_reporter, reterr);
        return r < 0 ? error_in_container(reterr, r, plan->spec->name) : 0;
}
