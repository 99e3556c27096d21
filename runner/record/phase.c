/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "record/phase.h"

typedef enum Trait {
        REMEMBERED = 1 << 0,
        FINAL = 1 << 1,
        TIMELESS = 1 << 2,
        FAILURE = 1 << 3,
        END = 1 << 4,
        ANEW = 1 << 5,
        STEPS = 1 << 6,
} Trait;

typedef struct PhaseInfo {
        const char *word;
        unsigned traits;
} PhaseInfo;

/* clang-format off */
static const PhaseInfo phases[_PHASE_MAX] = {
        [PHASE_BUILDING]   = {"building",   STEPS},
        [PHASE_IMAGE]      = {"image",      0},
        [PHASE_VOLUME]     = {"volume",     0},
        [PHASE_SAVING]     = {"saving",     0},
        [PHASE_RESTORING]  = {"restoring",  0},
        [PHASE_STARTING]   = {"starting",   REMEMBERED | ANEW},
        [PHASE_BOOTING]    = {"booting",    0},
        [PHASE_WAITING]    = {"waiting",    0},
        [PHASE_SEEDING]    = {"seeding",    REMEMBERED},
        [PHASE_RUNG]       = {"rung",       0},
        [PHASE_SWITCHING]  = {"switching",  STEPS},
        [PHASE_RESTARTING] = {"restarting", 0},
        [PHASE_STOPPING]   = {"stopping",   ANEW},
        [PHASE_COPYING]    = {"copying",    0},
        [PHASE_REMOVING]   = {"removing",   0},
        [PHASE_SEEDED]     = {"seeded",     0},
        [PHASE_READY]      = {"ready",      REMEMBERED | FINAL | ANEW},
        [PHASE_UNCHANGED]  = {"unchanged",  FINAL | TIMELESS},
        [PHASE_COMPLETED]  = {"completed",  REMEMBERED | FINAL | ANEW | END},
        [PHASE_FAILED]     = {"failed",     REMEMBERED | FINAL | FAILURE | END},
        [PHASE_SKIPPED]    = {"skipped",    FINAL | TIMELESS | END},
        [PHASE_STOPPED]    = {"stopped",    REMEMBERED | FINAL | ANEW | END},
        [PHASE_REMOVED]    = {"removed",    FINAL | ANEW | END},
        [PHASE_SAVED]      = {"saved",      FINAL},
        [PHASE_RESTORED]   = {"restored",   FINAL},
        [PHASE_PAUSED]     = {"paused",     FINAL},
        [PHASE_UNPAUSED]   = {"unpaused",   FINAL},
        [PHASE_DEGRADED]   = {"degraded",   FAILURE},
        [PHASE_RECOVERED]  = {"recovered",  ANEW},
        [PHASE_REBOOTING]  = {"rebooting",  ANEW},
        [PHASE_BOOTED]     = {"booted",     0},
        [PHASE_ENDED]      = {"ended",      ANEW | END},
        [PHASE_CRASHED]    = {"crashed",    FAILURE | ANEW | END},
        [PHASE_RUNNING]    = {"running",    0},
        [PHASE_FROZEN]     = {"frozen",     0},
        [PHASE_ELSEWHERE]  = {"elsewhere",  0},
};
/* clang-format on */

static bool phase_has(Phase phase, Trait trait) {
        return phase >= 0 && phase < _PHASE_MAX && (phases[phase].traits & trait);
}

const char *phase_to_string(Phase phase) {
        return phase >= 0 && phase < _PHASE_MAX ? phases[phase].word : NULL;
}

Phase phase_from_string(const char *word) {
        for (Phase phase = 0; phase < _PHASE_MAX; phase++)
                if (streq(phases[phase].word, word))
                        return phase;
        return _PHASE_INVALID;
}

bool phase_is_remembered(Phase phase) {
        return phase_has(phase, REMEMBERED);
}

bool phase_is_final(Phase phase) {
        return phase_has(phase, FINAL);
}

bool phase_has_time(Phase phase) {
        return !phase_has(phase, TIMELESS);
}

bool phase_is_failure(Phase phase) {
        return phase_has(phase, FAILURE);
}

bool phase_is_end(Phase phase) {
        return phase_has(phase, END);
}

bool phase_begins_anew(Phase phase) {
        return phase_has(phase, ANEW);
}

bool phase_has_steps(Phase phase) {
        return phase_has(phase, STEPS);
}
