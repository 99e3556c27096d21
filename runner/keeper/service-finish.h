/* SPDX-License-Identifier: MIT */
#pragma once

#include "keeper/service-options.h"

/* ExecStop= of a machine whose payload is a plain command: it gets SIGTERM and nothing else. Asked to halt,
 * nspawn's PID 1 would send it SIGHUP as well, which is delivered first and ends what handles only SIGTERM.
 * Returns when nspawn has ended. */
int service_stop(const ServiceOptions *o, Error *reterr);

/* Has systemd stop the unit, in order and for good; does not wait for that. */
int service_ask_stop(const ServiceOptions *o, Error *reterr);

/* ExecStopPost=: notes how it ended, for `status` and for who waits, and puts away what is left on the host.
 * Runs also before a restart. */
int service_finish(const ServiceOptions *o, Error *reterr);
