/* SPDX-License-Identifier: MIT */

#include <limits.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/strv.h"
#include "state/work-trees.h"

#define LIST_MAX ((size_t) 256 * PATH_MAX)

void work_trees_done(WorkTrees *trees) {
        for (size_t i = 0; i < trees->n; i++)
                checkout_done(&trees->entries[i]);
        free(trees->entries);
        *trees = (WorkTrees){};
}

static bool is_gone(const Checkout *tree) {
        _cleanup_free_ char *path = NULL;

        return checkout_find(tree, &path) == CHECKOUT_GONE;
}

static bool parse(const char *line, Checkout *ret) {
        _cleanup_free_ char *text = xasprintf("%s\n", line);

        return checkout_parse(text, strlen(text), ret);
}

static int raise_damaged(const char *file, Error *reterr) {
        return error_raise(reterr, FC_EXIT_INTERNAL, "'%s' does not list work trees", file);
}

int work_trees_read(int dir_fd, const char *file, WorkTrees *ret, Error *reterr) {
        _cleanup_(work_trees_done) WorkTrees trees = {};
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        int r = fs_open_file_beneath_optional(dir_fd, file, &fd, reterr);

        if (r >= 0 && fd >= 0)
                r = fs_read_fd(fd, file, LIST_MAX, &text, &size, reterr);
        if (r < 0)
                return r;
        if (size > 0 && text[size - 1] != '\0')
                return raise_damaged(file, reterr);
        for (size_t i = 0; i < size; i += strlen(text + i) + 1) {
                _cleanup_(checkout_done) Checkout tree = {};

                if (!parse(text + i, &tree))
                        return raise_damaged(file, reterr);
                if (!is_gone(&tree))
                        work_trees_add(&trees, &tree);
        }
        *ret = trees;
        trees = (WorkTrees){};
        return 0;
}

int work_trees_write(int dir_fd, const char *file, const WorkTrees *trees, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0;

        for (size_t i = 0; i < trees->n; i++) {
                _cleanup_free_ char *line = checkout_print(&trees->entries[i]);
                size_t n = strlen(line);

                text = xreallocarray(text, size + n, 1);
                memcpy(text + size, line, n);
                size += n;
                text[size - 1] = '\0';
        }
        return fs_write_fleeting(dir_fd, file, text ? text : "", size, 0644, reterr);
}

/* Without more than a path, that tells. */
static bool are_same(const Checkout *a, const Checkout *b) {
        return checkout_is_same(a, b) || ((!a->known || !b->known) && streq(a->path, b->path));
}

bool work_trees_have(const WorkTrees *trees, const Checkout *tree) {
        for (size_t i = 0; i < trees->n; i++)
                if (are_same(&trees->entries[i], tree))
                        return true;
        return false;
}

void work_trees_add(WorkTrees *trees, const Checkout *tree) {
        Checkout *c;

        if (work_trees_have(trees, tree))
                return;
        c = XGROW(trees->entries, trees->n);
        *c = *tree;
        c->path = xstrdup(tree->path);
        c->handle_hex = tree->handle_hex ? xstrdup(tree->handle_hex) : NULL;
}

void work_trees_drop(WorkTrees *trees, const Checkout *tree) {
        size_t n = 0;

        for (size_t i = 0; i < trees->n; i++)
                if (are_same(&trees->entries[i], tree))
                        checkout_done(&trees->entries[i]);
                else
                        trees->entries[n++] = trees->entries[i];
        trees->n = n;
}

char **work_trees_find_others(const WorkTrees *trees, const Checkout *own) {
        char **paths = NULL;

        for (size_t i = 0; i < trees->n; i++) {
                const Checkout *c = &trees->entries[i];
                _cleanup_free_ char *path = NULL;

                if (are_same(c, own))
                        continue;
                (void) checkout_find(c, &path);
                strv_push(&paths, path ? path : c->path);
        }
        return paths;
}
