/* SPDX-License-Identifier: MIT */
#pragma once

/* The fleet's seeds: what a container that has a `seed` goes through between its first readiness and being
 * usable, and what is thrown away of one that did not succeed. */

#include "fleet/fleet-member.h"

/* Finds out what is to be done. @m: its directory is open. */
int member_look_at_seed(Member *m, Error *reterr);

/* When the goals of all are decided: tells when that is more than running it. Nothing is done to one that
 * this command does not wait for: what its seed has left is not thrown away when it is not run again. */
void member_settle_seed(Member *m);

/* Opens what the steps read, and what a fresh root is made from: all that is refused. */
int member_prepare_seed(Member *m, Error *reterr);

/* Of one that does not run: what an earlier seed has left on what was made for it. */
int member_discard_seed(Member *m, Error *reterr);

/* Which volumes this command is going to make for it. */
int member_note_fresh(Member *m, Error *reterr);

/**
 * member_seed() - seeds a container that is ready
 * @done: called from the loop when it has come to its end; the member's error is set when it failed
 *
 * Return: 1 it has begun, 0 there is nothing to do, or a negative errno.
 */
int member_seed(Member *m, void (*done)(Member *m), Error *reterr);

/* It is not going to be waited for any more: a step that runs is ended. */
void member_break_seed(Member *m);

void member_seed_done(Member *m);
