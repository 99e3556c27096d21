/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/walk.h"

/* A directory on the way down. Only the last one is open. The way back up is "..", which must lead to the
 * directory that the way down came from. */
typedef struct Level {
        dev_t device;
        ino_t inode;
        char **names; /* of the directories in it that are to be entered; the last one first */
        size_t n_names, n_room;
} Level;

typedef struct Walk {
        const WalkVisitor *visitor;
        void *userdata;
        Level *levels;
        size_t n_levels, n_room;
        int fd; /* of the last one */
} Walk;

int walk_open(int dir_fd, const char *name, int flags) {
        struct open_how how = {
                .flags = (uint64_t) (flags | O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC),
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
        };

        return (int) syscall(SYS_openat2, dir_fd, name, &how, sizeof(how));
}

static void walk_pop(Walk *w) {
        Level *level = &w->levels[--w->n_levels];

        while (level->n_names > 0)
                free(level->names[--level->n_names]);
        free(level->names);
}

static void walk_end(Walk *w) {
        while (w->n_levels > 0)
                walk_pop(w);
        free(w->levels);
        (void) safe_close(w->fd);
}

static void level_push_name(Level *level, const char *name) {
        if (level->n_names == level->n_room) {
                level->n_room = level->n_room > 0 ? 2 * level->n_room : 8;
                level->names = xreallocarray(level->names, level->n_room, sizeof(*level->names));
        }
        level->names[level->n_names++] = xstrdup(name);
}

static int walk_read(Walk *w, Level *level) {
        int dup = openat(w->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(closedirp) DIR *d = dup < 0 ? NULL : fdopendir(dup);

        if (!d) {
                int saved = errno;

                (void) safe_close(dup);
                return -saved;
        }
        for (;;) {
                struct dirent *entry;
                int r;

                errno = 0;
                entry = readdir(d);
                if (!entry)
                        return -errno;
                if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
                        continue;
                r = w->visitor->entry(w->fd, entry, w->userdata);
                if (r < 0)
                        return r;
                if (r == WALK_ENTER)
                        level_push_name(level, entry->d_name);
        }
}

/* Takes the fd. */
static int walk_down(Walk *w, int fd) {
        struct stat st;
        Level *level;

        (void) safe_close(w->fd);
        w->fd = fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (w->n_levels == w->n_room) {
                w->n_room = w->n_room > 0 ? 2 * w->n_room : 64;
                w->levels = xreallocarray(w->levels, w->n_room, sizeof(*w->levels));
        }
        level = &w->levels[w->n_levels++];
        *level = (Level){.device = st.st_dev, .inode = st.st_ino};
        return walk_read(w, level);
}

static void walk_drop_name(Walk *w) {
        Level *level = &w->levels[w->n_levels - 1];

        free(level->names[--level->n_names]);
}

static int walk_leave(Walk *w) {
        const Level *level = &w->levels[w->n_levels - 1];
        int r = w->visitor->leave ? w->visitor->leave(w->fd, level->names[level->n_names - 1], w->userdata)
                                  : WALK_ON;

        if (r == WALK_ON)
                walk_drop_name(w);
        return r < 0 ? r : 0;
}

static int walk_up(Walk *w) {
        _cleanup_close_ int fd = openat(w->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        const Level *level;
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        walk_pop(w);
        level = &w->levels[w->n_levels - 1];
        if (st.st_dev != level->device || st.st_ino != level->inode)
                return -ESTALE;
        (void) safe_close(w->fd);
        w->fd = TAKE_FD(fd);
        return walk_leave(w);
}

/* Gone or exchanged meanwhile, or a mount. */
static bool walk_may_skip(const Walk *w, int r) {
        return w->visitor->tolerant && (r == -EBUSY || r == -ENOENT || r == -ENOTDIR || r == -ELOOP);
}

static int walk_go_in(Walk *w) {
        const Level *level = &w->levels[w->n_levels - 1];
        int fd = walk_open(w->fd, level->names[level->n_names - 1], O_DIRECTORY), r;

        if (fd >= 0)
                return walk_down(w, fd);
        r = errno == EXDEV ? -EBUSY : -errno;
        if (!walk_may_skip(w, r))
                return r;
        walk_drop_name(w);
        return 0;
}

int walk_below(int dir_fd, const WalkVisitor *visitor, void *userdata) {
        _cleanup_(walk_end) Walk w = {.visitor = visitor, .userdata = userdata, .fd = -EBADF};
        int r = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        r = r < 0 ? -errno : walk_down(&w, r);
        while (r >= 0) {
                if (w.levels[w.n_levels - 1].n_names > 0)
                        r = walk_go_in(&w);
                else if (w.n_levels == 1)
                        return 0;
                else
                        r = walk_up(&w);
        }
        return r;
}
