/* SPDX-License-Identifier: MIT */
#pragma once

/* Starting a machine on a host that systemd manages: the start() of systemd-client.h's backend. */

#include "machine/systemd-client.h"

int systemd_start(sd_event *event, const ContainerPlan *plan, const StartResources *resources,
                  int *ret_control_fd, MachineReporter **ret_reporter, Error *reterr);
