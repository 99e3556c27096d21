/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>

#include "record/event-log.h"
#include "keeper/service-events.h"

/* The directory for its records in /run has the container's name. */
void service_event(const ServiceOptions *o, int state_fd, Phase event, const char *detail) {
        const char *slash = strrchr(o->runtime, '/');
        _cleanup_close_ int events_fd = -EBADF;

        if (state_fd < 0 || !slash)
                return;
        events_fd = openat(state_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        event_log_append_as_owner(events_fd, slash + 1, event, detail);
}
