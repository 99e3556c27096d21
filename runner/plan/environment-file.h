/* SPDX-License-Identifier: MIT */
#pragma once

/* Variables that only some units of a guest get, or whose values are secrets: a credential has them, and
 * drop-ins for its systemd say which units read it. Unlike by DefaultEnvironment=, they are in no property
 * that every user inside can ask for. */

#include "base/paths.h"

/* Of a unit, "NAME.service", or of all that begin alike, "NAME-.service"; "service": of all services. In a
 * directory that is systemd's own, and that NixOS, where /etc/systemd/system is a link, leaves alone. Of
 * several with one file name the one for the longest name of units counts. Not below /run: see
 * MANAGER_CONF_TARGET. */
#define UNIT_CONF_TARGET(unit) "/etc/systemd/system.control/" unit ".d/50-flake-containers.conf"

#define UNIT_CONF_ENVIRONMENT "[Service]\nEnvironmentFile=" ENVIRONMENT_CREDENTIAL_PATH "\n"

/**
 * environment_file_print() - for EnvironmentFile=, systemd.exec(5)
 * @environment: as that of manager_conf_print()
 *
 * The first line has the names in a comment: `exec` looks there for those that its own would not win
 * against. A service gets each value byte for byte. Return: owned by the caller, who overwrites it.
 */
char *environment_file_print(char *const *environment);

/* The same for the gate: a NUL ends each variable. @ret_size: with the last NUL. */
char *environment_file_print_plain(char *const *environment, size_t *ret_size);
