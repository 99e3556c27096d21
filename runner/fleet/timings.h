/* SPDX-License-Identifier: MIT */
#pragma once

/* Where the time of an `up` goes: what each container was doing from when to when. It is made of what
 * progress tells, and of what the systemd inside has noted of its units. Pure: the clock is the caller's,
 * CLOCK_MONOTONIC. */

#include "record/phase.h"
#include "spec/spec.h"

typedef struct TimingSpan {
        char *what; /* "copy", "boot", "tcp 80", "a.service"; what is a guest's is safe text */
        uint64_t began_usec, ended_usec;
} TimingSpan;

typedef struct ContainerTimings {
        char *name;
        TimingSpan *steps; /* one after another */
        size_t n_steps;
        bool open;         /* the last step goes on */
        TimingSpan *units; /* those that took longest, in the order in which they began */
        size_t n_units;
        uint64_t started_usec; /* its PID 1 was there; 0: not */
        uint64_t done_usec;    /* ready or completed; 0: not */
} ContainerTimings;

typedef struct Timings {
        uint64_t began_usec; /* of the command */
        uint64_t known_usec; /* the specification was read, or built */
        uint64_t ended_usec;
        ContainerTimings *containers; /* in the order in which they were first heard of */
        size_t n;
} Timings;

void timings_done(Timings *timings);

/* @rung: of its readiness that it stands on, NULL: on none. @detail: what it waits for then */
void timings_note(Timings *timings, const char *container, Phase phase, const char *rung, const char *detail,
                  uint64_t now_usec);

/* It does nothing for the moment. */
void timings_pause(Timings *timings, const char *container, uint64_t now_usec);

/* All is over. */
void timings_end(Timings *timings, uint64_t now_usec);

/* A unit inside, of which the guest says how long it took: it counts when that is within the container's
 * own time, and when it is one of the TIMING_UNITS_MAX that took longest, and TIMING_UNIT_USEC at least. */
#define TIMING_UNITS_MAX 20
#define TIMING_UNIT_USEC (5 * USEC_PER_MSEC)
void timings_add_unit(Timings *timings, const char *container, const char *unit, uint64_t began_usec,
                      uint64_t ended_usec);

typedef struct TimingPathStep {
        const ContainerTimings *container;
        uint64_t usec; /* when it was what the next one waited for; of the last one, when it was done */
} TimingPathStep;

/* The containers that the whole took as long for as it did: the last one that came to its end, what it
 * waited for last, and so on; the first to start stands first. Return: owned by the caller. */
TimingPathStep *timings_critical_path(const Timings *timings, const Spec *spec, size_t *ret_n);
