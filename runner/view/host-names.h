/* SPDX-License-Identifier: MIT */
#pragma once

/* What the host may call containers: lines for its /etc/hosts. */

#include "context/project.h"

/* Of those that have an address; as JSON where that is asked for. */
int host_names_print(Project *project, char *const *names, Error *reterr);
