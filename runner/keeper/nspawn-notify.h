/* SPDX-License-Identifier: MIT */
#pragma once

#include <sys/types.h>

/**
 * nspawn_notify_receive() - a datagram from a socket that nspawn has as its NOTIFY_SOCKET, sd_notify(3)
 * @fd: with SO_PASSCRED, since only what the kernel says to be nspawn's counts: a guest that shares the
 *      network namespace could reach the socket, too
 * @flags: of recvmsg(2)
 * @buffer: gets the text, terminated
 *
 * Descriptors that come with it (FDSTORE=1 and the like) are closed.
 * Return: 1 a datagram of nspawn's, 0 somebody else's, a negative errno.
 */
int nspawn_notify_receive(int fd, int flags, pid_t nspawn, char *buffer, size_t size);
