/* SPDX-License-Identifier: MIT */

#include "ops-util.h"
#include "ops/wait.h"

#define COMMAND "\"system\": {\"rootfs\": \"/i\"}, \"command\": [\"/c\"]"

/* What `wait` waits for, by the word that the user has given. */
TEST(choose) {
        static const struct {
                const char *container, *word;
                Phase phase;
                const char *refusal;
        } table[] = {
                {"web", NULL, PHASE_READY, NULL},
                {"web", "ready", PHASE_READY, NULL},
                {"web", "stopped", PHASE_STOPPED, NULL},
                {"web", "completed", 0, "container 'web' is not oneShot and never completed"},
                {"seed", NULL, PHASE_COMPLETED, NULL},
                {"seed", "completed", PHASE_COMPLETED, NULL},
                {"seed", "stopped", PHASE_STOPPED, NULL},
                {"seed", "ready", 0, "container 'seed' is oneShot and never ready, only completed"},
                {"web", "running", 0, "--for: 'running': must be one of ready, stopped, completed"},
                {"web", "", 0, "--for: '': must be one of ready, stopped, completed"},
                /* Of a container that no specification has. */
                {"gone", NULL, PHASE_READY, NULL},
                {"gone", "completed", PHASE_COMPLETED, NULL},
        };
        _cleanup_(spec_freep) Spec *spec =
                ops_spec("\"web\": {" COMMAND "}, \"seed\": {" COMMAND ", \"oneShot\": true}");

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                Phase phase = _PHASE_INVALID;
                int r;

                test_set_row("%s %s", table[i].container, table[i].word ? table[i].word : "-");
                r = wait_choose(table[i].container, spec_find(spec, table[i].container), table[i].word,
                                &phase, &error);
                if (table[i].refusal)
                        ASSERT_ERROR(r, &error, FC_EXIT_USAGE, table[i].refusal);
                else {
                        ASSERT_OK(r, &error);
                        ASSERT_EQ(phase, table[i].phase);
                }
        }
}
