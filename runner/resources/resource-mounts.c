/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "project/snapshot-dir.h"
#include "resources/environment.h"
#include "resources/mount-points.h"
#include "resources/resource-ids.h"
#include "resources/resource-overlay.h"
#include "resources/resource-sources.h"
#include "resources/resources.h"
#include "resources/secret.h"
#include "rootfs/devices.h"
#include "rootfs/made-files.h"
#include "rootfs/mounts.h"

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
        _cleanup_free_ char *file = network_hosts_file(c->plan->spec->name, c->plan->spec->networks);

        return fs_open_beneath(c->project_runtime_fd, file, O_PATH | O_NOFOLLOW, 0, reterr);
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

static int open_layered(const MountContext *c, const PlanMount *m, Error *reterr) {
        _cleanup_free_ char *path = xasprintf(SNAPSHOT_VOLUMES "/%s", m->upper);

        return fs_open_beneath(c->project->snapshot_fd, path, O_RDONLY | O_DIRECTORY, 0, reterr);
}

static int mount_memory(const MountContext *c, const PlanMount *m, Error *reterr) {
        return resource_mount_tmpfs(c->plan, m, c->covered_root_fd, reterr);
}

/* Empty. The guest cannot take it away: its mounts come from a more privileged namespace. */
static int mount_mask(const MountContext *c, const PlanMount *m, Error *reterr) {
        const MountOption options[] = {{"mode", "0555"}, {"size", "4k"}};

        return mount_make("tmpfs", options, ELEMENTSOF(options),
                          MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC | MOUNT_ATTR_RDONLY,
                          reterr);
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
        [PLAN_MOUNT_LAYERED] = {.open = open_layered},
        [PLAN_MOUNT_NAMED_VOLUME] = {.open = open_named_volume, .covers = true},
        [PLAN_MOUNT_TMPFS] = {.make = mount_memory, .covers = true},
        [PLAN_MOUNT_MASK] = {.make = mount_mask},
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
        /* What the host mounts in it later would not be read-only. */
        if (m->read_only)
                r = mount_make_private(fd, reterr);
        if (r >= 0 && kind->protect)
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
                          Resources *resources, Error *reterr) {
        const MountContext context = {project,   project_runtime_fd, plan,
                                      resources, /* last= */ false,  -EBADF};

        resources->mount_fds = xnew0(int, plan->n_mounts);
        resources->on_fds = xnew0(int, plan->n_mounts);
        resources->source_ids = xnew0(char *, plan->n_mounts);
        for (; resources->n_mounts < plan->n_mounts; resources->n_mounts++)
                resources->mount_fds[resources->n_mounts] = resources->on_fds[resources->n_mounts] = -EBADF;
        return make_mounts(&context, reterr);
}

/* What is covered of an ephemeral root is the image's: nothing else is in it when it begins. */
static int open_covered_root(const ContainerPlan *plan, const Resources *resources, int *ret_fd,
                             Error *reterr) {
        if (!plan->spec->ephemeral)
                return fs_open_beneath_optional(resources->container_fd, "root", O_PATH | O_DIRECTORY,
                                                ret_fd, reterr);
        *ret_fd = resources->image_fd >= 0 ? fcntl(resources->image_fd, F_DUPFD_CLOEXEC, 0) : -EBADF;
        if (resources->image_fd >= 0 && *ret_fd < 0)
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
                          Resources *resources, Error *reterr) {
        _cleanup_close_ int root_fd = -EBADF;
        MountContext context = {project, project_runtime_fd, plan, resources, /* last= */ true, -EBADF};
        int r;

        r = open_covered_root(plan, resources, &root_fd, reterr);
        if (r < 0)
                return error_in_container(reterr, r, plan->spec->name);
        context.covered_root_fd = root_fd;
        r = make_mounts(&context, reterr);
        return r < 0 ? r : mount_points_make(plan, resources->mount_fds, /* overlays= */ false, reterr);
}

int resources_lay_overlays(const Project *project, const ContainerPlan *plan, Resources *resources,
                           Error *reterr) {
        for (size_t i = 0; i < plan->n_mounts; i++) {
                const PlanMount *m = &plan->mounts[i];
                int fd;

                if (!plan_mount_is_overlay(m))
                        continue;
                fd = resource_lay_overlay(&project->state, plan, m, resources->mount_fds[i],
                                          &resources->maps, reterr);
                if (fd < 0)
                        return error_about_container(reterr, error_prefix(reterr, fd, "%s", m->place),
                                                     plan->spec->name);
                (void) close(resources->mount_fds[i]);
                resources->mount_fds[i] = fd;
        }
        return mount_points_make(plan, resources->mount_fds, /* overlays= */ true, reterr);
}

/* A guest that may write above the project can have put another directory there, to see the real one. (The
 * inodes of an overlay are its own.) */
static int check_masked(const Project *project, const PlanMount *volume, int fd, Error *reterr) {
        int state_fd = project->whole.fd >= 0 ? project->whole.fd : project->state.fd;
        struct stat st, state;

        if (fstat(fd, &st) < 0 || fstat(state_fd, &state) < 0)
                return error_set(reterr, errno, "look at '" STATE_DIR_NAME "' in '%s'", volume->source);
        if (volume->kind == PLAN_MOUNT_OVERLAY || (st.st_dev == state.st_dev && st.st_ino == state.st_ino))
                return 0;
        return error_raise(reterr, FC_EXIT_CONFLICT,
                           "'%s' has another '" STATE_DIR_NAME "' now than when this command began",
                           project->root);
}

int resources_open_masked(const Project *project, const ContainerPlan *plan, Resources *resources,
                          Error *reterr) {
        for (size_t i = 0; i < plan->n_mounts; i++) {
                const PlanMount *m = &plan->mounts[i], *volume = m - 1;
                int *fd = &resources->on_fds[i], r;

                if (m->kind != PLAN_MOUNT_MASK)
                        continue;
                *fd = safe_close(*fd);
                r = *fd = fs_open_beneath(resources->mount_fds[i - 1], strchr(m->name, '/') + 1,
                                          O_PATH | O_DIRECTORY, 0, reterr);
                if (r >= 0)
                        r = check_masked(project, volume, *fd, reterr);
                if (r < 0)
                        return error_about_container(reterr, error_prefix(reterr, r, "%s", volume->place),
                                                     plan->spec->name);
        }
        return 0;
}
