/* SPDX-License-Identifier: MIT */
#pragma once

/* What nspawn and the payload write to their standard output, on its way into the console's log: through a
 * pipe, so that the log can be begun anew when it gets long. (A payload that had the file itself would go on
 * writing to it for ever.) A log that cannot be written is no reason to hold the payload up: then lines are
 * lost. */

#include "base/systemd.h"
#include "keeper/supervisor-options.h"

typedef struct Console Console;

/* Return: owned by the caller, who keeps @o alive. o->console_fd stays what is written to: after a rotation
 * it is the new file. */
int console_new(sd_event *event, const SupervisorOptions *o, Console **ret, Error *reterr);
Console *console_free(Console *c);
DEFINE_FREEP(Console, console_free);

/* The end that is written to, for nspawn; borrowed. */
int console_input(const Console *c);

/* Everything that was written until now is in the log when this returns. For when the writers are dead. */
void console_drain(Console *c);
