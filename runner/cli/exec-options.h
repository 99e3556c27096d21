/* SPDX-License-Identifier: MIT */
#pragma once

/* What the verbs that run a program in a container have in common. */

#include "base/error.h"
#include "base/strv.h"

/* What is wrong with '--workdir' and '--env'. */
int exec_options_check(const char *directory, char *const *environment, Error *reterr);

/* Our own failures are 125; the other codes say of the target what they say for every verb. Return: @r. */
int exec_own_failure(int r, Error *reterr);
