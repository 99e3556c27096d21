/* SPDX-License-Identifier: MIT */
#pragma once

/* What either keeper of a machine is told, made from the plan. */

#include "keeper/machine-dir.h"
#include "keeper/options.h"
#include "machine/machine.h"

typedef struct KeeperCommand {
        KeeperOptions options; /* borrows from the plan, the resources and what follows */
        char *netns, *address, *mac, *pasta, *proxy;
} KeeperCommand;

/* @registers: nspawn's option --register=. On failure @ret is to be emptied, too. */
int keeper_command_make(const ContainerPlan *plan, const StartResources *resources, const char *registers,
                        KeeperCommand *ret, Error *reterr);

void keeper_command_done(KeeperCommand *c);

/* Those of the plan that are there, in its order. @ret: room for all of them; what is in it is borrowed.
 * Return: how many. */
size_t keeper_command_mounts(const ContainerPlan *plan, const StartResources *resources, MachineMount *ret);
