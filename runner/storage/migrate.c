/* SPDX-License-Identifier: MIT */

#include <assert.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "boot/boot-place.h"
#include "boot/boot.h"
#include "context/project-open.h"
#include "plan/without-root.h"
#include "project/migration.h"
#include "rootfs/tree-shift.h"
#include "rootless/ids.h"
#include "state/mounted.h"
#include "storage/migrate-idle.h"
#include "storage/migrate-places.h"
#include "storage/migrate.h"

static_assert(MIGRATION_PASSES == SHIFT_PASSES, "both mean the same");

typedef struct Change {
        Project *project;
        Progress *progress;
        Migration m; /* as it is on the disk */
        TreeShift shift;
        MigratePlaces places;
        MigrateIdle idle;
        Lock lock; /* migrate_idle_lock() */
} Change;

static const char *way_word(bool rootless) {
        return rootless ? "rootless" : "root";
}

static void change_done(Change *c) {
        migrate_places_done(&c->places);
        migrate_idle_done(&c->idle);
        lock_release(&c->lock);
        (void) progress_free(c->progress);
}

/* ---- whose ---- */

/* In either way `.containers` is the user's. */
static int find_ids(const Project *project, Migration *m, Error *reterr) {
        const struct passwd *account;
        struct stat st;
        int r;

        if (fstat(project->state.fd, &st) < 0)
                return error_set(reterr, errno, "look at '%s/" STATE_DIR_NAME "'", project->root);
        if (st.st_uid != project->state.user.uid || st.st_uid == 0) {
                _cleanup_free_ char *owner = user_name(st.st_uid),
                                    *user = user_name(project->state.user.uid);

                r = error_raise(reterr, FC_EXIT_CONFLICT,
                                "'%s/" STATE_DIR_NAME "' belongs to %s, and this is for %s", project->root,
                                owner, user);
                error_add_hint(reterr, "as the user whose containers they are to be, with sudo or as root");
                return r;
        }
        account = getpwuid(st.st_uid);
        if (!account)
                return error_raise(reterr, FC_EXIT_HOST,
                                   "uid %u, whose '%s' is, has no account, and so no group",
                                   (unsigned) st.st_uid, project->root);
        m->uid = account->pw_uid;
        m->gid = account->pw_gid;
        return subids_of(m->uid, &m->subuid, &m->subgid, reterr);
}

static int set_shift(const Migration *m, TreeShift *ret, Error *reterr) {
        uint32_t disk = ids_choose_disk(m->uid);

        *ret = (TreeShift){
                .uids = {m->rootless, m->uid, disk, m->subuid},
                .gids = {m->rootless, m->gid, disk, m->subgid},
        };
        return shift_is_possible(&ret->uids) && shift_is_possible(&ret->gids)
                       ? 0
                       : error_raise(reterr, FC_EXIT_HOST,
                                     "subordinate ids from %u and %u on (subuid(5), subgid(5)) overlap with "
                                     "those of "
                                     "containers with root",
                                     m->subuid, m->subgid);
}

/* ---- refusing ---- */

/* The units of the way that is left. A user's are looked at as the user, who may have made anything
 * there. */
static int gather_enabled(const Project *project, bool rootless, BootList *ret, Error *reterr) {
        _cleanup_free_ char *directory = rootless ? boot_place_directory(/* rootless= */ false)
                                                  : boot_place_directory_of(project->state.user.uid);
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        int r = rootless ? 0 : user_fs_enter(&project->state.user, &guard, reterr);

        return r < 0 || !directory ? r : boot_list_gather(directory, ret, reterr);
}

static int refuse_enabled(const Project *project, bool rootless, Error *reterr) {
        _cleanup_(boot_list_done) BootList list = {};
        int r = gather_enabled(project, rootless, &list, reterr);

        if (r < 0 || !boot_list_find(&list, &project->checkout))
                return r;
        r = error_raise(reterr, FC_EXIT_CONFLICT,
                        rootless ? "'%s' is started with root when the host boots"
                                 : "'%s' is started without root by its user's systemd",
                        project->root);
        error_add_hint(reterr, "not any more%s: flake-containers --root '%s' disable",
                       rootless ? "" : ", without sudo", project->root);
        return r;
}

/* What `up` would refuse in the other way. */
static int change_refuse_specification(const Project *project, bool rootless, Error *reterr) {
        _cleanup_strv_ char **names = project_spec_names(project);
        int r;

        if (rootless)
                return without_root_check(project->spec, names, reterr);
        if (!project->spec->rootless)
                return 0;
        r = error_raise(reterr, FC_EXIT_CONFLICT, "'%s' says that its containers run without root",
                        project->spec_path);
        error_add_hint(reterr, "take \"rootless\" out of it");
        return r;
}

static int refuse_mounted_place(const Change *c, Error *reterr) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < c->places.n; i++)
                if (streq(c->places.entries[i].directory, "."))
                        r = mounted_refuse(c->project->state.fd, c->places.entries[i].name, reterr);
        return r;
}

/* ---- going through ---- */

typedef int (*PlaceFunc)(Change *c, const MigratePlace *p, int dir_fd, const char *path, Error *reterr);

static int for_each_place(Change *c, PlaceFunc func, Error *reterr) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < c->places.n; i++) {
                const MigratePlace *p = &c->places.entries[i];
                _cleanup_free_ char *path =
                        xasprintf("%s/" STATE_DIR_NAME "/%s/%s", c->project->root, p->directory, p->name);
                _cleanup_close_ int fd = fs_open_beneath(c->project->state.fd, p->directory,
                                                         O_RDONLY | O_DIRECTORY, 0, reterr);

                c->shift.kind = p->kind;
                r = fd < 0 ? fd : func(c, p, fd, path, reterr);
        }
        return r;
}

/* A directory of the user's in its place would have anything in it. What root has is the user's only since
 * the last pass, where that has begun. */
static int check_root_owner(Change *c, const MigratePlace *p, int dir_fd, const char *path, Error *reterr) {
        bool may_be_users = c->m.pass == SHIFT_PASSES - 1;
        struct stat st;

        if (!p->roots || !c->m.rootless || fstatat(dir_fd, p->name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
            st.st_uid == 0 || (may_be_users && st.st_uid == c->m.uid))
                return 0;
        return error_raise(reterr, FC_EXIT_CONFLICT, "'%s' is not root's", path);
}

static int check_place(Change *c, const MigratePlace *p, int dir_fd, const char *path, Error *reterr) {
        int r = check_root_owner(c, p, dir_fd, path, reterr);

        return r < 0 ? r : tree_shift_check(dir_fd, p->name, p->whole, &c->shift, path, reterr);
}

static int shift_place(Change *c, const MigratePlace *p, int dir_fd, const char *path, Error *reterr) {
        int r = tree_shift(dir_fd, p->name, p->whole, &c->shift, path, reterr);

        return r < 0 || !p->marked ? r : tree_shift_marks(dir_fd, p->name, c->m.rootless, path, reterr);
}

static int remove_useless(Change *c, Error *reterr) {
        int r = 0;

        STRV_FOREACH (path, c->places.useless)
                if (r >= 0)
                        r = fs_remove_tree(c->project->state.fd, *path, reterr);
        return r;
}

static void change_tell(const Change *c, const char *text) {
        progress_note(c->progress, text);
}

/* Before the first file of it is changed. */
static int begin_pass(Change *c, Error *reterr) {
        Migration m = c->m;
        int r;

        m.changing = true;
        r = migration_write(&c->project->state, &m, reterr);
        if (r < 0)
                return r;
        c->m = m;
        c->shift.pass = m.pass;
        return 0;
}

static int shift_all(Change *c, Error *reterr) {
        int r = remove_useless(c, reterr);

        for (; r >= 0 && c->m.pass < SHIFT_PASSES; c->m.pass++) {
                _cleanup_free_ char *text =
                        xasprintf("changing owners, pass %u of %u", c->m.pass + 1, SHIFT_PASSES);

                change_tell(c, text);
                r = begin_pass(c, reterr);
                if (r >= 0)
                        r = for_each_place(c, shift_place, reterr);
        }
        return r;
}

/* ---- the change ---- */

static int change_check(Change *c, PlaceFunc check, Error *reterr) {
        int r = migrate_places_find(c->project, c->m.rootless, c->m.uid, &c->places, reterr);

        if (r >= 0)
                r = refuse_mounted_place(c, reterr);
        if (r >= 0)
                r = for_each_place(c, check, reterr);
        return r;
}

/* What needs no look at a file. */
static int change_refuse(const Change *c, Error *reterr) {
        int r = change_refuse_specification(c->project, c->m.rootless, reterr);

        return r < 0 ? r : refuse_enabled(c->project, c->m.rootless, reterr);
}

/* All that it can be refused for; nothing is changed. */
static int change_begin(Change *c, Error *reterr) {
        int r = change_refuse(c, reterr);

        if (r >= 0)
                r = migration_write(&c->project->state, &c->m, reterr);
        if (r >= 0)
                r = migrate_idle_hold(c->project, !c->m.rootless, c->progress, &c->idle, reterr);
        if (r >= 0)
                r = change_check(c, check_place, reterr);
        return r;
}

/* That it has begun is in a file of the user's. */
static int change_go_on(Change *c, Error *reterr) {
        int r = migrate_idle_hold(c->project, !c->m.rootless, c->progress, &c->idle, reterr);

        return r < 0 ? r : change_check(c, check_root_owner, reterr);
}

static int change_end(Change *c, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        int r = user_fs_enter(&c->project->state.user, &guard, reterr);

        if (r >= 0)
                r = way_mark(&c->project->state, c->m.rootless, reterr);
        return r < 0 ? r : migration_remove(&c->project->state, reterr);
}

static int change_run(Change *c, bool goes_on, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        int r;

        process_block_interrupts(NULL);
        c->progress = progress_new(c->project->progress, stderr, NULL);
        r = goes_on ? change_go_on(c, reterr) : change_begin(c, reterr);
        if (r >= 0)
                r = shift_all(c, reterr);
        if (r >= 0)
                r = change_end(c, reterr);
        if (r < 0) {
                if (c->m.changing)
                        error_add_hint(reterr,
                                       "some files are changed by now; go on: flake-containers --root '%s' "
                                       "migrate %s",
                                       c->project->root, way_word(c->m.rootless));
                else
                        (void) migration_remove(&c->project->state, NULL);
                return r;
        }
        text = xasprintf("'%s' goes %s root from now on", c->project->root,
                         c->m.rootless ? "without" : "with");
        change_tell(c, text);
        return FC_EXIT_OK;
}

static int change_show(Change *c, Error *reterr) {
        int r = change_refuse(c, reterr);

        if (r >= 0)
                r = change_check(c, check_place, reterr);
        if (r < 0)
                return r;
        (void) printf("%" PRIu64 " files of '%s/" STATE_DIR_NAME
                      "': root inside becomes %u:%u, others %u:%u and up\n",
                      c->shift.files, c->project->root, c->m.rootless ? c->m.uid : 0,
                      c->m.rootless ? c->m.gid : 0, c->m.rootless ? c->m.subuid : 1,
                      c->m.rootless ? c->m.subgid : 1);
        return FC_EXIT_OK;
}

/* ---- whether there is something to do ---- */

static bool same_ids(const Migration *a, const Migration *b) {
        return a->uid == b->uid && a->gid == b->gid && a->subuid == b->subuid && a->subgid == b->subgid;
}

/* @begun: the change that has begun before. */
static int refuse_other_change(const Project *project, const Migration *begun, const Migration *m,
                               Error *reterr) {
        int r;

        if (begun->rootless == m->rootless && (!begun->changing || same_ids(begun, m)))
                return 0;
        if (begun->rootless == m->rootless)
                return error_raise(
                        reterr, FC_EXIT_CONFLICT,
                        "this has begun for uid %u and its subordinate ids from %u on, which are others now",
                        begun->uid, begun->subuid);
        r = error_raise(reterr, FC_EXIT_CONFLICT, "'%s' is on its way to the other side", project->root);
        error_add_hint(reterr, "first to its end: flake-containers --root '%s' migrate %s", project->root,
                       way_word(begun->rootless));
        return r;
}

static int migrate_open(Change *c, bool rootless, bool *ret_goes_on, bool *ret_done, Error *reterr) {
        Project *project = c->project;
        KeptWay kept = KEPT_NOTHING;
        Migration begun;
        bool there;
        int r = way_look(project->state.root_fd, &kept, reterr);

        *ret_goes_on = *ret_done = false;
        if (r >= 0)
                r = migration_read(&project->state, &there, &begun, reterr);
        if (r < 0)
                return r;
        *ret_done = !there && (kept == KEPT_NOTHING || (kept == KEPT_ROOTLESS) == rootless);
        if (*ret_done)
                return 0;
        c->m = (Migration){.rootless = rootless};
        r = find_ids(project, &c->m, reterr);
        if (r >= 0)
                r = set_shift(&c->m, &c->shift, reterr);
        if (r >= 0 && there)
                r = refuse_other_change(project, &begun, &c->m, reterr);
        if (r >= 0 && there && begun.changing) {
                c->m = begun;
                *ret_goes_on = true;
        }
        return r < 0 ? r : project_load_spec(project, reterr);
}

int migrate_project(const ProjectRequest *request, bool rootless, Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_(change_done)
                Change c = {.project = &project, .idle = MIGRATE_IDLE_NULL, .lock = LOCK_NULL};
        ProjectRequest there = *request;
        bool goes_on, done;
        int r;

        there.either_way = true;
        r = project_open(&there, &project, reterr);
        if (r >= 0 && !request->globals->dry_run)
                r = migrate_idle_lock(&project, &c.lock, reterr);
        if (r >= 0)
                r = migrate_open(&c, rootless, &goes_on, &done, reterr);
        if (r < 0)
                return r;
        if (done) {
                (void) fprintf(stderr, "there is nothing to change\n");
                return FC_EXIT_OK;
        }
        if (!request->globals->dry_run)
                return change_run(&c, goes_on, reterr);
        if (!goes_on)
                return change_show(&c, reterr);
        (void) printf("go on with what has begun, pass %u of %u\n", c.m.pass + 1, SHIFT_PASSES);
        return FC_EXIT_OK;
}
