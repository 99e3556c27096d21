/* SPDX-License-Identifier: MIT */
#pragma once

/* The life of one member in the fleet's loop: it is stopped, started, switched or only waited for, and
 * comes to its end. When its turn is, the loop decides (fleet/fleet-run.h); a member that has come to
 * another stage calls Fleet.advance, so that others can go on. */

#include "fleet/fleet-member.h"

/* A member's end in this run: told as @phase, with @detail or NULL. */
void member_over(Member *m, Phase phase, const char *detail);

/* Stops it, whatever it is doing. */
void member_begin_stop(Member *m);

/* Starts it, and waits until it is ready. */
void member_start(Member *m);

/* Gives what runs its new system, and waits until it is ready with that. */
void member_begin_switch(Member *m);

/* Waits until what runs is ready. */
void member_attach(Member *m);

/* What it is in the middle of, a switch, is ended: by the first interrupt in order. */
void member_interrupt(Member *m);
