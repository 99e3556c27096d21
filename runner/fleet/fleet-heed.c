/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/strv.h"
#include "context/locks.h"
#include "fleet/fleet-heed.h"
#include "fleet/fleet-seed.h"
#include "fleet/fleet-switch.h"

/* What it has begun is left to the command that asks: the machine, its state ("starting"), a stop that goes
 * on. As after a kill of this one, but that the lock and the ports are free at once. */
static void member_give_up(Member *m, Lock *lock) {
        _cleanup_free_ char *who = lock_holder_to_string(&m->fleet->asker),
                            *detail = xasprintf("given up for %s", who);

        member_break_seed(m);
        member_switch_done(m);
        m->ready_job = ready_job_free(m->ready_job);
        m->stop_job = stop_job_free(m->stop_job);
        m->reporter = machine_reporter_free(m->reporter);
        resources_done(&m->resources);
        m->stage = STAGE_OVER;
        m->given_up = true;
        progress_update(m->fleet->progress, m->at->name, PHASE_SKIPPED, detail);
        lock_release(lock);
}

void fleet_give_up_asked(Fleet *fleet) {
        /* What is half changed is no other command's business yet. */
        if (fleet->heed == LOCK_ASK_NOTHING || fleet->change)
                return;
        for (size_t i = 0; i < fleet->n_members; i++)
                if (lock_heed_is_asked(fleet->heed, &fleet->locks[i], &fleet->asker))
                        member_give_up(&fleet->members[i], &fleet->locks[i]);
}

int fleet_raise_given_up(const Fleet *fleet, Error *reterr) {
        _cleanup_free_ char *who = lock_holder_to_string(&fleet->asker), *list = NULL;
        _cleanup_strv_ char **names = NULL;

        for (size_t i = 0; i < fleet->n_members; i++)
                if (fleet->members[i].given_up)
                        strv_pushf(&names, "'%s'", fleet->members[i].at->name);
        if (!names)
                return 0;
        list = strv_join(names, ", ");
        return error_raise(reterr, FC_EXIT_INTERRUPTED, "gave up %s: %s wants %s", list, who,
                           names[1] ? "them" : "it");
}
