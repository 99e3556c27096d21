/* SPDX-License-Identifier: MIT */
#pragma once

/* Starting over: containers are stopped, lose their roots, and are started again. */

#include "fleet/fleet.h"
#include "storage/removal-plan.h"

/**
 * reset_run() - all that `reset` does
 * @names: containers of the specification
 * @removal: of their roots, and perhaps of volumes
 *
 * What a start would refuse about their images is refused before anything stops. Return: as
 * fleet_bring_up().
 */
int reset_run(const FleetOptions *options, Project *project, char *const *names, const Removal *removal,
              Error *reterr);

/* All that `down --volumes` does: stops, then removes. */
int reset_take_down(const FleetOptions *options, Project *project, char *const *names,
                    const Removal *removal, Error *reterr);
