/* SPDX-License-Identifier: MIT */
#pragma once

/* Configuration for a guest's systemd: what its services shall have in their environment. */

/* A directory that NixOS leaves alone, too. Not below /run: nspawn of 252 would make /run/systemd there as
 * the host's root, and the guest's systemd, whose it must be, would not start. */
#define MANAGER_CONF_TARGET "/etc/systemd/system.conf.d/50-flake-containers.conf"

/**
 * manager_conf_print() - systemd-system.conf(5) with variables for all services
 * @environment: NAME=VALUE, valid UTF-8 without control characters but for tab and newline
 *
 * A service gets each value byte for byte. Return: owned by the caller.
 */
char *manager_conf_print(char *const *environment);
