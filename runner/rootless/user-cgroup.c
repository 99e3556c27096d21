/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/strv.h"
#include "bus/user-scope.h"
#include "cgroup/cgroup.h"
#include "rootless/user-cgroup.h"

#define CGROUP_TEXT_MAX ((size_t) 1 << 16)

static char *read_text(int dir_fd, const char *path) {
        _cleanup_close_ int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
        char *text = NULL;

        return fd >= 0 && fs_read_fd(fd, path, CGROUP_TEXT_MAX, &text, NULL, NULL) >= 0 ? text : NULL;
}

/* Return: where cgroup2 is, an fd. */
static int user_cgroup_open_mount(void) {
        static const char *const usual[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};

        for (size_t i = 0; i < ELEMENTSOF(usual); i++) {
                struct statfs st;
                int fd = open(usual[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

                if (fd >= 0 && fstatfs(fd, &st) >= 0 && st.f_type == CGROUP2_SUPER_MAGIC)
                        return fd;
                (void) safe_close(fd);
        }
        return -ENOENT;
}

/* Owned by the caller, NULL: it is not told. */
static char *own_path(void) {
        char *path = NULL;

        return own_cgroup_path(&path, NULL) < 0 ? NULL : path;
}

static bool is_own(int fd) {
        struct stat directory, processes;

        return fstat(fd, &directory) >= 0 && directory.st_uid == geteuid() &&
               fstatat(fd, "cgroup.procs", &processes, 0) >= 0 && processes.st_uid == geteuid();
}

UserCgroupStep user_cgroup_judge(const char *name, bool *in_manager) {
        size_t n = strlen(name);

        if (*in_manager)
                return streq(name, USER_SCOPE) ? USER_CGROUP_SCOPE : USER_CGROUP_OTHER;
        *in_manager = startswith(name, "user@") && n > strlen(".service") &&
                      streq(name + n - strlen(".service"), ".service");
        return *in_manager ? USER_CGROUP_OTHER : USER_CGROUP_MAY_BE;
}

bool user_cgroup_is_in_scope(void) {
        _cleanup_free_ char *path = own_path();
        char *rest = path ? path + 1 : NULL, *name;
        bool in_manager = false;

        while (path && (name = strsep(&rest, "/")))
                if (user_cgroup_judge(name, &in_manager) == USER_CGROUP_SCOPE)
                        return true;
        return false;
}

static int raise_none(Error *reterr) {
        struct statfs st;
        const char *mount = statfs("/sys/fs/cgroup", &st) >= 0 && st.f_type == CGROUP2_SUPER_MAGIC
                                    ? "/sys/fs/cgroup"
                                    : "/sys/fs/cgroup/unified";
        int r = error_raise(reterr, FC_EXIT_HOST,
                            "without root this needs a control group of the user's own");

        error_add_hint(reterr,
                       "with systemd: log in anew, or root starts it: systemctl start user@%u.service",
                       (unsigned) geteuid());
        error_add_hint(
                reterr,
                "without, at each login, by root: B=%s/%u; mkdir -p $B/session && chown %u $B $B/session "
                "$B/cgroup.procs $B/cgroup.subtree_control $B/session/cgroup.procs && echo %d "
                ">$B/session/cgroup.procs",
                mount, (unsigned) geteuid(), (unsigned) geteuid(), (int) getppid());
        error_add_hint(reterr, "or once: pam_cgfs.so -c unified in the PAM session (Debian: libpam-cgfs)");
        return r;
}

int user_cgroup_open(Error *reterr) {
        _cleanup_close_ int fd = user_cgroup_open_mount();
        _cleanup_free_ char *path = own_path();
        char *rest = path ? path + 1 : NULL, *name;
        bool in_manager = false;

        while (fd >= 0 && path && (name = strsep(&rest, "/"))) {
                int child = name[0] == '\0' ? -ENOENT
                                            : fs_open_beneath(fd, name, O_RDONLY | O_DIRECTORY, 0, NULL);

                if (child < 0)
                        break;
                (void) safe_close(fd);
                fd = child;
                if (user_cgroup_judge(name, &in_manager) != USER_CGROUP_OTHER && is_own(fd))
                        return TAKE_FD(fd);
        }
        return raise_none(reterr);
}

static char **user_cgroup_list_controllers(int fd, const char *path) {
        _cleanup_free_ char *file = xasprintf("%s/cgroup.controllers", path), *text = read_text(fd, file);
        char *rest = text, *word, **words = NULL;

        while (text && (word = strsep(&rest, " \n")))
                if (word[0] != '\0')
                        strv_push(&words, word);
        return words;
}

int user_cgroup_survey(bool *ret_systemd, char **ret_where, char ***ret_controllers, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        const char *runtime = getenv("XDG_RUNTIME_DIR");

        *ret_systemd = runtime && user_scope_is_possible(runtime);
        if (*ret_systemd) {
                _cleanup_free_ char *path = xasprintf("user.slice/user-%u.slice/user@%u.service",
                                                      (unsigned) geteuid(), (unsigned) geteuid());

                fd = user_cgroup_open_mount();
                *ret_where = xstrdup("a scope of this user's systemd");
                *ret_controllers = user_cgroup_list_controllers(fd, path);
                return 0;
        }
        fd = user_cgroup_open(reterr);
        if (fd < 0)
                return fd;
        *ret_where = xstrdup("this user's own");
        *ret_controllers = user_cgroup_list_controllers(fd, ".");
        return 0;
}
