/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "record/event-log.h"
#include "keeper/service-events.h"

void service_event(const ServiceOptions *o, int state_fd, Phase event, const char *detail) {
        _cleanup_close_ int events_fd = -EBADF;

        if (state_fd < 0)
                return;
        events_fd = openat(state_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        event_log_append_as_owner(events_fd, o->keeper.container, event, detail);
}
