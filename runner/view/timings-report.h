/* SPDX-License-Identifier: MIT */
#pragma once

/* What `up --timings` does when all is over: asks the guests, and writes the picture. */

#include "context/project.h"
#include "fleet/timings.h"

/* Best effort: what a guest's systemd does not tell, or not in time, is not there. */
void timings_ask_guests(const Project *project, Timings *timings);

/* As the user who asked. @path: absolute, or relative to @cwd (NULL: the working directory); what is there
 * is replaced if it is a regular file, and no link. */
int timings_write_svg(const Project *project, const char *cwd, const char *path, const Timings *timings,
                      Error *reterr);
