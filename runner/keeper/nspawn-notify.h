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

/* Return: the socket, which does not block. */
int nspawn_notify_open(Error *reterr);

/**
 * nspawn_notify_receive() - a datagram of nspawn's
 * @fd: of nspawn_notify_open(). Only what the kernel says to be nspawn's counts: a guest that shares the
 *      network namespace could reach the socket, too
 * @buffer: gets the text, terminated
 *
 * Descriptors that come with it (FDSTORE=1 and the like) are closed.
 * Return: 1 a datagram of nspawn's, 0 nothing or one of another process, a negative errno.
 */
int nspawn_notify_receive(int fd, pid_t nspawn, char *buffer, size_t size);

typedef struct NspawnNotice {
        pid_t leader; /* X_NSPAWN_LEADER_PID=, in nspawn's PID namespace; 0: it says nothing of it */
        char *status; /* STATUS=, by nspawn_status_text(), or NULL */
        bool ready;   /* READY=1 */
} NspawnNotice;

void nspawn_notice_done(NspawnNotice *notice);

/* Reads one notification. Pure. The last line of a kind counts; other lines are ignored. */
void nspawn_notice_parse(const char *text, NspawnNotice *ret);

/* systemd-nspawn's STATUS= without what says nothing: of "Container running: User job db.service/start
 * running (2s / 2min)..." it is "db.service/start running (2s / 2min)", of "Container running." and
 * "Container started." it is "". Owned by the caller. */
char *nspawn_status_text(const char *status);
