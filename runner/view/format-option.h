/* SPDX-License-Identifier: MIT */
#pragma once

/* The option '--format' of verbs that print one thing in several ways, JSON among them. */

#include "base/error.h"

/* The word that says it: the option's, or "json" where all is asked for as JSON, or @fallback. */
const char *format_option_word(const char *option, bool json, const char *fallback);

/* What is wrong with that word. @known: it is one of @words, which a message lists. */
int format_option_check(const char *word, bool known, bool json, const char *words, Error *reterr);
