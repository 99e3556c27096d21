/* SPDX-License-Identifier: MIT */

#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "fleet/fleet-heed.h"
#include "fleet/fleet-life.h"
#include "fleet/fleet-order.h"
#include "fleet/fleet-run.h"
#include "fleet/fleet-seed.h"
#include "spec/dependency.h"

static void fleet_skip_starts(Fleet *fleet, bool stopped_too) {
        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];

                if (m->stage == STAGE_TO_START && (stopped_too || !goal_stops(m->goal)))
                        member_over(m, PHASE_SKIPPED, NULL);
        }
}

/* Once, when none runs. Those that have stopped for it are not started when it failed: it may be half
 * made. */
static void fleet_make_change(Fleet *fleet) {
        const FleetChange *change = fleet->change;
        bool failed = fleet->interrupts > 0;

        for (size_t i = 0; i < fleet->n_members; i++) {
                if (fleet->members[i].stage <= STAGE_STOPPING)
                        return;
                failed = failed || error_is_set(&fleet->members[i].at->error);
        }
        fleet->change = NULL;
        if (failed)
                fleet_skip_starts(fleet, /* stopped_too= */ false);
        else if (change->make(change->userdata, fleet->progress, &fleet->change_error) < 0)
                fleet_skip_starts(fleet, /* stopped_too= */ true);
        /* What was asked until now. */
        fleet_give_up_asked(fleet);
}

static void member_skip(Member *m, const Member *other) {
        _cleanup_free_ char *why = NULL;

        if (m->fleet->interrupts > 0) {
                member_over(m, PHASE_SKIPPED, "interrupted");
                return;
        }
        why = xasprintf("%s %s", other->at->name,
                        other->given_up                                                 ? "was given up"
                        : goal_starts(other->goal) && other->reached == REACHED_NOTHING ? "was not started"
                                                                                        : "failed");
        (void) error_raise(&m->at->error,
                           other->given_up                   ? FC_EXIT_INTERRUPTED
                           : error_is_set(&other->at->error) ? other->at->error.exit
                                                             : FC_EXIT_FAILED,
                           "not %s: %s", m->goal == GOAL_SWITCH ? "switched" : "started", why);
        (void) error_in_container(&m->at->error, 0, m->at->name);
        member_over(m, PHASE_SKIPPED, why);
}

/* Each that starts comes to an end without any of those that wait: what it depends on is there. */
static bool fleet_has_room(const Fleet *fleet) {
        size_t busy = 0;

        for (size_t i = 0; i < fleet->n_members; i++)
                busy += fleet->members[i].stage == STAGE_STARTING && !member_is_kept(&fleet->members[i]);
        return fleet->options.jobs == 0 || busy < fleet->options.jobs;
}

/* Return: whether it came any further. */
static bool member_advance(Member *m) {
        const Dependency *open = NULL;
        const Member *other = NULL;

        if (m->stage == STAGE_TO_STOP && (member_may_stop(m) || m->fleet->interrupts > 1)) {
                member_begin_stop(m);
                return true;
        }
        if (m->stage != STAGE_TO_START || m->fleet->change)
                return false;
        switch (member_needs(m, &open, &other)) {
        case NEEDS_MET:
                if (!fleet_has_room(m->fleet))
                        return false;
                if (m->goal == GOAL_SWITCH)
                        member_begin_switch(m);
                else
                        member_start(m);
                return true;
        case NEEDS_FAILED:
                member_skip(m, other);
                return true;
        default:
                break;
        }
        if (m->fleet->interrupts == 0) {
                _cleanup_free_ char *detail =
                        xasprintf("for %s (%s)", other->at->name, dependency_need_to_string(open->need));

                progress_update(m->fleet->progress, m->at->name, PHASE_WAITING, detail);
        }
        return false;
}

/* A container that was ready early may have ended while others took their time. */
static bool member_is_over(Member *m) {
        return m->stage == STAGE_OVER &&
               (m->reached != REACHED_READY || !m->ready_job || m->at->spec->one_shot ||
                m->fleet->interrupts > 0 || ready_job_holds(m->ready_job));
}

/* Each member that can go on goes on; at the end of all, the loop ends. Called whenever a member has come to
 * another stage, also from within itself, when one comes to its end at once. */
static void fleet_advance(Fleet *fleet) {
        bool again = true;

        if (fleet->advancing)
                return;
        fleet->advancing = true;
        while (again) {
                again = false;
                if (fleet->change)
                        fleet_make_change(fleet);
                for (size_t i = 0; i < fleet->n_members; i++)
                        again = member_advance(&fleet->members[i]) || again;
        }
        fleet->advancing = false;
        for (size_t i = 0; i < fleet->n_members; i++)
                fleet->members[i].at->over = member_is_over(&fleet->members[i]);
}

/* Those that run as they should are only waited for, whatever becomes of what they depend on. */
static void fleet_begin(Fleet *fleet) {
        fleet->advancing = true;
        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];

                switch (m->goal) {
                case GOAL_LEAVE:
                        m->stage = STAGE_OVER;
                        break;
                case GOAL_STOP:
                case GOAL_RESTART:
                        m->stage = STAGE_TO_STOP;
                        break;
                case GOAL_START:
                case GOAL_SWITCH:
                        m->stage = STAGE_TO_START;
                        break;
                default:
                        member_attach(m);
                        break;
                }
        }
        fleet->advancing = false;
        fleet_advance(fleet);
}

/* Started by this command, and there is still something to stop: it is ready, or has failed and was left. */
static bool member_is_up(const Member *m) {
        return m->stage == STAGE_OVER && !m->given_up && goal_starts(m->goal) &&
               m->reached != REACHED_NOTHING && !(m->at->spec->one_shot && m->reached == REACHED_READY);
}

static void fleet_say_hurry(Fleet *fleet) {
        for (size_t i = 0; i < fleet->n_members; i++)
                if (fleet->members[i].stage <= STAGE_STOPPING) {
                        progress_note(fleet->progress, "stopping in order; Ctrl-C again kills");
                        return;
                }
}

/* The first: everything that was being started goes down in order. The second: at once. */
static int fleet_on_interrupt(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata) {
        Fleet *fleet = userdata;

        fleet->interrupts++;
        fleet->advancing = true;
        for (size_t i = 0; i < fleet->n_members; i++) {
                Member *m = &fleet->members[i];

                if (fleet->interrupts > 1 && m->stop_job)
                        stop_job_hurry(m->stop_job);
                if (m->stage == STAGE_TO_START)
                        member_over(m, PHASE_SKIPPED, "interrupted");
                else if (m->stage == STAGE_STARTING && m->goal == GOAL_SWITCH)
                        member_interrupt(m);
                else if (m->stage == STAGE_STARTING && member_is_kept(m)) {
                        member_break_seed(m);
                        member_over(m, PHASE_UNCHANGED, NULL);
                } else if (m->stage == STAGE_STARTING)
                        m->stage = STAGE_TO_STOP;
                else if (fleet->options.undo_all && fleet->interrupts == 1 && member_is_up(m))
                        m->stage = STAGE_TO_STOP;
        }
        if (fleet->interrupts == 1)
                fleet_say_hurry(fleet);
        fleet->advancing = false;
        fleet_advance(fleet);
        return 0;
}

static int fleet_on_tick(sd_event_source *source, uint64_t usec, void *userdata) {
        Fleet *fleet = userdata;
        uint64_t interval;

        progress_tick(fleet->progress);
        interval = progress_tick_interval(fleet->progress);
        if (interval == UINT64_MAX)
                return sd_event_source_set_enabled(source, SD_EVENT_OFF);
        (void) sd_event_source_set_time_relative(source, interval);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int fleet_on_asked(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata) {
        Fleet *fleet = userdata;

        fleet_give_up_asked(fleet);
        fleet_advance(fleet);
        return 0;
}

static int fleet_add_events(Fleet *fleet, Error *reterr) {
        uint64_t interval = progress_tick_interval(fleet->progress);
        int r;

        r = machine_watch_add_signals(&fleet->watch, fleet_on_interrupt, fleet, reterr);
        if (r >= 0 && fleet->heed != LOCK_ASK_NOTHING) {
                lock_heed_as_event(fleet->locks, fleet->n_members);
                r = sd_event_add_signal(fleet->watch.event, &fleet->heed_source, LOCK_HEED_SIGNAL,
                                        fleet_on_asked, fleet);
                if (r < 0)
                        return error_set(reterr, r, "watch what other commands ask");
                /* What was asked in between. */
                fleet_give_up_asked(fleet);
                fleet_advance(fleet);
        }
        /* Only a live display ticks, and it does from the first line on. */
        if (r < 0 || interval == UINT64_MAX)
                return r;
        r = sd_event_add_time_relative(fleet->watch.event, &fleet->tick, CLOCK_MONOTONIC, interval, 0,
                                       fleet_on_tick, fleet);
        return r < 0 ? error_set(reterr, r, "make a timer") : 0;
}

int fleet_run(Fleet *fleet, Error *reterr) {
        int r, k;

        fleet->advance = fleet_advance;
        fleet_begin(fleet);
        if (fleet->options.interrupted)
                fleet_say_hurry(fleet);
        r = fleet_add_events(fleet, reterr);
        if (r >= 0)
                r = machine_watch_run(&fleet->watch, reterr);
        progress_finish(fleet->progress);
        if (r < 0)
                return r;
        if (error_is_set(&fleet->change_error)) {
                error_move(reterr, &fleet->change_error);
                return -EIO;
        }
        if (fleet->interrupts > 0)
                return FC_EXIT_INTERRUPTED;
        r = machine_watch_report(&fleet->watch);
        k = fleet_raise_given_up(fleet, reterr);
        return k < 0 ? k : r;
}
