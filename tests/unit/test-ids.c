/* SPDX-License-Identifier: MIT */

#include <stdio.h>

#include "../test.h"
#include "base/alloc.h"
#include "plan/ids.h"

#define HOST_ROOT 0x7ffffffe

/* A line of a map. */
typedef struct Extent {
        uint32_t disk, host, count;
} Extent;

typedef struct Map {
        Extent extents[16];
        size_t n;
} Map;

static Map parse(const char *text) {
        Map map = {};
        int used;

        while (*text) {
                Extent *e = &map.extents[map.n++];

                ASSERT_TRUE(map.n <= ELEMENTSOF(map.extents));
                ASSERT_EQ(sscanf(text, "%u %u %u%n", &e->disk, &e->host, &e->count, &used), 3);
                text += used;
                if (*text == '\n')
                        text++;
        }
        return map;
}

/* Return: whether the map has an id on the disk for @host. */
static bool to_disk(const Map *map, uint32_t host, uint32_t *ret) {
        for (size_t i = 0; i < map->n; i++) {
                const Extent *e = &map->extents[i];

                if (host >= e->host && host - e->host < e->count) {
                        *ret = e->disk + (host - e->host);
                        return true;
                }
        }
        return false;
}

static bool overlap(uint64_t a, uint64_t n_a, uint64_t b, uint64_t n_b) {
        return a < b + n_b && b < a + n_a;
}

/* What the kernel refuses, user_namespaces(7). */
static void check_extents(const Map *map) {
        for (size_t i = 0; i < map->n; i++) {
                const Extent *e = &map->extents[i];

                ASSERT_TRUE(e->count > 0);
                ASSERT_TRUE((uint64_t) e->disk + e->count <= UINT32_MAX);
                ASSERT_TRUE((uint64_t) e->host + e->count <= UINT32_MAX);
                for (size_t j = 0; j < i; j++) {
                        const Extent *o = &map->extents[j];

                        ASSERT_TRUE(!overlap(e->disk, e->count, o->disk, o->count));
                        ASSERT_TRUE(!overlap(e->host, e->count, o->host, o->count));
                }
        }
}

TEST(choices) {
        uint32_t base = ids_choose("shop-1234-web");

        ASSERT_EQ(base, ids_choose("shop-1234-web"));
        ASSERT_EQ(base % IDS_SIZE, 0);
        ASSERT_TRUE(base >= 0x80000 && base <= 0x6fff0000);
        /* Neighbours get ranges of their own, which are outside of the containers'. */
        ASSERT_EQ(ids_choose_disk(1000) + IDS_SIZE, ids_choose_disk(1001));
        ASSERT_EQ(ids_choose_disk(0), 0x7c000000);
        ASSERT_EQ(ids_choose_disk(0x3fd), 0x7ffd0000);
        ASSERT_EQ(ids_choose_disk(0x3fe), 0x7c000000);
        ASSERT_TRUE(ids_choose_disk(UINT32_MAX - 1) % IDS_SIZE == 0);
}

TEST(container) {
        _cleanup_free_ char *text = ids_map_container(0x100000);

        ASSERT_STREQ(text, "0 1048576 65536\n2147483646 0 1\n");
}

/* The developer's ids may be anything: of the containers' range, of the range on the disk, the largest. */
TEST(owners) {
        static const uint32_t owners[] = {
                0,          1,          100,        1000,       2010,       65535,
                65536,      0x7ffff,    0x80000,    0x100000,   0x100001,   0x10ffff,
                0x110000,   1650400123, 0x7bffffff, 0x7c000000, 0x7c000001, 0x7c000021,
                0x7c00ffff, 0x7c010000, 0x7ffdffff, 0x7ffffffe, 0x80000000, UINT32_MAX - 1,
        };
        static const uint32_t insides[] = {0, 1, 33, 999, 65533, 65534, 65535};
        const uint32_t base = 0x100000, disk = 0x7c000000;

        for (size_t i = 0; i < ELEMENTSOF(owners); i++)
                for (size_t j = 0; j < ELEMENTSOF(insides); j++) {
                        _cleanup_free_ char *text = ids_map_owner(base, disk, insides[j], owners[i]);
                        Map map = parse(text);
                        uint32_t there;

                        test_set_row("owner %u, inside %u", owners[i], insides[j]);
                        check_extents(&map);
                        ASSERT_TRUE(to_disk(&map, base + insides[j], &there));
                        ASSERT_EQ(there, owners[i]);
                        for (uint32_t id = 0; id < IDS_SIZE; id++) {
                                ASSERT_TRUE(to_disk(&map, base + id, &there));
                                ASSERT_EQ(there, ids_on_disk(disk, insides[j], owners[i], id));
                                ASSERT_TRUE(there == owners[i] || there - disk < IDS_SIZE);
                        }
                        /* What is in neither range is itself. */
                        for (size_t k = 0; k < ELEMENTSOF(owners); k++) {
                                uint32_t id = owners[k];
                                bool free = id != owners[i] && id - base >= IDS_SIZE &&
                                            id - disk >= IDS_SIZE && (id != HOST_ROOT || owners[i] != 0);

                                if (id == 0 && owners[i] == 0) {
                                        /* The host's root can still make something. */
                                        ASSERT_TRUE(to_disk(&map, 0, &there));
                                        ASSERT_EQ(there, HOST_ROOT);
                                } else if (id - base >= IDS_SIZE) {
                                        ASSERT_EQ(to_disk(&map, id, &there), free);
                                        if (free)
                                                ASSERT_EQ(there, id);
                                }
                        }
                }
}

/* All that a container's map has, and the rest. */
TEST(container_and_the_rest) {
        static const struct {
                uint32_t host, disk;
        } table[] = {
                {0x100000, 0},  {0x10ffff, 65535}, {0, HOST_ROOT},
                {65536, 65536}, {70000, 70000},    {0x110000, 0x110000},
        };
        _cleanup_free_ char *text = ids_map_all(0x100000);
        Map map = parse(text);
        uint32_t there;

        check_extents(&map);
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("%u", table[i].host);
                ASSERT_TRUE(to_disk(&map, table[i].host, &there));
                ASSERT_EQ(there, table[i].disk);
        }
        ASSERT_TRUE(!to_disk(&map, 33, &there));
}

TEST(who_a_directory_stands_for) {
        const uint32_t disk = ids_choose_disk(1000);

        ASSERT_EQ(ids_owner_for(disk, 1000, 1000), 1000);
        ASSERT_EQ(ids_owner_for(disk, 1000, 0), 0);
        ASSERT_EQ(ids_owner_for(disk, 1000, disk), 1000);
        ASSERT_EQ(ids_owner_for(disk, 1000, disk + 33), 1000);
        ASSERT_EQ(ids_owner_for(disk, 1000, disk + IDS_SIZE), disk + IDS_SIZE);
        ASSERT_EQ(ids_owner_for(disk, 1000, disk - 1), disk - 1);
}

TEST(layer) {
        static const struct {
                uint32_t host, disk;
        } table[] = {
                {0x100000, 0},  {0x10ffff, 65535},  {0, 0x7bff0000},      {33, 0x7bff0021},
                {65536, 65536}, {1000000, 1000000}, {0x110000, 0x110000}, {0x7c000000, 0x7c000000},
        };
        _cleanup_free_ char *text = ids_map_layer(0x100000);
        Map map = parse(text);
        uint32_t there;

        check_extents(&map);
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("%u", table[i].host);
                ASSERT_TRUE(to_disk(&map, table[i].host, &there));
                ASSERT_EQ(there, table[i].disk);
        }
}
