/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "ops/snapshot-restore.h"
#include "project/snapshot-apply.h"
#include "storage/snapshot-text.h"

/* `up --from`: which part of a snapshot, and whether that may be put in place. */
typedef struct From {
        const Project *project;
        const char *label;
        SnapshotManifest *manifest; /* of the whole snapshot */
        char **names;               /* those that are made from it */
        char **there;               /* what would be replaced, a line each */
} From;

static void from_done(From *f) {
        (void) snapshot_manifest_free(f->manifest);
        strv_free(f->names);
        strv_free(f->there);
}

static int from_load(From *f, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r = snapshot_label_check(f->label, reterr);

        if (r >= 0)
                r = snapshots_open(&f->project->state, &fd, reterr);
        if (r >= 0 && fd >= 0)
                r = snapshot_load(fd, f->label, &f->manifest, reterr);
        if (r < 0)
                return r;
        return f->manifest ? 0 : snapshot_raise_missing(fd, f->label, reterr);
}

/* What there is already of one of them. */
static int from_find(const From *f, char *const *names, char ***ret, Error *reterr) {
        _cleanup_(snapshot_manifest_freep) SnapshotManifest *part =
                snapshot_manifest_select(f->manifest, names);

        return snapshot_apply_find(&f->project->state, part, ret, reterr);
}

static int from_add_dependency(From *f, char *name, Error *reterr) {
        char *const one[] = {name, NULL};
        _cleanup_strv_ char **there = NULL;
        int r = from_find(f, one, &there, reterr);

        if (r >= 0 && !there)
                strv_push(&f->names, name);
        return r;
}

static int from_choose(From *f, char *const *names, char *const *asked, bool named, Error *reterr) {
        STRV_FOREACH (name, names) {
                bool has = snapshot_manifest_container(f->manifest, *name);
                bool wanted = strv_contains(asked, *name);
                int r = 0;

                if (wanted && has)
                        strv_push(&f->names, *name);
                else if (wanted && named)
                        r = snapshot_raise_without(f->manifest, f->label, *name, reterr);
                else if (has)
                        r = from_add_dependency(f, *name, reterr);
                if (r < 0)
                        return r;
        }
        if (!asked)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "no container of this project would begin with what snapshot '%s' has",
                                   f->label);
        if (!f->names)
                return snapshot_raise_without(f->manifest, f->label, asked[0], reterr);
        return from_find(f, f->names, &f->there, reterr);
}

static int from_dry_run(const From *f) {
        if (f->project->globals->json)
                return FC_EXIT_OK;
        STRV_FOREACH (name, f->names)
                (void) printf("%s: from snapshot '%s'\n", *name, f->label);
        STRV_FOREACH (line, f->there)
                (void) printf("  replaced: %s\n", *line);
        return FC_EXIT_OK;
}

static int from_ask(const From *f, SnapshotAsk ask, void *userdata, Error *reterr) {
        int r;

        STRV_FOREACH (line, f->there)
                (void) fprintf(stderr, "  %s\n", *line);
        r = ask(userdata, reterr);
        if (r == 0)
                (void) fputs("nothing was changed\n", stderr);
        return r;
}

int snapshot_start_from(Project *project, char *const *names, char *const *asked, bool named,
                        const char *label, SnapshotAsk ask, void *userdata, Error *reterr) {
        _cleanup_(from_done) From f = {.project = project, .label = label};
        int r;

        r = from_load(&f, reterr);
        if (r >= 0)
                r = from_choose(&f, names, asked, named, reterr);
        if (r < 0)
                return r;
        if (project->globals->dry_run)
                return from_dry_run(&f);
        if (f.there) {
                r = from_ask(&f, ask, userdata, reterr);
                if (r <= 0)
                        return r < 0 ? r : FC_EXIT_INTERRUPTED;
        }
        return snapshot_restore_part(project, f.names, label, /* fresh= */ !f.there, reterr);
}
