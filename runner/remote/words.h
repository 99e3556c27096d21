/* SPDX-License-Identifier: MIT */
#pragma once

/* A command line as text for the login shell of another machine, since ssh(1) hands on one text and no
 * words. The one place that quotes. Pure. */

#include "base/strv.h"

/**
 * words_quote() - the text of which a shell makes the same words again
 *
 * Any bytes but NUL. Right for sh, bash, zsh, dash and fish: these differ within single quotes in the
 * backslash, which stands outside of them here. Owned by the caller.
 */
char *words_quote(char *const *words);
