/* SPDX-License-Identifier: MIT */
#pragma once

/* Where a container's directory in `.containers` is: a record in its directory in /run, for what acts for a
 * unit without having been handed a descriptor. systemd passes none to what it runs after the end, and a
 * path on a command line would have to be UTF-8. */

#include "base/error.h"

/* @state_fd: `.containers/NAME` */
int state_place_write(int runtime_fd, int state_fd, Error *reterr);

/* Writes it anew where there is one, since the directory has another path now. */
int state_place_follow(int runtime_fd, int state_fd, Error *reterr);

/* The text of a record: which directory it is, and where in @text its path below "/" begins. Return: false
 * when it is damaged. Pure. */
bool state_place_parse(const char *text, uint64_t *ret_dev, uint64_t *ret_ino, const char **ret_path);

/* The same directory, or `*ret_fd = -EBADF` when there is no record or it is another by now: the path is the
 * user's, who may have put anything there. */
int state_place_open(int runtime_fd, int *ret_fd, Error *reterr);
