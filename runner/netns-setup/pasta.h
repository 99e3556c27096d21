/* SPDX-License-Identifier: MIT */
#pragma once

/* Becoming pasta(1), which makes a container's connections anew from the network that it is started in, the
 * host's, and has a tap device in the gateway (netns-setup/internet.h). */

#include "base/error.h"

/* In the gateway. */
#define PASTA_TAP "pasta0"

/* The container's address, which pasta has to be told. */
#define PASTA_INSIDE6 "fd66:632d:6f75:74::2"

typedef struct PastaSettings {
        uint32_t address;    /* the container's, host byte order */
        const char *machine; /* whose user pasta gets */
        const char *program;
} PastaSettings;

/* @holder: a process in the gateway, by the PID namespace of /proc. Returns on failure only. */
int pasta_exec(const PastaSettings *settings, pid_t holder, Error *reterr);

/* Where this process is in a network of the user's: this program runs pasta_exec_inside() in the host's
 * (base/host-exec.h). @holder: by our own PID namespace. Returns on failure only. */
int pasta_exec_outside(const PastaSettings *settings, pid_t holder, Error *reterr);

/* @holder_fd: pidfd of that process, standard input. Returns on failure only. */
int pasta_exec_inside(const PastaSettings *settings, int holder_fd, Error *reterr);
