/* SPDX-License-Identifier: MIT */
#pragma once

/* The PID 1 of a guest without an init. */

/* Goes on as PID 2. The calling process stays as PID 1: it reaps what ends, and ends as PID 2 does.
 * systemd's signals to halt and to reboot end PID 2, and then mean what they mean to a systemd. Return: 0 or
 * a negative errno. */
int stub_run(void);
