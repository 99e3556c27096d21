/* SPDX-License-Identifier: MIT */

#include <sys/fsuid.h>
#include <sys/stat.h>

#include "base/event-log.h"
#include "supervisor/events.h"

/* As the one whose directory it is: who could put something else there could then write to it anyway, and
 * root may not write to a home on NFS. */
void supervisor_event(const SupervisorOptions *o, const char *event, const char *detail) {
        struct stat st;

        if (o->events_fd < 0 || fstat(o->events_fd, &st) < 0)
                return;
        (void) setfsgid(st.st_gid);
        (void) setfsuid(st.st_uid);
        event_log_append(o->events_fd, o->container, event, detail);
        (void) setfsuid(0);
        (void) setfsgid(0);
}
