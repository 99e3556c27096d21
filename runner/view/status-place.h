/* SPDX-License-Identifier: MIT */
#pragma once

/* What happens to containers of one project, for `status --watch`: what is written down of them, their ends,
 * and what their systemds signal. It says that there is something to look at, and not what. */

#include "context/project.h"
#include "logs/path-watch.h"
#include "running/health.h"
#include "running/watch.h"

typedef struct StateFile StateFile;

typedef struct StatusPlace {
        sd_event *event; /* borrowed */
        void (*changed)(void *userdata);
        void *userdata;
        Project project; /* that has them: opened for status_place_begin() */
        char *root;      /* of the project; NULL: nothing is watched */
        char **names;    /* of the containers */
        HealthWatch *health;
        MachineWatch machines; /* for their ends, which come after what is written of them */
        StateFile *files;      /* one for each */
        size_t n_files;
        PathWatch *log; /* of events; NULL: the caller follows it */
        int log_fd;     /* kept, see logs/path-watch.h */
        sd_event_source *written;
} StatusPlace;

#define STATUS_PLACE_NULL ((StatusPlace){.project = PROJECT_NULL, .log_fd = -EBADF})

/* Does it watch these, and no others? */
bool status_place_has(const StatusPlace *place, const char *root, char *const *names);

/* Begins to watch containers of its `project`, which is at @root. @logs: also its log of events. After a
 * failure, too, status_place_done() empties it. */
int status_place_begin(StatusPlace *place, const char *root, char *const *names, bool logs, Error *reterr);

/* To be called at each look: a machine that runs since then is waited for. What cannot be watched is shown
 * as it is when something else happens. */
void status_place_follow_ends(StatusPlace *place);

/* There was an event of that container. */
void status_place_look(StatusPlace *place, const char *container);

/* It can begin anew. */
void status_place_done(StatusPlace *place);
