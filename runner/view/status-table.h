/* SPDX-License-Identifier: MIT */
#pragma once

/* `status` as a table for people. On a terminal it fits, at the cost of what is longest. */

#include "screen/table.h"
#include "view/status-list.h"

/* "8080->80" for a port on localhost, of both families; "*:8080->80" on all addresses; else with its
 * address. A range is one. Then the paths of Unix sockets. Owned by the caller; NULL: there are none. */
char *status_ports_text(const ContainerState *state);

/* @wide: also the machine's name and the address. @now: CLOCK_REALTIME */
Table *status_table(const StatusList *list, bool wide, uint64_t now);

int status_list_print(const StatusList *list, bool wide, Error *reterr);
