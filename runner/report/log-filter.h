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

/* "" or "0" (the newest boot), "-1" (the one before), "1" (the first), "all", or the 32 hexadecimal digits
 * of an id, with or without dashes. */
int log_boot_parse(const char *word, LogBoot *ret, Error *reterr);

/* A POSIX extended regular expression. Like with journalctl(1), case counts only where the expression has an
 * upper case letter. */
int log_pattern_new(const char *word, LogPattern **ret, Error *reterr);
LogPattern *log_pattern_free(LogPattern *pattern);
DEFINE_FREEP(LogPattern, log_pattern_free);
bool log_pattern_matches(LogPattern *pattern, const char *text, size_t size);

/* "all" or a number. */
int log_lines_parse(const char *word, uint64_t *ret, Error *reterr);
