/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/size-text.h"
#include "context/named-volumes.h"
#include "context/shared-use.h"
#include "project/instance-dir.h"
#include "screen/table.h"
#include "state/disk-use.h"
#include "state/trash.h"
#include "storage/removal-plan.h"

static bool removal_has(const RemovalEntries *entries, const char *name) {
        for (size_t i = 0; i < entries->n; i++)
                if (streq(entries->entries[i].name, name))
                        return true;
        return false;
}

static void removal_add(RemovalEntries *entries, const char *name) {
        if (removal_has(entries, name))
                return;
        *XGROW(entries->entries, entries->n) = (RemovalEntry){.name = xstrdup(name)};
}

static void removal_entries_done(RemovalEntries *entries) {
        for (size_t i = 0; i < entries->n; i++)
                free(entries->entries[i].name);
        free(entries->entries);
}

void removal_done(Removal *removal) {
        strv_free(removal->names);
        strv_free(removal->guarded);
        removal_entries_done(&removal->containers);
        removal_entries_done(&removal->volumes);
        removal_entries_done(&removal->others);
        *removal = (Removal){};
}

bool removal_is_empty(const Removal *removal) {
        return removal->containers.n == 0 && removal->volumes.n == 0 && removal->others.n == 0;
}

/* ---- volumes ---- */

/* Those that the containers of the plan have, and those of all others; owned by the caller. */
static int removal_find_uses(const Removal *removal, char ***ours, char ***others, Error *reterr) {
        _cleanup_strv_ char **known = NULL;
        int r = project_known_names(removal->project, &known, reterr);

        STRV_FOREACH (name, known)
                if (r >= 0)
                        r = named_volumes_of(removal->project, *name,
                                             strv_contains(removal->names, *name) ? ours : others, reterr);
        return r < 0 ? r : 0;
}

static int removal_plan_volumes(Removal *removal, Error *reterr) {
        _cleanup_strv_ char **ours = NULL, **others = NULL, **there = NULL;
        int r;

        r = state_dir_volumes_list(&removal->project->state, &there, reterr);
        if (r >= 0)
                r = removal_find_uses(removal, &ours, &others, reterr);
        if (r < 0)
                return r;
        STRV_FOREACH (name, there)
                if (!strv_contains(others, *name) && (removal->orphans || strv_contains(ours, *name)))
                        removal_add(&removal->volumes, *name);
        return 0;
}

/* ---- the plan ---- */

/* A directory that only has this name must stay. */
static int removal_check_ours(const Project *project, RemovalScope scope, Error *reterr) {
        const StateDir *state = &project->state;
        struct stat st;
        int r;

        if (fstat(state->fd, &st) < 0)
                return error_set(reterr, errno, "look at '%s/" STATE_DIR_NAME "'", project->root);
        if (st.st_uid != state->user.uid && st.st_uid != 0) {
                _cleanup_free_ char *owner = user_name(st.st_uid);

                return error_raise(reterr, FC_EXIT_CONFLICT, "'%s/" STATE_DIR_NAME "' belongs to %s",
                                   project->root, owner);
        }
        r = state_dir_refuse_tracked(state, reterr);
        if (r < 0 || scope != REMOVAL_PROJECT || state_dir_is_tagged(state))
                return r;
        r = error_raise(reterr, FC_EXIT_CONFLICT,
                        "'%s/" STATE_DIR_NAME "' is not of flake-containers: it has no " STATE_DIR_TAG
                        " of ours",
                        project->root);
        error_add_hint(reterr, "when nothing in it is needed, remove it yourself");
        return r;
}

static int removal_plan_containers(Removal *removal, char *const *names, Error *reterr) {
        STRV_FOREACH (name, names) {
                _cleanup_close_ int fd = -EBADF;
                int r = state_dir_container_open(&removal->project->state, *name, &fd, reterr);

                if (r < 0)
                        return r;
                if (fd >= 0 || removal->scope == REMOVAL_ROOTS)
                        removal_add(&removal->containers, *name);
        }
        return 0;
}

int removal_refuse_instances(const Removal *removal, Error *reterr) {
        _cleanup_strv_ char **names = NULL;
        _cleanup_free_ char *list = NULL;
        int r = instances_list(&removal->project->state, &names, reterr);

        if (r < 0 || !names)
                return r;
        list = strv_join(names, ", ");
        r = error_raise(reterr, FC_EXIT_CONFLICT, "there are fresh instances: %s", list);
        error_add_hint(reterr,
                       "end the commands that they were made for; what is left then: flake-containers gc");
        return r;
}

static int removal_plan_others(Removal *removal, Error *reterr) {
        _cleanup_strv_ char **there = NULL;
        int r = removal_refuse_instances(removal, reterr);

        if (r < 0)
                return r;
        r = fs_list(removal->project->state.fd, &there);

        if (r < 0)
                return error_set(reterr, r, "list '" STATE_DIR_NAME "'");
        STRV_FOREACH (name, there)
                if (!removal_has(&removal->containers, *name) && !streq(*name, TRASH_DIR) &&
                    !streq(*name, STATE_DIR_VOLUMES))
                        removal_add(&removal->others, *name);
        return 0;
}

int removal_refuse_used(const Removal *removal, Error *reterr) {
        return shared_refuse_used(removal->project, removal->guarded, reterr);
}

/* What else uses the volumes, the main work tree's own specification tells. */
static int refuse_volumes_of_main(const Project *project, char *const *names, Error *reterr) {
        int r;

        if (!project->worktree || !names)
                return 0;
        r = error_raise(reterr, FC_EXIT_CONFLICT,
                        "'%s' is shared, and its volumes are removed in the main work tree '%s'", names[0],
                        project->root);
        error_add_hint(reterr, "there: flake-containers down -v %s", names[0]);
        return r;
}

int removal_plan(Project *project, char *const *names, RemovalScope scope, bool volumes, bool orphans,
                 Removal *ret, Error *reterr) {
        int r;

        *ret = (Removal){.project = project, .scope = scope, .names = strv_copy(names), .orphans = orphans};
        if (project->state.fd < 0)
                return 0;
        if (scope != REMOVAL_ROOTS || volumes)
                ret->guarded = strv_copy(names);
        r = removal_check_ours(project, scope, reterr);
        if (r >= 0 && volumes)
                r = refuse_volumes_of_main(project, names, reterr);
        if (r >= 0)
                r = removal_refuse_used(ret, reterr);
        if (r >= 0)
                r = removal_plan_containers(ret, names, reterr);
        if (r >= 0 && volumes)
                r = removal_plan_volumes(ret, reterr);
        if (r >= 0 && scope == REMOVAL_PROJECT)
                r = removal_plan_others(ret, reterr);
        return r;
}

/* ---- whether it is so still ---- */

/* @others: volumes of containers that are not in the plan */
static int removal_refuse_new(const Removal *removal, char *const *others, Error *reterr) {
        _cleanup_strv_ char **there = NULL, **volumes = NULL;
        int r = state_dir_list(&removal->project->state, &there, reterr);

        if (r >= 0)
                r = state_dir_volumes_list(&removal->project->state, &volumes, reterr);
        if (r < 0)
                return r;
        STRV_FOREACH (name, there)
                if (!removal_has(&removal->containers, *name) && !removal_has(&removal->others, *name))
                        return error_raise(reterr, FC_EXIT_CONFLICT,
                                           "another command has made container '%s' meanwhile", *name);
        STRV_FOREACH (name, volumes)
                if (!removal_has(&removal->volumes, *name) && !strv_contains(others, *name))
                        return error_raise(reterr, FC_EXIT_CONFLICT,
                                           "another command has made volume '@%s' meanwhile", *name);
        return 0;
}

static int removal_look_again(const Removal *removal, Error *reterr) {
        _cleanup_strv_ char **ours = NULL, **others = NULL;
        int r;

        r = removal_find_uses(removal, &ours, &others, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < removal->volumes.n; i++)
                if (strv_contains(others, removal->volumes.entries[i].name))
                        return error_raise(reterr, FC_EXIT_CONFLICT,
                                           "another container has begun to use volume '@%s' meanwhile",
                                           removal->volumes.entries[i].name);
        return removal->scope == REMOVAL_PROJECT ? removal_refuse_new(removal, others, reterr) : 0;
}

int removal_refuse_changed(const Removal *removal, Error *reterr) {
        int r;

        if (removal->volumes.n == 0 && removal->scope != REMOVAL_PROJECT)
                return 0;
        r = removal_look_again(removal, reterr);
        if (r < 0)
                error_add_hint(reterr, "nothing was removed: the same command again says what is there now");
        return r;
}

/* ---- showing it ---- */

static int removal_measure_below(int dir_fd, const char *path, RemovalEntry *entry, const char *name,
                                 Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r = fs_open_beneath_optional(dir_fd, path, O_RDONLY | O_DIRECTORY, &fd, reterr);

        return r < 0 || fd < 0 ? r : disk_use(fd, name, &entry->size, reterr);
}

int removal_measure(Removal *removal, Error *reterr) {
        int fd = removal->project->state.fd, r = 0;

        for (size_t i = 0; r >= 0 && i < removal->containers.n; i++) {
                RemovalEntry *e = &removal->containers.entries[i];

                r = removal->scope == REMOVAL_ROOTS ? removal_measure_below(fd, e->name, e, "root", reterr)
                                                    : disk_use(fd, e->name, &e->size, reterr);
        }
        for (size_t i = 0; r >= 0 && i < removal->volumes.n; i++) {
                RemovalEntry *e = &removal->volumes.entries[i];

                r = removal_measure_below(fd, STATE_DIR_VOLUMES, e, e->name, reterr);
        }
        for (size_t i = 0; r >= 0 && i < removal->others.n; i++) {
                RemovalEntry *e = &removal->others.entries[i];

                r = disk_use(fd, e->name, &e->size, reterr);
        }
        removal->measured = r >= 0;
        return r;
}

static const char *removal_what(const Removal *removal) {
        return removal->scope == REMOVAL_ROOTS ? "its root" : "its root, state and logs";
}

static void removal_add_row(const Removal *removal, Table *table, const char *name, const RemovalEntry *e,
                            const char *what) {
        char size[FORMAT_SIZE_MAX];
        const char *cells[] = {name, removal->measured ? format_size(size, e->size) : NULL, what};

        table_add_row(table, cells);
}

int removal_print(const Removal *removal, FILE *out, Error *reterr) {
        static const char *const headers[] = {"REMOVE", "SIZE", "WHAT", NULL};
        _cleanup_(table_freep) Table *table = table_new(headers);
        int r;

        for (size_t i = 0; i < removal->containers.n; i++)
                removal_add_row(removal, table, removal->containers.entries[i].name,
                                &removal->containers.entries[i], removal_what(removal));
        for (size_t i = 0; i < removal->volumes.n; i++) {
                _cleanup_free_ char *name = xasprintf("@%s", removal->volumes.entries[i].name);

                removal_add_row(removal, table, name, &removal->volumes.entries[i], "a volume");
        }
        for (size_t i = 0; i < removal->others.n; i++)
                removal_add_row(removal, table, removal->others.entries[i].name, &removal->others.entries[i],
                                "of the project");
        r = table_print(table, out);
        return r < 0 ? error_set(reterr, r, "print what is removed") : 0;
}

static Json *removal_entries_json(const Removal *removal, const RemovalEntries *entries) {
        Json *array = json_new_array();

        for (size_t i = 0; i < entries->n; i++) {
                Json *o = json_new_object();

                json_add_string(o, "name", entries->entries[i].name);
                if (removal->measured)
                        json_add_uint(o, "size", entries->entries[i].size);
                json_append(array, o);
        }
        return array;
}

int removal_print_json(const Removal *removal, Error *reterr) {
        _cleanup_(json_freep) Json *document = json_new_object();
        _cleanup_free_ char *text = NULL;

        json_add_string(document, "removes",
                        removal->scope == REMOVAL_PROJECT ? "project"
                        : removal->scope == REMOVAL_ROOTS ? "roots"
                                                          : "state");
        json_add(document, "containers", removal_entries_json(removal, &removal->containers));
        json_add(document, "volumes", removal_entries_json(removal, &removal->volumes));
        json_add(document, "others", removal_entries_json(removal, &removal->others));
        text = json_print(document, /* pretty= */ true);
        return puts(text) < 0 ? error_set(reterr, errno, "print what is removed") : 0;
}

int removal_show(Removal *removal, Error *reterr) {
        /* Only root can read all of a root. */
        int r = geteuid() == 0 ? removal_measure(removal, reterr) : 0;

        if (r >= 0)
                r = removal->project->globals->json ? removal_print_json(removal, reterr)
                                                    : removal_print(removal, stdout, reterr);
        return r < 0 ? r : FC_EXIT_OK;
}
