/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "net/ports.h"
#include "net/socket-listen.h"
#include "ops/environment.h"
#include "ops/mount-points.h"
#include "ops/resource-ids.h"
#include "ops/resource-overlay.h"
#include "ops/resource-sources.h"
#include "ops/resources.h"
#include "ops/secret.h"
#include "record/console-log.h"
#include "record/crash-record.h"
#include "record/ephemeral.h"
#include "record/exit-record.h"
#include "record/record.h"
#include "record/stop-record.h"
#include "rootfs/devices.h"
#include "rootfs/made-files.h"
#include "rootfs/mounts.h"
#include "rootfs/overlay.h"
#include "rootfs/skeleton.h"
#include "rootfs/tree.h"
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
        r->container_fd = state_dir_container_make(&project->state, container, reterr);
        if (r->container_fd < 0)
                return r->container_fd;
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

static int open_console(const Project *project, Resources *r, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        struct stat st;
        int k;

        k = user_fs_enter(&project->state.user, &guard, reterr);
        if (k < 0)
                return k;
        if (fstatat(r->container_fd, CONSOLE_LOG, &st, AT_SYMLINK_NOFOLLOW) >= 0 &&
            st.st_size > CONSOLE_LOG_MAX) {
                k = console_log_rotate(r->container_fd, reterr);
                if (k < 0)
                        return k;
        }
        r->console_fd = console_log_open(r->container_fd, reterr);
        if (r->console_fd < 0)
                return r->console_fd;
        if (fstat(r->console_fd, &st) < 0)
                return error_set(reterr, errno, "look at '" CONSOLE_LOG "'");
        r->console_start = (uint64_t) st.st_size;
        return 0;
}

static int open_program(const char *name, Error *reterr) {
        _cleanup_free_ char *path = NULL;
        int fd, r;

        r = process_find_helper(name, &path, reterr);
        if (r < 0)
                return r;
        fd = open(path, O_PATH | O_CLOEXEC);
        return fd < 0 ? error_set(reterr, errno, "open '%s'", path) : fd;
}

/* What the sources of a plan's mounts are opened with. */
typedef struct MountContext {
        const Project *project;
        int project_runtime_fd;
        const ContainerPlan *plan;
        Resources *resources;
        bool last;           /* all else has been opened, the root, too */
        int covered_root_fd; /* in which ids are as inside; -EBADF: there is none yet */
} MountContext;

static int open_store(const MountContext *c, const PlanMount *m, Error *reterr) {
        return resource_open_store(&c->project->sources, c->plan, reterr);
}

static int open_toplevel(const MountContext *c, const PlanMount *m, Error *reterr) {
        return resource_open_toplevel(&c->project->sources, c->plan, reterr);
}

static int open_journal(const MountContext *c, const PlanMount *m, Error *reterr) {
        return fs_mkdir_beneath(c->resources->container_fd, "journal", 0755, reterr);
}

static int open_hosts(const MountContext *c, const PlanMount *m, Error *reterr) {
        return fs_open_beneath(c->project_runtime_fd, NETWORK_HOSTS, O_PATH | O_NOFOLLOW, 0, reterr);
}

static int open_gate(const MountContext *c, const PlanMount *m, Error *reterr) {
        return open_program("gate", reterr);
}

static int open_volume(const MountContext *c, const PlanMount *m, Error *reterr) {
        return resource_open_volume(&c->project->sources, m, m->create && c->last, &c->resources->notes,
                                    reterr);
}

/* The account inside that is the owner. Accounts are those of the root that there is already, or of the
 * image. */
static int mount_find_owner(const MountContext *c, const PlanMount *m, AccountIds *ret, Error *reterr) {
        int image_fd = c->resources->image_fd;
        _cleanup_close_ int root_fd = -EBADF;

        if (!m->account || m->mapping != PLAN_MAP_OWNER)
                return 0;
        if (image_fd < 0 && c->plan->image) {
                root_fd = fs_open_beneath(c->resources->container_fd, "root", O_RDONLY | O_DIRECTORY, 0,
                                          reterr);
                if (root_fd < 0)
                        return root_fd;
        }
        return resource_find_account(c->plan, m, image_fd >= 0 ? image_fd : root_fd, ret, reterr);
}

static int open_named_volume(const MountContext *c, const PlanMount *m, Error *reterr) {
        FreshVolume fresh = {
                .state = &c->project->state,
                .plan = c->plan,
                .runtime_fd = c->project_runtime_fd,
                .root_fd = c->covered_root_fd,
                .maps = &c->resources->maps,
        };
        int r = mount_find_owner(c, m, &fresh.account, reterr);

        return r < 0 ? error_prefix(reterr, r, "%s", m->place)
                     : resource_open_named_volume(&fresh, m, reterr);
}

static int open_overlay_lower(const MountContext *c, const PlanMount *m, Error *reterr) {
        return resource_open_overlay(&c->project->sources, m, m->create && c->last, reterr);
}

static int mount_memory(const MountContext *c, const PlanMount *m, Error *reterr) {
        return resource_mount_tmpfs(c->plan, m, c->covered_root_fd, reterr);
}

static int open_credential(const MountContext *c, const PlanMount *m, Error *reterr) {
        return resource_open_credential(&c->project->sources, m, reterr);
}

static int mount_devices(const MountContext *c, const PlanMount *m, Error *reterr) {
        return devices_mount(c->plan->spec->devices, c->plan->spec->n_devices, m->place, reterr);
}

static int add_secret(const MountContext *c, const PlanMount *m, int fd, Error *reterr) {
        _cleanup_(secret_done) Secret secret = {};
        int r = m->credential ? secret_obtain(c->project, m->credential, m->place, &secret, reterr)
                              : environment_obtain(&c->project->sources, c->plan, &secret, reterr);

        return r < 0 ? r
                     : made_files_add(fd, strrchr(m->name, '/') + 1, secret.data, secret.size, 0400, reterr);
}

static int mount_files(const MountContext *c, const PlanMount *m, Error *reterr) {
        _cleanup_close_ int fd = made_files_mount(reterr);
        int r = fd;

        for (size_t i = 0; r >= 0 && i < c->plan->n_files; i++) {
                const PlanFile *file = &c->plan->files[i];

                r = made_files_add(fd, file->name, file->text, strlen(file->text), 0444, reterr);
        }
        for (size_t i = 0; r >= 0 && i < c->plan->n_mounts; i++)
                if (c->plan->mounts[i].kind == PLAN_MOUNT_SECRET)
                        r = add_secret(c, &c->plan->mounts[i], fd, reterr);
        return r < 0 ? r : TAKE_FD(fd);
}

static int mount_closure(const MountContext *c, const PlanMount *m, Error *reterr) {
        return resource_mount_closure(&c->project->sources, c->plan, m, &c->resources->maps, reterr);
}

/* How a mount is made of its source. */
typedef struct MountKind {
        int (*open)(const MountContext *c, const PlanMount *m, Error *reterr);
        int (*make)(const MountContext *c, const PlanMount *m,
                    Error *reterr); /* a mount that has no source */
        bool covers;                /* begins as what it covers in the root, so comes after that */
        bool recursive;             /* with what is mounted below its source */
        bool protect;               /* no device, no set-user-id program */
        bool mark;                  /* it is remembered that a guest is given it to write to */
} MountKind;

/* Nothing: the root comes last, resources_open_root(). */
static const MountKind mount_kinds[_PLAN_MOUNT_KIND_MAX] = {
        [PLAN_MOUNT_STORE] = {.open = open_store, .protect = true},
        [PLAN_MOUNT_TOPLEVEL] = {.open = open_toplevel, .protect = true},
        [PLAN_MOUNT_JOURNAL] = {.open = open_journal},
        [PLAN_MOUNT_HOSTS] = {.open = open_hosts},
        [PLAN_MOUNT_GATE] = {.open = open_gate},
        [PLAN_MOUNT_DEVICES] = {.make = mount_devices},
        [PLAN_MOUNT_FILES] = {.make = mount_files},
        [PLAN_MOUNT_VOLUME] = {.open = open_volume, .recursive = true, .mark = true},
        [PLAN_MOUNT_OVERLAY] = {.open = open_overlay_lower},
        [PLAN_MOUNT_NAMED_VOLUME] = {.open = open_named_volume, .covers = true},
        [PLAN_MOUNT_TMPFS] = {.make = mount_memory, .covers = true},
        [PLAN_MOUNT_CREDENTIAL] = {.open = open_credential},
        [PLAN_MOUNT_CLOSURE] = {.make = mount_closure, .protect = true},
};

static int map_mount(const MountContext *c, const PlanMount *m, int source_fd, int tree_fd, Error *reterr) {
        AccountIds account = {};
        int r = mount_find_owner(c, m, &account, reterr);

        return r < 0 ? r
                     : resource_map_ids(c->plan, m, &c->project->state.user, account, source_fd, tree_fd,
                                        &c->resources->maps, reterr);
}

/* What is laid over it is laid when the container is started. */
static int try_overlay(const MountContext *c, const PlanMount *m, int source_fd, Error *reterr) {
        _cleanup_close_ int lower = mount_clone(source_fd, /* recursive= */ false, reterr);
        int r = lower < 0 ? lower : map_mount(c, m, source_fd, lower, reterr);

        return r < 0 ? r
                     : resource_try_overlay(&c->project->state, c->plan, m, lower, &c->resources->maps,
                                            reterr);
}

/* @ret_fd: a detached mount; not touched where there is none to attach. @ret_id: likewise. */
static int make_mount(const MountContext *c, const PlanMount *m, int *ret_fd, char **ret_id, Error *reterr) {
        const MountKind *kind = &mount_kinds[m->kind];
        _cleanup_close_ int source_fd = -EBADF, fd = -EBADF;
        _cleanup_(error_done) Error error = ERROR_NULL;
        int r = 0;

        if (kind->make)
                fd = kind->make(c, m, reterr);
        else if (kind->open) {
                source_fd = kind->open(c, m, &error);
                /* It is made when nothing else is refused. */
                if (source_fd == -ENOENT && m->create && !c->last)
                        return 0;
                if (source_fd < 0) {
                        error_move(reterr, &error);
                        return source_fd;
                }
                fd = mount_clone(source_fd, kind->recursive, reterr);
        } else
                return 0;
        if (fd < 0)
                return fd;
        if (source_fd >= 0)
                r = map_mount(c, m, source_fd, fd, reterr);
        if (r >= 0 && m->kind == PLAN_MOUNT_OVERLAY)
                r = try_overlay(c, m, source_fd, reterr);
        if (r >= 0 && kind->mark && !m->read_only)
                r = source_mark(source_fd, m->source, reterr);
        if (r < 0)
                return m->place ? error_prefix(reterr, r, "%s", m->place) : r;
        if (kind->protect)
                r = mount_protect(fd, reterr);
        if (r < 0)
                return r;
        if (plan_mount_is_volume(m))
                *ret_id = source_id_text(source_fd);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* At first all but what covers a part of the root; at last that, and sources that were missing. */
static bool mount_is_due(const MountContext *c, const PlanMount *m, int fd) {
        return mount_kinds[m->kind].covers == c->last || (c->last && m->create && fd < 0);
}

static int make_mounts(const MountContext *c, Error *reterr) {
        const ContainerPlan *plan = c->plan;

        for (size_t i = 0; i < plan->n_mounts; i++) {
                const PlanMount *m = &plan->mounts[i];
                int k;

                if (!mount_is_due(c, m, c->resources->mount_fds[i]))
                        continue;
                k = make_mount(c, m, &c->resources->mount_fds[i], &c->resources->source_ids[i], reterr);
                if (k < 0)
                        return m->place ? error_about_container(reterr, k, plan->spec->name)
                                        : error_in_container(reterr, k, plan->spec->name);
        }
        return 0;
}

int resources_open_mounts(const Project *project, int project_runtime_fd, const ContainerPlan *plan,
                          Resources *r, Error *reterr) {
        const MountContext context = {project, project_runtime_fd, plan, r, /* last= */ false, -EBADF};
        int k;

        k = open_console(project, r, reterr);
        if (k < 0)
                return error_in_container(reterr, k, plan->spec->name);

        r->mount_fds = xnew0(int, plan->n_mounts);
        r->source_ids = xnew0(char *, plan->n_mounts);
        for (; r->n_mounts < plan->n_mounts; r->n_mounts++)
                r->mount_fds[r->n_mounts] = -EBADF;
        return make_mounts(&context, reterr);
}

/* What is covered of an ephemeral root is the image's: nothing else is in it when it begins. */
static int open_covered_root(const ContainerPlan *plan, const Resources *r, int *ret_fd, Error *reterr) {
        if (!plan->spec->ephemeral)
                return fs_open_beneath_optional(r->container_fd, "root", O_PATH | O_DIRECTORY, ret_fd,
                                                reterr);
        *ret_fd = r->image_fd >= 0 ? fcntl(r->image_fd, F_DUPFD_CLOEXEC, 0) : -EBADF;
        if (r->image_fd >= 0 && *ret_fd < 0)
                return error_set(reterr, errno, "open the image again");
        return 0;
}

int resources_find_fresh(const Project *project, const ContainerPlan *plan, char **ret, Error *reterr) {
        char *found = NULL;

        for (size_t i = 0; i < plan->n_mounts && !found; i++) {
                const PlanMount *m = &plan->mounts[i];
                bool fresh;
                int r;

                if (m->kind != PLAN_MOUNT_NAMED_VOLUME)
                        continue;
                r = resource_is_fresh(&project->state, m, &fresh, reterr);
                if (r < 0)
                        return r;
                if (fresh)
                        found = xasprintf("@%s", resource_volume_name(m));
        }
        *ret = found;
        return 0;
}

int resources_open_covers(const Project *project, int project_runtime_fd, const ContainerPlan *plan,
                          Resources *r, Error *reterr) {
        _cleanup_close_ int root_fd = -EBADF;
        MountContext context = {project, project_runtime_fd, plan, r, /* last= */ true, -EBADF};
        int k;

        k = open_covered_root(plan, r, &root_fd, reterr);
        if (k < 0)
                return error_in_container(reterr, k, plan->spec->name);
        context.covered_root_fd = root_fd;
        k = make_mounts(&context, reterr);
        return k < 0 ? k : mount_points_make(plan, r->mount_fds, /* overlays= */ false, reterr);
}

int resources_lay_overlays(const Project *project, const ContainerPlan *plan, Resources *r, Error *reterr) {
        for (size_t i = 0; i < plan->n_mounts; i++) {
                const PlanMount *m = &plan->mounts[i];
                int fd;

                if (m->kind != PLAN_MOUNT_OVERLAY)
                        continue;
                fd = resource_lay_overlay(&project->state, plan, m, r->mount_fds[i], &r->maps, reterr);
                if (fd < 0)
                        return error_about_container(reterr, error_prefix(reterr, fd, "%s", m->place),
                                                     plan->spec->name);
                (void) close(r->mount_fds[i]);
                r->mount_fds[i] = fd;
        }
        return mount_points_make(plan, r->mount_fds, /* overlays= */ true, reterr);
}

static int update_skeleton(const Project *project, const ContainerPlan *plan, int root_fd, Error *reterr) {
        _cleanup_close_ int toplevel_fd = -EBADF;

        if (!plan->spec->init) {
                toplevel_fd = resource_open_toplevel(&project->sources, plan, reterr);
                if (toplevel_fd < 0)
                        return toplevel_fd;
        }
        return skeleton_update(root_fd, plan->store, toplevel_fd, reterr);
}

static const PlanMount *find_root(const ContainerPlan *plan) {
        const PlanMount *m = plan->mounts;

        while (m->kind != PLAN_MOUNT_ROOT)
                m++;
        return m;
}

static void make_mount_points(const ContainerPlan *plan, int root_fd, uint32_t owner) {
        tree_make_parents(root_fd, owner, plan->mount_points);
        if (plan->spec->internet)
                tree_make_file(root_fd, owner, RESOLV_CONF_TARGET);
}

/* A root in @dir_fd, which may be there from an earlier start. Return: a detached mount. */
static int open_tree(const Project *project, const ContainerPlan *plan, Resources *resources, int dir_fd,
                     Error *reterr) {
        _cleanup_close_ int root_fd = -EBADF, tree_fd = -EBADF;
        int r;

        /* Before an image is copied for nothing. */
        r = resource_check_ids(plan, find_root(plan), dir_fd, &resources->maps, NULL, reterr);
        if (r < 0)
                return r;
        r = tree_prepare(dir_fd, resources->image_fd, plan->image, reterr);
        if (r < 0)
                return r;
        root_fd = fs_open_beneath(dir_fd, "root", O_RDONLY | O_DIRECTORY, 0, reterr);
        if (root_fd < 0)
                return root_fd;
        if (plan->store) {
                r = update_skeleton(project, plan, root_fd, reterr);
                if (r < 0)
                        return r;
        }
        make_mount_points(plan, root_fd, /* owner= */ 0);
        tree_fd = mount_clone(root_fd, /* recursive= */ false, reterr);
        if (tree_fd < 0)
                return tree_fd;
        r = resource_map_ids(plan, find_root(plan), /* user= */ NULL, (AccountIds){}, root_fd, tree_fd,
                             &resources->maps, reterr);
        return r < 0 ? r : TAKE_FD(tree_fd);
}

static int open_overlay(const ContainerPlan *plan, Resources *r, int dir_fd, Error *reterr) {
        _cleanup_close_ int tree_fd = -EBADF;
        int ids_fd = -EBADF;

        if (plan->ids_base > 0) {
                ids_fd = mount_maps_open_container(&r->maps, plan->ids_base, reterr);
                if (ids_fd < 0)
                        return ids_fd;
        }
        tree_fd = overlay_mount(r->image_fd, dir_fd, plan->ids_base, ids_fd, reterr);
        if (tree_fd >= 0)
                make_mount_points(plan, tree_fd, plan->ids_base);
        return TAKE_FD(tree_fd);
}

/* What an earlier start left is removed first. An older kernel, or a file system that is not good for a
 * layer, costs a copy of the image, which takes longer. */
static int open_ephemeral(const Project *project, const ContainerPlan *plan, Resources *r, Error *reterr) {
        _cleanup_close_ int dir_fd = ephemeral_make(r->container_fd, reterr);
        _cleanup_(error_done) Error error = ERROR_NULL;
        int fd;

        if (dir_fd < 0)
                return dir_fd;
        if (plan->image) {
                fd = open_overlay(plan, r, dir_fd, &error);
                if (fd >= 0)
                        return fd;
                strv_pushf(&r->notes, "%s: %s, copying the image instead", plan->spec->name, error.message);
        }
        return open_tree(project, plan, r, dir_fd, reterr);
}

/* Only where there is no root yet: an image that is not used may be missing. */
int resources_open_image(const Project *project, const ContainerPlan *plan, Resources *r, Error *reterr) {
        bool there = false;
        int k = 0;

        if (!plan->image || r->image_fd >= 0)
                return 0;
        if (!plan->spec->ephemeral)
                k = tree_exists(r->container_fd, &there, reterr);
        if (k >= 0 && !there)
                k = r->image_fd = resource_open_image(&project->sources, plan, reterr);
        return k < 0 ? error_in_container(reterr, k, plan->spec->name) : 0;
}

int resources_open_root(const Project *project, const ContainerPlan *plan, Resources *r, Error *reterr) {
        int fd;

        /* Its root may have been removed since. */
        fd = resources_open_image(project, plan, r, reterr);
        if (fd < 0)
                return fd;
        fd = plan->spec->ephemeral ? open_ephemeral(project, plan, r, reterr)
                                   : open_tree(project, plan, r, r->container_fd, reterr);
        if (fd < 0)
                return error_in_container(reterr, fd, plan->spec->name);
        r->mount_fds[find_root(plan) - plan->mounts] = fd;
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
