/* SPDX-License-Identifier: MIT */
#pragma once

/* Tells at once when a guest's journald has written. By itself it tells readers late: it writes its files
 * through a mapping, which no inotify sees, and touches them (journal_file_post_change()) on a timer, 250 to
 * 500 ms after the first entry that was not announced yet. What can be seen from outside is that it goes
 * back to sleep after each batch of messages: a context switch, which perf_event_open(2) counts and poll(2)
 * waits for. That costs journald next to nothing, needs nothing in the guest, and wakes no process while
 * nothing is logged. */

#include "base/error.h"

typedef struct sd_event sd_event;
typedef struct JournaldWatch JournaldWatch;

/**
 * journald_watch_new() - watch the process in a cgroup, also one that comes later or again
 * @cgroup_fd: the host's cgroup2, not owned, must stay open
 * @path: of journald's cgroup below it; need not exist
 * @on_written: there may be something new; also called when journald has come
 *
 * Where the kernel does not let us watch (perf_event_open() refused), this succeeds and tells nothing.
 */
int journald_watch_new(sd_event *event, int cgroup_fd, const char *path, void (*on_written)(void *userdata),
                       void *userdata, JournaldWatch **ret, Error *reterr);
JournaldWatch *journald_watch_free(JournaldWatch *watch);
DEFINE_FREEP(JournaldWatch, journald_watch_free);

/* Moves the error of an ended event loop to @reterr, when the watch was its cause. */
void journald_watch_error(JournaldWatch *watch, Error *reterr);
