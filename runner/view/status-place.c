/* SPDX-License-Identifier: MIT */

#include <sys/inotify.h>

#include "base/alloc.h"
#include "base/systemd.h"
#include "record/event-log.h"
#include "state/state.h"
#include "view/status-place.h"

/* What is written down of a container comes after the event that tells of it. */
struct StateFile {
        StatusPlace *place;
        PathWatch *path;
        int fd;       /* kept, see logs/path-watch.h */
        bool follows; /* the end of its machine is waited for */
};

void status_place_done(StatusPlace *place) {
        (void) sd_event_source_disable_unref(place->written);
        (void) path_watch_free(place->log);
        (void) safe_close(place->log_fd);
        for (size_t i = 0; i < place->n_files; i++) {
                (void) path_watch_free(place->files[i].path);
                (void) safe_close(place->files[i].fd);
        }
        free(place->files);
        (void) health_watch_free(place->health);
        machine_watch_done(&place->machines);
        strv_free(place->names);
        free(place->root);
        project_done(&place->project);
        *place = (StatusPlace){
                .event = place->event,
                .changed = place->changed,
                .userdata = place->userdata,
                .project = PROJECT_NULL,
                .log_fd = -EBADF,
        };
}

bool status_place_has(const StatusPlace *place, const char *root, char *const *names) {
        return streq_ptr(place->root, root) && strv_equal(place->names, names);
}

/* ---- what is written ---- */

static int status_place_on_state(int fd, void *userdata, Error *reterr) {
        StateFile *file = userdata;

        (void) safe_close(file->fd);
        file->fd = fd;
        file->place->changed(file->place->userdata);
        return 0;
}

void status_place_look(StatusPlace *place, const char *container) {
        if (place->health)
                health_watch_look(place->health, container);
        place->changed(place->userdata);
}

/* Of which container is not looked at. */
static int status_place_on_written(sd_event_source *source, const struct inotify_event *event,
                                   void *userdata) {
        StatusPlace *place = userdata;

        STRV_FOREACH (name, place->names)
                status_place_look(place, *name);
        return 0;
}

static int status_place_on_log(int fd, void *userdata, Error *reterr) {
        StatusPlace *place = userdata;
        int r;

        place->written = sd_event_source_disable_unref(place->written);
        (void) safe_close(place->log_fd);
        place->log_fd = fd;
        place->changed(place->userdata);
        if (fd < 0)
                return 0;
        r = sd_event_add_inotify_fd(place->event, &place->written, fd, IN_MODIFY, status_place_on_written,
                                    place);
        return r < 0 ? error_set(reterr, r, "watch the event log") : 0;
}

/* ---- ends ---- */

static void status_place_on_end(Watched *x) {
        StateFile *file = x->part;

        file->follows = false;
        file->place->changed(file->place->userdata);
}

/* Once for each run. */
void status_place_follow_ends(StatusPlace *place) {
        for (size_t i = 0; i < place->machines.n; i++) {
                Watched *x = &place->machines.entries[i];
                StateFile *file = x->part;

                if (watched_look(x, NULL) >= 0 && x->status.running && !file->follows)
                        file->follows = watched_follow(x, status_place_on_end, NULL) > 0;
        }
}

/* ---- all ---- */

static int watch_state(StatusPlace *place, Watched *x, Error *reterr) {
        _cleanup_free_ char *path = xasprintf("%s/" STATE_FILE_NAME, x->name);
        StateFile *file = x->part = &place->files[place->n_files++];

        *file = (StateFile){.place = place, .fd = -EBADF};
        return path_watch_new(place->event, place->project.state.fd, path, PATH_FILE, status_place_on_state,
                              file, &file->path, reterr);
}

int status_place_begin(StatusPlace *place, const char *root, char *const *names, bool logs, Error *reterr) {
        Project *project = &place->project;
        int r;

        place->root = xstrdup(root);
        place->names = strv_copy(names);
        place->files = xnew0(StateFile, strv_length(names) + 1);
        r = facts_require(&project->facts, FACTS_CGROUP, reterr);
        if (r >= 0 && project->state.fd < 0)
                r = state_dir_make(&project->state, reterr);
        if (r >= 0)
                r = machine_watch_open(&place->machines, project, place->event, names, reterr);
        if (r >= 0 && geteuid() == 0)
                r = health_watch_new(project, place->event, names, &place->health, reterr);
        if (r >= 0 && logs)
                r = path_watch_new(place->event, project->state.fd, EVENT_LOG, PATH_FILE,
                                   status_place_on_log, place, &place->log, reterr);
        for (size_t i = 0; r >= 0 && i < place->machines.n; i++)
                r = watch_state(place, &place->machines.entries[i], reterr);
        return r;
}
