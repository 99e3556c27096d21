/* SPDX-License-Identifier: MIT */
#pragma once

/* One key of a container in the specification. Each lies in a file of its own, together with what it may
 * say: how it is read, how it is printed, and what it must agree with. The keys are listed in
 * spec/container.c. */

#include "base/json-shape.h"
#include "spec/spec.h"

typedef struct SpecKey {
        const char *name;
        bool mandatory;
        const JsonShape *shape; /* what `parse` may rely on, and the JSON schema is made of */

        /* Reads the value, whose place is @path, into the ContainerSpec @target. */
        int (*parse)(const Json *value, const char *path, void *target, Error *reterr);

        /* The canonical value, defaults filled in; NULL: it does not apply to this container. */
        Json *(*print)(const ContainerSpec *c);

        /* What the value must agree with in the rest of the container; may be NULL. Messages begin with
         * "containers.NAME.KEY". */
        int (*check)(const ContainerSpec *c, Error *reterr);
} SpecKey;
