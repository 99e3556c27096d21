/* SPDX-License-Identifier: MIT */
#pragma once

/* The container's side of the network. These functions move the calling process into the network namespace
 * of another process, for good. */

#include <sys/types.h>

#include "base/error.h"

typedef struct InterfaceSettings {
        const char *name; /* as the container calls it */
        uint32_t address; /* host byte order */
        uint8_t prefix;
        bool internet; /* there is another one, which leads there (internet.h) */
} InterfaceSettings;

/**
 * netns_setup() - address and raise an interface and the loopback of a container
 * @pid: a process in the container, by the caller's PID namespace
 * @wait_usec: how long to wait for the interface to appear
 *
 * FC_EXIT_TIMEOUT when it did not, FC_EXIT_NOT_RUNNING when the process ended before: then nothing else is
 * wrong, and it is known for sure.
 */
int netns_setup(pid_t pid, const InterfaceSettings *settings, uint64_t wait_usec, Error *reterr);

/* Raises the loopback interface only. */
int netns_loopback(pid_t pid, Error *reterr);
