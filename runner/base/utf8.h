/* SPDX-License-Identifier: MIT */
#pragma once

/* Telling UTF-8 from other bytes, as RFC 3629 defines it. */

#include "base/macro.h"

/* Return: the length (1 to 4) of the character that starts at @s, of which @n bytes may be read; 0 when it
 * is malformed, overlong, a surrogate or cut off. A NUL byte is a character of length 1. */
size_t utf8_char_length(const char *s, size_t n);
