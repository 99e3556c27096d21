/* SPDX-License-Identifier: MIT */
#pragma once

/* A pseudo-terminal of a container: made in the container's own devpts, so that programs inside find it
 * below /dev/pts (tty(1), job control, sshd's and sudo's checks), which one of the host's would not be. */

#include <sys/ioctl.h>

#include "enter/namespaces.h"

/**
 * pty_open() - make a pair
 * @owner: uid inside that the slave shall belong to
 * @ret_master: non-blocking; ours
 * @ret_slave: the program's
 *
 * Follows pts(4), TIOCGPTPEER of ioctl_tty(2). Both fds are O_CLOEXEC and do not become a controlling
 * terminal.
 */
int pty_open(const EnterTarget *target, uint32_t owner, const struct winsize *size, int *ret_master,
             int *ret_slave, Error *reterr);
