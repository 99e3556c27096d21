/* SPDX-License-Identifier: MIT */
#pragma once

/* What `up --timings` does when all is over: asks the guests, and writes the picture. */

#include "context/project.h"
#include "fleet/timings.h"

/* Best effort: what a guest's systemd does not tell, or not in time, is not there. */
void timings_ask_guests(const Project *project, Timings *timings);

/* As the user who asked. @path: as for project_typed_path(); what is there is replaced if it
 * is a regular file, and not a link. */
int timings_write_svg(const Project *project, const ProjectRequest *request, const char *path,
                      const Timings *timings, Error *reterr);
