/* SPDX-License-Identifier: MIT */
#pragma once

/* The strict grammar that cJSON does not enforce, checked on the text before cJSON builds the tree. */

#include "base/error.h"

/* Objects and arrays within each other. No recursion of ours or of cJSON goes deeper than this. */
#define JSON_DEPTH_MAX 32

/* The largest magnitude up to which a double, and so every JSON reader, tells all whole numbers apart. */
#define JSON_NUMBER_MAX (UINT64_C(1) << 53)

/**
 * json_scan() - check that a text is one strict JSON document
 *
 * It is RFC 8259 in UTF-8 without byte order mark, at most JSON_DEPTH_MAX deep, with whole numbers up to
 * JSON_NUMBER_MAX only, written without fraction and exponent, and without \u0000 and lone surrogates in
 * strings. Duplicate keys are not looked for. Takes linear time, no memory and no recursion.
 *
 * The message is "@name: line L, column C: PATH: ..."; "@name: " is left out when @name is NULL and "PATH: "
 * at the top level.
 */
int json_scan(const char *text, size_t size, const char *name, Error *reterr);
