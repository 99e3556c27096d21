/* SPDX-License-Identifier: MIT */
#pragma once

/* The starts of a unit, noted for the next one and for what runs after the end: how many there were, and
 * when the next may become nspawn (keeper/restart.h). */

#include "base/error.h"

/* Counts a start. @first: a command's, which has no past. */
int starts_count(int runtime_fd, bool first, Error *reterr);

/* Is systemd going to refuse the next start? */
int starts_reached(int runtime_fd, bool *ret, Error *reterr);

/* When the unit's start becomes nspawn after a reboot of the guest, or a failure: systemd starts the unit
 * again with one delay for all of them (RestartSteps= came with 254), so the start waits itself. */

/* Notes a reboot of the guest. @ret_detail: for the event; owned by the caller, NULL: the guest is started
 * at once. */
int start_pace_note_reboot(int runtime_fd, char **ret_detail, Error *reterr);

/* Notes a failure after which it is started again, the later the more starts there were. */
int start_pace_note_failure(int runtime_fd, Error *reterr);

/* For an end that is neither, and the first start. */
int start_pace_forget(int runtime_fd, Error *reterr);

/* Waits until the unit may start, and notes the start. SIGTERM is blocked meanwhile. Return: 1 it may start,
 * 0 SIGTERM has come, or a negative errno. */
int start_pace_wait(int runtime_fd, Error *reterr);
