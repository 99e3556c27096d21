/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "base/time-text.h"
#include "base/utf8.h"
#include "record/event-log.h"

/* Longer text is cut: a line must fit into one write(2), however long an error message is. */
#define EVENT_TEXT_MAX 1000

/* As JSON text. Written here because the keepers do without cJSON. */
static char *quote(const char *text) {
        /* A byte takes six at most. */
        char *quoted = xmalloc0(6 * EVENT_TEXT_MAX + 3), *to = quoted;
        size_t left = strnlen(text, EVENT_TEXT_MAX);

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

static bool append_line(int dir_fd, const char *line) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        fd = fs_open_beneath(dir_fd, EVENT_LOG, O_WRONLY | O_APPEND | O_NONBLOCK, 0, NULL);
        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 1)
                return false;
        /* All or nothing, but for a full disk, and then the reader leaves half a line out. */
        if (write(fd, line, strlen(line)) < 0)
                return false;
        if (st.st_size + (off_t) strlen(line) > EVENT_LOG_SIZE_MAX)
                begin_anew(dir_fd, fd);
        return true;
}

void event_log_append(int dir_fd, const char *container, Phase event, const char *detail) {
        _cleanup_free_ char *text = NULL, *line = NULL;

        if (dir_fd < 0)
                return;
        text = event_log_format(realtime_usec(), container, phase_to_string(event), detail);
        line = xasprintf("%s\n", text);
        /* Once more, since a want of memory, descriptors or room may be over at once: a log whose last word
         * is missing tells another story than `status`. */
        if (!append_line(dir_fd, line))
                (void) append_line(dir_fd, line);
}

void event_log_append_as_owner(int dir_fd, const char *container, Phase event, const char *detail) {
        if (dir_fd < 0 || fs_enter_owner(dir_fd) < 0)
                return;
        event_log_append(dir_fd, container, event, detail);
        fs_leave_owner();
}
