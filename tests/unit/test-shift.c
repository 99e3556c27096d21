/* SPDX-License-Identifier: MIT */

#include "../test.h"
#include "plan/shift.h"

#define OWN 1000u
#define SUB 100000u

static Shift shift_to(bool rootless) {
        return (Shift){rootless, OWN, ids_choose_disk(OWN), SUB};
}

static uint32_t pass_through(const Shift *s, ShiftKind kind, uint32_t id) {
        for (unsigned pass = 0; pass < SHIFT_PASSES; pass++)
                id = shift_id(s, kind, pass, id);
        return id;
}

TEST(ids_in_either_way) {
        const uint32_t disk = ids_choose_disk(OWN);
        const struct {
                const char *row;
                ShiftKind kind;
                uint32_t with_root, without;
        } table[] = {
                {"root", SHIFT_PLAIN, 0, OWN},
                {"the first account", SHIFT_PLAIN, 1, SUB},
                {"an account of the user's number", SHIFT_PLAIN, OWN, SUB + OWN - 1},
                {"the last", SHIFT_PLAIN, 65535, SUB + 65534},
                {"the user", SHIFT_OWNED, OWN, OWN},
                {"a database in a volume", SHIFT_OWNED, disk + 104, SUB + 103},
                {"an account of the user's number in a volume", SHIFT_OWNED, disk + OWN, SUB + OWN - 1},
                {"what the user has", SHIFT_BESIDE, OWN, OWN},
        };
        const Shift to = shift_to(true), back = shift_to(false);

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("%s", table[i].row);
                ASSERT_TRUE(shift_has(&to, table[i].kind, table[i].with_root));
                ASSERT_TRUE(shift_has(&back, table[i].kind, table[i].without));
                ASSERT_EQ(pass_through(&to, table[i].kind, table[i].with_root), table[i].without);
                ASSERT_EQ(pass_through(&back, table[i].kind, table[i].without), table[i].with_root);
        }
        test_set_row("of the host");
        ASSERT_EQ(pass_through(&to, SHIFT_PLAIN, IDS_HOST_ROOT), SUB + 65533);
        ASSERT_EQ(pass_through(&to, SHIFT_BESIDE, 0), OWN);
}

/* A kill between two files, and a second name of a file: within a pass each may be done again. */
TEST(each_pass_can_be_done_again) {
        for (unsigned k = 0; k < 4; k++) {
                const Shift s = shift_to(k % 2 == 0);
                ShiftKind kind = k < 2 ? SHIFT_PLAIN : SHIFT_OWNED;
                uint32_t first = s.rootless ? kind == SHIFT_PLAIN ? 0 : s.disk : SUB;

                test_set_row("%u", k);
                for (uint32_t i = 0; i < IDS_SIZE; i++) {
                        uint32_t id = i == 0 && (!s.rootless || kind == SHIFT_OWNED)
                                              ? OWN
                                              : first + i - !s.rootless;

                        for (unsigned pass = 0; pass < SHIFT_PASSES; pass++) {
                                uint32_t done = shift_id(&s, kind, pass, id);

                                ASSERT_EQ(shift_id(&s, kind, pass, done), done);
                                id = done;
                        }
                }
        }
}

TEST(ids_without_a_place) {
        const uint32_t disk = ids_choose_disk(OWN);
        const struct {
                bool rootless;
                ShiftKind kind;
                uint32_t id;
        } table[] = {
                {true, SHIFT_PLAIN, 65536},        {true, SHIFT_PLAIN, SUB},
                {true, SHIFT_PLAIN, disk},         {true, SHIFT_OWNED, 0},
                {true, SHIFT_OWNED, OWN + 1},      {true, SHIFT_OWNED, disk + 65536},
                {false, SHIFT_PLAIN, 0},           {false, SHIFT_PLAIN, SUB - 1},
                {false, SHIFT_PLAIN, SUB + 65535}, {false, SHIFT_OWNED, disk + 1},
                {false, SHIFT_OWNED, OWN + 1},     {false, SHIFT_OWNED, UINT32_MAX},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                const Shift s = shift_to(table[i].rootless);

                test_set_row("%zu", i);
                ASSERT_TRUE(!shift_has(&s, table[i].kind, table[i].id));
        }
}

TEST(ranges_that_meet) {
        const uint32_t disk = ids_choose_disk(OWN);
        const Shift table[] = {
                {true, 0, disk, SUB},        {true, OWN, disk, 0},
                {true, OWN, disk, 65535},    {true, OWN, disk, disk - 1000},
                {true, OWN, disk, disk + 9}, {true, SUB + 1, disk, SUB},
                {true, disk + 1, disk, SUB}, {true, OWN, disk, UINT32_MAX - 10},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("%zu", i);
                ASSERT_TRUE(!shift_is_possible(&table[i]));
        }
        test_set_row("as useradd(8) makes them");
        ASSERT_TRUE(shift_is_possible(&(Shift){true, OWN, disk, SUB}));
        ASSERT_TRUE(shift_is_possible(&(Shift){true, OWN, disk, 65536}));
}
