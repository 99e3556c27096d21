/* SPDX-License-Identifier: MIT */

#include "rootless/ids.h"
#include "test.h"

TEST(finds_the_first_that_is_large_enough) {
        static const struct {
                const char *text, *name;
                bool found;
                uint32_t first;
        } table[] = {
                {"ada:100000:65536\n", "ada", true, 100000},
                {"ada:100000:65535", "ada", true, 100000},
                {"bob:1:65536\nada:100000:1000\nada:200000:65536\nada:400000:65536\n", "ada", true, 200000},
                {"1000:100000:65536\n", "ada", true, 100000},
                {"1000:100000:65536\n", NULL, true, 100000},
                {"ada:100000:65534\n", "ada", false, 0},
                {"adam:100000:65536\nad:1:65536\n", "ada", false, 0},
                {"ada:0:65536\n", "ada", false, 0},
                {"ada:4294901761:65536\n", "ada", false, 0},
                {"ada:-1:65536\nada: 1:65536\nada:1:+65536\nada:1:65536x\nada:4294967296:65536\n", "ada",
                 false, 0},
                {"ada:100000\nada\n\n:\n::\n", "ada", false, 0},
                {"", "ada", false, 0},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                uint32_t first = 0;

                test_set_row("%s", table[i].text);
                ASSERT_EQ(subids_parse(table[i].text, table[i].name, 1000, &first), table[i].found);
                ASSERT_EQ(first, table[i].first);
        }
}
