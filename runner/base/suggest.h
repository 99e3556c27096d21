/* SPDX-License-Identifier: MIT */
#pragma once

/* What a mistyped word may have been meant to be. */

/**
 * suggest_name() - the name that is nearest to a word
 * @names: ends with NULL; may be NULL itself
 *
 * Near is what takes few insertions, deletions, replacements and swaps of bytes for its length: two in a
 * word of more than five, one in a shorter one, none in one of two.
 *
 * Return: one of @names, or NULL.
 */
const char *suggest_name(const char *word, char *const *names);
