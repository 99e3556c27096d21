/* SPDX-License-Identifier: MIT */
#pragma once

/* What happened to the containers of a project, in the order in which it happened: a file of JSON lines in
 * `.containers`, which commands and supervisors append to and `events` reads (docs/JSON.md has the fields).
 * It is for people and their scripts: nothing is decided by what it says, and an event that cannot be
 * written is lost. Each line is one write(2) to a file opened with O_APPEND, so lines do not mix. */

#include "record/phase.h"

#define EVENT_LOG     "events.jsonl"
#define EVENT_LOG_OLD "events.1.jsonl"

/* A program that finds the log larger than this, or makes it so, begins a new one; the log before it is
 * kept. */
#define EVENT_LOG_SIZE_MAX (256 * 1024)

/* Makes the log or begins a new one where that is due. As the user to whom `.containers` belongs. */
void event_log_prepare(int dir_fd);

/**
 * event_log_append() - add one event to a log that exists
 * @dir_fd: `.containers`; -EBADF: there is none
 * @detail: may be NULL; any text
 *
 * The directory is the user's, so a file that is no regular one, or one that has another name elsewhere, is
 * not written to.
 */
void event_log_append(int dir_fd, const char *container, Phase event, const char *detail);

/* For root: as the owner of the directory. Any user who can replace the file can already write to it, and
 * root may not write to a home on NFS. */
void event_log_append_as_owner(int dir_fd, const char *container, Phase event, const char *detail);

/* The line without its end; owned by the caller. @event: a word, perhaps one of a later release. */
char *event_log_format(uint64_t usec, const char *container, const char *event, const char *detail);
