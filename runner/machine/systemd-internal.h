/* SPDX-License-Identifier: MIT */
#pragma once

#include "machine/systemd-client.h"

int systemd_start(sd_event *event, const ContainerPlan *plan, const StartResources *resources,
                  int *ret_control_fd, MachineReporter **ret_reporter, Error *reterr);
