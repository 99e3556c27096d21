/* SPDX-License-Identifier: MIT */
#pragma once

/* Timings (fleet/timings.h) as a table, a picture, and JSON. Pure. */

#include "base/json.h"
#include "fleet/timings.h"

/* Steps one after another, units indented below, and the critical path. Owned by the caller. */
char *timings_text(const Timings *timings, const Spec *spec);

/* An SVG with a bar for each step and unit, along one axis of time. Owned by the caller. */
char *timings_svg(const Timings *timings);

Json *timings_json(const Timings *timings, const Spec *spec);
