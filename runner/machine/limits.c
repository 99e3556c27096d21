/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "cgroup/cgroup.h"
#include "machine/limits.h"
#include "spec/resource.h"

#define CONTROLLERS_MAX 4096

/* cpu.max is so much time in each period, both in microseconds. */
#define CPU_PERIOD_USEC UINT64_C(100000)

/* As in systemd-nspawn@.service. */
#define UNIT_TASKS_MAX 16384

/* @unset: what a cgroup begins with. */
static const struct {
        const char *controller, *file, *unset, *property;
} attributes[_RESOURCE_KIND_MAX] = {
        [RESOURCE_MEMORY_MAX] = {"memory", "memory.max", "max", "MemoryMax"},
        [RESOURCE_MEMORY_HIGH] = {"memory", "memory.high", "max", "MemoryHigh"},
        [RESOURCE_MEMORY_SWAP_MAX] = {"memory", "memory.swap.max", "max", "MemorySwapMax"},
        [RESOURCE_CPU_QUOTA] = {"cpu", "cpu.max", "max 100000", "CPUQuotaPerSecUSec"},
        [RESOURCE_CPU_WEIGHT] = {"cpu", "cpu.weight", "100", "CPUWeight"},
        [RESOURCE_TASKS_MAX] = {"pids", "pids.max", "max", "TasksMax"},
        [RESOURCE_IO_WEIGHT] = {"io", "io.weight", "100", "IOWeight"},
};

uint64_t limits_machine_memory(void) {
        return (uint64_t) sysconf(_SC_PHYS_PAGES) * (uint64_t) sysconf(_SC_PAGESIZE);
}

/* The spellings are those of spec/resource.h. Return: UINT64_MAX: there is no limit; of CPUQuota per second
 * and processor, in microseconds. */
static uint64_t limit_number(const Resource *r, uint64_t memory) {
        uint64_t number = strtoull(r->value, NULL, 10);

        if (streq(r->value, "infinity"))
                return UINT64_MAX;
        if (r->kind == RESOURCE_CPU_QUOTA)
                return number * USEC_PER_SEC / 100;
        return strchr(r->value, '%') ? memory / 100 * number : number;
}

static char *print_value(const Resource *r, uint64_t memory) {
        uint64_t number = limit_number(r, memory);

        if (number == UINT64_MAX)
                return xstrdup("max");
        if (r->kind == RESOURCE_CPU_QUOTA)
                return xasprintf("%" PRIu64 " %" PRIu64, number * CPU_PERIOD_USEC / USEC_PER_SEC,
                                 CPU_PERIOD_USEC);
        return xasprintf("%" PRIu64, number);
}

char **limits_settings(const Resource *resources, size_t n, uint64_t memory) {
        char **settings = NULL;

        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *value = print_value(&resources[i], memory);

                strv_pushf(&settings, "%s=%s", attributes[resources[i].kind].file, value);
        }
        return settings;
}

char **limits_others(const Resource *resources, size_t n) {
        bool named[_RESOURCE_KIND_MAX] = {};
        char **settings = NULL;

        for (size_t i = 0; i < n; i++)
                named[resources[i].kind] = true;
        for (size_t i = 0; i < _RESOURCE_KIND_MAX; i++)
                if (!named[i])
                        strv_pushf(&settings, "%s=%s", attributes[i].file, attributes[i].unset);
        return settings;
}

void limits_properties(const Resource *resources, size_t n, uint64_t memory,
                       HostUnitLimit ret[_RESOURCE_KIND_MAX]) {
        for (size_t i = 0; i < _RESOURCE_KIND_MAX; i++)
                ret[i] = (HostUnitLimit){attributes[i].property,
                                         i == RESOURCE_TASKS_MAX ? UNIT_TASKS_MAX : UINT64_MAX};
        for (size_t i = 0; i < n; i++)
                ret[resources[i].kind].value = limit_number(&resources[i], memory);
}

static int read_controllers(const char *mount, char ***ret, Error *reterr) {
        _cleanup_free_ char *path = xasprintf("%s/cgroup.controllers", mount), *text = NULL;
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        char *save = NULL;
        int r;

        if (fd < 0)
                return error_set(reterr, errno, "open '%s'", path);
        r = fs_read_fd(fd, path, CONTROLLERS_MAX, &text, NULL, reterr);
        if (r < 0)
                return r;
        *ret = NULL;
        for (char *word = strtok_r(text, " \n", &save); word; word = strtok_r(NULL, " \n", &save))
                strv_push(ret, word);
        return 0;
}

/* The top of all has no type. */
static bool is_part(const char *mount) {
        _cleanup_free_ char *path = xasprintf("%s/cgroup.type", mount);

        return access(path, F_OK) >= 0;
}

static int raise_no_controller(const char *mount, const Resource *r, const char *place, Error *reterr) {
        int e = error_raise(reterr, FC_EXIT_HOST,
                            "%s.%s: the cgroup2 tree at '%s' has no controller '%s' on this host", place,
                            resource_kind_to_string(r->kind), mount, attributes[r->kind].controller);

        if (is_part(mount))
                error_add_hint(reterr,
                               "was it delegated? To users root delegates it, from their next login on, by "
                               "'systemctl edit user@.service': [Service], Delegate=cpu io memory pids");
        error_add_hint(reterr, "cgroup version 1 has it here, or the kernel lacks it: boot the host with "
                               "cgroup_no_v1=all, or leave the limit out");
        return e;
}

int limits_require(const char *mount, const Resource *resources, size_t n, const char *place,
                   Error *reterr) {
        _cleanup_strv_ char **controllers = NULL;
        int r;

        if (n == 0)
                return 0;
        r = read_controllers(mount, &controllers, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++)
                if (!strv_contains(controllers, attributes[resources[i].kind].controller))
                        return raise_no_controller(mount, &resources[i], place, reterr);
        return 0;
}

int limits_enable(const char *mount, const char *machine, const Resource *resources, size_t n,
                  Error *reterr) {
        _cleanup_strv_ char **wanted = NULL;

        for (size_t i = 0; i < n; i++)
                if (!strv_contains(wanted, attributes[resources[i].kind].controller))
                        strv_push(&wanted, attributes[resources[i].kind].controller);
        return wanted ? cgroup_enable(mount, machine, wanted, reterr) : 0;
}
