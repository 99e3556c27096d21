/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "keeper/unit.h"
#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"

char *unit_name(const char *machine) {
        return xasprintf(UNIT_PREFIX "%s" UNIT_SUFFIX, machine);
}

/* Not UNIT_PREFIX: these are no machines. Those of the last start may be there for a moment still. */
char *unit_console_name(const char *machine) {
        return xasprintf("fc-console-%s-%" PRIx64, machine, now_usec());
}

char *unit_cgroup_path(const char *machine) {
        return xasprintf(UNIT_SLICE "/" UNIT_PREFIX "%s" UNIT_SUFFIX, machine);
}

char *unit_machine(const char *name) {
        const char *machine = startswith(name, UNIT_PREFIX);
        size_t n = machine ? strlen(machine) : 0, suffix = strlen(UNIT_SUFFIX);

        return n > suffix && streq(machine + n - suffix, UNIT_SUFFIX) ? xstrndup(machine, n - suffix) : NULL;
}

int unit_cgroup_open(const char *mount, const char *machine, int *ret_fd, Error *reterr) {
        _cleanup_free_ char *path = unit_cgroup_path(machine);
        _cleanup_close_ int root = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (root < 0)
                return error_set(reterr, errno, "open '%s'", mount);
        return fs_open_beneath_optional(root, path, O_RDONLY | O_DIRECTORY, ret_fd, reterr);
}
