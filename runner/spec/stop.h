/* SPDX-License-Identifier: MIT */
#pragma once

/* The key "stop": how a container is asked to end, and how long it may take. */

#include "spec/key.h"

extern const SpecKey stop_key;

/* A signal as signal(7) names it, "SIGINT" or "SIGRTMIN+4", that a program can catch. FC_EXIT_USAGE
 * otherwise. */
int stop_signal_from_string(const char *name, int *ret, Error *reterr);

/* The name of such a signal, which systemd-nspawn understands, too. Owned by the caller. */
char *stop_signal_to_string(int signal);
