/* SPDX-License-Identifier: MIT */
#pragma once

/* What a container was started with, as far as the user can change it: lines "KEY VALUE", which are
 * remembered while it runs. Two equal definitions start the same container, so that another one means a
 * restart.
 *
 * They are made of the specification and of what the project gives it (its image, its address), and not of
 * the arguments that we give to systemd-nspawn: a new release of ours may add one, and restarts no
 * container. A key that has its default is not in there, so that a release may also know another key. */

#include "plan/plan.h"

/* Values of a definition that others ask for. */
#define DEFINITION_IMAGE     "image"
#define DEFINITION_PROJECT   "project"
#define DEFINITION_TOPLEVEL  "system.toplevel"
#define DEFINITION_INIT      "system.init"
#define DEFINITION_EPHEMERAL "ephemeral"

/* @p: filled in but for the definition. @root: the project's. @started_root: the same when what runs of it
 * was started: a project that is moved then remains the same. Return: owned by the caller. */
char **definition_make(const ContainerPlan *p, const char *root, const char *started_root);

/* Makes another image that of the definition, where it has one. */
void definition_set_image(char **definition, const char *image);

/* Return: a part of the definition, NULL when it has no such key. */
const char *definition_get(char *const *definition, const char *key);

/* Whether it starts a command, not an init. */
bool definition_runs_command(char *const *definition);
