/* SPDX-License-Identifier: MIT */
#pragma once

/* How a program that is missing is installed, in the words of the distribution that this host is of. */

#include "base/error.h"

/**
 * package_hint() - the line that installs a package, or says what else to do
 * @os_release: text of os-release(5)
 * @debian: the package's name in Debian
 *
 * Debian, Fedora, openSUSE, Arch, NixOS and what is like them (ID_LIKE) are known; of others the hint names
 * Debian's package. Return: owned by the caller.
 */
char *package_hint(const char *os_release, const char *debian);

/* For this host; owned by the caller. */
char *package_host_hint(const char *debian);

void package_add_hint(Error *reterr, const char *debian);
