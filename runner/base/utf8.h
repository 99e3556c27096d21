/* SPDX-License-Identifier: MIT */
#pragma once

/* Telling UTF-8 from other bytes, as RFC 3629 defines it, and what a terminal only shows from what drives
 * it. */

#include "base/macro.h"

/* Return: the length (1 to 4) of the character that starts at @s, of which @n bytes may be read; 0 when it
 * is malformed, overlong, a surrogate or cut off. A NUL byte is a character of length 1. */
size_t utf8_char_length(const char *s, size_t n);

/* The code point of a character whose length utf8_char_length() gave. */
uint32_t utf8_decode(const char *s, size_t length);

/* Likewise, but 0 also for what does more on a terminal than to stand there: control characters but for the
 * tab, other line breaks, and the marks that turn the direction of writing. */
size_t utf8_shown_length(const char *s, size_t n);
