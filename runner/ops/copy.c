/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "context/locks.h"
#include "context/project-open.h"
#include "context/project-way.h"
#include "copy/tar.h"
#include "copy/transfer.h"
#include "ops/copy.h"
#include "running/running.h"
#include "spec/path.h"
#include "state/runtime-dir.h"

/* What takes no longer needs no progress. */
#define SHORT_USEC (500 * USEC_PER_MSEC)

typedef struct Copying {
        Project project;
        const ProjectRequest *request;
        Progress *progress;
        const char *shown; /* the container that the progress is of */
        uint64_t began;
        EnterTarget targets[2];
        int root_fds[2];
        int host_fd;
        char *host_name; /* of the target, in the directory of `host_fd` */
        char **stopped;  /* containers */
        Lock *locks;     /* one for each of those */
} Copying;

#define COPYING_NULL                                                                                        \
        ((Copying){.project = PROJECT_NULL,                                                                 \
                   .targets = {ENTER_TARGET_NULL, ENTER_TARGET_NULL},                                       \
                   .root_fds = {-EBADF, -EBADF},                                                            \
                   .host_fd = -EBADF})

static void copying_done(Copying *c) {
        for (size_t i = 0; i < ELEMENTSOF(c->targets); i++) {
                enter_target_done(&c->targets[i]);
                (void) safe_close(c->root_fds[i]);
        }
        (void) safe_close(c->host_fd);
        free(c->host_name);
        c->locks = locks_free(c->locks, strv_length(c->stopped));
        strv_free(c->stopped);
        (void) progress_free(c->progress);
        project_done(&c->project);
}

/* ---- the host's place ---- */

static int open_host(const Copying *c, const char *path, Error *reterr) {
        _cleanup_free_ char *absolute = project_typed_path(c->request, path);

        if (strlen(absolute) >= PATH_MAX)
                return error_set(reterr, ENAMETOOLONG, "'%s'", path);
        return source_open(&c->project.sources, "", absolute, NULL, /* reads= */ false, reterr);
}

static int open_host_target(Copying *c, const char *path, Error *reterr) {
        _cleanup_free_ char *directory = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        struct stat st = {0};

        c->host_fd = open_host(c, path, &error);
        if (c->host_fd >= 0 && fstat(c->host_fd, &st) < 0)
                return error_set(reterr, errno, "look at '%s'", path);
        if (c->host_fd >= 0 && S_ISDIR(st.st_mode))
                return 0;
        if ((c->host_fd < 0 && c->host_fd != -ENOENT) || !copy_path_split(path, &directory, &c->host_name)) {
                if (c->host_fd >= 0)
                        return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not a directory", path);
                error_move(reterr, &error);
                return c->host_fd;
        }
        c->host_fd = safe_close(c->host_fd);
        c->host_fd = open_host(c, directory, reterr);
        return c->host_fd;
}

static int take_host(Copying *c, const CopyOperand *o, bool is_target, CopyPlace *place, Error *reterr) {
        struct stat st;
        int r;

        c->host_fd = is_target ? -EBADF : open_host(c, o->path, reterr);
        r = is_target ? open_host_target(c, o->path, reterr) : c->host_fd;
        if (r < 0)
                return r;
        if (fstat(c->host_fd, &st) < 0)
                return error_set(reterr, errno, "look at '%s'", o->text);
        place->kind = COPY_HOST;
        place->fd = c->host_fd;
        place->name = c->host_name;
        place->user = c->project.user;
        /* What root puts into another user's directory belongs to that one. */
        if (is_target && c->project.user.uid == 0)
                user_for_owner(&c->project.user, st.st_uid, st.st_gid, &place->user);
        return 0;
}

/* ---- a container's place ---- */

/* Whether it is at or below a place that only a running container has; then @what says which. */
static bool is_mounted(const ContainerSpec *spec, const char *path, const char **ret_target,
                       const char **ret_source) {
        for (size_t i = 0; spec && i < spec->n_volumes; i++)
                if (path_is_within(path, spec->volumes[i].target)) {
                        *ret_target = spec->volumes[i].target;
                        *ret_source = spec->volumes[i].source;
                        return true;
                }
        for (size_t i = 0; spec && i < spec->n_tmpfs; i++)
                if (path_is_within(path, spec->tmpfs[i].target)) {
                        *ret_target = spec->tmpfs[i].target;
                        *ret_source = NULL;
                        return true;
                }
        return false;
}

static bool has_mounts_below(const ContainerSpec *spec, const char *path) {
        for (size_t i = 0; spec && i < spec->n_volumes; i++)
                if (path_is_within(spec->volumes[i].target, path))
                        return true;
        for (size_t i = 0; spec && i < spec->n_tmpfs; i++)
                if (path_is_within(spec->tmpfs[i].target, path))
                        return true;
        return spec && spec->toplevel && path_is_within(spec->toplevel, path);
}

/* As far as the text of the path tells: a link may lead there as well, and then finds what the root has. */
static int check_stopped(Copying *c, const CopyOperand *o, Error *reterr) {
        const ContainerSpec *spec = project_container_spec(&c->project, o->container);
        _cleanup_free_ char *command = project_command(&c->project, "up", o->container),
                            *parts = tar_normalise(o->path), *path = NULL, *note = NULL;
        const char *target, *source;

        if (!parts)
                return 0;
        path = xasprintf("/%s", parts);
        if (is_mounted(spec, path, &target, &source)) {
                (void) error_raise(reterr, FC_EXIT_NOT_RUNNING,
                                   "'%s' is %s '%s', which is there only while the container runs", o->text,
                                   source ? "in the volume" : "in memory, below", target);
                error_add_hint(reterr, "start it: %s", command);
                if (source && source[0] != '@')
                        error_add_hint(reterr, "or use what is mounted there: %s", source);
                return -ESRCH;
        }
        if (has_mounts_below(spec, path)) {
                note = xasprintf("%s: not running, so of '%s' only what is in its root", o->container,
                                 o->path);
                progress_note(c->progress, note);
        }
        return 0;
}

/* Of those that do not run, in one go, so that two commands do not wait for each other. Held to the end, so
 * that none is started meanwhile: then a guest would change what root works in. */
static int lock_stopped(Copying *c, char *const *names, Error *reterr) {
        _cleanup_close_ int runtime_fd = -EBADF;
        int r = 0;

        STRV_FOREACH (name, names) {
                MachineStatus status;

                r = running_query(&c->project, *name, &status, reterr);
                if (r < 0)
                        return r;
                if (!status.running && !strv_contains(c->stopped, *name))
                        strv_push(&c->stopped, *name);
        }
        if (!c->stopped)
                return 0;
        runtime_fd = runtime_dir_make(RUNTIME_DIR_BASE, c->project.id, c->project.state.user.uid, reterr);
        if (runtime_fd < 0)
                return runtime_fd;
        r = locks_take(&(LocksRequest){.runtime_fd = runtime_fd,
                                       .verb = "cp",
                                       .names = c->stopped,
                                       .progress = c->progress},
                       &c->locks, reterr);
        return r < 0 ? r : project_way_check(&c->project, reterr);
}

/* That of a container which another command has started before it was taken is given back. Return: whether
 * it is held. */
static bool keep_lock(Copying *c, const char *container, bool running) {
        for (size_t i = 0; c->locks && c->stopped[i]; i++) {
                if (!streq(c->stopped[i], container))
                        continue;
                if (running)
                        lock_release(&c->locks[i]);
                return !running;
        }
        return false;
}

static int open_stopped(Copying *c, const CopyOperand *o, int *ret_fd, Error *reterr) {
        _cleanup_close_ int container_fd = -EBADF;
        int r;

        r = state_dir_container_open(&c->project.state, o->container, &container_fd, reterr);
        if (r >= 0 && container_fd >= 0)
                r = fs_open_beneath_optional(container_fd, "root", O_PATH | O_DIRECTORY, ret_fd, reterr);
        if (r < 0)
                return error_about_container(reterr, r, o->container);
        if (*ret_fd >= 0)
                return check_stopped(c, o, reterr);
        return running_raise_not(&c->project, o->container, reterr);
}

static int take_container(Copying *c, const CopyOperand *o, size_t which, CopyPlace *place, Error *reterr) {
        MachineStatus status;
        int r;

        r = running_query(&c->project, o->container, &status, reterr);
        if (r < 0)
                return r;
        if (keep_lock(c, o->container, status.running)) {
                place->kind = COPY_STOPPED;
                r = open_stopped(c, o, &c->root_fds[which], reterr);
                place->fd = c->root_fds[which];
                return r;
        }
        place->kind = COPY_RUNNING;
        place->target = &c->targets[which];
        return running_enter(&c->project, o->container, &c->targets[which], reterr);
}

static int take_place(Copying *c, const CopyOperand *o, size_t which, CopyPlace *place, Error *reterr) {
        *place = (CopyPlace){.text = o->text, .path = o->path, .fd = -EBADF};
        if (o->stream) {
                place->kind = COPY_STREAM;
                place->fd = which == 0 ? STDIN_FILENO : STDOUT_FILENO;
                return 0;
        }
        return o->container ? take_container(c, o, which, place, reterr)
                            : take_host(c, o, which == 1, place, reterr);
}

/* ---- the copy ---- */

static int copying_open(Copying *c, const ProjectRequest *request, const CopyOperand *from,
                        const CopyOperand *to, Error *reterr) {
        char *const names[] = {from->container ? from->container : to->container,
                               from->container ? to->container : NULL, NULL};
        _cleanup_strv_ char **selected = NULL;
        const Spec *spec, none = {0};
        Project *p = &c->project;
        int r;

        r = project_open_known(request, names, p, &selected, reterr);
        if (r < 0)
                return r;
        c->shown = names[0];
        c->progress = progress_new(p->progress, stderr, selected);
        spec = p->spec ? p->spec : &none;
        r = sources_open(p->root, p->state.root_fd, p->state.fd, &p->state.user, &p->user, spec, &p->sources,
                         reterr);
        return r < 0 ? r : lock_stopped(c, names, reterr);
}

static void on_tick(uint64_t bytes, uint64_t entries, void *userdata) {
        Copying *c = userdata;
        _cleanup_free_ char *text = NULL;

        if (now_usec() - c->began < SHORT_USEC)
                return;
        text = xasprintf("%.1f MiB, %llu files", (double) bytes / (1024 * 1024),
                         (unsigned long long) entries);
        progress_update(c->progress, c->shown, PHASE_COPYING, text);
        progress_tick(c->progress);
}

static void tell_left_out(Copying *c, const CopySide *side) {
        for (size_t i = 0; i < side->n_left_out && i < COPY_LEFT_OUT_MAX; i++) {
                _cleanup_free_ char *note = xasprintf("left out: %s", side->left_out[i]);

                progress_note(c->progress, note);
        }
        if (side->n_left_out > COPY_LEFT_OUT_MAX) {
                _cleanup_free_ char *note =
                        xasprintf("left out: %zu more", side->n_left_out - COPY_LEFT_OUT_MAX);

                progress_note(c->progress, note);
        }
}

int copy_between(const ProjectRequest *request, const CopyOperand *from, const CopyOperand *to,
                 Error *reterr) {
        _cleanup_(copying_done) Copying c = COPYING_NULL;
        _cleanup_free_ char *name = from->stream ? NULL : copy_path_name(from->path);
        CopySide sides[2];
        CopyPlace from_place, to_place;
        int r;

        c.request = request;
        process_block_interrupts(NULL);
        r = copying_open(&c, request, from, to, reterr);
        if (r >= 0)
                r = take_place(&c, from, 0, &from_place, reterr);
        if (r >= 0)
                r = take_place(&c, to, 1, &to_place, reterr);
        if (r < 0)
                return r;
        c.began = now_usec();
        r = copy_transfer(&(CopyRequest){&from_place, &to_place, name, on_tick, &c}, sides, reterr);
        progress_finish(c.progress);
        for (size_t i = 0; i < ELEMENTSOF(sides); i++)
                tell_left_out(&c, &sides[i]);
        return r;
}
