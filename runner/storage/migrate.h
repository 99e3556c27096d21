/* SPDX-License-Identifier: MIT */
#pragma once

/* `migrate`: what a project keeps, made with root, becomes that of its user's without root, or the other way
 * round: the ids of all files are shifted where they are (rootfs/tree-shift.h).
 *
 * All that can be refused is refused before the first file is changed. From then on the project is neither
 * the one nor the other, which `.containers` says (project/migration.h), so no command begins on it; the
 * same command goes on where one was killed. */

#include "context/project.h"

/* @rootless: to that way. Return: the exit status, or a negative errno. */
int migrate_project(const ProjectRequest *request, bool rootless, Error *reterr);
