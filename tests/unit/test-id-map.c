/* SPDX-License-Identifier: MIT */

#include "enter/id-map.h"
#include "test.h"

TEST(maps_what_is_in_a_range) {
        static const struct {
                const char *text;
                uint32_t inside;
                bool mapped;
                uint32_t outside;
        } table[] = {
                {"         0  327417856      65536\n", 0, true, 327417856},
                {"         0  327417856      65536\n", 33, true, 327417889},
                {"         0  327417856      65536\n", 65535, true, 327483391},
                {"         0  327417856      65536\n", 65536, false, 0},
                {"0 0 4294967295\n", 4294967294, true, 4294967294},
                {"0 0 4294967295\n", 4294967295, false, 0},
                {"0 1000 1\n1 100000 65535\n", 0, true, 1000},
                {"0 1000 1\n1 100000 65535\n", 5, true, 100004},
                {"10 1000 1\n", 0, false, 0},
                {"", 0, false, 0},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(id_map_done) IdMap map = {0};
                uint32_t outside = 0;

                test_set_row("%zu", i);
                ASSERT_OK(id_map_parse(table[i].text, &map, NULL));
                ASSERT_EQ(id_map_to_outside(&map, table[i].inside, &outside), table[i].mapped);
                ASSERT_EQ(outside, table[i].outside);
        }
}

TEST(refuses_what_no_kernel_writes) {
        static const char *const table[] = {
                "0 0",        "0 0 0",          "0 0 1 1",      "-1 0 1", "a 0 1",
                "0 0x10 1",   "0 0 4294967296", "0 0 1\n0 0\n", "0 +0 1", "0 0 99999999999999999999",
                "0 0 1 junk",
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                IdMap map = {0};

                test_set_row("%s", table[i]);
                ASSERT_ERROR(id_map_parse(table[i], &map, &error), &error, FC_EXIT_INTERNAL, "map line");
                ASSERT_TRUE(map.ranges == NULL);
        }
}
