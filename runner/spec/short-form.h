/* SPDX-License-Identifier: MIT */
#pragma once

/* The string "A:B:C" that a value may be instead of an object. In it "\:" is a colon and "\\" a backslash of
 * a path. */

#include "base/error.h"

#define SHORT_FORM_FIELDS_MAX 3

/**
 * short_form_split() - take it apart
 * @form: what is expected, for messages
 * @n_max: how many fields there may be, at most SHORT_FORM_FIELDS_MAX
 * @ret_fields: what stands between the colons, owned by the caller
 *
 * Return: the number of fields, at least 1; FC_EXIT_USAGE for more, and for a backslash before anything
 * else.
 */
int short_form_split(const char *text, const char *form, int n_max, char *ret_fields[], Error *reterr);
