/* SPDX-License-Identifier: MIT */
#pragma once

/* What another command asks of a fleet that brings containers up: it gives up the one that `down` stops, or
 * that `restart` starts anew, at once and as it is, and goes on with the others. */

#include "fleet/fleet-member.h"

/* Gives up each that is asked for now. None of them changes any more. The caller lets the others go on. */
void fleet_give_up_asked(Fleet *fleet);

/* Raises that some have been given up, if any. Return: a negative errno, or 0. */
int fleet_raise_given_up(const Fleet *fleet, Error *reterr);
