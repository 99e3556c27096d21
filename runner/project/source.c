/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/own-mark.h"
#include "project/source.h"
#include "spec/path.h"

#define DEPTH_MAX 256 /* directories on the way, each of which is held open */
#define LINKS_MAX 40  /* as many as the kernel follows */

/* Marks a directory that a container was given to write to. Only the host's root can set or remove it. It
 * moves with the directory and ends with it. */

/* The directories from where a path begins to where the walk is now. ".." goes back along them, whatever
 * a directory that was moved meanwhile has as its parent. */
typedef struct Walk {
        const Sources *sources;
        const char *name; /* of what is opened, for messages */
        uid_t uid;
        int fds[DEPTH_MAX];
        size_t depth;
        size_t floor; /* ".." leads to no directory before this one */
        bool beneath; /* neither does an absolute link */
        bool guest;   /* in what a guest can write to */
        bool marked;  /* or could, when it was started */
        bool state;   /* in .containers */
        bool create;  /* directories that are missing */
        unsigned n_links;
        char *rest; /* components that are left */
        int file;   /* the end of the way, where that is not a directory */
} Walk;

static void source_walk_done(Walk *w) {
        while (w->depth > 0)
                (void) close(w->fds[--w->depth]);
        (void) safe_close(w->file);
        free(w->rest);
}

static bool same(const SourceId *id, const struct stat *st) {
        return id->inode != 0 && id->device == st->st_dev && id->inode == st->st_ino;
}

char *source_id_text(int fd) {
        struct stat st;

        if (fstat(fd, &st) < 0)
                return xstrdup("");
        return xasprintf("%ju:%ju", (uintmax_t) st.st_dev, (uintmax_t) st.st_ino);
}

/* What cannot be asked counts as a guest's. */
static bool is_marked(int fd) {
        char path[FS_PROC_FD_MAX];

        return getxattr(fs_proc_fd(path, fd), OWN_MARK_GUEST, NULL, 0) >= 0 ||
               (errno != ENODATA && errno != EOPNOTSUPP);
}

static void begin_guests(Walk *w) {
        w->guest = w->beneath = true;
        w->floor = w->depth - 1;
}

/* Takes the fd. Return: 0 or a negative errno. */
static int enter(Walk *w, int fd) {
        const Sources *s = w->sources;
        struct stat st;

        if (w->depth == DEPTH_MAX || fstat(fd, &st) < 0) {
                int r = w->depth == DEPTH_MAX ? -ENAMETOOLONG : -errno;

                (void) close(fd);
                return r;
        }
        w->fds[w->depth++] = fd;
        w->state = w->state || same(&s->state, &st);
        for (size_t i = 0; i < s->n_guests; i++)
                if (same(&s->guests[i], &st))
                        begin_guests(w);
        if (is_marked(fd)) {
                begin_guests(w);
                w->marked = true;
        }
        return 0;
}

static int enter_root(Walk *w) {
        int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

        while (w->depth > 0)
                (void) close(w->fds[--w->depth]);
        w->floor = 0;
        w->state = false;
        return fd < 0 ? -errno : enter(w, fd);
}

static int refuse_way_out(const Walk *w, Error *reterr) {
        int r;

        if (w->guest) {
                r = error_raise(reterr, FC_EXIT_CONFLICT,
                                "%s leads out of a directory that a container can write to, by a "
                                "symbolic link or '..'",
                                w->name);
                if (w->marked)
                        error_add_hint(reterr,
                                       "one that has been a writable volume once is not trusted again; "
                                       "a new directory is");
                return r;
        }
        r = error_raise(reterr, FC_EXIT_CONFLICT, "%s leads out of the project, by a symbolic link or '..'",
                        w->name);
        error_add_hint(reterr, "write the absolute path of the place itself");
        return r;
}

static int go_back(Walk *w, Error *reterr) {
        if (w->depth - 1 > w->floor)
                (void) close(w->fds[--w->depth]);
        else if (w->beneath)
                return refuse_way_out(w, reterr);
        return 0;
}

/* As the kernel does with fs.protected_symlinks: links of other users in a directory like /tmp are not
 * followed. */
static int check_link_owner(const Walk *w, const struct stat *link) {
        struct stat dir;

        if (fstat(w->fds[w->depth - 1], &dir) < 0)
                return -errno;
        if ((dir.st_mode & (S_ISVTX | S_IWOTH)) == (S_ISVTX | S_IWOTH) && link->st_uid != w->uid &&
            link->st_uid != dir.st_uid)
                return -EACCES;
        return 0;
}

static int source_follow(Walk *w, int link_fd, const struct stat *st, Error *reterr) {
        _cleanup_free_ char *before = w->rest;
        char target[PATH_MAX];
        ssize_t n;
        int r;

        w->rest = NULL;
        if (w->state)
                return error_raise(reterr, FC_EXIT_CONFLICT,
                                   "%s goes through a symbolic link in '.containers'", w->name);
        if (++w->n_links > LINKS_MAX)
                return -ELOOP;
        r = check_link_owner(w, st);
        if (r < 0)
                return r;
        n = readlinkat(link_fd, "", target, sizeof(target));
        if (n < 0)
                return -errno;
        if (n == 0 || (size_t) n == sizeof(target))
                return -ENAMETOOLONG;
        w->rest = xasprintf("%.*s%s%s", (int) n, target, before ? "/" : "", before ? before : "");
        if (target[0] != '/')
                return 0;
        return w->beneath ? refuse_way_out(w, reterr) : enter_root(w);
}

/* The "/." enters it, which triggers an automount. */
static int open_directory(int dir_fd, const char *name) {
        _cleanup_free_ char *path = xasprintf("%s/.", name);
        struct open_how how = {
                .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
        };
        int fd = (int) syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));

        return fd < 0 ? -errno : fd;
}

/* The caller looks what it has opened, whatever has taken its place by then. Nothing is made in
 * `.containers`, of which nothing will be mounted. */
static int open_component(const Walk *w, const char *name) {
        int dir_fd = w->fds[w->depth - 1], flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
        int fd = openat(dir_fd, name, flags);

        if (fd < 0 && errno == ENOENT && w->create && !w->state) {
                if (mkdirat(dir_fd, name, 0755) < 0 && errno != EEXIST)
                        return -errno;
                fd = openat(dir_fd, name, flags);
        }
        return fd < 0 ? -errno : fd;
}

/* Return: 0, or a negative errno with or without an Error. */
static int go(Walk *w, const char *name, Error *reterr) {
        int dir_fd = w->fds[w->depth - 1], next;
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        if (streq(name, "."))
                return 0;
        if (streq(name, ".."))
                return go_back(w, reterr);
        fd = open_component(w, name);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (S_ISLNK(st.st_mode))
                return source_follow(w, fd, &st, reterr);
        if (S_ISDIR(st.st_mode)) {
                next = open_directory(dir_fd, name);
                /* The last component only needs to exist. */
                if (next == -EACCES && (!w->rest || w->rest[strspn(w->rest, "/")] == '\0'))
                        next = TAKE_FD(fd);
                /* Another process has exchanged it meanwhile. */
                if (next == -ELOOP && ++w->n_links <= LINKS_MAX)
                        return go(w, name, reterr);
                return next < 0 ? next : enter(w, next);
        }
        if (w->rest)
                return -ENOTDIR;
        w->file = TAKE_FD(fd);
        return 0;
}

/* Return: the next component, owned by the caller; NULL at the end. The rest is NULL then, and also when
 * nothing, not even a slash, follows the component. */
static char *next_component(Walk *w) {
        char *text = w->rest, *begin, *name, *rest;
        size_t size;

        if (!text)
                return NULL;
        begin = text + strspn(text, "/");
        size = strcspn(begin, "/");
        name = size > 0 ? xstrndup(begin, size) : NULL;
        rest = begin[size] ? xstrdup(begin + size) : NULL;
        free(text);
        w->rest = rest;
        return name;
}

static int source_walk(Walk *w, Error *reterr) {
        for (;;) {
                _cleanup_free_ char *name = next_component(w);
                int r;

                if (!name)
                        return 0;
                r = go(w, name, reterr);
                if (r < 0)
                        return r;
        }
}

static int begin_walk(Walk *w, const char *path, const char *below) {
        int fd;

        w->rest = xstrdup(below ? below : path);
        if (!below)
                return enter_root(w);
        w->beneath = true;
        fd = fcntl(w->sources->root_fd, F_DUPFD_CLOEXEC, 3);
        return fd < 0 ? -errno : enter(w, fd);
}

static int take_end(Walk *w) {
        if (w->file < 0)
                w->file = w->fds[--w->depth];
        return TAKE_FD(w->file);
}

static int source_explain(const InvokingUser *user, int r, const char *what, Error *reterr) {
        _cleanup_free_ char *name = NULL;

        if (r == -ENOENT) {
                (void) error_raise(reterr, FC_EXIT_USAGE, "%s does not exist", what);
                return -ENOENT;
        }
        /* What the specification names is not such a thing. */
        if (r == -ELOOP || r == -ENOTDIR || r == -ENAMETOOLONG)
                return error_raise(reterr, FC_EXIT_USAGE, "open %s: %s", what, strerror(-r));
        r = error_set(reterr, r, "open %s", what);
        if (r == -EACCES) {
                name = user_name(user->uid);
                error_add_hint(reterr, "it is looked up with the permissions of %s", name);
        }
        return r;
}

/* A FIFO or a device must not be opened for that. */
static int check_readable(int fd) {
        return syscall(SYS_faccessat2, fd, "", R_OK, AT_EMPTY_PATH | AT_EACCESS) < 0 ? -errno : 0;
}

/* A relative path that begins with ".." gives where that leads from the project's root. It goes through no
 * directory that it leaves again, which a container may be able to write to. Owned by the caller; NULL for
 * other paths. @path is the root, a slash, and @below. */
static char *leave_project(const char *path, const char *below) {
        _cleanup_free_ char *root = xstrndup(path, strlen(path) - strlen(below) - 1);
        bool out;
        char *whole = path_join(root, below, &out);

        if (!out) {
                free(whole);
                return NULL;
        }
        return whole;
}

typedef enum OpenFlags {
        OPEN_READS = 1 << 0,  /* the user must be able to read it */
        OPEN_CREATE = 1 << 1, /* missing directories are made */
} OpenFlags;

/* @ret_state: whether it is in `.containers`; may be NULL. */
static int open_source(const Sources *s, const char *what, const char *path, const char *below,
                       OpenFlags flags, bool *ret_state, Error *reterr) {
        _cleanup_free_ char *name = xasprintf("%s%s'%s'", what, what[0] ? " " : "", path);
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_(source_walk_done) Walk w = {.sources = s, .name = name, .file = -EBADF};
        _cleanup_free_ char *outside = below ? leave_project(path, below) : NULL;
        const char *relative = below && !outside ? below : NULL;
        const InvokingUser *user = relative ? &s->project : &s->asking;
        Error error = ERROR_NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = user_fs_enter(user, &guard, reterr);
        if (r < 0)
                return r;
        w.uid = user->uid;
        w.create = flags & OPEN_CREATE;
        r = begin_walk(&w, outside ? outside : path, relative);
        if (r >= 0)
                r = source_walk(&w, &error);
        if (r >= 0 && ret_state)
                *ret_state = w.state;
        if (r >= 0)
                fd = take_end(&w);
        if (r >= 0 && (flags & OPEN_READS))
                r = check_readable(fd);
        if (r >= 0)
                return TAKE_FD(fd);
        if (!error_is_set(&error))
                return source_explain(user, r, name, reterr);
        if (reterr)
                error_move(reterr, &error);
        error_done(&error);
        return r;
}

int source_open(const Sources *s, const char *what, const char *path, const char *below, bool reads,
                Error *reterr) {
        return open_source(s, what, path, below, reads ? OPEN_READS : 0, NULL, reterr);
}

/* Whether the project, and so `.containers`, is in a directory. Return: 1, 0, or a negative errno. */
static int has_project(const Sources *s, int fd) {
        _cleanup_close_ int dir_fd = fcntl(s->root_fd, F_DUPFD_CLOEXEC, 3);
        struct stat wanted, st, above;

        if (dir_fd < 0 || fstat(fd, &wanted) < 0 || fstat(dir_fd, &above) < 0)
                return -errno;
        do {
                int next;

                st = above;
                if (st.st_dev == wanted.st_dev && st.st_ino == wanted.st_ino)
                        return 1;
                next = openat(dir_fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (next < 0 || fstat(next, &above) < 0)
                        return -errno;
                (void) close(dir_fd);
                dir_fd = next;
        } while (st.st_dev != above.st_dev || st.st_ino != above.st_ino);
        return 0;
}

int source_open_volume(const Sources *s, const char *path, const char *below, bool masked, bool create,
                       Error *reterr) {
        bool state = false;
        _cleanup_close_ int fd = open_source(s, "", path, below, create ? OPEN_CREATE : 0, &state, reterr);
        int r;

        if (fd < 0)
                return fd;
        if (state)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%s' is in '.containers', of which nothing is a volume", path);
        r = masked ? 0 : has_project(s, fd);
        if (r < 0)
                return error_set(reterr, r, "look whether the project is in '%s'", path);
        if (r > 0) {
                (void) error_raise(reterr, FC_EXIT_USAGE,
                                   "'%s' has the project's '.containers' in it, by another path", path);
                error_add_hint(reterr, "write the path of the directory itself, without symbolic links");
                return -EINVAL;
        }
        return TAKE_FD(fd);
}

int source_mark(int fd, const char *path, Error *reterr) {
        char name[FS_PROC_FD_MAX];
        struct stat st;

        if (fstat(fd, &st) < 0)
                return error_set(reterr, errno, "look at '%s'", path);
        if (!S_ISDIR(st.st_mode) || is_marked(fd))
                return 0;
        /* An O_PATH fd is reached by its name in /proc. A file system without such attributes mostly has
         * no id-mapped mounts either, so that guests cannot write there; nor can they on one that is
         * read-only. */
        if (setxattr(fs_proc_fd(name, fd), OWN_MARK_GUEST, "1", 1, 0) >= 0 || errno == EOPNOTSUPP ||
            errno == EPERM || errno == EROFS)
                return 0;
        return error_set(reterr, errno, "mark '%s' as a container's to write", path);
}

/* Each is looked up without the others in the list. One that lies outside of the others is found where it
 * is. A guest can only lead the way of the rest within its own directory, which is in the list anyway. */
static void add_guest(const Sources *s, Sources *found, const Volume *v, const char *root) {
        _cleanup_free_ char *path = xasprintf("%s/%s", root, v->source);
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        if (v->read_only || v->overlay || v->source[0] == '@')
                return;
        fd = v->source[0] == '/' ? source_open(s, "", v->source, NULL, /* reads= */ false, NULL)
                                 : source_open(s, "", path, v->source, /* reads= */ false, NULL);
        if (fd >= 0 && fstat(fd, &st) >= 0 && S_ISDIR(st.st_mode))
                *XGROW(found->guests, found->n_guests) = (SourceId){st.st_dev, st.st_ino};
}

int sources_open(const char *root, int root_fd, int state_fd, const InvokingUser *project,
                 const InvokingUser *asking, const Spec *spec, Sources *ret, Error *reterr) {
        Sources s = {.opened = true, .root_fd = root_fd, .project = *project, .asking = *asking}, found;
        struct stat st;

        if (state_fd >= 0) {
                if (fstat(state_fd, &st) < 0)
                        return error_set(reterr, errno, "look at '.containers'");
                s.state = (SourceId){st.st_dev, st.st_ino};
        }
        found = s;
        for (size_t i = 0; i < spec->n_containers; i++)
                for (size_t j = 0; j < spec->containers[i].n_volumes; j++)
                        add_guest(&s, &found, &spec->containers[i].volumes[j], root);
        *ret = found;
        return 0;
}

void sources_done(Sources *s) {
        free(s->guests);
        *s = (Sources){};
}
