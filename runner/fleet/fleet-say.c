/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/process.h"
#include "base/time-text.h"
#include "fleet/fleet-say.h"

void fleet_say_failure(Member *m, Phase phase) {
        if (!error_is_set(&m->at->error) || m->fleet->interrupts > 0)
                return;
        (void) error_about_container(&m->at->error, 0, m->at->name);
        if (phase == PHASE_SKIPPED)
                m->at->told = progress_is_for_people(m->fleet->progress);
        else if (phase == PHASE_FAILED)
                m->at->told = progress_error(m->fleet->progress, &m->at->error);
}

/* "starting web, db" is added for those with that goal. */
static void add_goal(char ***parts, const Fleet *fleet, Goal goal, const char *word) {
        _cleanup_strv_ char **names = NULL;
        _cleanup_free_ char *list = NULL;

        for (size_t i = 0; i < fleet->n_members; i++)
                if (fleet->members[i].goal == goal)
                        strv_push(&names, fleet->members[i].at->name);
        if (!names)
                return;
        list = strv_join(names, ", ");
        strv_pushf(parts, "%s %s", word, list);
}

void fleet_say_plan(const Fleet *fleet) {
        const Project *project = fleet->project;
        _cleanup_strv_ char **parts = NULL;
        _cleanup_free_ char *list = NULL, *line = NULL;

        add_goal(&parts, fleet, GOAL_START, "starting");
        add_goal(&parts, fleet, GOAL_RESTART, "restarting");
        add_goal(&parts, fleet, GOAL_ADJUST, "changing");
        add_goal(&parts, fleet, GOAL_SWITCH, "switching");
        add_goal(&parts, fleet, GOAL_STOP, "stopping");
        if (!fleet->options.says || !parts)
                return;
        list = strv_join(parts, ", ");
        line = xasprintf("%s (id %s): %s", project->root, project->id, list);
        progress_say(fleet->progress, line);
}

typedef struct Outcome {
        size_t failed, skipped, stopped, started, ready;
        const char *first_failed;
} Outcome;

static void count_member(const Member *m, Outcome *o) {
        if (m->goal == GOAL_LEAVE)
                return;
        if (m->goal == GOAL_STOP && !error_is_set(&m->at->error))
                o->stopped++;
        else if (!error_is_set(&m->at->error) && m->reached == REACHED_READY)
                o->ready++;
        else if (!error_is_set(&m->at->error))
                o->started++;
        else if (m->began_usec == 0)
                o->skipped++;
        else {
                o->failed++;
                o->first_failed = o->first_failed ? o->first_failed : m->at->name;
        }
}

static void add_count(char ***parts, size_t n, const char *word) {
        if (n > 0)
                strv_pushf(parts, "%zu %s", n, word);
}

/* The one command that one would type now. */
static char *next_command(const Fleet *fleet, const Outcome *o) {
        if (o->failed > 0)
                return project_command(fleet->project, "logs", o->first_failed);
        return project_command(fleet->project, "logs", "-f");
}

void fleet_say_outcome(const Fleet *fleet) {
        _cleanup_free_ char *list = NULL, *line = NULL, *command = NULL;
        _cleanup_strv_ char **parts = NULL;
        char elapsed[FORMAT_DURATION_MAX];
        Outcome o = {};
        bool acted = false;

        for (size_t i = 0; i < fleet->n_members; i++) {
                const Member *m = &fleet->members[i];

                acted = acted || goal_starts(m->goal) || goal_changes(m->goal) || m->goal == GOAL_STOP ||
                        error_is_set(&m->at->error);
                count_member(m, &o);
        }
        if (!fleet->options.says || !acted || fleet->interrupts > 0)
                return;
        add_count(&parts, o.failed, "failed");
        add_count(&parts, o.skipped, "not started");
        add_count(&parts, o.stopped, "stopped");
        add_count(&parts, o.started, "started");
        add_count(&parts, o.ready, "ready");
        if (!parts)
                return;
        list = strv_join(parts, ", ");
        command = fleet->options.undo_all ? NULL : next_command(fleet, &o);
        line = xasprintf("%s%s%s%s%s", list, o.failed + o.skipped == 0 ? " in " : "",
                         o.failed + o.skipped == 0 ? format_duration(elapsed, now_usec() - fleet->began_usec)
                                                   : "",
                         command ? "; logs: " : "", command ? command : "");
        progress_say(fleet->progress, line);
}
