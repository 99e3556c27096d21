/* SPDX-License-Identifier: MIT */
#pragma once

/* What either keeper of a machine is told, made from the plan. */

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
