/* SPDX-License-Identifier: MIT */
#pragma once

/* The places of a unit's records. systemd hands no descriptor to what it runs, so they are found by name:
 * the container's directory in /run, and through a record there its directory in the project. */

#include "keeper/records.h"
#include "keeper/service-options.h"

typedef struct ServiceRecords {
        KeeperRecords shared;
        int state_fd; /* the container's directory in `.containers`; -EBADF: it is not there any more */
} ServiceRecords;

#define SERVICE_RECORDS_NULL                                                                                \
        { .shared = {-EBADF, -EBADF, NULL}, .state_fd = -EBADF }

/* On failure @ret is to be emptied, too. */
int service_records_open(const ServiceOptions *o, ServiceRecords *ret, Error *reterr);

void service_records_done(ServiceRecords *r);

/* Why the unit's run is over, for `service finish` to tell: systemd passes on no more than how a process
 * ended. */
void service_give_up(const ServiceOptions *o, const Error *error);
