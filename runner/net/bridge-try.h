/* SPDX-License-Identifier: MIT */
#pragma once

#include "base/error.h"

/**
 * bridge_try() - whether the host's firewall lets through what one port of a bridge sends to another
 * @ret_passes: written on success only
 *
 * Sends a frame over a bridge that is made for that, with the name BRIDGE_TRY_NAME, and removed. The other
 * ends of its two ports are in a network namespace of their own. Where nothing arrives it takes half a
 * second. FC_EXIT_HOST without CAP_NET_ADMIN.
 */
int bridge_try(bool *ret_passes, Error *reterr);

/* The one that a killed process has left is removed by the next. */
#define BRIDGE_TRY_NAME "fc-try"
