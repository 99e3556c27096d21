/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "base/strv.h"
#include "state/gc-root.h"
#include "state/generations.h"

#define DIRECTORY "generations"

void generations_done(Generations *g) {
        for (size_t i = 0; i < g->n; i++)
                free(g->v[i].toplevel);
        free(g->v);
        *g = (Generations){};
}

/* 0: it is not one. */
static unsigned generation_parse(const char *name) {
        unsigned long number = 0;

        if (name[0] < '1' || name[0] > '9' || strspn(name, "0123456789") != strlen(name) ||
            strlen(name) > 10)
                return 0;
        number = strtoul(name, NULL, 10);
        return number <= GENERATION_MAX ? (unsigned) number : 0;
}

static int generation_compare(const void *va, const void *vb) {
        const Generation *a = va, *b = vb;

        return a->number < b->number ? -1 : a->number > b->number;
}

static void generation_read(int fd, const char *name, Generations *g) {
        unsigned number = generation_parse(name);
        char target[PATH_MAX];
        struct stat st;
        ssize_t n;

        if (number == 0)
                return;
        n = readlinkat(fd, name, target, sizeof(target));
        if (n <= 0 || (size_t) n == sizeof(target) || fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return;
        *XGROW(g->v, g->n) = (Generation){
                .number = number,
                .toplevel = xstrndup(target, (size_t) n),
                .usec = (uint64_t) st.st_mtim.tv_sec * USEC_PER_SEC + (uint64_t) st.st_mtim.tv_nsec / 1000,
        };
}

static int generations_list(int fd, Generations *ret, Error *reterr) {
        _cleanup_strv_ char **names = NULL;
        int r = fs_list(fd, &names);

        if (r < 0)
                return error_set(reterr, r, "list '%s'", DIRECTORY);
        STRV_FOREACH (name, names)
                generation_read(fd, *name, ret);
        if (ret->n > 0)
                qsort(ret->v, ret->n, sizeof(*ret->v), generation_compare);
        return 0;
}

int generations_read(int container_fd, Generations *ret, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = fs_open_beneath_optional(container_fd, DIRECTORY, O_RDONLY | O_DIRECTORY, &fd, reterr);
        return r < 0 || fd < 0 ? r : generations_list(fd, ret, reterr);
}

const Generation *generations_find(const Generations *g, unsigned number) {
        for (size_t i = 0; i < g->n; i++)
                if (g->v[i].number == number)
                        return &g->v[i];
        return NULL;
}

const Generation *generations_before(const Generations *g, unsigned number) {
        const Generation *before = NULL;

        for (size_t i = 0; i < g->n && g->v[i].number < number; i++)
                before = &g->v[i];
        return before;
}

static int generations_open(int container_fd, const InvokingUser *user, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        int r = user_fs_enter(user, &guard, reterr);

        return r < 0 ? r : fs_mkdir_beneath(container_fd, DIRECTORY, 0755, reterr);
}

int generations_add(int container_fd, const char *container_path, const InvokingUser *user,
                    const char *toplevel, const char *store, unsigned *ret_number, Error *reterr) {
        _cleanup_free_ char *path = xasprintf("%s/" DIRECTORY, container_path), *name = NULL;
        _cleanup_(generations_done) Generations g = {};
        _cleanup_close_ int fd = generations_open(container_fd, user, reterr);
        const Generation *newest;
        unsigned number = 1;
        int r = fd < 0 ? fd : generations_list(fd, &g, reterr);

        if (r < 0)
                return r;
        newest = g.n > 0 ? &g.v[g.n - 1] : NULL;
        if (newest)
                number = streq(newest->toplevel, toplevel) ? newest->number : newest->number + 1;
        name = xasprintf("%u", number);
        r = gc_root_set(fd, path, user, name, toplevel, store, reterr);
        for (size_t i = 0; r >= 0 && i < g.n && g.v[i].number + GENERATIONS_KEPT <= number; i++) {
                _cleanup_free_ char *old = xasprintf("%u", g.v[i].number);

                r = gc_root_set(fd, path, user, old, NULL, store, reterr);
        }
        if (r >= 0)
                *ret_number = number;
        return r;
}
