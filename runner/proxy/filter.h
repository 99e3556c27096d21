/* SPDX-License-Identifier: MIT */
#pragma once

/* Which system calls what serves ports may make: those of an event loop, of sockets and of memory. It opens
 * no file, starts no process, and gains no privilege. All others give ENOSYS. */

#include "base/error.h"

/* Needs no_new_privs. @unix_sockets: it connects to some, too. */
int filter_load(bool unix_sockets, Error *reterr);
