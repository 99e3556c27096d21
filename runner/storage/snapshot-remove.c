/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/size-text.h"
#include "base/time-text.h"
#include "context/project-open.h"
#include "project/snapshot-dir.h"
#include "state/runtime-dir.h"
#include "state/trash.h"
#include "storage/snapshot-text.h"
#include "storage/snapshot.h"

/* What is shown of one, by which it is known again; owned by the caller, NULL: it is not there. */
static int remove_describe(int fd, const char *label, char **ret, Error *reterr) {
        _cleanup_(snapshot_manifest_freep) SnapshotManifest *m = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *what = NULL;
        char size[FORMAT_SIZE_MAX], time[TIMESTAMP_MAX];
        int r = snapshot_label_check(label, reterr);

        *ret = NULL;
        if (r < 0)
                return r;
        /* One that is damaged can be removed, too. */
        r = fd >= 0 ? snapshot_load(fd, label, &m, &error) : 0;
        if (r < 0) {
                *ret = xasprintf("%s: %s", label, error.message);
                return 0;
        }
        if (!m)
                return 0;
        what = snapshot_describe(m);
        *ret = xasprintf("%s: %s, %s, saved %s", label, what, format_size(size, snapshot_manifest_bytes(m)),
                         timestamp_format(time, m->saved_usec));
        return 0;
}

/* What will go, a line each. */
static int remove_look(int fd, char *const *labels, char ***ret, Error *reterr) {
        STRV_FOREACH (label, labels) {
                char *line;
                int r = remove_describe(fd, *label, &line, reterr);

                if (r < 0)
                        return r;
                if (!line)
                        return snapshot_raise_missing(fd, *label, reterr);
                strv_push_take(ret, line);
        }
        return 0;
}

/* @what: as it was shown. Another command may have given its label to another one by now; one that has gone
 * is success. */
static int remove_one(const Project *project, int fd, const char *label, const char *what, Error *reterr) {
        _cleanup_free_ char *now = NULL;
        _cleanup_close_ int alone = -EBADF;
        int r = remove_describe(fd, label, &now, reterr);

        if (r >= 0 && now && !streq(now, what))
                r = error_raise(reterr, FC_EXIT_CONFLICT,
                                "another command has replaced snapshot '%s' meanwhile", label);
        if (r >= 0)
                r = snapshot_hold_alone(fd, label, &alone, reterr);
        return r < 0 ? r : trash_put(project->state.fd, fd, label, reterr);
}

static int remove_all(const Project *project, int fd, char *const *labels, char *const *what,
                      Error *reterr) {
        _cleanup_(progress_freep) Progress *progress = progress_new(project->progress, stderr, labels);
        _cleanup_close_ int runtime_fd = -EBADF;
        Lock lock = LOCK_NULL;
        int r;

        runtime_fd = runtime_dir_make(RUNTIME_DIR_BASE, project->id, project->state.user.uid, reterr);
        if (runtime_fd < 0)
                return runtime_fd;
        r = snapshot_lock(project, runtime_fd, progress, &lock, reterr);
        for (size_t i = 0; r >= 0 && labels[i]; i++)
                r = remove_one(project, fd, labels[i], what[i], reterr);
        lock_release(&lock);
        return r < 0 ? r : trash_empty(project->state.fd, /* wait= */ true, NULL, NULL, reterr);
}

int snapshot_remove(const ProjectRequest *request, char *const *labels, SnapshotAsk ask, void *userdata,
                    Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_strv_ char **what = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = project_open(request, &project, reterr);
        if (r >= 0)
                r = snapshots_open(&project.state, &fd, reterr);
        if (r >= 0)
                r = remove_look(fd, labels, &what, reterr);
        if (r < 0)
                return r;
        if (request->globals->dry_run) {
                STRV_FOREACH (line, what)
                        (void) printf("%s\n", *line);
                return FC_EXIT_OK;
        }
        STRV_FOREACH (line, what)
                (void) fprintf(stderr, "  %s\n", *line);
        r = ask(userdata, reterr);
        if (r <= 0)
                return r < 0 ? r : FC_EXIT_INTERRUPTED;
        r = remove_all(&project, fd, labels, what, reterr);
        return r < 0 ? r : FC_EXIT_OK;
}
