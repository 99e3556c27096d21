/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "keeper/service-records.h"
#include "record/record.h"
#include "record/state-place.h"

int service_records_open(const ServiceOptions *o, ServiceRecords *ret, Error *reterr) {
        int r;

        ret->shared.container = o->keeper.container;
        ret->shared.runtime_fd = open(o->runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (ret->shared.runtime_fd < 0)
                return error_set(reterr, errno, "open '%s'", o->runtime);
        r = state_place_open(ret->shared.runtime_fd, &ret->state_fd, reterr);
        if (r >= 0 && ret->state_fd >= 0)
                ret->shared.events_fd = openat(ret->state_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return r;
}

void service_records_done(ServiceRecords *r) {
        r->shared.runtime_fd = safe_close(r->shared.runtime_fd);
        r->shared.events_fd = safe_close(r->shared.events_fd);
        r->state_fd = safe_close(r->state_fd);
}

void service_give_up(const ServiceOptions *o, const Error *error) {
        _cleanup_close_ int runtime_fd = open(o->runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (runtime_fd >= 0)
                (void) record_write(runtime_fd, RECORD_GIVEN_UP, error->message, NULL);
}
