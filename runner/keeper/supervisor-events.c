/* SPDX-License-Identifier: MIT */

#include "record/event-log.h"
#include "keeper/supervisor-events.h"

void supervisor_event(const SupervisorOptions *o, Phase event, const char *detail) {
        event_log_append_as_owner(o->events_fd, o->keeper.container, event, detail);
}
