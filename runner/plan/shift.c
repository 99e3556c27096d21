/* SPDX-License-Identifier: MIT */

#include "plan/shift.h"

#define NOBODY (IDS_SIZE - 2)

static bool meet(uint32_t a, uint32_t b) {
        return a - b < IDS_SIZE || b - a < IDS_SIZE;
}

static bool is_subordinate(const Shift *s, uint32_t id) {
        return id - s->subordinate < IDS_SIZE - 1;
}

bool shift_is_possible(const Shift *s) {
        return s->own > 0 && s->subordinate >= IDS_SIZE && s->subordinate <= UINT32_MAX - IDS_SIZE &&
               !meet(s->subordinate, s->disk) && !is_subordinate(s, s->own) &&
               s->own - s->disk >= IDS_SIZE && !is_subordinate(s, IDS_HOST_ROOT);
}

bool shift_has(const Shift *s, ShiftKind kind, uint32_t id) {
        /* As the group of a directory that the project lies in. */
        if (kind == SHIFT_BESIDE)
                return true;
        if (!s->rootless)
                return id == s->own || is_subordinate(s, id);
        return kind == SHIFT_PLAIN ? id < IDS_SIZE || id == IDS_HOST_ROOT
                                   : id == s->own || id - s->disk < IDS_SIZE;
}

/* Of a plain one: before root becomes the user all others have left the range that has the user's number,
 * and the other way round. */
static uint32_t shift_plain(const Shift *s, unsigned pass, uint32_t id) {
        if (s->rootless && pass == 0) {
                /* It belongs to no account inside, where it is seen as this one's. */
                if (id == IDS_HOST_ROOT)
                        return s->subordinate + NOBODY - 1;
                return id > 0 && id < IDS_SIZE ? s->subordinate + id - 1 : id;
        }
        if (s->rootless)
                return id == 0 ? s->own : id;
        if (pass == 0)
                return id == s->own ? 0 : id;
        return is_subordinate(s, id) ? id - s->subordinate + 1 : id;
}

static uint32_t shift_owned(const Shift *s, uint32_t id) {
        if (!s->rootless)
                return is_subordinate(s, id) ? s->disk + (id - s->subordinate) + 1 : id;
        if (id - s->disk >= IDS_SIZE)
                return id;
        return id == s->disk ? s->own : s->subordinate + (id - s->disk) - 1;
}

uint32_t shift_id(const Shift *s, ShiftKind kind, unsigned pass, uint32_t id) {
        switch (kind) {
        case SHIFT_PLAIN:
                return shift_plain(s, pass, id);
        case SHIFT_OWNED:
                return shift_owned(s, id);
        default:
                return s->rootless && id == 0 ? s->own : id;
        }
}
