/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "ops/fleet-order.h"
#include "spec/dependency.h"

static const Member *find(const Fleet *fleet, const char *name) {
        for (size_t i = 0; i < fleet->n_members; i++)
                if (streq(fleet->members[i].name, name))
                        return &fleet->members[i];
        return NULL;
}

static Needs look_at(const Dependency *d, const Member *other) {
        if (other->reached || (d->need == NEED_STARTED && other->started))
                return NEEDS_MET;
        return other->stage == STAGE_OVER ? NEEDS_FAILED : NEEDS_OPEN;
}

Needs member_needs(const Member *m, const Dependency **ret_open, const Member **ret_other) {
        Needs worst = NEEDS_MET;

        for (size_t i = 0; m->spec && i < m->spec->n_dependencies; i++) {
                const Dependency *d = &m->spec->dependencies[i];
                const Member *other = find(m->fleet, d->name);
                Needs needs = other ? look_at(d, other) : NEEDS_MET;

                if (needs <= worst)
                        continue;
                worst = needs;
                *ret_open = d;
                *ret_other = other;
        }
        return worst;
}

bool member_may_stop(const Member *m) {
        for (size_t i = 0; i < m->fleet->n_members; i++) {
                const Member *other = &m->fleet->members[i];

                if (other->stage <= STAGE_STOPPING && other->spec && depends_on(other->spec, m->name))
                        return false;
        }
        return true;
}

bool member_is_awaited(const Member *m) {
        for (size_t i = 0; i < m->fleet->n_members; i++) {
                const Member *other = &m->fleet->members[i];

                for (size_t j = 0; other->start && other->spec && j < other->spec->n_dependencies; j++)
                        if (streq(other->spec->dependencies[j].name, m->name) &&
                            other->spec->dependencies[j].need != NEED_STARTED)
                                return true;
        }
        return false;
}
