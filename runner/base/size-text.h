/* SPDX-License-Identifier: MIT */
#pragma once

/* Numbers of bytes as text. */

#include "base/macro.h"

#define FORMAT_SIZE_MAX 16

/* "0 B", "412 KB", "1.3 GB": powers of 1000, as disks are sold and df -H shows them; rounded down. Return:
 * @buf. */
char *format_size(char buf[static FORMAT_SIZE_MAX], uint64_t bytes);
