/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/strv.h"
#include "project/instance-dir.h"
#include "project/snapshot-dir.h"
#include "spec/name.h"
#include "spec/volume.h"
#include "state/trash.h"
#include "storage/migrate-places.h"

#define OVERLAYS "overlay-" /* spec/volume.h */

/* Filling a list, for a directory that is open. */
typedef struct Search {
        const Project *project;
        MigratePlaces *places;
        bool rootless;
        uint32_t own;
} Search;

void migrate_places_done(MigratePlaces *places) {
        for (size_t i = 0; i < places->n; i++) {
                free(places->entries[i].directory);
                free(places->entries[i].name);
        }
        free(places->entries);
        strv_free(places->useless);
        *places = (MigratePlaces){};
}

static MigratePlace *push(Search *s, const char *directory, const char *name, ShiftKind kind, bool whole) {
        MigratePlace *p = XGROW(s->places->entries, s->places->n);

        *p = (MigratePlace){
                .directory = xstrdup(directory), .name = xstrdup(name), .kind = kind, .whole = whole};
        return p;
}

static void push_useless(Search *s, const char *directory, const char *name) {
        strv_pushf(&s->places->useless, "%s/%s", directory, name);
}

/* @ret: as of fs_list(). A directory that is not there has nothing. */
static int list(const Search *s, const char *path, char ***ret, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r = fs_open_beneath_optional(s->project->state.fd, path, O_RDONLY | O_DIRECTORY, &fd, reterr);

        *ret = NULL;
        if (r < 0 || fd < 0)
                return r;
        r = fs_list(fd, ret);
        return r < 0 ? error_set(reterr, r, "list '%s' in '" STATE_DIR_NAME "'", path) : 0;
}

/* ---- containers ---- */

static bool is_one_of(const char *name, const char *const *words, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (streq(name, words[i]))
                        return true;
        return false;
}

static int find_container(Search *s, const char *container, Error *reterr) {
        static const char *const trees[] = {"root", "journal"}, *const useless[] = {"root.new", "ephemeral"};
        _cleanup_strv_ char **names = NULL;
        int r = list(s, container, &names, reterr);

        (void) push(s, ".", container, SHIFT_BESIDE, /* whole= */ false);
        STRV_FOREACH (name, names)
                if (is_one_of(*name, useless, ELEMENTSOF(useless)))
                        push_useless(s, container, *name);
                else if (is_one_of(*name, trees, ELEMENTSOF(trees))) {
                        MigratePlace *p = push(s, container, *name, SHIFT_PLAIN, /* whole= */ true);

                        p->marked = p->roots = true;
                } else
                        (void) push(s, container, *name, SHIFT_BESIDE, /* whole= */ true);
        return r;
}

/* ---- volumes ---- */

/* Whether its ids are those inside, not the user's and some beside. */
static bool is_plain_for(const ContainerSpec *c, const Volume *v) {
        return c->users == USERS_HOST || v->owner == VOLUME_OWNER_CONTAINER || v->owner == VOLUME_OWNER_HOST;
}

static void count_uses(const Spec *spec, const char *volume, size_t *plain, size_t *owned) {
        for (size_t i = 0; i < spec->n_containers; i++)
                for (size_t k = 0; k < spec->containers[i].n_volumes; k++) {
                        const ContainerSpec *c = &spec->containers[i];
                        const Volume *v = &c->volumes[k];

                        if (v->source[0] == '@' && streq(v->source + 1, volume))
                                ++*(is_plain_for(c, v) ? plain : owned);
                }
}

/* Of a volume that no container has any more its own owner tells, or it is as most are. */
static int look_whose(const Search *s, const char *directory, const char *name, ShiftKind *ret,
                      Error *reterr) {
        _cleanup_close_ int fd =
                fs_open_beneath(s->project->state.fd, directory, O_RDONLY | O_DIRECTORY, 0, reterr);
        struct stat st;

        if (fd < 0)
                return fd;
        if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return error_set(reterr, errno, "look at '%s/%s' in '" STATE_DIR_NAME "'", directory, name);
        *ret = s->rootless && ids_owner_for(ids_choose_disk(s->own), s->own, st.st_uid) == s->own
                       ? SHIFT_OWNED
                       : SHIFT_PLAIN;
        return 0;
}

static int find_volume(Search *s, const char *directory, const char *name, Error *reterr) {
        ShiftKind kind = SHIFT_PLAIN;
        size_t plain = 0, owned = 0;
        int r = 0;

        count_uses(s->project->spec, name, &plain, &owned);
        if (plain > 0 && owned > 0) {
                r = error_raise(
                        reterr, FC_EXIT_CONFLICT,
                        "volume '@%s': its containers do not have the same \"users\" and \"owner\", which "
                        "say whose its files are",
                        name);
                error_add_hint(reterr, "name it in one of them alone meanwhile");
                return r;
        }
        if (owned > 0)
                kind = SHIFT_OWNED;
        else if (plain == 0 && !startswith(name, OVERLAYS))
                r = look_whose(s, directory, name, &kind, reterr);
        if (r >= 0)
                push(s, directory, name, kind, /* whole= */ true)->marked = true;
        return r;
}

/* What begins with a dot a killed command has left. */
static int find_volumes(Search *s, const char *directory, Error *reterr) {
        _cleanup_strv_ char **names = NULL;
        int r = list(s, directory, &names, reterr);

        STRV_FOREACH (name, names)
                if ((*name)[0] == '.')
                        push_useless(s, directory, *name);
                else if (r >= 0)
                        r = find_volume(s, directory, *name, reterr);
        return r;
}

/* ---- snapshots ---- */

static int find_snapshot(Search *s, const char *label, Error *reterr) {
        _cleanup_free_ char *path = xasprintf(SNAPSHOTS_DIR "/%s", label),
                            *roots = xasprintf("%s/" SNAPSHOT_ROOTS, path),
                            *volumes = xasprintf("%s/" SNAPSHOT_VOLUMES, path);
        _cleanup_strv_ char **names = NULL, **containers = NULL;
        int r = list(s, path, &names, reterr);

        push(s, SNAPSHOTS_DIR, label, SHIFT_PLAIN, /* whole= */ false)->roots = true;
        STRV_FOREACH (name, names)
                (void) push(s, path, *name, SHIFT_PLAIN,
                            /* whole= */ !streq(*name, SNAPSHOT_ROOTS) && !streq(*name, SNAPSHOT_VOLUMES));
        if (r >= 0)
                r = list(s, roots, &containers, reterr);
        STRV_FOREACH (name, containers)
                push(s, roots, *name, SHIFT_PLAIN, /* whole= */ true)->marked = true;
        return r < 0 ? r : find_volumes(s, volumes, reterr);
}

static int find_snapshots(Search *s, Error *reterr) {
        _cleanup_strv_ char **labels = NULL;
        int r = list(s, SNAPSHOTS_DIR, &labels, reterr);

        if (strv_contains(labels, SNAPSHOTS_RESTORE)) {
                r = error_raise(reterr, FC_EXIT_CONFLICT, "a restore of a snapshot has not come to its end");
                error_add_hint(reterr, "the next 'up' goes on with it, in the way that it has been so far");
        }
        push(s, ".", SNAPSHOTS_DIR, SHIFT_PLAIN, /* whole= */ false)->roots = true;
        STRV_FOREACH (label, labels)
                if ((*label)[0] == '.')
                        push_useless(s, SNAPSHOTS_DIR, *label);
                else if (r >= 0)
                        r = find_snapshot(s, *label, reterr);
        return r;
}

/* ---- all ---- */

static int refuse_fresh_instances(const Project *project, Error *reterr) {
        _cleanup_strv_ char **names = NULL;
        int r = instances_list(&project->state, &names, reterr);

        if (r < 0 || !names)
                return r;
        r = error_raise(reterr, FC_EXIT_CONFLICT, "fresh instance '%s' is there", names[0]);
        error_add_hint(reterr, "when its command has ended: flake-containers gc");
        return r;
}

static int find_in_state_dir(Search *s, const char *name, Error *reterr) {
        struct stat st;

        if (streq(name, TRASH_DIR) || streq(name, INSTANCES_DIR)) {
                push_useless(s, ".", name);
                return 0;
        }
        if (fstatat(s->project->state.fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0
                                       : error_set(reterr, errno, "look at '" STATE_DIR_NAME "/%s'", name);
        if (!S_ISDIR(st.st_mode) || streq(name, STATE_DIR_VOLUMES))
                (void) push(s, ".", name, SHIFT_BESIDE, /* whole= */ false);
        if (!S_ISDIR(st.st_mode))
                return 0;
        return streq(name, STATE_DIR_VOLUMES)          ? find_volumes(s, name, reterr)
               : streq(name, SNAPSHOTS_DIR)            ? find_snapshots(s, reterr)
               : name_check_container(name, NULL) >= 0 ? find_container(s, name, reterr)
                                                       : 0;
}

int migrate_places_find(const Project *project, bool rootless, uint32_t own, MigratePlaces *ret,
                        Error *reterr) {
        Search s = {.project = project, .places = ret, .rootless = rootless, .own = own};
        _cleanup_strv_ char **names = NULL;
        int r = refuse_fresh_instances(project, reterr);

        *ret = (MigratePlaces){};
        if (r >= 0)
                r = list(&s, ".", &names, reterr);
        STRV_FOREACH (name, names)
                if (r >= 0)
                        r = find_in_state_dir(&s, *name, reterr);
        return r;
}
