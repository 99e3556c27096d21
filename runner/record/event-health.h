/* SPDX-License-Identifier: MIT */
#pragma once

/* What an event log says of a container's health. The programs that write to it look here, so that they
 * do not write the same twice. Pure. */

#include <stdbool.h>

/**
 * event_health_read() - what is known to be wrong after the events of a log
 * @text: the log, lines of event_log_format(), in which a quote within a text is escaped
 * @key: ',"container":NAME,"event":"' with the name quoted, which can be found nowhere else in such a line
 * @known: details of "degraded" as they stand in the log, quoted; what was known before the log, in and out
 */
void event_health_read(const char *text, const char *key, char ***known);

/* Likewise whether the last that is known of it is that it has ended. @over: what was known before the log,
 * in and out. */
void event_health_read_over(const char *text, const char *key, bool *over);
