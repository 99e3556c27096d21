/* SPDX-License-Identifier: MIT */
#pragma once

/* What `up`, `down` and `restart` say while they work.
 *
 * On a terminal every busy container has one line with a spinner and its time, redrawn in place; when it
 * reaches its end ("ready", "failed", ...) its line is printed for good above the busy ones. Elsewhere each
 * change of phase is one line without escape codes. As JSON each change of phase or detail is one object:
 *
 *     {"time":"2026-11-22T10:04:40.113Z","container":"db","phase":"booting","detail":"..."}
 *
 * Everything goes to one stream, stderr in the program, also as JSON: stdout is for data. */

#include "base/error.h"
#include "record/phase.h"

typedef enum ProgressMode {
        PROGRESS_AUTO,  /* live on a terminal that can (output.h), else plain */
        PROGRESS_PLAIN, /* a line per change */
        PROGRESS_JSON,  /* an object per change */
        PROGRESS_QUIET, /* errors only */
        _PROGRESS_MODE_MAX,
} ProgressMode;

const char *progress_mode_to_string(ProgressMode mode);

/* The argument of --progress. FC_EXIT_USAGE for any other word. */
int progress_mode_parse(const char *word, ProgressMode *ret, Error *reterr);

typedef struct Progress Progress;

/* @out is used, not owned; @containers, NULL-terminated or NULL, are the names to come, so that the columns
 * are aligned from the first line on. */
Progress *progress_new(ProgressMode mode, FILE *out, char *const *containers);

/* Leaves what is on the screen as it is; call progress_finish() before. */
Progress *progress_free(Progress *progress);
DEFINE_FREEP(Progress, progress_free);

/**
 * progress_update() - tell what a container is doing
 * @phase: one that phase_is_final() ends its line, and a later phase (restart) begins a new one with a new
 *         time
 * @detail: text for it, may be NULL and may come from the guest: it is made safe for a terminal here
 *
 * What is unchanged is told at the end, by progress_finish(), in one line where nothing else happened; in
 * plain mode it is not told beside what did. As JSON it is an object like any other.
 *
 * Nothing is printed when neither phase nor detail changed. In plain mode a changed detail alone is printed
 * at most every 5 s, so that a long boot shows life without filling a build log.
 */
void progress_update(Progress *progress, const char *container, Phase phase, const char *detail);

/* @watch is told of each change of phase or detail as well, whatever is printed. @detail: safe text or NULL.
 */
typedef void (*ProgressWatch)(const char *container, Phase phase, const char *detail, void *userdata);
void progress_watch(Progress *progress, ProgressWatch watch, void *userdata);

/* A line of its own, without disturbing the live ones; {"time","note"} as JSON. */
void progress_note(Progress *progress, const char *text);

/* Neither JSON, nor only errors. */
bool progress_is_for_people(const Progress *progress);

/* A line of its own for people. */
void progress_say(Progress *progress, const char *text);

/* Prints an error now, below the lines that stay. Return: whether it has; not as JSON, nor where only errors
 * are told: there they come at the end. */
bool progress_error(Progress *progress, const Error *error);

/* How often progress_tick() wants to be called now, in microseconds: UINT64_MAX when nothing on the screen
 * moves, so that the caller's timer can be off. */
uint64_t progress_tick_interval(const Progress *progress);

/* Redraws the live lines: next frame of the spinner, new times, a changed width of the terminal. */
void progress_tick(Progress *progress);

/* Ends the live display: a container that did not come to an end keeps a line that says how far it came.
 * Tells what is unchanged. */
void progress_finish(Progress *progress);
