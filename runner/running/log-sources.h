/* SPDX-License-Identifier: MIT */
#pragma once

/* Where the logs of containers are, for `logs` and for `up` that stays attached. */

#include "context/project.h"
#include "logs/journal.h"

typedef struct LogSources {
        LogSource *sources;
        size_t n;
        char **texts; /* what they point to */
        int cgroup_fd;
} LogSources;

#define LOG_SOURCES_NULL ((LogSources){.cgroup_fd = -EBADF})

/* @names: as project_open_known() gives them. @project must outlive the sources. */
int log_sources_find(const Project *project, char *const *names, LogSources *ret, Error *reterr);
void log_sources_done(LogSources *sources);
