/* SPDX-License-Identifier: MIT */
#pragma once

/* The key "profiles": which containers are started only when one of their profiles is selected, when they
 * are named, or when another one depends on them. */

#include "spec/key.h"

/* Selects each profile. */
#define PROFILE_ANY "*"

extern const SpecKey profiles_key;

/* FC_EXIT_USAGE for a profile that is neither PROFILE_ANY nor one of a container. */
int profiles_check(const Spec *spec, char *const *selected, Error *reterr);

/* The words of a list with commas; owned by the caller, NULL: none. */
char **profiles_split(const char *list);

/* The profiles of all containers, without duplicates, in the order of the document; owned by the caller. */
char **profiles_known(const Spec *spec);

/* The names of the containers without profiles and of those with a selected one, in the order of the
 * document; owned by the caller. */
char **profiles_choose(const Spec *spec, char *const *selected);
