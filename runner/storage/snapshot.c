/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "context/locks.h"
#include "context/named-volumes.h"
#include "context/project-way.h"
#include "project/snapshot-apply.h"
#include "spec/name.h"
#include "storage/snapshot.h"

/* A copy of a large tree may take its time. */
#define LOCK_USEC (600 * USEC_PER_SEC)

static void snapshot_on_wait(const LockHolder *holder, void *userdata) {
        _cleanup_free_ char *text = lock_describe_wait(holder);

        progress_note(userdata, text);
}

int snapshot_lock(const Project *project, int runtime_fd, Progress *progress, Lock *ret, Error *reterr) {
        int r = lock_acquire(runtime_fd, SNAPSHOTS_LOCK, "snapshot", LOCK_USEC, snapshot_on_wait, progress,
                             ret, reterr);

        if (r < 0)
                return r;
        r = project_way_check(project, reterr);
        if (r >= 0)
                r = snapshot_apply_finish(&project->state, reterr);
        if (r < 0)
                lock_release(ret);
        return r;
}

int snapshot_settle(const Project *project, int runtime_fd, Progress *progress, Error *reterr) {
        Lock lock = LOCK_NULL;
        bool pending;
        int r;

        r = snapshot_apply_is_pending(&project->state, &pending, reterr);
        if (r < 0 || !pending)
                return r;
        r = snapshot_lock(project, runtime_fd, progress, &lock, reterr);
        if (r < 0)
                return r;
        lock_release(&lock);
        progress_note(progress, "finished the restore of a snapshot, which had been interrupted");
        return 0;
}

int snapshot_split_operands(char *const *operands, char ***ret_names, const char **ret_label,
                            Error *reterr) {
        size_t n = strv_length(operands);
        char **names = NULL;
        int r = snapshot_label_check(operands[n - 1], reterr);

        if (r < 0)
                return r;
        for (size_t i = 0; i + 1 < n; i++)
                strv_push(&names, operands[i]);
        *ret_names = names;
        *ret_label = operands[n - 1];
        return 0;
}

int snapshot_add_users(Project *project, char *const *known, const char *volume, char ***names,
                       Error *reterr) {
        STRV_FOREACH (name, known) {
                _cleanup_strv_ char **volumes = NULL;
                int r;

                if (strv_contains(*names, *name))
                        continue;
                r = named_volumes_of(project, *name, &volumes, reterr);
                if (r < 0)
                        return r;
                if (strv_contains(volumes, volume))
                        strv_push(names, *name);
        }
        return 0;
}
