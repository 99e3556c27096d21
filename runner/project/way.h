/* SPDX-License-Identifier: MIT */
#pragma once

/* The two ways in which a project's containers run, with root or without: which one made what `.containers`
 * has, and which one a command goes. A container's files have other ids on the disk in either, so a project
 * has one of them. */

#include "project/state-dir.h"

typedef enum KeptWay {
        KEPT_NOTHING, /* no container has left anything yet */
        KEPT_ROOT,
        KEPT_ROOTLESS,
} KeptWay;

/* In `.containers`, of what was made without root: a file that says so. It says nothing where nothing is
 * kept. */
#define WAY_MARK ".rootless"

/* Seen from what there is. @root_fd: the project's root. What cannot be told is an error. */
int way_look(int root_fd, KeptWay *ret, Error *reterr);

/* The same, and FC_EXIT_CONFLICT with how to change over, where that is not the way of this program. */
int way_check(const StateDir *dir, bool rootless, Error *reterr);

/* That what is in `.containers` from now on is made so, after way_check(). Again is harmless. */
int way_mark(const StateDir *dir, bool rootless, Error *reterr);

typedef enum Way { WAY_ROOT, WAY_NAMESPACE } Way;

/* What a user's command is told and finds, in the order in which it counts. */
typedef struct WayFacts {
        bool option;          /* --rootless */
        const char *variable; /* $FC_ELEVATE, may be NULL */
        bool declared;        /* "rootless" of the specification */
        KeptWay kept;
        bool tool; /* there is one that gives root */
} WayFacts;

/* The value of FC_ELEVATE that is not a program's. */
#define WAY_VARIABLE "namespace"

/* The user has said it: the other facts do not count. */
bool way_is_told(const WayFacts *facts);

/* By which a command goes that is not root's. Pure. */
Way way_choose(const WayFacts *facts);
