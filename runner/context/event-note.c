/* SPDX-License-Identifier: MIT */

#include "context/event-note.h"
#include "record/event-log.h"

void event_note(const Project *project, const char *container, Phase event, const char *detail) {
        const StateDir *state = &project->state;
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;

        if (state->fd < 0 || user_fs_enter(&state->user, &guard, NULL) < 0)
                return;
        event_log_prepare(state->fd);
        event_log_append(state->fd, container, event, detail);
}
