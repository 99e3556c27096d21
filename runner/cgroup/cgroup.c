/* SPDX-License-Identifier: MIT */

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/alloc.h"
#include "base/companions.h"
#include "base/fs.h"
#include "base/process.h"
#include "base/strv.h"
#include "cgroup/cgroup-text.h"
#include "cgroup/cgroup.h"

#define CGROUP_TOP COMPANIONS_OF_MACHINES

/* Kernel text files: larger than any list of processes that is read here. */
#define CGROUP_FILE_MAX (1024 * 1024)

/* Guests nest cgroups as they like, but the kernel bounds the depth only by cgroup.max.depth. */
#define CGROUP_DEPTH_MAX 128

static int open_mount(const char *mount, Error *reterr) {
        int fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? error_set(reterr, errno, "open '%s'", mount) : fd;
}

int cgroup_open(const char *mount, const char *machine, int *ret_fd, Error *reterr) {
        /* In one call, since it is asked of each machine again and again; there are no links in cgroup2. */
        _cleanup_free_ char *path = xasprintf("%s/" CGROUP_TOP "/%s", mount, machine);
        _cleanup_close_ int top = -EBADF;
        int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (fd < 0 && errno != ENOENT)
                return error_set(reterr, errno, "open '%s'", path);
        /* Where nothing is mounted it is not known. */
        if (fd < 0 && (top = open_mount(mount, reterr)) < 0)
                return top;
        *ret_fd = fd < 0 ? -EBADF : fd;
        return 0;
}

char *cgroup_path(const char *machine) {
        return xasprintf(CGROUP_TOP "/%s", machine);
}

char *cgroup_payload_path(const char *machine) {
        return xasprintf(CGROUP_TOP "/%s/nspawn/payload", machine);
}

int cgroup_list(const char *mount, char ***ret, Error *reterr) {
        _cleanup_close_ int root = open_mount(mount, reterr), top = -EBADF;
        _cleanup_(closedirp) DIR *d = NULL;
        _cleanup_strv_ char **names = NULL;
        struct dirent *entry;
        int r;

        if (root < 0)
                return root;
        r = fs_open_beneath_optional(root, CGROUP_TOP, O_RDONLY | O_DIRECTORY, &top, reterr);
        if (r < 0)
                return r;
        if (top >= 0) {
                d = fdopendir(top);
                if (!d)
                        return error_set(reterr, errno, "list the machines' cgroups");
                top = -EBADF; /* the stream's now */
                while ((entry = readdir(d)))
                        if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
                                strv_push(&names, entry->d_name);
        }
        *ret = TAKE_PTR(names);
        return 0;
}

int cgroup_create_child(int fd, const char *name, Error *reterr) {
        if (mkdirat(fd, name, 0755) < 0)
                return error_set(reterr, errno, "make cgroup '%s'", name);
        return 0;
}

int cgroup_create(const char *mount, const char *machine, Error *reterr) {
        _cleanup_close_ int root = -EBADF, top = -EBADF, fd = -EBADF;
        int r;

        root = open_mount(mount, reterr);
        if (root < 0)
                return root;
        for (;;) {
                if (mkdirat(root, CGROUP_TOP, 0755) < 0 && errno != EEXIST)
                        return error_set(reterr, errno, "make cgroup '%s/" CGROUP_TOP "'", mount);
                r = fs_open_beneath_optional(root, CGROUP_TOP, O_RDONLY | O_DIRECTORY, &top, reterr);
                if (r < 0)
                        return r;
                if (top >= 0 && mkdirat(top, machine, 0755) >= 0)
                        break;
                /* Another machine that ends may remove the empty top between these steps. */
                if (top >= 0 && errno != ENOENT)
                        return error_set(reterr, errno, "make the cgroup of machine '%s'", machine);
                top = safe_close(top);
        }
        fd = fs_open_beneath(top, machine, O_RDONLY | O_DIRECTORY, 0, reterr);
        if (fd < 0)
                return fd;
        r = cgroup_create_child(fd, "runner", reterr);
        if (r >= 0)
                r = cgroup_create_child(fd, "nspawn", reterr);
        if (r < 0)
                return error_prefix(reterr, r, "machine '%s'", machine);
        return TAKE_FD(fd);
}

static int cgroup_open_file(int fd, const char *name, const char *file, int flags) {
        char path[128];

        if ((size_t) snprintf(path, sizeof(path), "%s/%s", name, file) >= sizeof(path)) {
                errno = ENAMETOOLONG;
                return -1;
        }
        return openat(fd, path, flags | O_CLOEXEC | O_NOFOLLOW);
}

static int write_file(int fd, const char *name, const char *file, const char *value) {
        _cleanup_close_ int f = cgroup_open_file(fd, name, file, O_WRONLY);
        ssize_t n;

        if (f < 0)
                return -errno;
        n = write(f, value, strlen(value));
        return n < 0 ? -errno : 0;
}

static int enable(int fd, const char *where, char *const *controllers, Error *reterr) {
        STRV_FOREACH (controller, controllers) {
                _cleanup_free_ char *value = xasprintf("+%s", *controller);
                int r = write_file(fd, ".", "cgroup.subtree_control", value);

                if (r >= 0)
                        continue;
                (void) error_raise(reterr, FC_EXIT_HOST, "turn on cgroup controller '%s' in '%s': %s",
                                   *controller, where, strerror(-r));
                /* Only the hierarchy's true root may have both, and this one is of a cgroup namespace. */
                if (r == -EBUSY)
                        error_add_hint(reterr,
                                       "processes are in that cgroup itself: move them to one below");
                return r;
        }
        return 0;
}

int cgroup_enable(const char *mount, const char *machine, char *const *controllers, Error *reterr) {
        _cleanup_close_ int root = open_mount(mount, reterr), top = -EBADF, fd = -EBADF;
        int r;

        if (root < 0)
                return root;
        top = fs_open_beneath(root, CGROUP_TOP, O_RDONLY | O_DIRECTORY, 0, reterr);
        if (top < 0)
                return top;
        fd = fs_open_beneath(top, machine, O_RDONLY | O_DIRECTORY, 0, reterr);
        if (fd < 0)
                return fd;
        r = enable(root, mount, controllers, reterr);
        if (r >= 0)
                r = enable(top, CGROUP_TOP, controllers, reterr);
        if (r >= 0)
                r = enable(fd, machine, controllers, reterr);
        return r;
}

static int turn_off(int fd, const char *text) {
        _cleanup_free_ char *copy = xstrdup(text);
        char *rest = copy, *word;
        int r = 0;

        while (r >= 0 && (word = strsep(&rest, " \n"))) {
                _cleanup_free_ char *value = xasprintf("-%s", word);

                if (word[0] != '\0')
                        r = write_file(fd, ".", "cgroup.subtree_control", value);
        }
        return r;
}

/* Deepest first, since the kernel turns one off only where it is off below. */
static int turn_off_below(int fd, unsigned depth) {
        _cleanup_close_ int file = cgroup_open_file(fd, ".", "cgroup.subtree_control", O_RDONLY);
        _cleanup_free_ char *text = NULL;
        _cleanup_strv_ char **names = NULL;
        int r = file < 0 ? -errno : fs_read_fd(file, "", CGROUP_FILE_MAX, &text, NULL, NULL);

        if (r < 0 || text[strspn(text, " \n")] == '\0')
                return r;
        r = fs_list(fd, &names);
        STRV_FOREACH (name, names) {
                _cleanup_close_ int child =
                        openat(fd, *name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

                if (r >= 0 && child >= 0 && depth > 0)
                        r = turn_off_below(child, depth - 1);
        }
        return r < 0 ? r : turn_off(fd, text);
}

int cgroup_disable_all(int fd, Error *reterr) {
        int r = turn_off_below(fd, CGROUP_DEPTH_MAX);

        return r < 0 ? error_set(reterr, r, "turn off the controllers of a cgroup") : 0;
}

int cgroup_set(int fd, const char *name, char *const *settings, Error *reterr) {
        STRV_FOREACH (setting, settings) {
                _cleanup_free_ char *file = xstrndup(*setting, strcspn(*setting, "="));
                int r = write_file(fd, name, file, *setting + strlen(file) + 1);

                if (r == -ENOENT)
                        return error_raise(reterr, FC_EXIT_HOST, "this kernel has no '%s' for cgroups",
                                           file);
                if (r < 0)
                        return error_set(reterr, r, "set '%s' of a cgroup", *setting);
        }
        return 0;
}

bool cgroup_has(int fd, const char *name, const char *setting) {
        _cleanup_free_ char *file = xstrndup(setting, strcspn(setting, "="));
        _cleanup_close_ int f = cgroup_open_file(fd, name, file, O_PATH);

        return f >= 0;
}

int cgroup_enter(int fd, const char *name, Error *reterr) {
        int r = write_file(fd, name, "cgroup.procs", "0");

        return r < 0 ? error_set(reterr, r, "enter cgroup '%s'", name) : 0;
}

void cgroup_expect_moves(int fd, const char *name) {
        (void) cgroup_enter(fd, name, NULL);
}

int cgroup_open_child(int fd, const char *name, Error *reterr) {
        return fs_open_beneath(fd, name, O_RDONLY | O_DIRECTORY, 0, reterr);
}

int cgroup_divide(Error *reterr) {
        _cleanup_close_ int fd = own_cgroup_open(reterr);
        int r;

        if (fd < 0)
                return fd;
        r = cgroup_create_child(fd, "supervisor", reterr);
        if (r >= 0)
                r = cgroup_create_child(fd, "payload", reterr);
        if (r >= 0)
                r = cgroup_enter(fd, "supervisor", reterr);
        return r < 0 ? r : cgroup_open_child(fd, "payload", reterr);
}

int cgroup_read_file(int fd, const char *name, const char *file, char **ret, Error *reterr) {
        _cleanup_close_ int f = cgroup_open_file(fd, name, file, O_RDONLY);
        Error e = ERROR_NULL;
        int r;

        if (f < 0)
                return errno == ENOENT || errno == ENODEV
                               ? -errno
                               : error_set(reterr, errno, "open cgroup file '%s'", file);
        r = fs_read_fd(f, file, CGROUP_FILE_MAX, ret, NULL, &e);
        if (r == -ENODEV) {
                error_done(&e);
                return r;
        }
        if (r < 0)
                error_move(reterr, &e);
        return r;
}

/* A cgroup that is gone has nothing in it. */
static int ask_file(int fd, const char *file, bool (*find)(const char *text), bool *ret, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        int r = cgroup_read_file(fd, ".", file, &text, reterr);

        if (r == -ENOENT || r == -ENODEV) {
                *ret = false;
                return 0;
        }
        if (r < 0)
                return r;
        *ret = find(text);
        return 0;
}

int cgroup_populated(int fd, bool *ret, Error *reterr) {
        return ask_file(fd, "cgroup.events", cgroup_text_populated, ret, reterr);
}

int cgroup_frozen(int fd, bool *ret, Error *reterr) {
        return ask_file(fd, "cgroup.events", cgroup_text_frozen, ret, reterr);
}

int cgroup_populated_or_frozen(int fd, bool *ret_populated, bool *ret_frozen, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        int r = cgroup_read_file(fd, ".", "cgroup.events", &text, reterr);

        if (r < 0 && r != -ENOENT && r != -ENODEV)
                return r;
        *ret_populated = text && cgroup_text_populated(text);
        /* To the kernel an empty one stays frozen. */
        *ret_frozen = *ret_populated && cgroup_text_frozen(text);
        return 0;
}

static bool is_one(const char *text) {
        return *text == '1';
}

int cgroup_frozen_by_itself(int fd, bool *ret, Error *reterr) {
        return ask_file(fd, "cgroup.freeze", is_one, ret, reterr);
}

bool cgroup_ran_out_of_memory(int fd, const char *name) {
        _cleanup_free_ char *text = NULL;

        return cgroup_read_file(fd, name, "memory.events", &text, NULL) >= 0 &&
               cgroup_text_oom_kills(text) > 0;
}

int cgroup_kill(int fd, const char *name, Error *reterr) {
        int r = write_file(fd, name, "cgroup.kill", "1");

        if (r < 0 && r != -ENOENT && r != -ENODEV)
                return error_set(reterr, r, "kill the processes of cgroup '%s'", name);
        return 0;
}

/* Waits until its cgroup.events says no. Return: 1 it does, 0 the time has passed. */
static int wait_until_not(int fd, const char *name, bool (*find)(const char *events), uint64_t timeout_usec,
                          Error *reterr) {
        _cleanup_close_ int events = cgroup_open_file(fd, name, "cgroup.events", O_RDONLY);
        uint64_t end = timeout_usec == UINT64_MAX ? UINT64_MAX : now_usec() + timeout_usec;

        if (events < 0)
                return errno == ENOENT || errno == ENODEV
                               ? 1
                               : error_set(reterr, errno, "watch cgroup '%s'", name);

        for (;;) {
                struct pollfd p = {.fd = events, .events = POLLPRI};
                char text[256];
                ssize_t size;
                uint64_t now;
                int timeout = -1;

                /* Reading arms the notification: a change after this read makes poll() return. */
                size = pread(events, text, sizeof(text) - 1, 0);
                if (size < 0 && errno == ENODEV)
                        return 1;
                if (size < 0)
                        return error_set(reterr, errno, "read cgroup.events of '%s'", name);
                text[size] = '\0';
                if (!find(text))
                        return 1;

                now = now_usec();
                if (end != UINT64_MAX) {
                        if (now >= end)
                                return 0;
                        timeout = (int) ((end - now + 999) / 1000);
                }
                if (poll(&p, 1, timeout) < 0 && errno != EINTR)
                        return error_set(reterr, errno, "wait for cgroup '%s'", name);
        }
}

int cgroup_wait_empty(int fd, const char *name, uint64_t timeout_usec, Error *reterr) {
        return wait_until_not(fd, name, cgroup_text_populated, timeout_usec, reterr);
}

static bool is_not_frozen(const char *events) {
        return !cgroup_text_frozen(events);
}

int cgroup_freeze(int fd, uint64_t timeout_usec, Error *reterr) {
        bool frozen;
        int r = write_file(fd, ".", "cgroup.freeze", "1");

        if (r < 0)
                return error_set(reterr, r == -ENOENT ? -ENODEV : r, "freeze a cgroup");
        r = wait_until_not(fd, ".", is_not_frozen, timeout_usec, reterr);
        if (r <= 0)
                return r;
        /* One that has gone is not waited for either. */
        r = cgroup_frozen(fd, &frozen, reterr);
        if (r < 0)
                return r;
        return frozen ? 1 : error_set(reterr, ENODEV, "freeze a cgroup");
}

int cgroup_thaw(int fd, uint64_t timeout_usec, Error *reterr) {
        int r = write_file(fd, ".", "cgroup.freeze", "0");

        if (r < 0 && r != -ENOENT && r != -ENODEV)
                return error_set(reterr, r, "thaw a cgroup");
        return wait_until_not(fd, ".", cgroup_text_frozen, timeout_usec, reterr);
}

static int remove_tree(int parent, const char *name, unsigned depth) {
        _cleanup_(closedirp) DIR *d = NULL;
        int fd;

        if (unlinkat(parent, name, AT_REMOVEDIR) >= 0 || errno == ENOENT)
                return 0;
        if ((errno != EBUSY && errno != ENOTEMPTY) || depth == 0)
                return -errno;

        fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        d = fd < 0 ? NULL : fdopendir(fd);
        if (!d)
                return errno == ENOENT ? 0 : -errno;
        for (;;) {
                struct dirent *entry;
                int r;

                errno = 0;
                entry = readdir(d);
                if (!entry && errno != 0)
                        return -errno;
                if (!entry)
                        break;
                if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
                        continue;
                r = remove_tree(dirfd(d), entry->d_name, depth - 1);
                if (r < 0)
                        return r;
        }
        return unlinkat(parent, name, AT_REMOVEDIR) >= 0 || errno == ENOENT ? 0 : -errno;
}

int cgroup_remove_child(int fd, const char *name, Error *reterr) {
        int r = remove_tree(fd, name, CGROUP_DEPTH_MAX);

        return r < 0 ? error_set(reterr, r, "remove cgroup '%s'", name) : 0;
}

int cgroup_remove(const char *mount, const char *machine, Error *reterr) {
        _cleanup_close_ int root = -EBADF, top = -EBADF;
        int r;

        root = open_mount(mount, reterr);
        if (root < 0)
                return root;
        r = fs_open_beneath_optional(root, CGROUP_TOP, O_RDONLY | O_DIRECTORY, &top, reterr);
        if (r < 0 || top < 0)
                return r;
        r = cgroup_remove_child(top, machine, reterr);
        if (r < 0)
                return r;
        /* Stays, by EBUSY, while another machine has its cgroup there. */
        (void) unlinkat(root, CGROUP_TOP, AT_REMOVEDIR);
        return 0;
}
