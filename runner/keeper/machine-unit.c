/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "keeper/machine-unit.h"

char *machine_unit_name(const char *machine) {
        return xasprintf(MACHINE_UNIT_PREFIX "%s" MACHINE_UNIT_SUFFIX, machine);
}

/* Not MACHINE_UNIT_PREFIX: these are no machines. Those of the last start may be there for a moment
 * still. */
char *machine_unit_console_name(const char *machine) {
        return xasprintf("fc-console-%s-%" PRIx64, machine, now_usec());
}

char *machine_unit_cgroup_path(const char *machine) {
        return xasprintf(MACHINE_UNIT_SLICE "/" MACHINE_UNIT_PREFIX "%s" MACHINE_UNIT_SUFFIX, machine);
}

char *machine_unit_to_machine(const char *name) {
        const char *machine = startswith(name, MACHINE_UNIT_PREFIX);
        size_t n = machine ? strlen(machine) : 0, suffix = strlen(MACHINE_UNIT_SUFFIX);

        return n > suffix && streq(machine + n - suffix, MACHINE_UNIT_SUFFIX) ? xstrndup(machine, n - suffix)
                                                                              : NULL;
}

int machine_unit_cgroup_open(const char *mount, const char *machine, int *ret_fd, Error *reterr) {
        _cleanup_free_ char *path = machine_unit_cgroup_path(machine);
        _cleanup_close_ int root = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (root < 0)
                return error_set(reterr, errno, "open '%s'", mount);
        return fs_open_beneath_optional(root, path, O_RDONLY | O_DIRECTORY, ret_fd, reterr);
}
