/* SPDX-License-Identifier: MIT */
#pragma once

/* How an error is printed. */

#include "screen/progress.h"

/**
 * report_error() - print an error, which only this and progress_error() do
 *
 * "error: MESSAGE", then the evidence indented by 6 and the hints by 2; with PROGRESS_JSON one line
 * {"error":{"exit":N,"message":"...","container":"db","evidence":[],"hints":[]}}. An unset error prints
 * nothing. What it quotes of a guest was made safe for a terminal when it was put into the error.
 */
void report_error(FILE *out, const Error *error, ProgressMode mode);

/* The same text for people, without the last end of line. Owned by the caller. */
char *error_to_text(const Error *error, bool colour);
