/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/strv.h"
#include "base/systemd.h"
#include "logs/path-watch.h"

struct PathWatch {
        sd_event *event;
        int dir_fd;
        char **names; /* the components of the path */
        PathKind what;
        PathWatchCallback on_change;
        void *userdata;
        sd_event_source **sources; /* one per component: its directory, as far as they exist */
        bool present;
        dev_t device; /* of what the path led to */
        ino_t inode;
        Error error;
};

static void drop_sources(PathWatch *watch) {
        for (size_t i = 0; watch->names[i]; i++)
                watch->sources[i] = sd_event_source_disable_unref(watch->sources[i]);
}

PathWatch *path_watch_free(PathWatch *watch) {
        if (!watch)
                return NULL;
        drop_sources(watch);
        free(watch->sources);
        strv_free(watch->names);
        error_done(&watch->error);
        sd_event_unref(watch->event);
        free(watch);
        return NULL;
}

static int resolve(PathWatch *watch, Error *reterr);

static bool concerns_us(const PathWatch *watch, sd_event_source *source, const struct inotify_event *event) {
        if (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT | IN_IGNORED | IN_Q_OVERFLOW))
                return true;
        for (size_t i = 0; watch->names[i]; i++)
                if (watch->sources[i] == source)
                        return event->len > 0 && streq(event->name, watch->names[i]);
        return false;
}

static int on_inotify(sd_event_source *source, const struct inotify_event *event, void *userdata) {
        PathWatch *watch = userdata;
        int r;

        if (!concerns_us(watch, source, event))
                return 0;
        r = resolve(watch, &watch->error);
        /* A negative value would only disable this source. */
        return r < 0 ? sd_event_exit(watch->event, r) : 0;
}

/* Walks the path, watching each directory before looking for the next name in it, so that a name that
 * appears in between is seen in one way or the other. */
static int path_watch_walk(PathWatch *watch, int *ret_fd, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = fs_open_beneath(watch->dir_fd, ".", O_RDONLY | O_DIRECTORY, 0, reterr);
        if (fd < 0)
                return fd;
        for (size_t i = 0; watch->names[i]; i++) {
                int next = -EBADF;

                r = sd_event_add_inotify_fd(watch->event, &watch->sources[i], fd,
                                            IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM |
                                                    IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR,
                                            on_inotify, watch);
                if (r < 0)
                        return error_set(reterr, r, "watch for '%s'", watch->names[i]);
                (void) sd_event_source_set_description(watch->sources[i], "path-watch");
                if (!watch->names[i + 1] && watch->what == PATH_FILE)
                        r = fs_open_file_beneath_optional(fd, watch->names[i], &next, reterr);
                else
                        r = fs_open_beneath_optional(fd, watch->names[i], O_RDONLY | O_DIRECTORY, &next,
                                                     reterr);
                if (r < 0)
                        return r;
                (void) safe_close(fd);
                fd = next;
                if (fd < 0)
                        break;
        }
        *ret_fd = TAKE_FD(fd);
        return 0;
}

static int resolve(PathWatch *watch, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st = {0};
        bool was_present = watch->present;
        int r;

        drop_sources(watch);
        r = path_watch_walk(watch, &fd, reterr);
        if (r < 0)
                return r;
        if (fd >= 0 && fstat(fd, &st) < 0)
                return error_set(reterr, errno, "look at '%s'", watch->names[strv_length(watch->names) - 1]);

        watch->present = fd >= 0;
        if (fd < 0 && !was_present)
                return 0;
        if (fd >= 0 && was_present && st.st_dev == watch->device && st.st_ino == watch->inode)
                return 0;
        watch->device = st.st_dev;
        watch->inode = st.st_ino;
        return watch->on_change(TAKE_FD(fd), watch->userdata, reterr);
}

int path_watch_new(sd_event *event, int dir_fd, const char *path, PathKind what, PathWatchCallback on_change,
                   void *userdata, PathWatch **ret, Error *reterr) {
        _cleanup_(path_watch_freep) PathWatch *watch = xnew0(PathWatch, 1);
        _cleanup_free_ char *copy = xstrdup(path);
        char *save = NULL;
        int r;

        watch->event = sd_event_ref(event);
        watch->dir_fd = dir_fd;
        watch->what = what;
        watch->on_change = on_change;
        watch->userdata = userdata;
        for (char *name = strtok_r(copy, "/", &save); name; name = strtok_r(NULL, "/", &save))
                strv_push(&watch->names, name);
        watch->sources = xnew0(sd_event_source *, strv_length(watch->names) + 1);

        r = resolve(watch, reterr);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(watch);
        return 0;
}

void path_watch_error(PathWatch *watch, Error *reterr) {
        if (watch && error_is_set(&watch->error))
                error_move(reterr, &watch->error);
}
