/* SPDX-License-Identifier: MIT */
#pragma once

/* Whether the volumes of a container that runs are still what their sources lead to. A mount keeps the file
 * that it was made of, also when that has been renamed away or removed: an editor that saves a file by
 * renaming another one to its name, or a directory that was made again, is not seen inside. */

#include "context/project.h"
#include "machine/machine.h"
#include "plan/plan.h"
#include "state/state.h"

/* What the volumes were made of, for each of the specification; owned by the caller, NULL: it has none.
 * @ids: for each of the plan's mounts (resources/resources.h). */
char **volume_drift_sources(const ContainerPlan *plan, char *const *ids);

/**
 * volume_drift_find() - look where the sources lead now
 * @state: may be NULL, or of another run: then nothing is known
 *
 * They are looked up as for a start, and nothing is changed. What cannot be looked at is taken for the same.
 * Return: a line for each that is another one, owned by the caller; NULL: none is.
 */
char **volume_drift_find(Project *project, const ContainerPlan *plan, const ContainerState *state,
                         const MachineStatus *status);
