/* SPDX-License-Identifier: MIT */
#pragma once

/* A container's way to the internet: a child, which makes it (netns-setup/internet.h) and becomes pasta(1),
 * runs as long as the payload does. One that ends before that is started again, by and by with longer
 * pauses. */

#include <sys/types.h>

#include "base/systemd.h"
#include "keeper/options.h"

typedef struct Internet Internet;

/* Return: owned by the caller, who keeps @o alive. */
Internet *internet_new(sd_event *event, const KeeperOptions *o);
Internet *internet_free(Internet *i);
DEFINE_FREEP(Internet, internet_free);

/* @leader: the guest's PID 1. */
int internet_start(Internet *i, pid_t leader, Error *reterr);

/* The container's side is set: from now on pasta is started again for another resolver, also for one that
 * came before. */
void internet_on_set(Internet *i);

/* The payload has ended. */
void internet_end(Internet *i);

/* Of a child that was reaped. @status: waitpid(2). Return: whether it was this one's. */
bool internet_reaped(Internet *i, pid_t pid, int status);
