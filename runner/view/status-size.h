/* SPDX-License-Identifier: MIT */
#pragma once

/* How much of the disk containers take, for `status --size`. Counts as du(1) does, so it takes as long. */

#include "base/json.h"
#include "context/project.h"

typedef struct VolumeSize {
        char *name;
        uint64_t size;
} VolumeSize;

typedef struct ContainerSize {
        uint64_t root;
        uint64_t all; /* of `.containers/NAME`: the root, journal, logs */
        VolumeSize *volumes;
        size_t n_volumes;
} ContainerSize;

void container_size_done(ContainerSize *size);

int container_size_find(Project *project, const char *container, ContainerSize *ret, Error *reterr);

/* "@data 3.1 MB @cache 12 KB"; owned by the caller, NULL: there are none. */
char *container_size_volumes_text(const ContainerSize *size);

/* `{"root", "all", "volumes": [{"name", "size"}]}` */
Json *container_size_json(const ContainerSize *size);
