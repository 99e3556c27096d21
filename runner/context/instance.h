/* SPDX-License-Identifier: MIT */
#pragma once

/* A fresh instance of a project: its containers once more, for one command, with nothing of what they have
 * kept so far, or with what a snapshot has.
 *
 * An instance is to the rest of the program what a project is. It has a directory (project/instance-dir.h),
 * by which it is identified, and so an id, machines, a network and locks of its own; plans, fleets and all
 * else work on it through the same Project, in which only the state is another. The specification is changed
 * so that nothing of the host is shared (context/fresh-spec.h). What a snapshot has is not copied: roots and
 * volumes are layers over it, which nothing waits for to be on the disk. (A volume of several containers is
 * copied: two layers cannot have one directory for what is written. So is a NixOS root.) While layers lie
 * over a snapshot it cannot be removed.
 *
 * Its life (storage/instance-life.h) is that of LOCK_INSTANCE in its directory in /run, which the process
 * that made it holds, from before the directory is made until all is removed. The kernel releases it
 * whatever ends that process. An instance whose lock is not held is dead: the next instance of the project,
 * or `gc`, removes it.
 *
 * At its end nothing is stopped in order: what runs is killed, since all that it could write goes, too. */

#include "context/project.h"

/* Makes a project that has just been opened an instance that is there; before project_identify(). */
int instance_enter(Project *project, const char *name, Error *reterr);

/* Makes the specification of such a project that of an instance. */
void instance_change_spec(Project *project);
