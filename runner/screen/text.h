/* SPDX-License-Identifier: MIT */
#pragma once

/* Shaping text for a screen: making what a container said harmless, measuring it in columns, shortening it.
 *
 * A guest chooses every byte of its log lines, status texts and console. Printed as they are, they could set
 * the title of the user's terminal, hide lines, or make it type answers. So whatever comes from a guest goes
 * through here before it is printed. */

#include "screen/buffer.h"

/**
 * text_append_safe() - append guest text that cannot drive a terminal
 *
 * Escape sequences (colours, cursor movement, titles) are left out as a whole; every other control
 * character, among them line breaks, those of U+0080..U+009F, and the marks that turn the direction of
 * writing, becomes U+FFFD, as does each byte that is not UTF-8. A tab stays. An escape sequence that never
 * ends hides nothing: only its first character is replaced.
 */
void text_append_safe(Buffer *buffer, const char *s, size_t n);

/* The same as a string of one line, where a tab becomes a blank. Owned by the caller; NULL gives NULL. */
char *text_safe(const char *s);

/* Columns that @s takes on a screen: wide characters count 2, combining ones 0. It must be safe text. */
size_t text_width(const char *s);

/* @s cut to @width columns, with an ellipsis ("…", or "..." where @unicode is false) where something was cut
 * off. Owned by the caller. */
char *text_shorten(const char *s, size_t width, bool unicode);
