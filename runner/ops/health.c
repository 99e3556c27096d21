/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "record/event-log.h"
#include "ops/failure.h"
#include "ops/health.h"

void health_note_crash(const Project *project, const char *container) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;

        if (project->state.fd >= 0 && user_fs_enter(&project->state.user, &guard, NULL) >= 0)
                event_log_note_crash(project->state.fd, container, HEALTH_CRASHED);
}

void health_note(const Project *project, const char *container, const FailedUnits *failed) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_strv_ char **texts = NULL;

        for (size_t i = 0; i < failed->n; i++)
                strv_push_take(&texts, failure_describe_unit(&failed->units[i]));
        if (project->state.fd < 0 || user_fs_enter(&project->state.user, &guard, NULL) < 0)
                return;
        event_log_note_health(project->state.fd, container, texts);
}
