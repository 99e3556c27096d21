/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "context/fresh-spec.h"
#include "context/instance.h"
#include "project/instance-dir.h"

int instance_enter(Project *project, const char *name, Error *reterr) {
        _cleanup_(state_dir_done) StateDir state = STATE_DIR_NULL;
        _cleanup_free_ char *path = instance_path(project->root, name);
        int r = instance_dir_open(&project->state, name, &state, reterr);

        if (r >= 0 && state.fd < 0)
                r = error_raise(reterr, FC_EXIT_NOT_RUNNING, "there is no fresh instance '%s'", name);
        if (r < 0)
                return r;
        checkout_done(&project->checkout);
        project->whole = project->state;
        project->state = state;
        state = STATE_DIR_NULL;
        return checkout_look(project->state.fd, path, &project->checkout, reterr);
}

/* Looked up with the permissions of the user; what has been exchanged when it is opened is refused there. */
static bool instance_is_directory(const char *source, void *userdata) {
        const Project *project = userdata;
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        struct stat st;

        return user_fs_enter(&project->user, &guard, NULL) >= 0 &&
               (fstatat(project->state.root_fd, source, &st, 0) < 0 || S_ISDIR(st.st_mode));
}

void instance_change_spec(Project *project) {
        fresh_spec_make(project->spec, project->root, instance_is_directory, project);
}
