/* SPDX-License-Identifier: MIT */
#pragma once

/* What `up` does beside bringing up a fleet: orphans, what counts for once, a snapshot to begin with, the
 * report. */

#include "fleet/fleet.h"

/* As the verb's options are described. */
typedef struct UpOptions {
        uint64_t timeout_usec; /* UINT64_MAX: each container's own */
        bool no_wait;
        bool no_deps;
        bool force_recreate;
        size_t jobs; /* so many starts at a time; 0: all that may */
        bool attach;
        bool rm_on_failure;
        bool restart_changed;
        bool update_only;
        char *from; /* the label of a snapshot; NULL: none */
        bool remove_orphans;
        bool yes;
        char **profiles; /* only without names */
        char **volumes;
        char **ports;
        char *timings; /* the file to draw them in, "": none; NULL: not asked for */
} UpOptions;

/* FC_EXIT_USAGE when both are given. */
int up_check_profiles(char *const *profiles, char *const *names, Error *reterr);

/* @operands: the names asked for; none: all that start by themselves. Return: the exit status, or a negative
 * errno. */
int up_project(const ProjectRequest *request, const UpOptions *options, char *const *operands,
               Error *reterr);

/* fleet_bring_up() of a fleet of its own, and then, without its locks, the hooks of what it has made ready;
 * the options' timings end in between. Return: likewise. */
int up_fleet(const FleetOptions *options, Project *project, char *const *names, char *const *asked,
             bool restart, Error *reterr);
