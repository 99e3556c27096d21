/* SPDX-License-Identifier: MIT */

#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "project/git-dir.h"
#include "project/place.h"
#include "project/state-dir.h"
#include "spec/path.h"

/* Not access(2), which asks as the real user. */
static bool has(const char *directory, const char *name) {
        _cleanup_free_ char *path = xasprintf("%s/%s", directory, name);
        struct stat st;

        return stat(path, &st) >= 0;
}

bool place_is_project(const char *directory) {
        return has(directory, PROJECT_FLAKE_NAME) || has(directory, PROJECT_SPEC_NAME);
}

char *place_find(const char *work_tree, const char *start) {
        _cleanup_free_ char *directory = xstrdup(start);

        while (path_is_within(directory, work_tree)) {
                char *slash;

                if (place_is_project(directory))
                        return TAKE_PTR(directory);
                slash = strrchr(directory, '/');
                if (!slash || slash == directory)
                        break;
                *slash = '\0';
        }
        return xstrdup(work_tree);
}

static bool is_state(const char *directory) {
        return has(directory, STATE_DIR_TAG);
}

char *place_leave_state(const char *path) {
        _cleanup_free_ char *directory = xstrdup(path);

        /* The outermost one, since a guest may have made what lies in it. */
        for (char *part = strstr(directory, "/" STATE_DIR_NAME); part;
             part = strstr(part + 1, "/" STATE_DIR_NAME)) {
                char *end = part + strlen("/" STATE_DIR_NAME), saved = *end;

                if (saved != '/' && saved != '\0')
                        continue;
                *end = '\0';
                if (is_state(directory)) {
                        *part = '\0';
                        return xstrdup(directory[0] ? directory : "/");
                }
                *end = saved;
        }
        return TAKE_PTR(directory);
}

char *place_old_state(const char *root) {
        _cleanup_free_ char *top = git_dir_find_work_tree(root), *state = NULL;

        if (!top || streq(top, root) || has(root, STATE_DIR_NAME) || place_is_project(top))
                return NULL;
        state = xasprintf("%s/" STATE_DIR_NAME, top);
        return is_state(state) ? TAKE_PTR(top) : NULL;
}
