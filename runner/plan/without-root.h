/* SPDX-License-Identifier: MIT */
#pragma once

/* What a container cannot have where root is a user's, in a user namespace (rootless/enter.h). Pure. */

#include "spec/spec.h"

/* @names: of containers of @spec. FC_EXIT_HOST: a key of one needs root, with its name and why. */
int without_root_check(const Spec *spec, char *const *names, Error *reterr);

/* What is refused, of all that is; NULL: there is no such row. @ret_why: the reason */
const char *without_root_key(size_t i, const char **ret_why);
