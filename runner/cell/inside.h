/* SPDX-License-Identifier: MIT */
#pragma once

/* What becomes the guest's PID 1: it makes what only a process in the guest's namespaces can make, gives up
 * what the guest is not to have, and executes the payload. */

#include "keeper/cell-options.h"

/**
 * inside_become() - the first process in the guest's namespaces
 * @sync_fd: one end of a socket pair. A byte comes when the namespace has its ids; one is sent when its file
 *           systems are mounted; a second one comes when what was to be seen for that is hidden; then the
 *           socket is closed by the execution. An end that is closed early ends this process
 *
 * Return: only when something fails.
 */
int inside_become(const CellOptions *o, int sync_fd, Error *reterr);
