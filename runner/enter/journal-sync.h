/* SPDX-License-Identifier: MIT */
#pragma once

/* Asks a container's journald to write down all that it has been sent, so that what is read of its journal
 * next is complete: varlink, io.systemd.Journal.Synchronize. */

#include "enter/namespaces.h"

/* Waits for the answer, but no longer than @timeout_usec. Where no journald answers, only that time is
 * lost. */
void journal_sync(const EnterTarget *target, uint64_t timeout_usec);
