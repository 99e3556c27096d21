/* SPDX-License-Identifier: MIT */
#pragma once

/* Giving up what a process of ours does not need once it is set up: capabilities(7). */

#include <linux/capability.h>

#include "base/macro.h"

#define PRIVILEGE(name) (UINT64_C(1) << CAP_##name)

/* Gives up every capability but `kept`. A program that this process executes as root has those of the
 * bounding set again, so this fences in our own code, not what it starts. Return: 0 or a negative errno. */
int privilege_keep(uint64_t kept);

/* Takes every capability but `kept` out of the bounding set as well: a program that is executed from now
 * on never has another. Before privilege_keep(), since it needs CAP_SETPCAP. Return: 0 or a negative
 * errno. */
int privilege_bound(uint64_t kept);

/* Becomes a user and group that nothing else has, without further groups: from 0x78000000 on, where neither
 * the users of a system nor those of containers (systemd's UIDS-GIDS.md), of a directory service or of
 * DynamicUser= are, 26 bits of a hash of the machine's name. So no list of users is asked, nothing has to be
 * locked, and what serves another machine has no power over this one. Return: 0 or a negative errno. */
int privilege_become_own_user(const char *machine);

/* Becomes root of the user namespace that this process has made or entered, without further groups: those of
 * before may have no id there. Async-signal-safe. Return: 0 or a negative errno. */
int privilege_become_root(void);

/* Leaves the session's keyring(7) to those that have it: what is executed next reaches none of its keys.
 * Where there are no keys, or a filter around us refuses the call to all, there is nothing to leave.
 * Async-signal-safe. Return: 0 or a negative errno. -EDQUOT: this user has too many keys, as what is inside
 * can see to. */
int privilege_leave_keyring(void);

/* No core is dumped: it would hold descriptors' contents and be written wherever the host wants it. */
void privilege_no_core(void);
