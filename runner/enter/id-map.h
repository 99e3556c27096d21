/* SPDX-License-Identifier: MIT */
#pragma once

/* The uid or gid map of a user namespace, /proc/PID/{uid,gid}_map (user_namespaces(7)). Pure: text in,
 * numbers out. */

#include "base/error.h"

typedef struct IdRange {
        uint32_t inside, outside, count;
} IdRange;

typedef struct IdMap {
        IdRange *ranges;
        size_t n;
} IdMap;

void id_map_done(IdMap *map);

/* Reads "INSIDE OUTSIDE COUNT" lines. FC_EXIT_INTERNAL on anything else, for only the kernel writes them. */
int id_map_parse(const char *text, IdMap *ret, Error *reterr);

/* Return: whether `inside` is mapped; `*ret` is then what it is outside. */
bool id_map_to_outside(const IdMap *map, uint32_t inside, uint32_t *ret);
