/* SPDX-License-Identifier: MIT */

#include "test.h"

#include "record/phase.h"

/* The words are public (docs/JSON.md): none may change, and each has its place in one of the groups. */
typedef struct Row {
        const char *word;
        Phase phase;
        const char *traits; /* Remembered, Final, Timeless, Broken, Over, Anew, Steps */
} Row;

static const Row rows[] = {
        {"building", PHASE_BUILDING, "S"},      {"image", PHASE_IMAGE, ""},
        {"volume", PHASE_VOLUME, ""},           {"saving", PHASE_SAVING, ""},
        {"restoring", PHASE_RESTORING, ""},     {"starting", PHASE_STARTING, "RA"},
        {"booting", PHASE_BOOTING, ""},         {"waiting", PHASE_WAITING, ""},
        {"seeding", PHASE_SEEDING, "R"},        {"rung", PHASE_RUNG, ""},
        {"switching", PHASE_SWITCHING, "S"},    {"restarting", PHASE_RESTARTING, ""},
        {"stopping", PHASE_STOPPING, "A"},      {"copying", PHASE_COPYING, ""},
        {"removing", PHASE_REMOVING, ""},       {"seeded", PHASE_SEEDED, ""},
        {"ready", PHASE_READY, "RFA"},          {"unchanged", PHASE_UNCHANGED, "FT"},
        {"completed", PHASE_COMPLETED, "RFOA"}, {"failed", PHASE_FAILED, "RFBO"},
        {"skipped", PHASE_SKIPPED, "FTO"},      {"stopped", PHASE_STOPPED, "RFOA"},
        {"removed", PHASE_REMOVED, "FOA"},      {"saved", PHASE_SAVED, "F"},
        {"restored", PHASE_RESTORED, "F"},      {"paused", PHASE_PAUSED, "F"},
        {"unpaused", PHASE_UNPAUSED, "F"},      {"degraded", PHASE_DEGRADED, "B"},
        {"recovered", PHASE_RECOVERED, "A"},    {"rebooting", PHASE_REBOOTING, "A"},
        {"booted", PHASE_BOOTED, ""},           {"ended", PHASE_ENDED, "OA"},
        {"crashed", PHASE_CRASHED, "BOA"},      {"running", PHASE_RUNNING, ""},
        {"frozen", PHASE_FROZEN, ""},           {"elsewhere", PHASE_ELSEWHERE, ""},
};

TEST(words) {
        ASSERT_EQ(ELEMENTSOF(rows), _PHASE_MAX);
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                test_set_row("%s", rows[i].word);
                ASSERT_STREQ(phase_to_string(rows[i].phase), rows[i].word);
                ASSERT_EQ(phase_from_string(rows[i].word), rows[i].phase);
        }
}

TEST(what_is_not_a_phase) {
        static const char *const words[] = {"", "Ready", "ready ", "read", "over", "exited 0"};

        for (size_t i = 0; i < ELEMENTSOF(words); i++) {
                test_set_row("'%s'", words[i]);
                ASSERT_EQ(phase_from_string(words[i]), _PHASE_INVALID);
        }
        ASSERT_TRUE(!phase_to_string(_PHASE_INVALID));
        ASSERT_TRUE(!phase_to_string(_PHASE_MAX));
        ASSERT_TRUE(!phase_is_remembered(_PHASE_INVALID));
        ASSERT_TRUE(!phase_is_final(_PHASE_INVALID));
        ASSERT_TRUE(!phase_is_failure(_PHASE_INVALID));
        ASSERT_TRUE(!phase_is_end(_PHASE_INVALID));
        ASSERT_TRUE(!phase_begins_anew(_PHASE_INVALID));
        ASSERT_TRUE(!phase_has_steps(_PHASE_INVALID));
}

TEST(traits) {
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const char *traits = rows[i].traits;
                Phase phase = rows[i].phase;

                test_set_row("%s", rows[i].word);
                ASSERT_EQ(phase_is_remembered(phase), strchr(traits, 'R') != NULL);
                ASSERT_EQ(phase_is_final(phase), strchr(traits, 'F') != NULL);
                ASSERT_EQ(phase_has_time(phase), strchr(traits, 'T') == NULL);
                ASSERT_EQ(phase_is_failure(phase), strchr(traits, 'B') != NULL);
                ASSERT_EQ(phase_is_end(phase), strchr(traits, 'O') != NULL);
                ASSERT_EQ(phase_begins_anew(phase), strchr(traits, 'A') != NULL);
                ASSERT_EQ(phase_has_steps(phase), strchr(traits, 'S') != NULL);
        }
}
