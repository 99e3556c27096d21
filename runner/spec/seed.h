/* SPDX-License-Identifier: MIT */
#pragma once

/* The key "seed": what fills a container once, when it has become ready for the first time. */

#include "spec/key.h"

extern const SpecKey seed_key;

/* A number for what the steps say; the content of files is not part of it. */
uint64_t seed_hash(const ContainerSpec *c);

/* "psql", "sh", "seed.sql": a word for a step in messages; borrowed. */
const char *seed_step_name(const SeedStep *step);
