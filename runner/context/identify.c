/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/file.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "context/identify.h"
#include "context/network.h"
#include "state/identity.h"
#include "state/runtime-dir.h"

/* So many projects of one name and hash do not run at a time. */
#define ATTEMPTS 16

/* Return: whether there is a claim that this user can read. */
static bool find_claim(const char *id, Checkout *ret) {
        _cleanup_close_ int fd = -EBADF;

        return runtime_dir_open(RUNTIME_DIR_BASE, id, &fd, NULL) >= 0 && fd >= 0 &&
               runtime_dir_read_claim(fd, ret);
}

/* @ret_path: the path in it, owned by the caller; may be NULL. */
static bool is_ours(const Project *project, const char *id, char **ret_path) {
        _cleanup_(checkout_done) Checkout claim = {};

        if (!find_claim(id, &claim) || !checkout_is_same(&claim, &project->checkout))
                return false;
        if (ret_path)
                *ret_path = TAKE_PTR(claim.path);
        return true;
}

/* What the project's own file says, as far as it is an id; owned by the caller. One that is damaged is
 * reported by the functions that need it. */
static char *read_hint(const Project *project) {
        _cleanup_(project_state_freep) ProjectState *state = NULL;

        if (project->state.fd < 0 ||
            project_state_load(project->state.fd, &project->state.user, &state, NULL) < 0 || !state ||
            !state->id || !identity_id_is_valid(state->id))
                return NULL;
        return TAKE_PTR(state->id);
}

/* Was the directory of this claim, which is not at its path, removed? Only root can look for it by its
 * handle. Without root it is taken to be, so that `status` of a checkout that was made anew names the
 * machines that root's `down` will find. It takes over nothing: only root claims. */
static bool was_removed(const Checkout *claim) {
        _cleanup_free_ char *path = NULL;
        CheckoutFate fate = checkout_find(claim, &path);

        return fate == CHECKOUT_GONE || (fate == CHECKOUT_LOST && claim->handle_hex && geteuid() != 0);
}

/* Does another directory run under it? An id of one that is gone is taken over where that was at the same
 * path: so a checkout that was made anew finds what runs. */
static int is_taken(const Project *project, const char *id, bool *ret, Error *reterr) {
        _cleanup_(checkout_done) Checkout claim = {};

        *ret = false;
        if (!find_claim(id, &claim) || checkout_is_same(&claim, &project->checkout))
                return 0;
        if (streq(claim.path, project->checkout.path) && (!claim.known || was_removed(&claim)))
                return 0;
        /* Without cgroups nothing runs, and `doctor` is one that says so. */
        return project->facts.cgroup_root ? network_in_use(project->facts.cgroup_root, id, ret, reterr) : 0;
}

int project_identify(Project *project, Error *reterr) {
        _cleanup_free_ char *hint = read_hint(project);

        /* What runs of an instance is found by where the project is now: it does not live for long. */
        char **started_root = project->state.instance ? NULL : &project->started_root;

        if (hint && is_ours(project, hint, started_root)) {
                project->id = TAKE_PTR(hint);
                return 0;
        }
        for (unsigned i = 0; i < ATTEMPTS; i++) {
                _cleanup_free_ char *id = identity_project_id(project->checkout.path, i);
                bool taken;
                int r = is_taken(project, id, &taken, reterr);

                if (r < 0)
                        return r;
                if (!taken) {
                        (void) is_ours(project, id, started_root);
                        project->id = TAKE_PTR(id);
                        return 0;
                }
        }
        return error_raise(reterr, FC_EXIT_CONFLICT, "too many checkouts with the name of '%s' run",
                           project->root);
}

static int open_state_anew(const Project *project, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        int r = user_fs_enter(&project->state.user, &guard, reterr);

        return r < 0 ? r : fs_open_beneath(project->state.fd, ".", O_RDONLY | O_DIRECTORY, 0, reterr);
}

int project_identity_lock(const Project *project, Error *reterr) {
        /* Anew: what is started inherits copies of the other descriptor. */
        _cleanup_close_ int fd = open_state_anew(project, reterr);
        _cleanup_free_ char *hint = NULL;
        int r;

        if (fd < 0)
                return fd;
        /* File systems that lock no directory have no second mount that would matter. */
        r = flock(fd, LOCK_EX | LOCK_NB) < 0 ? errno : 0;
        hint = read_hint(project);
        if (r != EWOULDBLOCK && (!hint || streq(hint, project->id) || !is_ours(project, hint, NULL)))
                return TAKE_FD(fd);
        r = error_raise(reterr, FC_EXIT_CONFLICT,
                        "another command has just begun to use '%s' by another path of it", project->root);
        error_add_hint(reterr, "run this one again");
        return r;
}
