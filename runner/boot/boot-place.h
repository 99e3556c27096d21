/* SPDX-License-Identifier: MIT */
#pragma once

/* Where the units of boot/boot.h lie, and which systemd hears of them: the host's, or without root that of
 * the user, which begins when the user logs in, and where the user lingers (loginctl(1)) when the host
 * boots. */

#include <sys/types.h>

#include "bus/host-bus.h"

/* /etc/systemd/system, or ~/.config/systemd/user; owned by the caller. */
char *boot_place_directory(bool rootless);

/* The latter of another user's: that user's environment may name another one, which only the user's own
 * commands know. Owned by the caller, NULL: the user has no account. */
char *boot_place_directory_of(uid_t uid);

/* When what they start is started, in words. */
const char *boot_place_when(bool rootless);

/* The directory, which is made where it is the user's. Return: an fd. FC_EXIT_HOST: no program is to change
 * what is there. */
int boot_place_open(bool rootless, Error *reterr);

/* FC_EXIT_HOST: there is no such systemd. */
int boot_place_connect(bool rootless, HostBus **ret, Error *reterr);
