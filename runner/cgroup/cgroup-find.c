/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "cgroup/cgroup-find.h"
#include "cgroup/cgroup-text.h"
#include "cgroup/cgroup.h"

/* proc(5): larger than any status of a process. */
#define STATUS_MAX (64 * 1024)

int cgroup_first_process(int fd, const char *path, pid_t *ret, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        const char *rest;
        int r = cgroup_read_file(fd, path, "cgroup.procs", &text, reterr);

        if (r == -ENOENT || r == -ENODEV) {
                *ret = 0;
                return 0;
        }
        if (r < 0)
                return r;
        rest = text;
        *ret = cgroup_text_next_process(&rest);
        return 0;
}

/* The process has gone, or /proc hides it from users that are not root. */
static bool is_hidden(int r) {
        return r == -ENOENT || r == -ESRCH || ((r == -EACCES || r == -EPERM) && geteuid() != 0);
}

/* The innermost pid of `pid` and how many PID namespaces it is nested in. Return: 1 found, 0 it has gone,
 * or a negative errno. */
static int innermost_pid(pid_t pid, pid_t *ret_pid, unsigned *ret_depth, Error *reterr) {
        _cleanup_free_ char *path = xasprintf("/proc/%d/status", pid), *text = NULL;
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        Error error = ERROR_NULL;
        int r;

        r = fd < 0 ? error_set(&error, errno, "open '%s'", path)
                   : fs_read_fd(fd, path, STATUS_MAX, &text, NULL, &error);
        if (r >= 0)
                return cgroup_text_innermost_pid(text, ret_pid, ret_depth);
        if (is_hidden(r)) {
                error_done(&error);
                return 0;
        }
        error_move(reterr, &error);
        return r;
}

typedef struct Search {
        long wanted;
        pid_t best;
        unsigned best_depth;
} Search;

/* A container of the guest's own has these pids, too: the shallowest is the payload's. Return: 1, 0 there is
 * no such cgroup, or a negative errno. */
static int search_cgroup(int fd, const char *place, Search *s, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        const char *rest;
        pid_t pid;
        int r = cgroup_read_file(fd, place, "cgroup.procs", &text, reterr);

        if (r < 0)
                return r == -ENOENT || r == -ENODEV ? 0 : r;
        for (rest = text; (pid = cgroup_text_next_process(&rest)) > 0;) {
                unsigned depth;
                pid_t inner;

                r = innermost_pid(pid, &inner, &depth, reterr);
                if (r < 0)
                        return r;
                if (r == 0 || inner != s->wanted || depth >= s->best_depth)
                        continue;
                s->best_depth = depth;
                s->best = pid;
        }
        return 1;
}

int cgroup_find_process(int fd, long wanted, pid_t *ret, Error *reterr) {
        /* A supervisor's machine has the first, that of a unit the second. */
        static const char *const places[][2] = {{"nspawn/payload/init.scope", "nspawn/payload"},
                                                {"payload/init.scope", "payload"}};
        Search search = {.wanted = wanted, .best_depth = UINT_MAX};
        int r = 0;

        for (size_t i = 0; r == 0 && i < ELEMENTSOF(places); i++) {
                r = search_cgroup(fd, places[i][0], &search, reterr);
                if (r >= 0)
                        r = search_cgroup(fd, places[i][1], &search, reterr);
        }
        if (r < 0)
                return r;
        *ret = search.best;
        return 0;
}

int cgroup_find_leader(int fd, pid_t *ret, Error *reterr) {
        return cgroup_find_process(fd, 1, ret, reterr);
}
