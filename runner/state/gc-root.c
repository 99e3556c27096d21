/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/child.h"
#include "base/fs.h"
#include "base/hash.h"
#include "base/host-socket.h"
#include "base/paths.h"
#include "base/process.h"
#include "base/strv.h"
#include "state/gc-root.h"
#include "state/nix-daemon.h"

#define GCROOTS           "gcroots"
#define AUTO              "auto"
#define REGISTERED        "flake-containers-"
#define LOOK_TIMEOUT_USEC (5 * USEC_PER_SEC)

static int make_own_link(int container_fd, const InvokingUser *user, const char *name, const char *target,
                         Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        int r;

        r = user_fs_enter(user, &guard, reterr);
        if (r < 0)
                return r;
        if (target)
                return fs_replace_link(container_fd, name, target, reterr);
        if (unlinkat(container_fd, name, 0) < 0 && errno != ENOENT)
                return error_set(reterr, errno, "remove the link '%s'", name);
        return 0;
}

/* What Nix has beside @store; owned by the caller. */
static char *state_of(const char *store, const char *name) {
        return xasprintf("%.*s/var/nix/%s", (int) (strrchr(store, '/') - store), store, name);
}

static char *roots_of(const char *store) {
        return state_of(store, GCROOTS "/" AUTO);
}

char *gc_root_store_of(const char *program) {
        _cleanup_free_ char *store = xstrdup(program), *roots = NULL;

        /* STORE/PACKAGE/bin/PROGRAM */
        for (int i = 0; i < 3; i++) {
                char *slash = strrchr(store, '/');

                if (!slash || slash == store)
                        return NULL;
                *slash = '\0';
        }
        roots = state_of(store, GCROOTS);
        return access(roots, F_OK) >= 0 ? TAKE_PTR(store) : NULL;
}

/* Where a guest, or another user, can make directories, links could lead root anywhere: none is followed.
 * Nix takes no store behind one either. Where there is no such directory, the fd is -EBADF. */
static int open_roots(const char *roots, int *ret_fd, Error *reterr) {
        _cleanup_close_ int top_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        int r;

        if (top_fd < 0)
                return error_set(reterr, errno, "open '/'");
        r = fs_open_beneath_optional(top_fd, roots + strspn(roots, "/"), O_RDONLY | O_DIRECTORY, ret_fd,
                                     reterr);
        return r < 0 ? error_prefix(reterr, r, "garbage collector's roots") : 0;
}

/* Without root, where the store is not the user's: only its daemon can add one. */
static int find_who_adds(int roots_fd, bool *ret, Error *reterr) {
        struct stat st;

        if (fstat(roots_fd, &st) < 0)
                return error_set(reterr, errno, "look at its owner");
        *ret = host_socket_is_brokered() && st.st_uid != geteuid();
        return 0;
}

/* Nix makes that directory with its first root, so a store that has only got copies has none. As the owner
 * of the one that it lies in; where only the daemon can, *ret_fd is that one. */
static int make_roots(const char *store, int *ret_fd, Error *reterr) {
        _cleanup_free_ char *above = state_of(store, GCROOTS), *roots = roots_of(store);
        _cleanup_close_ int above_fd = -EBADF;
        bool foreign = false;
        int r = open_roots(above, &above_fd, reterr);

        if (r < 0 || above_fd < 0)
                return r;
        r = find_who_adds(above_fd, &foreign, reterr);
        if (r >= 0 && foreign)
                *ret_fd = TAKE_FD(above_fd);
        if (r < 0 || foreign)
                return r;
        r = fs_enter_owner(above_fd);
        if (r < 0)
                return error_set(reterr, r, "look at its owner");
        r = mkdirat(above_fd, AUTO, 0755) < 0 && errno != EEXIST
                    ? error_set(reterr, errno, "make '%s'", roots)
                    : 0;
        fs_leave_owner();
        return r < 0 ? r : open_roots(roots, ret_fd, reterr);
}

/* As the owner of that directory, who is root or has made a store of their own. */
static int add_root(int roots_fd, const char *name, const char *link, Error *reterr) {
        int r = fs_enter_owner(roots_fd);

        if (r < 0)
                return error_set(reterr, r, "look at its owner");
        r = fs_replace_link(roots_fd, name, link, reterr);
        fs_leave_owner();
        return r;
}

int gc_root_set(int container_fd, const char *container_path, const InvokingUser *user, const char *name,
                const char *target, const char *store, Error *reterr) {
        _cleanup_free_ char *roots = NULL, *link = NULL, *registered = NULL, *daemon = NULL;
        _cleanup_close_ int roots_fd = -EBADF;
        bool foreign = false;
        int r;

        r = make_own_link(container_fd, user, name, target, reterr);
        if (r < 0 || !target)
                return r;
        roots = roots_of(store);
        r = open_roots(roots, &roots_fd, reterr);
        if (r >= 0 && roots_fd < 0)
                r = make_roots(store, &roots_fd, reterr);
        if (r < 0 || roots_fd < 0)
                return r;
        link = xasprintf("%s/%s", container_path, name);
        /* Always the same name for the same link, so that they do not gather. */
        registered = xasprintf(REGISTERED "%016" PRIx64, hash_text(link));
        daemon = state_of(store, "daemon-socket/socket");
        r = find_who_adds(roots_fd, &foreign, reterr);
        if (r >= 0)
                r = foreign ? nix_daemon_add_root(daemon, link, reterr)
                            : add_root(roots_fd, registered, link, reterr);
        return r < 0 ? error_prefix(reterr, r, "'%s'", roots) : 0;
}

/* Was @target removed? Where a disk is not mounted, there is no tag: the disk may have the project on it, or
 * be mounted on the project's directory or on `.containers`. */
static bool is_gone_for_good(const char *target, char *const *gone) {
        _cleanup_free_ char *root = xstrdup(target), *tag = NULL;
        char *end = NULL;
        struct stat st;

        if (lstat(target, &st) >= 0 || (errno != ENOENT && errno != ENOTDIR))
                return false;
        /* The last one: a project may lie in a volume of another one, and no container has such a name. */
        for (char *at = root; (at = strstr(at, "/" STATE_DIR_NAME "/")); at++)
                end = at;
        if (!end)
                return false;
        *end = '\0';
        tag = xasprintf("%s/" STATE_DIR_NAME "/" STATE_DIR_TAG, root);
        return strv_contains(gone, root) || lstat(tag, &st) >= 0;
}

/* What it leads to, owned by the caller; NULL: it is not ours. */
static char *read_target(int roots_fd, const char *name) {
        _cleanup_free_ char *again = NULL;
        char target[PATH_MAX];
        ssize_t n;

        if (!startswith(name, REGISTERED))
                return NULL;
        n = readlinkat(roots_fd, name, target, sizeof(target) - 1);
        if (n < 0)
                return NULL;
        target[n] = '\0';
        /* Its name is made of what it leads to. */
        again = xasprintf(REGISTERED "%016" PRIx64, hash_text(target));
        return streq(name, again) ? xstrdup(target) : NULL;
}

typedef struct Look {
        char *const *targets;
        char *const *gone;
        bool *stale; /* of each target; shared with the child that looks */
} Look;

static void look_at_targets(void *userdata) {
        const Look *l = userdata;

        for (size_t i = 0; l->targets[i]; i++)
                l->stale[i] = is_gone_for_good(l->targets[i], l->gone);
}

/* From a child, since a target may be on a network file system whose server is gone. What has not been
 * looked at in time is not stale. */
static int find_stale(char *const *names, const char *roots, char *const *targets, char *const *gone,
                      char ***found, Error *reterr) {
        size_t size = strv_length(targets) * sizeof(bool);
        Look l = {.targets = targets, .gone = gone};
        int r;

        if (size == 0)
                return 0;
        l.stale = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (l.stale == MAP_FAILED)
                return error_set(reterr, errno, "make room for an answer");
        r = child_run(look_at_targets, &l, now_usec() + LOOK_TIMEOUT_USEC);
        for (size_t i = 0; targets[i]; i++)
                if (l.stale[i]) {
                        strv_pushf(found, "%s/%s", roots, names[i]);
                        strv_push(found, targets[i]);
                }
        (void) munmap(l.stale, size);
        return r < 0 ? error_set(reterr, r, "look at the links in '%s'", roots) : 0;
}

int gc_root_list_stale(const char *store, char *const *gone, char ***ret, Error *reterr) {
        _cleanup_free_ char *roots = roots_of(store);
        _cleanup_strv_ char **names = NULL, **ours = NULL, **targets = NULL, **found = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r = open_roots(roots, &fd, reterr);

        if (r < 0)
                return r;
        r = fd >= 0 ? fs_list(fd, &names) : 0;
        if (r < 0)
                return error_set(reterr, r, "list '%s'", roots);
        STRV_FOREACH (name, names) {
                char *target = read_target(fd, *name);

                if (target) {
                        strv_push(&ours, *name);
                        strv_push_take(&targets, target);
                }
        }
        r = find_stale(ours, roots, targets, gone, &found, reterr);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(found);
        return 0;
}

int gc_root_remove_stale(const char *store, char *const *gone, const char *path, bool *ret_removed,
                         Error *reterr) {
        _cleanup_free_ char *roots = roots_of(store), *target = NULL;
        const char *name = strrchr(path, '/') + 1;
        _cleanup_close_ int fd = -EBADF;
        int r = open_roots(roots, &fd, reterr);

        if (r < 0)
                return r;
        target = fd >= 0 ? read_target(fd, name) : NULL;
        if (!target || !is_gone_for_good(target, gone)) {
                *ret_removed = false;
                return 0;
        }
        r = fs_enter_owner(fd);
        if (r < 0)
                return error_set(reterr, r, "look at the owner of '%s'", roots);
        if (unlinkat(fd, name, 0) < 0 && errno != ENOENT)
                r = error_set(reterr, errno, "remove '%s'", path);
        fs_leave_owner();
        if (r >= 0)
                *ret_removed = true;
        return r;
}
