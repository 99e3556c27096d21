/* SPDX-License-Identifier: MIT */
#pragma once

/* Tells when a path beneath a directory comes to exist, is removed, or becomes another file, by inotify(7)
 * on every directory on the way. Nothing of it need exist yet except the directory itself. */

#include "base/error.h"

typedef struct sd_event sd_event;
typedef struct PathWatch PathWatch;

typedef enum PathKind {
        PATH_FILE, /* a regular one */
        PATH_DIRECTORY,
} PathKind;

/**
 * on_change: called when @path became a file (another one than before) or ceased to exist
 * @fd: the file, ownership passes; -EBADF when there is none. It must be kept open as long as the file
 * matters: a closed one's inode number could come back as "the same file".
 *
 * A negative return value ends the event loop with it; path_watch_error() then has the error.
 */
typedef int (*PathWatchCallback)(int fd, void *userdata, Error *reterr);

/**
 * path_watch_new() - begin watching; calls back before it returns when the path exists
 * @dir_fd: not owned, must stay open
 * @path: resolved without following links (fs.h)
 * @what: it leads to; anything else is an error
 */
int path_watch_new(sd_event *event, int dir_fd, const char *path, PathKind what, PathWatchCallback on_change,
                   void *userdata, PathWatch **ret, Error *reterr);
PathWatch *path_watch_free(PathWatch *watch);
DEFINE_FREEP(PathWatch, path_watch_free);

/* Moves the error of an ended event loop to @reterr, when the watch was its cause. */
void path_watch_error(PathWatch *watch, Error *reterr);
