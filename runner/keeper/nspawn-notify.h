/* SPDX-License-Identifier: MIT */
#pragma once

/* What systemd-nspawn says of itself, sd_notify(3). */

#include <sys/types.h>

#include "base/error.h"
#include "keeper/machine-dir.h"

/* nspawn's NOTIFY_SOCKET, in the machine's own mount namespace: no name clash, and short enough. */
#define NSPAWN_NOTIFY_SOCKET MACHINE_DIR "/notify"

/* A socket for sd_notify(3), which does not block, in the place of one that is there. */
int notify_socket_open(const char *path, mode_t mode, Error *reterr);

/* The other side: a socket for a program to tell of itself, as long as its path leads there. */
int notify_socket_connect(const char *path, Error *reterr);

/**
 * notify_socket_receive() - a datagram of one process
 * @fd: of notify_socket_open(). Others may reach the socket, too; only what the kernel says to be @sender's
 *      counts
 * @buffer: gets the text, terminated
 *
 * Descriptors that come with it (FDSTORE=1 and the like) are closed.
 * Return: 1 a datagram of that process, 0 nothing or one of another process, a negative errno.
 */
int notify_socket_receive(int fd, pid_t sender, char *buffer, size_t size);

/* Return: the socket for nspawn, which a guest that shares the network namespace could reach. */
int nspawn_notify_open(Error *reterr);

typedef struct NspawnNotice {
        pid_t leader; /* X_NSPAWN_LEADER_PID=, in nspawn's PID namespace; 0: it says nothing of it */
        char *status; /* STATUS=, by nspawn_status_text(), or NULL */
        bool ready;   /* READY=1 */
} NspawnNotice;

void nspawn_notice_done(NspawnNotice *notice);

/* Reads one notification. Pure. The last line of a kind counts; other lines are ignored. */
void nspawn_notice_parse(const char *text, NspawnNotice *ret);

/* In nspawn's words, what a keeper passes on of what was told inside: ready, and the status. No word goes on
 * as it was told: it would be the keeper's own. NULL: nothing. Owned by the caller. */
char *nspawn_notice_pass_on(const NspawnNotice *notice);

/* systemd-nspawn's STATUS= without what says nothing: of "Container running: User job db.service/start
 * running (2s / 2min)..." it is "db.service/start running (2s / 2min)", of "Container running." and
 * "Container started." it is "". Owned by the caller. */
char *nspawn_status_text(const char *status);
