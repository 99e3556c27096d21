/* SPDX-License-Identifier: MIT */
#pragma once

#include "unit/options.h"

/* ExecStop= of a machine whose payload is a plain command: it gets SIGTERM and nothing else. Asked to halt,
 * nspawn's PID 1 would send it SIGHUP as well, which is delivered first and ends what handles only SIGTERM.
 * Returns when nspawn has ended. */
int unit_stop(const UnitOptions *o, Error *reterr);

/* ExecStopPost=: notes how it ended, for `status` and for who waits, and puts away what is left on the host.
 * Runs also before a restart. */
int unit_finish(const UnitOptions *o, Error *reterr);
