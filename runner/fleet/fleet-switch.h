/* SPDX-License-Identifier: MIT */
#pragma once

/* A member that takes another NixOS system without a restart. Its new system's own program does that,
 * inside, as `nixos-rebuild test` does; then the member is waited for like one that is started. When either
 * fails, the program of the system that ran before is run.
 *
 * Meanwhile its state says where it is on its way, so that the next command knows what to do where this one
 * is killed: the system is neither the one nor the other. */

#include "fleet/fleet-member.h"

/* Goes to the plan's system. @done: it has, or has failed, as the member's error says; then it has gone back
 * as far as it could */
int member_switch(Member *m, void (*done)(Member *m), Error *reterr);

/* It has not become ready with the new system, as the member's error says. @done: as above. Return: 1 it
 * goes back, 0 there is nothing to go back from. */
int member_switch_back(Member *m, void (*done)(Member *m));

/* At an interrupt: ends the program, and goes back. Return: whether it was on its way. */
bool member_interrupt_switch(Member *m, void (*done)(Member *m));

/* It is ready with the system of its plan: that is what it boots, what is remembered, and a generation, from
 * now on. The caller saves its state. */
void member_settle_system(Member *m);

void member_switch_done(Member *m);
