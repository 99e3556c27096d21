/* SPDX-License-Identifier: MIT */
#pragma once

/* Which id a project has. It belongs to the directory, not to its path, until the host is booted again: one
 * that was renamed, or is mounted at a second place, keeps the id that it runs under, and a copy gets one of
 * its own.
 *
 * `.containers/state.json` says which id that is, and is not believed: a copy has the same file, and a
 * repository of others may bring any. What counts is root's record in /run that the id stands for this
 * directory (state/checkout.h). Without one, as after each boot of the host, the id is that of the path. */

#include "context/project.h"

/* Sets the id. What is there of the project is open, and the host's facts are known. */
int project_identify(Project *project, Error *reterr);

/**
 * project_identity_lock() - keep commands that began by another path from choosing another id
 *
 * Two paths have one `.containers`, and its lock is held until the fd is closed. FC_EXIT_CONFLICT where one
 * of these commands has been faster: a next try finds its id. Return: the fd.
 */
int project_identity_lock(const Project *project, Error *reterr);
