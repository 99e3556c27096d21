/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "base/strv.h"
#include "base/time-text.h"
#include "base/utf8.h"
#include "record/event-health.h"
#include "record/event-log.h"

/* Longer text is cut: a line is to fit into one write(2) whatever somebody puts into an error message. */
#define TEXT_MAX 1000

/* Of what is read. Nobody writes a log that is so long. */
#define READ_MAX (4 * 1024 * 1024)

/* As JSON text. Written here because the supervisor does without cJSON. */
static char *quote(const char *text) {
        /* A byte takes six at most. */
        char *quoted = xmalloc0(6 * TEXT_MAX + 3), *to = quoted;
        size_t left = strnlen(text, TEXT_MAX);

        *to++ = '"';
        while (left > 0) {
                size_t n = utf8_char_length(text, left);

                if (n == 0 || (n == 1 && ((unsigned char) *text < 0x20 || *text == 0x7f)))
                        to += sprintf(to, "\\u%04x", n == 0 ? 0xfffd : (unsigned char) *text);
                else {
                        if (*text == '"' || *text == '\\')
                                *to++ = '\\';
                        memcpy(to, text, n);
                        to += n;
                }
                text += n > 0 ? n : 1;
                left -= n > 0 ? n : 1;
        }
        *to = '"';
        return quoted;
}

char *event_log_format(uint64_t usec, const char *container, const char *event, const char *detail) {
        _cleanup_free_ char *name = quote(container), *word = quote(event),
                            *text = quote(detail ? detail : "");
        char time[TIMESTAMP_MAX];

        return xasprintf("{\"time\":\"%s\",\"container\":%s,\"event\":%s,\"detail\":%s}",
                         timestamp_format(time, usec), name, word, detail ? text : "null");
}

/* The file that has the lock is the log still, and too large: another may have been quicker. */
static bool is_full(int dir_fd, int fd) {
        struct stat st, named;

        return fstat(fd, &st) >= 0 && st.st_size > EVENT_LOG_SIZE_MAX &&
               fstatat(dir_fd, EVENT_LOG, &named, AT_SYMLINK_NOFOLLOW) >= 0 && named.st_dev == st.st_dev &&
               named.st_ino == st.st_ino;
}

/* It does not wait for the lock: the file is the user's, and another of our programs that holds it does
 * the same. */
static void begin_anew(int dir_fd, int log_fd) {
        _cleanup_close_ int fd = -EBADF;

        if (flock(log_fd, LOCK_EX | LOCK_NB) < 0)
                return;
        if (is_full(dir_fd, log_fd) && renameat(dir_fd, EVENT_LOG, dir_fd, EVENT_LOG_OLD) >= 0)
                fd = fs_open_beneath(dir_fd, EVENT_LOG, O_WRONLY | O_CREAT | O_EXCL, 0644, NULL);
        (void) flock(log_fd, LOCK_UN);
}

void event_log_prepare(int dir_fd) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        if (dir_fd < 0)
                return;
        if (fstatat(dir_fd, EVENT_LOG, &st, AT_SYMLINK_NOFOLLOW) >= 0 && st.st_size > EVENT_LOG_SIZE_MAX)
                (void) renameat(dir_fd, EVENT_LOG, dir_fd, EVENT_LOG_OLD);
        fd = fs_open_beneath(dir_fd, EVENT_LOG, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0644, NULL);
}

void event_log_append(int dir_fd, const char *container, Phase event, const char *detail) {
        _cleanup_free_ char *text = NULL, *line = NULL;
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        if (dir_fd < 0)
                return;
        fd = fs_open_beneath(dir_fd, EVENT_LOG, O_WRONLY | O_APPEND | O_NONBLOCK, 0, NULL);
        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1)
                return;
        text = event_log_format(realtime_usec(), container, phase_to_string(event), detail);
        line = xasprintf("%s\n", text);
        /* All or nothing, but for a full disk, and then the reader leaves half a line out. */
        if (write(fd, line, strlen(line)) < 0)
                return;
        if (st.st_size + (off_t) strlen(line) > EVENT_LOG_SIZE_MAX)
                begin_anew(dir_fd, fd);
}

/* Calls @read with both files of the log, the older one first. */
static void read_files(int dir_fd, void (*read)(const char *text, const char *key, void *userdata),
                       const char *key, void *userdata) {
        static const char *const files[] = {EVENT_LOG_OLD, EVENT_LOG};

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                _cleanup_free_ char *text = NULL;
                _cleanup_close_ int fd = -EBADF;

                if (fs_open_file_beneath_optional(dir_fd, files[i], &fd, NULL) >= 0 && fd >= 0 &&
                    fs_read_fd(fd, files[i], READ_MAX, &text, NULL, NULL) >= 0)
                        read(text, key, userdata);
        }
}

/* It does not wait: the file is the user's, and another of our programs that holds the lock writes the
 * same down. */
static int lock_log(int dir_fd) {
        _cleanup_close_ int fd = -EBADF;

        fd = dir_fd < 0 ? -EBADF : fs_open_file_beneath(dir_fd, EVENT_LOG, O_RDONLY, 0, NULL);
        return fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 ? -EBADF : TAKE_FD(fd);
}

/* What event_health_read() and event_health_is_over() look for. */
static char *key_of(const char *container) {
        _cleanup_free_ char *name = quote(container);

        return xasprintf(",\"container\":%s,\"event\":\"", name);
}

static void read_degraded(const char *text, const char *key, void *userdata) {
        event_health_read(text, key, userdata);
}

void event_log_note_health(int dir_fd, const char *container, char *const *failures) {
        _cleanup_free_ char *key = key_of(container);
        _cleanup_close_ int fd = lock_log(dir_fd);
        _cleanup_strv_ char **known = NULL;

        if (fd < 0)
                return;
        read_files(dir_fd, read_degraded, key, &known);
        if (known && (!failures || !failures[0]))
                event_log_append(dir_fd, container, PHASE_RECOVERED, NULL);
        STRV_FOREACH (failure, failures) {
                _cleanup_free_ char *text = quote(*failure);

                if (!strv_contains(known, text))
                        event_log_append(dir_fd, container, PHASE_DEGRADED, *failure);
        }
}

static void read_over(const char *text, const char *key, void *userdata) {
        event_health_read_over(text, key, userdata);
}

void event_log_note_crash(int dir_fd, const char *container, const char *detail) {
        _cleanup_free_ char *key = key_of(container);
        _cleanup_close_ int fd = lock_log(dir_fd);
        bool over = true;

        if (fd < 0)
                return;
        read_files(dir_fd, read_over, key, &over);
        if (!over)
                event_log_append(dir_fd, container, PHASE_CRASHED, detail);
}

void event_log_append_as_owner(int dir_fd, const char *container, Phase event, const char *detail) {
        if (dir_fd < 0 || fs_enter_owner(dir_fd) < 0)
                return;
        event_log_append(dir_fd, container, event, detail);
        fs_leave_owner();
}
