/* SPDX-License-Identifier: MIT */
#pragma once

/* The words of `logs` that choose lines. All refuse with FC_EXIT_USAGE. */

#include "logs/journal.h"

/* "redis" means "redis.service"; "data.mount" stays. Owned by the caller. Patterns are refused. */
int log_unit_name(const char *word, char **ret, Error *reterr);

/* "err" (0..3: that and worse), "0".."7", or a range "warning..err"; names as in syslog(3). */
int log_priority_parse(const char *word, unsigned *ret_first, unsigned *ret_last, Error *reterr);

/* "short", "json", "cat". */
int log_output_parse(const char *word, LogOutput *ret, Error *reterr);

/* "" or "0" (the newest boot), "-1" (the one before), "1" (the first), "all", or the 32 hexadecimal digits
 * of an id, with or without dashes. */
int log_boot_parse(const char *word, LogBoot *ret, Error *reterr);

typedef enum LogCase {
        LOG_CASE_AUTO, /* counts where the expression has an upper case letter */
        LOG_CASE_SENSITIVE,
        LOG_CASE_INSENSITIVE,
} LogCase;

/* "" (yes) and systemd's words for yes and no. */
int log_case_parse(const char *word, LogCase *ret, Error *reterr);

/* A regular expression as in pcre2pattern(3), like journalctl's. */
int log_pattern_new(const char *word, LogCase what, LogPattern **ret, Error *reterr);
LogPattern *log_pattern_free(LogPattern *pattern);
DEFINE_FREEP(LogPattern, log_pattern_free);

/* Return: 1, 0, or a negative errno when it would take too long to know. */
int log_pattern_match(LogPattern *pattern, const char *text, size_t size, Error *reterr);

/* "all" or a number. */
int log_lines_parse(const char *word, uint64_t *ret, Error *reterr);
