/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/strv.h"
#include "ops/shared.h"
#include "test.h"

/* By the name of the key that the user has written. */
TEST(refuses_without_root) {
        static const struct {
                bool rootless, linked, refused;
        } table[] = {
                {true, true, true},
                {true, false, false},
                {false, true, false},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                Project project = PROJECT_NULL;

                test_set_row("%zu", i);
                project.facts.rootless = table[i].rootless;
                if (table[i].linked)
                        strv_push(&project.apart, "db");
                if (table[i].refused) {
                        ASSERT_ERROR(shared_refuse_without_root(&project, &error), &error, FC_EXIT_HOST,
                                     "shared needs root in a linked work tree");
                } else
                        ASSERT_OK(shared_refuse_without_root(&project, &error), &error);
                project_done(&project);
        }
}
