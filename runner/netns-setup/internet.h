/* SPDX-License-Identifier: MIT */
#pragma once

/* A container's way to the internet. Its interface leads to a network namespace of its own, the gateway,
 * which holds nothing but the other end and a tap device of pasta(1)'s: a process without privileges that
 * makes the connections anew, from the host, as any program there would. The gateway's kernel routes between
 * the two, so that pasta gets only packets that a host of a network could send: none to a loopback address,
 * which pasta of 2023 would take for the host's, and none to pasta's names for the host.
 *
 * Whatever ends pasta ends the gateway, and with it the container's interface. */

#include "net/netlink.h"

/* As the container calls it. */
#define INTERNET_INTERFACE "internet0"

/* pasta starts within 50 ms; this is for a machine that is busy. */
#define INTERNET_WAIT_USEC (20 * USEC_PER_SEC)

typedef struct InternetSettings {
        pid_t leader;        /* a process in the container, by the caller's PID namespace */
        uint32_t address;    /* the container's, host byte order */
        const char *machine; /* whose user pasta gets */
        const char *pasta;   /* program */
} InternetSettings;

/* Becomes pasta, which runs until it is killed, and leaves a process behind that makes the interface when
 * pasta is there. Returns on failure only. */
int internet_lead(const InternetSettings *settings, Error *reterr);

/**
 * internet_set_up_inside() - address and raise the interface, in the container's network namespace
 * @address: the container's
 *
 * What is not for the project's own network leaves there.
 */
int internet_set_up_inside(Netlink *netlink, int index, uint32_t address, Error *reterr);
