/* SPDX-License-Identifier: MIT */

#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "context/project-open.h"
#include "project/place.h"
#include "project/tracked.h"
#include "view/project-watch.h"

#define EVENTS                                                                                              \
        (IN_CREATE | IN_DELETE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |     \
         IN_ONLYDIR)

struct ProjectWatch {
        char *root;
        char *given; /* --spec; NULL: none */
        int fd;
        uint64_t hash;
        bool known;   /* it has been looked at */
        bool settled; /* and each change since then gives another hash */
};

int project_watch_new(const ProjectRequest *request, ProjectWatch **ret, Error *reterr) {
        _cleanup_(project_watch_freep) ProjectWatch *w = xmalloc0(sizeof(*w));
        _cleanup_(project_found_done) ProjectFound found = {};
        int r;

        *w = (ProjectWatch){.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)};
        if (w->fd < 0)
                return error_set(reterr, errno, "watch files");
        r = project_locate(request, &found, reterr);
        if (r < 0)
                return r;
        w->root = TAKE_PTR(found.root);
        if (request->globals->spec)
                w->given = TAKE_PTR(found.spec_path);
        *ret = TAKE_PTR(w);
        return 0;
}

ProjectWatch *project_watch_free(ProjectWatch *w) {
        if (!w)
                return NULL;
        (void) safe_close(w->fd);
        free(w->root);
        free(w->given);
        free(w);
        return NULL;
}

const char *project_watch_root(const ProjectWatch *w) {
        return w->root;
}

const char *project_watch_spec(const ProjectWatch *w) {
        return w->given;
}

int project_watch_fd(const ProjectWatch *w) {
        return w->fd;
}

bool project_watch_drain(ProjectWatch *w) {
        char buffer[sizeof(struct inotify_event) + NAME_MAX + 1];
        bool any = false;

        while (read(w->fd, buffer, sizeof(buffer)) > 0)
                any = true;
        return any;
}

/* What is gone by now is not watched: what has it in it is. */
static int watch_directory(const ProjectWatch *w, const char *path, Error *reterr) {
        int r;

        if (inotify_add_watch(w->fd, path, EVENTS) >= 0 || errno == ENOENT || errno == ENOTDIR)
                return 0;
        r = error_set(reterr, errno, "watch '%s'", path);
        if (r == -ENOSPC)
                error_add_hint(reterr, "allow more: sysctl fs.inotify.max_user_watches=...");
        return r;
}

/* ---- a specification that is a file ---- */

static char *watched_spec(const ProjectWatch *w) {
        _cleanup_free_ char *path = xasprintf("%s/" PROJECT_SPEC_NAME, w->root);

        if (w->given)
                return xstrdup(w->given);
        return access(path, F_OK) >= 0 ? TAKE_PTR(path) : NULL;
}

static uint64_t watch_hash_file(uint64_t hash, const char *path) {
        struct stat st = {};

        (void) stat(path, &st);
        hash = hash_more(hash, &st.st_ino, sizeof(st.st_ino));
        hash = hash_more(hash, &st.st_size, sizeof(st.st_size));
        return hash_more(hash, &st.st_ctim, sizeof(st.st_ctim));
}

static int watch_look_at_file(const ProjectWatch *w, const char *path, uint64_t *ret, Error *reterr) {
        const char *slash = strrchr(path, '/');
        _cleanup_free_ char *directory = xstrndup(path, (size_t) (slash - path) + 1);
        int r = watch_directory(w, directory, reterr);

        *ret = watch_hash_file(HASH_INIT, path);
        return r;
}

/* ---- a flake ---- */

/* Where git cannot say what belongs to it (`path:`, submodules), it is the two files that Nix knows. */
static int watch_look_at_flake(const ProjectWatch *w, uint64_t *ret, bool *ret_settled, Error *reterr) {
        _cleanup_free_ char *flake = xasprintf("%s/" PROJECT_FLAKE_NAME, w->root),
                            *lock = xasprintf("%s/flake.lock", w->root);
        _cleanup_strv_ char **directories = NULL;
        int r = watch_directory(w, w->root, reterr);

        if (r >= 0)
                r = tracked_directories(w->root, &directories, reterr);
        STRV_FOREACH (directory, directories)
                if (r >= 0)
                        r = watch_directory(w, *directory, reterr);
        if (r < 0)
                return r;
        if (!tracked_hash(w->root, ret, ret_settled)) {
                *ret = watch_hash_file(watch_hash_file(HASH_INIT, flake), lock);
                *ret_settled = true;
        }
        return 0;
}

int project_watch_look(ProjectWatch *w, bool *ret_changed, Error *reterr) {
        _cleanup_free_ char *file = watched_spec(w);
        bool settled = true;
        uint64_t hash;
        int r;

        /* Watched first: what changes after that is told once more. */
        r = file ? watch_look_at_file(w, file, &hash, reterr)
                 : watch_look_at_flake(w, &hash, &settled, reterr);
        if (r < 0)
                return r;
        *ret_changed = !w->known || !w->settled || hash != w->hash;
        w->known = true;
        w->settled = settled;
        w->hash = hash;
        return 0;
}
