/* SPDX-License-Identifier: MIT */
#pragma once

/* The one question of the program: before anything goes that cannot be had back. */

#include "storage/removal-plan.h"

/**
 * question_ask() - ask on the terminal whether to go on
 * @question: what the answer is about, without the choices: "remove them?"
 * @yes: `--yes`: the answer is known, and nothing is asked
 *
 * What is going to happen has been printed before. Anything but "y" or "yes", and the end of input, is no.
 *
 * Return: 1 yes, 0 no, or FC_EXIT_USAGE when standard input or error is not a terminal.
 */
int question_ask(const char *question, bool yes, Error *reterr);

/* The same about a removal, of which it says what will go and how large it is. After a no it says that
 * nothing was removed. */
int question_ask_removal(Removal *removal, const char *question, bool yes, Error *reterr);
