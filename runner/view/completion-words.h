/* SPDX-License-Identifier: MIT */
#pragma once

/* What the completion scripts ask for while the user types. */

#include "context/project.h"

/* @what: "names", "labels", "ports", "units", "generations" or "profiles"; @names: only of these containers,
 * all where there are none. Return: 1 when it has printed them, 0 when @what is another word, or a negative
 * errno. */
int completion_words_print(const ProjectRequest *request, const char *what, char *const *names,
                           Error *reterr);
