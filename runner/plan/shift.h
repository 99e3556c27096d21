/* SPDX-License-Identifier: MIT */
#pragma once

/* The ids of what containers keep, on the disk, in either way in which they run (project/way.h), and how
 * those of the one become those of the other. Pure.
 *
 * Without root all has the same: root inside is the user, the others are subordinate ids. With root it
 * depends on what it is (ShiftKind). Users and groups are shifted alike, each by a Shift of their own.
 *
 * A shift may be interrupted at any file, and a file may be come across twice, by another link to it. So it
 * is done in passes, each of which leaves alone what it has changed: the user's own number stands for root
 * in the one way, and may stand for an account of the container in the other. */

#include "plan/ids.h"

typedef enum ShiftKind {
        SHIFT_PLAIN,  /* what is 0 on the disk is root inside, or of the host */
        SHIFT_OWNED,  /* ids_map_owner(): root inside is the user */
        SHIFT_BESIDE, /* what is remembered: the user's or root's of the host; without root the user's */
} ShiftKind;

typedef struct Shift {
        bool rootless;        /* to that way */
        uint32_t own;         /* the user's id */
        uint32_t disk;        /* ids_choose_disk() of the user */
        uint32_t subordinate; /* the first of IDS_SIZE - 1 */
} Shift;

#define SHIFT_PASSES 2

/* Whether the ranges keep apart, without which none of the functions below may be used. */
bool shift_is_possible(const Shift *shift);

/* Whether a file may have that id in the way that it is shifted from. */
bool shift_has(const Shift *shift, ShiftKind kind, uint32_t id);

/* What that pass makes of it; the same where that has been done, or is not for this pass. */
uint32_t shift_id(const Shift *shift, ShiftKind kind, unsigned pass, uint32_t id);
