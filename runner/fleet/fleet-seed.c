/* SPDX-License-Identifier: MIT */

#include <unistd.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "fleet/failure-evidence.h"
#include "fleet/fleet-order.h"
#include "fleet/fleet-record.h"
#include "fleet/fleet-seed.h"
#include "image/made-image.h"
#include "resources/resource-sources.h"
#include "running/running.h"
#include "spec/path.h"
#include "spec/seed.h"
#include "storage/removal.h"

void member_seed_done(Member *m) {
        m->seed_job = seed_job_free(m->seed_job);
        for (size_t i = 0; m->seed_files && i < m->at->spec->n_seed; i++)
                (void) safe_close(m->seed_files[i]);
        free(m->seed_files);
        m->seed_files = NULL;
        strv_free(m->fresh_volumes);
        seed_outlook_done(&m->seed);
}

/* ---- before the start ---- */

static void member_tell_seed(const Member *m) {
        const Project *project = m->fleet->project;
        _cleanup_free_ char *text = NULL, *reset = NULL, *anew = NULL, *operands = NULL;

        if (m->seed.changed) {
                operands = xasprintf("--volumes %s", m->at->name);
                reset = project_command(project, "reset", operands);
                text = xasprintf("%s: its seed has changed since it was run; to run it on fresh data: %s",
                                 m->at->name, reset);
        } else if (seed_outlook_discards(&m->seed)) {
                anew = seed_describe_discards(m->seed.discards_root, m->seed.discards_volumes);
                text = xasprintf("%s: its seed has not succeeded, it begins again with %s", m->at->name,
                                 anew);
        } else if (m->seed.begun)
                text = xasprintf("%s: its seed has not succeeded, it is run again on the data that is there",
                                 m->at->name);
        if (text)
                progress_note(m->fleet->progress, text);
}

int member_look_at_seed(Member *m, Error *reterr) {
        int r = seed_look(m->fleet->project, m->at->spec, m->resources.container_fd, &m->seed, reterr);

        if (r >= 0 && m->seed.stale)
                r = seed_note_used(m->fleet->project, m->at->spec, m->resources.container_fd, reterr);
        /* A change puts other data there, perhaps of a time when it was seeded. */
        if (r >= 0 && m->fleet->change)
                seed_outlook_done(&m->seed);
        return r;
}

void member_settle_seed(Member *m) {
        if (m->fleet->options.no_wait && !member_is_awaited(m))
                seed_outlook_done(&m->seed);
        else
                member_tell_seed(m);
}

static int seed_open_file(const Project *project, const SeedStep *step, Error *reterr) {
        bool below = step->sql[0] != '/';
        _cleanup_free_ char *path =
                below ? xasprintf("%s/%s", project->root, step->sql) : xstrdup(step->sql);

        return resource_open_readable(&project->sources, "seed", path, below ? step->sql : NULL, reterr);
}

static int member_open_seed_files(Member *m, Error *reterr) {
        const ContainerSpec *spec = m->at->spec;
        int r;

        m->seed_files = xnew0(int, spec->n_seed);
        for (size_t i = 0; i < spec->n_seed; i++)
                m->seed_files[i] = -EBADF;
        for (size_t i = 0; i < spec->n_seed; i++) {
                if (!spec->seed[i].sql)
                        continue;
                r = m->seed_files[i] = seed_open_file(m->fleet->project, &spec->seed[i], reterr);
                if (r < 0)
                        return error_prefix(reterr, r, "containers.%s.seed[%zu].sql", spec->name, i);
        }
        return 0;
}

int member_prepare_seed(Member *m, Error *reterr) {
        int r = m->seed.wanted ? project_open_sources(m->fleet->project, reterr) : 0;

        if (r >= 0 && m->seed.wanted && !m->seed_files)
                r = member_open_seed_files(m, reterr);
        if (r >= 0 && m->seed.discards_root && made_image_word(m->at->spec) &&
            m->resources.image_lock_fd < 0)
                r = made_image_make(m->plan, &m->fleet->project->sources, m->resources.container_fd,
                                    m->fleet->progress, &m->resources.image_lock_fd, reterr);
        if (r >= 0 && m->seed.discards_root && m->plan->image && m->resources.image_fd < 0)
                r = m->resources.image_fd =
                        resource_open_image(&m->fleet->project->sources, m->plan, reterr);
        return r < 0 ? error_about_container(reterr, r, m->at->name) : 0;
}

int member_discard_seed(Member *m, Error *reterr) {
        int r;

        if (!seed_outlook_discards(&m->seed))
                return 0;
        r = seed_discard(m->fleet->project, m->at->spec, m->resources.container_fd, &m->seed, reterr);
        if (r < 0)
                return error_in_container(reterr, r, m->at->name);
        m->seed.discards_root = false;
        m->seed.discards_volumes = strv_free(m->seed.discards_volumes);
        /* At once: it may be what has filled the disk. */
        return removal_finish(m->fleet->project, /* wait= */ true, reterr);
}

int member_note_fresh(Member *m, Error *reterr) {
        for (size_t i = 0; m->at->spec->n_seed > 0 && i < m->plan->n_mounts; i++) {
                const PlanMount *mount = &m->plan->mounts[i];
                bool fresh;
                int r;

                if (mount->kind != PLAN_MOUNT_NAMED_VOLUME && !plan_mount_is_overlay(mount))
                        continue;
                r = resource_is_fresh(&m->fleet->project->state, mount, &fresh, reterr);
                if (r < 0)
                        return error_in_container(reterr, r, m->at->name);
                if (fresh)
                        strv_push(&m->fresh_volumes, resource_volume_name(mount));
        }
        return 0;
}

/* ---- when it is ready ---- */

static void member_on_seed_step(size_t step, void *userdata) {
        Member *m = userdata;
        const ContainerSpec *spec = m->at->spec;
        _cleanup_free_ char *text =
                xasprintf("%zu/%zu %s", step + 1, spec->n_seed, seed_step_name(&spec->seed[step]));

        progress_update(m->fleet->progress, m->at->name, PHASE_SEEDING, text);
}

static bool member_has_fresh_root(const Member *m) {
        return m->prepared == PREPARED_ROOT && !m->old_root;
}

static void member_on_seed_end(const SeedResult *result, void *userdata) {
        Member *m = userdata;
        void (*done)(Member * m) = m->seed_finish;

        /* When the container has ended, the step has with it, and that end is what is told. */
        if (!result->succeeded && m->ready_job && !ready_job_holds(m->ready_job))
                return;
        if (!result->succeeded)
                failure_explain_seed(m, result, &m->at->error);
        else if (seed_note_done(m->fleet->project, m->at->spec, m->resources.container_fd, &m->at->error) >=
                 0)
                progress_update(m->fleet->progress, m->at->name, PHASE_SEEDED, NULL);
        m->seed_job = seed_job_free(m->seed_job);
        done(m);
}

static int member_begin_seed(Member *m, Error *reterr) {
        const Project *project = m->fleet->project;
        const ContainerSpec *spec = m->at->spec;
        SeedRequest request = {
                .event = m->fleet->watch.event,
                .container = m->at->name,
                .payload_cgroup_fd = -EBADF,
                .steps = spec->seed,
                .n_steps = spec->n_seed,
                .files = m->seed_files,
                .progress = member_on_seed_step,
                .done = member_on_seed_end,
                .userdata = m,
        };
        MachineStatus status;
        int r;

        r = running_query(project, m->at->name, &status, reterr);
        if (r < 0)
                return r;
        request.leader = status.leader;
        if (!spec->init) {
                r = request.payload_cgroup_fd = machine_open_payload_cgroup(
                        &status, project->facts.cgroup_root, m->at->machine, reterr);
                if (r < 0)
                        return error_in_container(reterr, r, m->at->name);
        }
        r = seed_job_new(&request, &m->seed_job, reterr);
        return r < 0 ? error_in_container(reterr, r, m->at->name) : 0;
}

int member_seed(Member *m, void (*done)(Member *m), Error *reterr) {
        Project *project = m->fleet->project;
        const ContainerSpec *spec = m->at->spec;
        int r;

        if (spec->n_seed == 0 || (member_runs_on(m) && !m->seed.wanted))
                return 0;
        seed_outlook_done(&m->seed);
        r = seed_look(project, spec, m->resources.container_fd, &m->seed, reterr);
        if (r < 0 || !m->seed.wanted)
                return r;
        m->seeding = true;
        m->seed_finish = done;
        if (m->seed_broken) {
                r = error_raise(reterr, FC_EXIT_FAILED, "it started again while its seed ran");
                return error_in_container(reterr, r, m->at->name);
        }
        if (!m->seed_files) {
                r = project_open_sources(project, reterr);
                if (r >= 0)
                        r = member_open_seed_files(m, reterr);
        }
        /* An earlier beginning may have read them. */
        for (size_t i = 0; r >= 0 && i < spec->n_seed; i++)
                if (m->seed_files[i] >= 0)
                        (void) lseek(m->seed_files[i], 0, SEEK_SET);
        if (r >= 0)
                r = seed_note_begin(project, spec, m->resources.container_fd, member_has_fresh_root(m),
                                    m->fresh_volumes, reterr);
        if (r >= 0 && m->state)
                r = member_save_state(m, PHASE_SEEDING, NULL, reterr);
        if (r >= 0)
                r = member_begin_seed(m, reterr);
        return r < 0 ? r : 1;
}

void member_break_seed(Member *m) {
        m->seed_broken = m->seed_broken || m->seed_job;
        m->seed_job = seed_job_free(m->seed_job);
}
