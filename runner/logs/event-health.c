/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "base/strv.h"
#include "logs/event-health.h"
#include "logs/event-line.h"
#include "record/event-log.h"

/* A log is never written so long. */
#define READ_MAX (4 * 1024 * 1024)

void event_health_done(EventHealth *health) {
        strv_free(health->failures);
        *health = EVENT_HEALTH_NULL;
}

static void health_read_line(const char *line, size_t size, const char *container, EventHealth *health) {
        _cleanup_(event_line_done) EventLine event = {0};
        Phase phase;

        /* Most lines of a log are about others. A name needs no escapes. */
        if (!memmem(line, size, container, strlen(container)) || !event_line_parse(line, size, &event) ||
            !streq(event.container, container))
                return;
        phase = phase_from_string(event.event);
        /* The log's times are of milliseconds. The clock may have been set back since the run began. */
        if (!health->seen)
                health->over =
                        phase_is_end(phase) && (event.usec / USEC_PER_MSEC > health->since / USEC_PER_MSEC ||
                                                health->since > health->now);
        health->seen = true;
        if (phase_begins_anew(phase))
                health->complete = true;
        else if (phase == PHASE_DEGRADED && event.detail)
                strv_push(&health->failures, event.detail);
}

void event_health_read(const char *text, const char *container, EventHealth *health) {
        const char *end = text + strlen(text);

        while (end > text && !health->complete) {
                const char *newline = memrchr(text, '\n', (size_t) (end - text)),
                           *line = newline ? newline + 1 : text;

                health_read_line(line, (size_t) (end - line), container, health);
                end = newline ? newline : text;
        }
}

static void health_read_files(int dir_fd, const char *container, EventHealth *health) {
        static const char *const files[] = {EVENT_LOG, EVENT_LOG_OLD};

        for (size_t i = 0; i < ELEMENTSOF(files) && !health->complete; i++) {
                _cleanup_free_ char *text = NULL;
                _cleanup_close_ int fd = -EBADF;

                if (fs_open_file_beneath_optional(dir_fd, files[i], &fd, NULL) >= 0 && fd >= 0 &&
                    fs_read_fd(fd, files[i], READ_MAX, &text, NULL, NULL) >= 0)
                        event_health_read(text, container, health);
        }
}

/* It does not wait: the file is the user's, and another of our programs that holds the lock writes the
 * same down. */
static int health_lock(int dir_fd) {
        _cleanup_close_ int fd = -EBADF;

        fd = dir_fd < 0 ? -EBADF : fs_open_file_beneath(dir_fd, EVENT_LOG, O_RDONLY, 0, NULL);
        return fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 ? -EBADF : TAKE_FD(fd);
}

/* As it is read again: bytes that are not UTF-8 are replaced in the log, and a long text is cut. */
static bool health_is_known(const EventHealth *health, const char *container, const char *failure) {
        _cleanup_free_ char *line = event_log_format(0, container, phase_to_string(PHASE_DEGRADED), failure);
        _cleanup_(event_line_done) EventLine event = {0};

        return event_line_parse(line, strlen(line), &event) && strv_contains(health->failures, event.detail);
}

void event_health_note(int dir_fd, const char *container, char *const *failures) {
        _cleanup_(event_health_done) EventHealth health = EVENT_HEALTH_NULL;
        _cleanup_close_ int fd = health_lock(dir_fd);

        if (fd < 0)
                return;
        health_read_files(dir_fd, container, &health);
        if (health.failures && (!failures || !failures[0]))
                event_log_append(dir_fd, container, PHASE_RECOVERED, NULL);
        STRV_FOREACH (failure, failures)
                if (!health_is_known(&health, container, *failure))
                        event_log_append(dir_fd, container, PHASE_DEGRADED, *failure);
}

void event_health_note_end(int dir_fd, const char *container, uint64_t since, Phase event,
                           const char *detail) {
        _cleanup_(event_health_done) EventHealth health = EVENT_HEALTH_NULL;
        _cleanup_close_ int fd = health_lock(dir_fd);

        if (fd < 0)
                return;
        health.since = since;
        health.now = realtime_usec();
        health_read_files(dir_fd, container, &health);
        if (!health.over)
                event_log_append(dir_fd, container, event, detail);
}
