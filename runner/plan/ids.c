/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/hash.h"
#include "base/strv.h"
#include "plan/ids.h"

/* systemd's range for containers: UIDS-GIDS.md in its documentation. */
#define BASE_FIRST  UINT32_C(0x00080000)
#define BASE_RANGES UINT32_C(0x6ff8)

/* Above the ids of containers, of directory services (to 2000200000) and of what serves ports (keeper),
 * below what systemd keeps at the end of the positive numbers. Consecutive uids have different ranges. */
#define DISK_FIRST  UINT32_C(0x7c000000)
#define DISK_RANGES UINT32_C(0x3fe)

/* Below the others of the disk: where the ids of the host that are also the container's are kept in what a
 * container alone writes to. */
#define STRANGERS_FIRST UINT32_C(0x7bff0000)

/* (uid_t) -1 is not an id. */
#define IDS_END UINT32_MAX

uint32_t ids_choose(const char *machine) {
        return BASE_FIRST + (uint32_t) (hash_text(machine) % BASE_RANGES) * IDS_SIZE;
}

uint32_t ids_choose_disk(uint32_t owner) {
        return DISK_FIRST + owner % DISK_RANGES * IDS_SIZE;
}

char *ids_map_container(uint32_t base) {
        /* Without the second line the host's root could make nothing there, which systemd-nspawn has to. */
        return xasprintf("0 %u %u\n%u 0 1\n", base, IDS_SIZE, IDS_HOST_ROOT);
}

uint32_t ids_on_disk(uint32_t disk, uint32_t inside, uint32_t owner, uint32_t id) {
        if (id == inside)
                return owner;
        /* The owner's own id is taken, and the one that is left free by that is not. */
        return disk + id == owner ? disk + inside : disk + id;
}

/* The ids of the host from @from on, before @end. */
typedef struct Range {
        uint32_t from, end;
} Range;

static void push_extent(char ***lines, uint32_t disk, uint32_t host, uint32_t count) {
        if (count > 0)
                strv_pushf(lines, "%u %u %u", disk, host, count);
}

static int compare_ranges(const void *va, const void *vb) {
        const Range *a = va, *b = vb;

        return (a->from > b->from) - (a->from < b->from);
}

/* @taken: sorted by this. */
static void push_rest(char ***lines, Range *taken, size_t n) {
        uint32_t from = 0;

        qsort(taken, n, sizeof(*taken), compare_ranges);
        for (size_t i = 0; i < n; i++) {
                if (taken[i].from > from)
                        push_extent(lines, from, from, taken[i].from - from);
                if (taken[i].end > from)
                        from = taken[i].end;
        }
        push_extent(lines, from, from, IDS_END - from);
}

char *ids_map_layer(uint32_t base) {
        Range taken[] = {
                {0, IDS_SIZE},
                {base, base + IDS_SIZE},
                {STRANGERS_FIRST, STRANGERS_FIRST + IDS_SIZE},
        };
        _cleanup_strv_ char **lines = NULL;

        push_extent(&lines, 0, base, IDS_SIZE);
        push_extent(&lines, STRANGERS_FIRST, 0, IDS_SIZE);
        push_rest(&lines, taken, ELEMENTSOF(taken));
        return strv_join(lines, "\n");
}

uint32_t ids_owner_for(uint32_t disk, uint32_t user, uint32_t id) {
        return id - disk < IDS_SIZE ? user : id;
}

char *ids_map_all(uint32_t base) {
        return ids_map_owner(base, /* disk= */ 0, /* inside= */ 0, /* owner= */ 0);
}

char *ids_map_owner(uint32_t base, uint32_t disk, uint32_t inside, uint32_t owner) {
        /* The id of the container that the owner's stands for in the range, if it does. */
        uint32_t other = owner - disk < IDS_SIZE ? owner - disk : inside,
                 first = inside < other ? inside : other, last = inside < other ? other : inside;
        Range taken[] = {
                {base, base + IDS_SIZE},
                {disk, disk + IDS_SIZE},
                {owner, owner + 1},
                {IDS_HOST_ROOT, IDS_HOST_ROOT + (owner == 0)},
        };
        _cleanup_strv_ char **lines = NULL;

        push_extent(&lines, owner, base + inside, 1);
        if (other != inside)
                push_extent(&lines, disk + inside, base + other, 1);
        push_extent(&lines, disk, base, first);
        if (last > first)
                push_extent(&lines, disk + first + 1, base + first + 1, last - first - 1);
        push_extent(&lines, disk + last + 1, base + last + 1, IDS_SIZE - last - 1);
        /* As above: its own id on the disk is an account's of the container. */
        push_extent(&lines, IDS_HOST_ROOT, 0, owner == 0);
        push_rest(&lines, taken, ELEMENTSOF(taken));
        return strv_join(lines, "\n");
}
