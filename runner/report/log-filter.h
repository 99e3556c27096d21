/* SPDX-License-Identifier: MIT */
#pragma once

/* The words of `logs` that choose lines. All refuse with FC_EXIT_USAGE. */

#include "report/journal.h"

/* "redis" means "redis.service"; "data.mount" stays. Owned by the caller. Patterns are refused. */
int log_unit_name(const char *word, char **ret, Error *reterr);

/* "err" (0..3: that and worse), "0".."7", or a range "warning..err"; names as in syslog(3). */
int log_priority_parse(const char *word, unsigned *ret_first, unsigned *ret_last, Error *reterr);

/* "short", "json", "cat". */
int log_output_parse(const char *word, LogOutput *ret, Error *reterr);

/* "all" or a number. */
int log_lines_parse(const char *word, uint64_t *ret, Error *reterr);
