/* SPDX-License-Identifier: MIT */
#pragma once

/* What a command leaves written of a member, for the commands after it and for Nix's garbage collector. */

#include "fleet/fleet-member.h"

/* Writes its state: what it has come to, and why. */
int member_save_state(Member *m, Phase phase, const char *result, Error *reterr);

/* The intent: a command that comes after a crash finds what was going to be started. */
int member_write_intent(Member *m, Error *reterr);

/* Keeps its system, and the specification that it is of, from Nix's garbage collector. One that cannot be
 * told of it is noted. */
void member_protect_system(const Member *m);

/* The system that it is about to take, until that has come to stay; NULL: none. */
int member_protect_next(const Member *m, const char *toplevel, Error *reterr);

/* All that a start takes. The specification, too: it names what the toplevel does not lead to, like the
 * program of a command. And this program: what it has beside it is executed again when the container ends. A
 * garbage collector that cannot be told of it is not a reason to refuse the start. */
void member_protect_from_gc(Member *m);
