/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/strv.h"
#include "context/event-note.h"
#include "context/locks.h"
#include "ops/pause.h"
#include "running/freeze.h"
#include "running/running.h"
#include "state/runtime-dir.h"
#include "view/dry-run.h"

typedef struct Pause {
        Project *project;
        Progress *progress;
        PauseWay way;
        int runtime_fd; /* of the project */
} Pause;

/* Return: 1 when it stood still and goes on, whatever the reason, 0 when it did not. */
static int unpause_one(const Pause *p, const char *name, const MachineStatus *status, const char *machine,
                       Error *reterr) {
        int r, k = 0;

        /* A snapshot that was killed has left that of the payload alone. */
        r = freeze_recover(p->project, name, status, p->runtime_fd, reterr);
        if (r >= 0 && status->frozen)
                k = machine_unpause(status, p->project->facts.cgroup_root, machine, reterr);
        return r < 0 ? r : k < 0 ? k : r > 0 || status->frozen;
}

static int pause_one(const Pause *p, const char *name, Error *reterr) {
        _cleanup_free_ char *machine = project_machine(p->project, name);
        const char *mount = p->project->facts.cgroup_root;
        Phase phase = p->way == PAUSE_STOP_STILL ? PHASE_PAUSED : PHASE_UNPAUSED;
        MachineStatus status;
        int r;

        r = running_query(p->project, name, &status, reterr);
        if (r < 0)
                return r;
        if (!status.running)
                return running_raise_not(p->project, name, reterr);
        r = 0;
        if (p->way != PAUSE_STOP_STILL)
                r = unpause_one(p, name, &status, machine, reterr);
        else if (!status.frozen) {
                r = machine_pause(&status, mount, machine, reterr);
                r = r < 0 ? r : 1;
        }
        if (r < 0)
                return error_in_container(reterr, r, name);
        if (r == 0) {
                progress_update(p->progress, name, PHASE_UNCHANGED,
                                p->way == PAUSE_STOP_STILL ? "already paused" : "not paused");
                return 0;
        }
        event_note(p->project, name, phase, NULL);
        progress_update(p->progress, name, phase, NULL);
        return 0;
}

static int pause_all(Pause *p, char *const *names, Error *reterr) {
        _cleanup_close_ int runtime_fd = -EBADF;
        Lock *locks;
        int r;

        runtime_fd = runtime_dir_make(RUNTIME_DIR_BASE, p->project->id, p->project->state.user.uid, reterr);
        if (runtime_fd < 0)
                return runtime_fd;
        p->runtime_fd = runtime_fd;
        /* A command that starts one, or saves it, would find it standing still. */
        r = locks_take(
                &(LocksRequest){
                        .runtime_fd = runtime_fd,
                        .verb = p->way == PAUSE_STOP_STILL ? "pause" : "unpause",
                        .names = names,
                        .progress = p->progress,
                },
                &locks, reterr);
        if (r < 0)
                return r;
        STRV_FOREACH (name, names)
                if (r >= 0)
                        r = pause_one(p, *name, reterr);
        progress_finish(p->progress);
        (void) locks_free(locks, strv_length(names));
        return r < 0 ? r : FC_EXIT_OK;
}

static int pause_choose(const Project *project, char *const *names, char ***ret, Error *reterr) {
        STRV_FOREACH (name, names) {
                MachineStatus status;
                int r = running_query(project, *name, &status, reterr);

                if (r < 0)
                        return r;
                if (status.running)
                        strv_push(ret, *name);
        }
        return 0;
}

int pause_run(Project *project, char *const *names, bool named, PauseWay way, Error *reterr) {
        _cleanup_(progress_freep) Progress *progress = progress_new(project->progress, stderr, names);
        Pause p = {project, progress, way, -EBADF};
        _cleanup_strv_ char **running = NULL;
        int r;

        r = facts_require(&project->facts, FACTS_CGROUP, reterr);
        if (r >= 0 && !named)
                r = pause_choose(project, names, &running, reterr);
        if (r < 0)
                return r;
        if (!named)
                names = running;
        if (project->globals->dry_run)
                return dry_run_say(project, names, way == PAUSE_STOP_STILL ? "pause" : "unpause");
        if (!names) {
                progress_note(progress, "nothing runs");
                return FC_EXIT_OK;
        }
        return pause_all(&p, names, reterr);
}
