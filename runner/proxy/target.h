/* SPDX-License-Identifier: MIT */
#pragma once

/* Where a published port leads: the same port at some addresses inside of the container; or a Unix
 * socket. */

#include <netinet/in.h>
#include <sys/un.h>

#include "base/macro.h"

/* 127.0.0.1, ::1, the container's own, in the order in which they are tried. */
#define TARGET_ADDRESSES 3

/* There is no event that tells that a service listens. */
#define TARGET_RETRY_FIRST_USEC (10 * USEC_PER_MSEC)
#define TARGET_RETRY_LAST_USEC  (500 * USEC_PER_MSEC)

typedef union TargetAddress {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
} TargetAddress;

typedef struct Target {
        const char *path; /* of a Unix socket, borrowed; NULL: a port */
        uint16_t port;
        bool proxy_protocol; /* it is told who the client is, see introduce() */
        bool impatient;      /* a connection does not wait for the service */
        struct in_addr own;  /* INADDR_ANY: there is none */
} Target;

/* Return: the address's length, 0: there is none of this number. */
socklen_t target_address(const Target *t, unsigned number, TargetAddress *ret);

/* A socket that is non-blocking, for such an address. Return: a descriptor or a negative errno. */
int target_socket(const TargetAddress *address, int type);

/* A port that no service listens on may be the one that the kernel has chosen for our own end: then the
 * socket is connected to itself. */
bool target_is_own(int fd);
