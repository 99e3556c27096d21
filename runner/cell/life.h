/* SPDX-License-Identifier: MIT */
#pragma once

/* A guest's life, seen from outside. */

#include "keeper/cell-options.h"

/**
 * life_run() - make a guest's namespaces, run it in them until its end
 *
 * Says on NOTIFY_SOCKET what systemd-nspawn says: X_NSPAWN_LEADER_PID=, READY=1 and STATUS=. The guest does
 * not outlive the calling process.
 *
 * @ret_status: what systemd-nspawn would exit with: the payload's status, 0 when it has halted, 133 when it
 * is to boot again, 1 when it was killed.
 */
int life_run(const CellOptions *o, int *ret_status, Error *reterr);
