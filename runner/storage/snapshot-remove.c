/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/size-text.h"
#include "context/project-open.h"
#include "project/snapshot-dir.h"
#include "state/runtime-dir.h"
#include "state/trash.h"
#include "storage/snapshot-text.h"
#include "storage/snapshot.h"

/* What will go, a line each. */
static int remove_look(int fd, char *const *labels, char ***ret, Error *reterr) {
        STRV_FOREACH (label, labels) {
                _cleanup_(snapshot_manifest_freep) SnapshotManifest *m = NULL;
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_free_ char *what = NULL;
                char size[FORMAT_SIZE_MAX];
                int r;

                r = snapshot_label_check(*label, reterr);
                if (r < 0)
                        return r;
                /* One that is damaged can be removed, too. */
                r = fd >= 0 ? snapshot_load(fd, *label, &m, &error) : 0;
                if (r < 0) {
                        strv_pushf(ret, "%s: %s", *label, error.message);
                        continue;
                }
                if (!m)
                        return snapshot_raise_missing(fd, *label, reterr);
                what = snapshot_describe(m);
                strv_pushf(ret, "%s: %s, %s", *label, what, format_size(size, snapshot_manifest_bytes(m)));
        }
        return 0;
}

static int remove_all(const Project *project, int fd, char *const *labels, Error *reterr) {
        _cleanup_(progress_freep) Progress *progress = progress_new(project->progress, stderr, labels);
        _cleanup_close_ int runtime_fd = -EBADF;
        Lock lock = LOCK_NULL;
        int r;

        runtime_fd = runtime_dir_make(RUNTIME_DIR_BASE, project->id, project->state.user.uid, reterr);
        if (runtime_fd < 0)
                return runtime_fd;
        r = snapshot_lock(project, runtime_fd, progress, &lock, reterr);
        STRV_FOREACH (label, labels) {
                _cleanup_close_ int alone = -EBADF;

                if (r >= 0)
                        r = snapshot_hold_alone(fd, *label, &alone, reterr);
                if (r >= 0)
                        r = trash_put(project->state.fd, fd, *label, reterr);
        }
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
        r = remove_all(&project, fd, labels, reterr);
        return r < 0 ? r : FC_EXIT_OK;
}
