/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "context/project-open.h"
#include "context/shared-use.h"
#include "context/shared.h"
#include "fleet/fleet.h"
#include "ops/holder.h"
#include "running/connection.h"
#include "running/running.h"
#include "screen/error-print.h"
#include "spec/dependency.h"
#include "storage/instance-life.h"

/* What is held. */
typedef struct Holder {
        const HolderOptions *options;
        Project project;
        Instance instance;
        Project home;  /* of a linked work tree: the one that has the shared containers, */
        char **shared; /* which for this are used there; NULL: none is */
        char **used;   /* those that its own work tree has not used before */
        char **names;  /* with what they depend on */
        char **asked;
        char **before;        /* ran already */
        char **began;         /* was started for this, */
        uint64_t *began_usec; /* as the state of each says */
        int ready_fd, life_fd;
} Holder;

static void hold_done(Holder *h) {
        strv_free(h->shared);
        strv_free(h->used);
        project_done(&h->home);
        strv_free(h->names);
        strv_free(h->asked);
        strv_free(h->before);
        strv_free(h->began);
        free(h->began_usec);
        project_done(&h->project);
        (void) safe_close(h->ready_fd);
}

/* ---- the other process ---- */

static bool has_ended(int life_fd) {
        struct pollfd fd = {.fd = life_fd, .events = POLLIN};

        return poll(&fd, 1, 0) > 0;
}

/* Its end is an interrupt for what is being started: the kernel sends SIGTERM. */
static int hold_watch(const Holder *h, Error *reterr) {
        process_block_interrupts(NULL);
        (void) signal(SIGPIPE, SIG_IGN);
        if (fcntl(h->life_fd, F_SETOWN, getpid()) < 0 || fcntl(h->life_fd, F_SETSIG, SIGTERM) < 0 ||
            fcntl(h->life_fd, F_SETFL, O_ASYNC) < 0)
                return error_set(reterr, errno, "watch the command");
        return has_ended(h->life_fd) ? error_raise(reterr, FC_EXIT_INTERRUPTED, "interrupted") : 0;
}

static void hold_wait(const Holder *h) {
        char ignored[64];
        ssize_t n;

        (void) fcntl(h->life_fd, F_SETFL, 0);
        do
                n = read(h->life_fd, ignored, sizeof(ignored));
        while (n > 0 || (n < 0 && errno == EINTR));
}

/* Those that have come are forgotten: they were for the command. @ignore: those that will come as well. */
static void drop_interrupts(bool ignore) {
        static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

        for (size_t i = 0; i < ELEMENTSOF(signals); i++) {
                (void) signal(signals[i], SIG_IGN);
                if (!ignore)
                        (void) signal(signals[i], SIG_DFL);
        }
}

static int hold_tell(int fd, const char *text, Error *reterr) {
        int r = fs_write_all(fd, text, strlen(text) + 1);

        return r < 0 ? error_set(reterr, r, "tell the command") : 0;
}

static int hold_tell_ready(Holder *h, Error *reterr) {
        _cleanup_strv_ char **variables = NULL;
        int r = connection_gather(&h->project, h->names, /* all= */ true, &variables, reterr);

        if (r >= 0 && h->options->fresh) {
                _cleanup_free_ char *text = xasprintf(HOLDER_VARIABLE "=%s", h->project.state.instance);

                r = hold_tell(h->ready_fd, text, reterr);
        }
        STRV_FOREACH (variable, variables)
                if (r >= 0)
                        r = hold_tell(h->ready_fd, *variable, reterr);
        if (r >= 0)
                r = hold_tell(h->ready_fd, "", reterr);
        h->ready_fd = safe_close(h->ready_fd);
        return r;
}

/* ---- the containers ---- */

static int hold_look(Holder *h, Error *reterr) {
        int r = facts_require(&h->project.facts, FACTS_CGROUP, reterr);

        STRV_FOREACH (name, h->names) {
                MachineStatus status;

                if (r >= 0)
                        r = running_query(&h->project, *name, &status, reterr);
                if (r >= 0 && status.running)
                        strv_push(&h->before, *name);
        }
        return r;
}

/* They come first, since others may need them. */
static int hold_start_shared(Holder *h, Error *reterr) {
        FleetOptions options = FLEET_OPTIONS("with");
        _cleanup_(fleet_freep) Fleet *fleet = NULL;
        int r = shared_open(&h->project, &h->home, reterr);

        if (r >= 0)
                r = shared_use(&h->home, h->project.elsewhere, "with", &h->shared, reterr);
        if (r < 0)
                return r;
        options.ready_timeout_usec = h->options->timeout_usec;
        fleet = fleet_new(&options, &h->home);
        return fleet_bring_up(fleet, h->project.elsewhere, h->project.elsewhere, /* restart= */ false,
                              reterr);
}

static int hold_start(Holder *h, Error *reterr) {
        FleetOptions options = FLEET_OPTIONS("with");
        _cleanup_(fleet_freep) Fleet *fleet = NULL;
        int r = h->project.elsewhere ? hold_start_shared(h, reterr) : FC_EXIT_OK;

        if (r == FC_EXIT_OK)
                r = shared_use(&h->project, h->names, "with", &h->used, reterr);
        if (r != FC_EXIT_OK)
                return r;
        options.says = h->options->updates;
        options.ready_timeout_usec = h->options->timeout_usec;
        fleet = fleet_new(&options, &h->project);
        r = fleet_bring_up(fleet, h->names, h->asked, /* restart= */ false, reterr);
        STRV_FOREACH (name, h->names) {
                size_t n = strv_length(h->began);
                uint64_t started_usec;

                if (strv_contains(h->before, *name) || !fleet_has_begun(fleet, *name, &started_usec))
                        continue;
                *XGROW(h->began_usec, n) = started_usec;
                strv_push(&h->began, *name);
        }
        return r;
}

/* Those that no other command has started anew meanwhile; owned by the caller. */
static char **hold_still_ours(const Holder *h) {
        char **names = NULL;

        for (size_t i = 0; h->began && h->began[i]; i++) {
                _cleanup_(container_state_freep) ContainerState *state = NULL;

                /* `down` tells of a state that cannot be read. */
                if (project_load_state(&h->project, h->began[i], &state, NULL) < 0 ||
                    (state && state->started_usec == h->began_usec[i]))
                        strv_push(&names, h->began[i]);
        }
        return names;
}

/* @names: taken; those that other work trees use are left. */
static int hold_stop(Project *project, char **names, Error *reterr) {
        FleetOptions options = FLEET_OPTIONS("with");
        _cleanup_(fleet_freep) Fleet *fleet = NULL;
        _cleanup_(shared_stop_done) SharedStop shared = SHARED_STOP_NULL;
        _cleanup_strv_ char **stopped = names;
        int r = names ? shared_stop_begin(project, &stopped, "with", &shared, reterr) : 0;

        if (r < 0 || !stopped)
                return r < 0 ? r : FC_EXIT_OK;
        options.interrupted = true;
        fleet = fleet_new(&options, project);
        r = fleet_take_down(fleet, stopped, reterr);
        r = shared_stop_end(project, &shared, r, reterr);
        return r < 0 ? r : fleet_report(fleet);
}

/* Return: the exit status, or a negative errno. */
static int hold_put_away(Holder *h, Error *reterr) {
        _cleanup_strv_ char **names = NULL;
        int r, shared;

        drop_interrupts(h->options->fresh);
        if (h->options->fresh)
                return instance_end(&h->project, &h->instance, reterr);
        if (h->options->stays || h->options->updates)
                return FC_EXIT_OK;
        names = hold_still_ours(h);
        STRV_FOREACH (name, h->used)
                if (!strv_contains(names, *name))
                        strv_push(&names, *name);
        r = hold_stop(&h->project, TAKE_PTR(names), reterr);
        shared = r >= 0 ? hold_stop(&h->home, TAKE_PTR(h->shared), reterr) : r;
        return r != FC_EXIT_OK ? r : shared;
}

static int hold_hold(Holder *h, Error *reterr) {
        int r = hold_look(h, reterr);

        if (r >= 0)
                r = hold_start(h, reterr);
        if (r != FC_EXIT_OK)
                return r;
        r = hold_tell_ready(h, reterr);
        if (r >= 0)
                hold_wait(h);
        return r;
}

static int hold_begin(Holder *h, const ProjectRequest *request, char *const *names, Error *reterr) {
        ProjectRequest parted = *request;
        int r = hold_watch(h, reterr);

        parted.fresh = h->options->fresh;
        parted.part = PART_NEEDED;
        if (r >= 0)
                r = project_open_selected(&parted, names, &h->project, &h->asked, reterr);
        if (r >= 0 && h->options->updates)
                r = instance_check_update(&h->project, reterr);
        if (r < 0)
                return r;
        h->names = dependencies_order(h->project.spec, h->asked);
        return h->options->fresh ? instance_begin(&h->project, h->names, h->asked, names && names[0],
                                                  h->options->label, &h->instance, reterr)
                                 : 0;
}

int holder_run(const ProjectRequest *request, const HolderOptions *options, char *const *names, int ready_fd,
               int life_fd, Error *reterr) {
        _cleanup_(hold_done) Holder h = {
                .options = options,
                .project = PROJECT_NULL,
                .home = PROJECT_NULL,
                .instance = INSTANCE_NULL,
                .ready_fd = ready_fd,
                .life_fd = life_fd,
        };
        _cleanup_(error_done) Error error = ERROR_NULL;
        int r = hold_begin(&h, request, names, reterr), k;

        if (r >= 0)
                r = hold_hold(&h, reterr);
        k = hold_put_away(&h, &error);
        if (k >= 0)
                return r != FC_EXIT_OK ? r : k;
        if (r != FC_EXIT_OK) {
                report_error(stderr, &error, h.project.progress);
                return r;
        }
        error_move(reterr, &error);
        return k;
}
