/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "context/named-volumes.h"
#include "project/snapshot-dir.h"
#include "spec/seed.h"
#include "spec/volume.h"
#include "state/trash.h"
#include "storage/seed-places.h"

void seed_outlook_done(SeedOutlook *outlook) {
        strv_free(outlook->discards_volumes);
        *outlook = (SeedOutlook){};
}

/* What is done with each place. */
typedef struct SeedVisit {
        Project *project;
        const ContainerSpec *spec;
        int (*visit)(struct SeedVisit *visit, const char *volume, int fd, Error *reterr);
        SeedOutlook outlook;
        bool done;        /* what decides says that it was */
        uint64_t hash;    /* by these steps */
        SeedPhase writes; /* for all places, */
        bool fresh_root;  /* but for these */
        char *const *fresh_volumes;
} SeedVisit;

static bool is_written(const Volume *v) {
        return (v->source[0] == '@' || v->overlay) && !v->read_only && !v->once;
}

static bool seed_has_volumes(const ContainerSpec *spec) {
        for (size_t i = 0; i < spec->n_volumes; i++)
                if (is_written(&spec->volumes[i]))
                        return true;
        return false;
}

static int seed_visit_one(SeedVisit *v, int dir_fd, const char *name, const char *volume, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r = fs_open_beneath_optional(dir_fd, name, O_RDONLY | O_DIRECTORY, &fd, reterr);

        return r < 0 || fd < 0 ? r : v->visit(v, volume, fd, reterr);
}

static int seed_visit_volumes(SeedVisit *v, int volumes_fd, Error *reterr) {
        const ContainerSpec *spec = v->spec;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < spec->n_volumes; i++) {
                _cleanup_free_ char *name = is_written(&spec->volumes[i])
                                                    ? volume_kept_name(spec->name, &spec->volumes[i])
                                                    : NULL;

                if (name)
                        r = seed_visit_one(v, volumes_fd, name, name, reterr);
        }
        return r;
}

/* Those that there are, volumes first. */
static int seed_visit_all(SeedVisit *v, int container_fd, Error *reterr) {
        const ContainerSpec *spec = v->spec;
        _cleanup_close_ int volumes_fd = -EBADF;
        int r = 0;

        if (v->project->state.fd >= 0 && seed_has_volumes(spec))
                r = fs_open_beneath_optional(v->project->state.fd, STATE_DIR_VOLUMES, O_RDONLY | O_DIRECTORY,
                                             &volumes_fd, reterr);
        if (r >= 0 && volumes_fd >= 0)
                r = seed_visit_volumes(v, volumes_fd, reterr);
        if (r >= 0 && container_fd >= 0)
                r = seed_visit_one(v, container_fd, spec->ephemeral ? "ephemeral" : "root", NULL, reterr);
        return r < 0 ? error_in_container(reterr, r, spec->name) : 0;
}

static int seed_on_snapshot(SeedVisit *v, const char *volume, int fd, Error *reterr) {
        SeedMark mark;
        int r = seed_mark_read(fd, v->spec->name, &mark, reterr);

        if (r >= 0 && mark.phase == SEED_DONE) {
                v->done = true;
                v->hash = mark.hash;
        }
        return r;
}

/* What a fresh instance begins as. Of its own places there is nothing yet. */
static int seed_visit_snapshot(SeedVisit *v, Error *reterr) {
        _cleanup_close_ int volumes_fd = -EBADF, roots_fd = -EBADF;
        int snapshot_fd = v->project->snapshot_fd, r = 0;

        if (v->project->state.instance && snapshot_fd >= 0)
                r = volumes_fd =
                        fs_open_beneath(snapshot_fd, SNAPSHOT_VOLUMES, O_RDONLY | O_DIRECTORY, 0, reterr);
        if (volumes_fd < 0)
                return r;
        r = roots_fd = fs_open_beneath(snapshot_fd, SNAPSHOT_ROOTS, O_RDONLY | O_DIRECTORY, 0, reterr);
        v->visit = seed_on_snapshot;
        if (r >= 0)
                r = seed_visit_volumes(v, volumes_fd, reterr);
        if (r >= 0)
                r = seed_visit_one(v, roots_fd, v->spec->name, NULL, reterr);
        return r < 0 ? error_in_container(reterr, r, v->spec->name) : 0;
}

static int seed_on_look(SeedVisit *v, const char *volume, int fd, Error *reterr) {
        SeedMark mark;
        int r = seed_mark_read(fd, v->spec->name, &mark, reterr);

        if (r < 0)
                return r;
        if (mark.phase == SEED_DONE) {
                v->done = true;
                v->hash = mark.hash;
        }
        if (mark.phase == SEED_BEGUN || mark.phase == SEED_BEGUN_FRESH)
                v->outlook.begun = true;
        if (mark.phase != SEED_BEGUN_FRESH)
                return 0;
        if (volume)
                strv_push(&v->outlook.discards_volumes, volume);
        else
                v->outlook.discards_root = true;
        return 0;
}

/* Another container may have put something there. */
static int seed_spare_shared(Project *project, const char *container, SeedOutlook *outlook, Error *reterr) {
        _cleanup_strv_ char **known = NULL, **others = NULL;
        char **own = NULL;
        int r = outlook->discards_volumes ? project_known_names(project, &known, reterr) : 0;

        STRV_FOREACH (name, known)
                if (r >= 0 && !streq(*name, container))
                        r = named_volumes_of(project, *name, &others, reterr);
        STRV_FOREACH (name, outlook->discards_volumes)
                if (!strv_contains(others, *name) && !strv_contains(own, *name))
                        strv_push(&own, *name);
        strv_free(outlook->discards_volumes);
        outlook->discards_volumes = own;
        return r;
}

int seed_look(Project *project, const ContainerSpec *spec, int container_fd, SeedOutlook *ret,
              Error *reterr) {
        SeedVisit v = {.project = project, .spec = spec, .visit = seed_on_look};
        int r;

        r = seed_visit_all(&v, container_fd, reterr);
        if (r >= 0)
                r = seed_visit_snapshot(&v, reterr);
        if (r >= 0 && (v.done || spec->n_seed == 0)) {
                bool stale = seed_outlook_discards(&v.outlook);

                seed_outlook_done(&v.outlook);
                v.outlook.changed = spec->n_seed > 0 && v.hash != seed_hash(spec);
                v.outlook.stale = stale;
        } else if (r >= 0) {
                v.outlook.wanted = true;
                r = seed_spare_shared(project, spec->name, &v.outlook, reterr);
        }
        if (r < 0)
                seed_outlook_done(&v.outlook);
        else
                *ret = v.outlook;
        return r;
}

static int seed_on_write(SeedVisit *v, const char *volume, int fd, Error *reterr) {
        bool fresh = volume ? strv_contains(v->fresh_volumes, volume) : v->fresh_root;
        SeedMark mark = {.phase = v->writes == SEED_BEGUN && fresh ? SEED_BEGUN_FRESH : v->writes,
                         .hash = v->hash};

        if (!volume && v->writes == SEED_DONE && seed_has_volumes(v->spec))
                return seed_mark_remove(fd, v->spec->name, reterr);
        return seed_mark_write(fd, v->spec->name, mark, reterr);
}

int seed_note_begin(Project *project, const ContainerSpec *spec, int container_fd, bool fresh_root,
                    char *const *fresh_volumes, Error *reterr) {
        SeedVisit v = {
                .project = project,
                .spec = spec,
                .visit = seed_on_write,
                .hash = seed_hash(spec),
                .writes = SEED_BEGUN,
                .fresh_root = fresh_root,
                .fresh_volumes = fresh_volumes,
        };

        return seed_visit_all(&v, container_fd, reterr);
}

int seed_note_done(Project *project, const ContainerSpec *spec, int container_fd, Error *reterr) {
        SeedVisit v = {
                .project = project,
                .spec = spec,
                .visit = seed_on_write,
                .hash = seed_hash(spec),
                .writes = SEED_DONE,
        };

        return seed_visit_all(&v, container_fd, reterr);
}

static int seed_on_used(SeedVisit *v, const char *volume, int fd, Error *reterr) {
        return seed_mark_demote(fd, v->spec->name, reterr);
}

int seed_note_used(Project *project, const ContainerSpec *spec, int container_fd, Error *reterr) {
        SeedVisit v = {.project = project, .spec = spec, .visit = seed_on_used};

        return seed_visit_all(&v, container_fd, reterr);
}

int seed_discard(const Project *project, const ContainerSpec *spec, int container_fd,
                 const SeedOutlook *outlook, Error *reterr) {
        _cleanup_close_ int volumes_fd = -EBADF;
        int r = 0;

        if (outlook->discards_volumes)
                r = fs_open_beneath_optional(project->state.fd, STATE_DIR_VOLUMES, O_RDONLY | O_DIRECTORY,
                                             &volumes_fd, reterr);
        STRV_FOREACH (name, outlook->discards_volumes)
                if (r >= 0 && volumes_fd >= 0)
                        r = trash_put(project->state.fd, volumes_fd, *name, reterr);
        /* An ephemeral root is made anew in any case. */
        if (r >= 0 && outlook->discards_root && !spec->ephemeral)
                r = trash_put(project->state.fd, container_fd, "root", reterr);
        return r;
}

char *seed_describe_discards(bool root, char *const *volumes) {
        _cleanup_strv_ char **parts = NULL;

        if (root)
                strv_push(&parts, "a fresh root");
        STRV_FOREACH (name, volumes)
                strv_pushf(&parts, "a fresh @%s", *name);
        return strv_join(parts, ", ");
}
