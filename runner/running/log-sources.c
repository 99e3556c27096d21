/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "base/alloc.h"
#include "machine/machine.h"
#include "plan/definition.h"
#include "record/console-log.h"
#include "record/console-times.h"
#include "running/log-sources.h"
#include "state/state.h"

void log_sources_done(LogSources *sources) {
        free(sources->sources);
        strv_free(sources->texts);
        (void) safe_close(sources->cgroup_fd);
        *sources = LOG_SOURCES_NULL;
}

/* The same whichever containers are chosen: its place among all of them. */
static size_t log_sources_colour_of(char *const *all, const char *name) {
        size_t i = 0;

        while (all && all[i] && !streq(all[i], name))
                i++;
        return i;
}

static char *log_sources_journald_cgroup(const Project *project, const char *name) {
        _cleanup_free_ char *machine = project_machine(project, name),
                            *payload = machine_payload_path(project->backend, machine);

        return payload ? xasprintf("%s/system.slice/systemd-journald.service", payload) : NULL;
}

/* As far as its state says. */
static bool log_sources_runs_command(const Project *project, const char *name) {
        _cleanup_(container_state_freep) ContainerState *state = NULL;
        _cleanup_close_ int fd = -EBADF;

        return state_dir_container_open(&project->state, name, &fd, NULL) >= 0 && fd >= 0 &&
               container_state_load(fd, name, &project->state.user, &state, NULL) >= 0 && state &&
               definition_runs_command(state->definition);
}

int log_sources_find(const Project *project, char *const *names, LogSources *ret, Error *reterr) {
        _cleanup_(log_sources_done) LogSources found = LOG_SOURCES_NULL;
        _cleanup_strv_ char **all = NULL;
        int r;

        r = project_known_names(project, &all, reterr);
        if (r < 0)
                return r;
        /* Without it a line comes a little later. */
        if (project->facts.cgroup_root)
                found.cgroup_fd = open(project->facts.cgroup_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        found.sources = xnew0(LogSource, strv_length(names));
        STRV_FOREACH (name, names) {
                char *journal = xasprintf("%s/journal", *name),
                     *console = xasprintf("%s/" CONSOLE_LOG, *name),
                     *console_old = xasprintf("%s/" CONSOLE_LOG_OLD, *name),
                     *times = xasprintf("%s/" CONSOLE_TIMES, *name),
                     *times_old = xasprintf("%s/" CONSOLE_TIMES_OLD, *name);
                char *cgroup = found.cgroup_fd < 0 ? NULL : log_sources_journald_cgroup(project, *name);

                found.sources[found.n++] = (LogSource){
                        .container = *name,
                        .dir_fd = project->state.fd,
                        .journal = journal,
                        .console = console,
                        .console_old = console_old,
                        .console_times = times,
                        .console_times_old = times_old,
                        .on_console = log_sources_runs_command(project, *name),
                        .colour = log_sources_colour_of(all, *name),
                        .journald_cgroup = cgroup,
                        .cgroup_fd = found.cgroup_fd,
                };
                strv_push_take(&found.texts, journal);
                strv_push_take(&found.texts, console);
                strv_push_take(&found.texts, console_old);
                strv_push_take(&found.texts, times);
                strv_push_take(&found.texts, times_old);
                if (cgroup)
                        strv_push_take(&found.texts, cgroup);
        }
        *ret = found;
        found = LOG_SOURCES_NULL;
        return 0;
}
