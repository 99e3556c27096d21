/* SPDX-License-Identifier: MIT */
#pragma once

/* The string "A:B:C" that a value may be instead of an object. In it "\:" is a colon and "\\" a backslash of
 * a path. */

#include "base/error.h"

#define SHORT_FORM_FIELDS_MAX 3

/* A path of the host in it, and one inside, as regular expressions. */
#define SHORT_FORM_HOST_REGEX   "([^:\\\\\\u0000-\\u001f\\u007f]|\\\\[:\\\\])+"
#define SHORT_FORM_INSIDE_REGEX "(/(?!\\.{1,2}(/|:|$))([^/:\\\\\\u0000-\\u001f\\u007f]|\\\\[:\\\\])+)+"

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
