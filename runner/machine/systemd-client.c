/* SPDX-License-Identifier: MIT */

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "bus/host-unit.h"
#include "cgroup/cgroup-find.h"
#include "cgroup/cgroup.h"
#include "cgroup/leftovers.h"
#include "keeper/machine-unit.h"
#include "machine/limits.h"
#include "machine/stop-job.h"
#include "machine/systemd-start.h"

/* Of units that no file describes, see org.freedesktop.systemd1(5). */
#define TRANSIENT_DIR "/run/systemd/transient"

#define UNIT_SIZE_MAX (1024 * 1024)

static char *systemd_lasting_file(const char *machine) {
        _cleanup_free_ char *name = machine_unit_name(machine);

        return xasprintf(TRANSIENT_DIR "/%s", name);
}

/* A machine is there as long as its unit is: also before its first process, while what puts it away runs,
 * and while it waits to be started again. Seen from what the unit is read from, which needs neither a bus
 * nor root. */
static int is_loaded(const char *machine, bool *ret, Error *reterr) {
        _cleanup_free_ char *path = systemd_lasting_file(machine), *text = NULL,
                            *option = xasprintf("--machine=%s", machine);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        int r = 0;

        if (fd < 0 && errno != ENOENT)
                return error_set(reterr, errno, "open '%s'", path);
        if (fd >= 0)
                r = fs_read_fd(fd, path, UNIT_SIZE_MAX, &text, NULL, reterr);
        if (r < 0)
                return r;
        /* Any program can give a unit that name. */
        *ret = text && strstr(text, option);
        return 0;
}

/* Nothing is ever stale, since the unit puts itself away. */
static int systemd_look(const char *cgroup_mount, const char *machine, bool *ret_running, bool *ret_stale,
                        Error *reterr) {
        *ret_stale = false;
        return is_loaded(machine, ret_running, reterr);
}

static int systemd_query(const char *cgroup_mount, const char *machine, MachineStatus *ret, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        MachineStatus status = {};
        int r;

        r = is_loaded(machine, &status.running, reterr);
        if (r >= 0 && status.running)
                r = machine_unit_cgroup_open(cgroup_mount, machine, &fd, reterr);
        if (r >= 0 && fd >= 0)
                r = cgroup_frozen(fd, &status.frozen, reterr);
        if (r >= 0 && fd >= 0)
                r = cgroup_first_process(fd, "supervisor", &status.keeper, reterr);
        if (r >= 0 && fd >= 0)
                r = cgroup_find_leader(fd, &status.leader, reterr);
        if (r < 0)
                return r;
        *ret = status;
        return 0;
}

static int systemd_list(const char *cgroup_mount, char ***ret, Error *reterr) {
        _cleanup_(closedirp) DIR *d = opendir(TRANSIENT_DIR);
        _cleanup_strv_ char **machines = NULL;
        struct dirent *entry;

        if (!d && errno != ENOENT)
                return error_set(reterr, errno, "list '" TRANSIENT_DIR "'");
        while (d && (entry = readdir(d))) {
                char *machine = machine_unit_to_machine(entry->d_name);

                if (machine)
                        strv_push_take(&machines, machine);
        }
        *ret = TAKE_PTR(machines);
        return 0;
}

static int systemd_check(const char *cgroup_mount, const ContainerPlan *plan, Error *reterr) {
        _cleanup_free_ char *place = xasprintf("containers.%s.resources", plan->spec->name);

        /* systemd takes what it has no controller for, and does nothing about it. */
        return limits_require(cgroup_mount, plan->spec->resources, plan->spec->n_resources, place, reterr);
}

static int systemd_open_payload_cgroup(const char *cgroup_mount, const char *machine, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r = machine_unit_cgroup_open(cgroup_mount, machine, &fd, reterr);

        if (r < 0)
                return r;
        if (fd < 0)
                return error_raise(reterr, FC_EXIT_NOT_RUNNING, "machine '%s' does not run", machine);
        return fs_open_beneath(fd, "payload", O_RDONLY | O_DIRECTORY, 0, reterr);
}

static char *systemd_payload_path(const char *machine) {
        _cleanup_free_ char *unit = machine_unit_cgroup_path(machine);

        return xasprintf("%s/payload", unit);
}

/* Not all of the unit: what puts it away at the end runs there, too. */
static int kill_processes(int cgroup_fd, Error *reterr) {
        static const char *const victims[] = {"payload", "supervisor", MACHINE_UNIT_PROXIES};

        for (size_t i = 0; i < ELEMENTSOF(victims); i++) {
                int r = cgroup_kill(cgroup_fd, victims[i], reterr);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* systemd does not stop a frozen unit. When the unit's processes are killed nevertheless, systemd waits
 * for ever for a process that it starts in that cgroup. A unit that systemd has frozen must be thawed by
 * systemd; it does not know of other programs' writes to the cgroup, and it refuses while the unit has a
 * job. */
static int systemd_thaw(HostUnit *unit, int cgroup_fd, Error *reterr) {
        bool frozen, itself;
        int r;

        r = cgroup_frozen(cgroup_fd, &frozen, reterr);
        if (r < 0 || !frozen)
                return r;
        r = cgroup_frozen_by_itself(cgroup_fd, &itself, reterr);
        if (r >= 0 && itself) {
                (void) host_unit_thaw(unit, NULL);
                r = cgroup_thaw(cgroup_fd, CGROUP_THAW_USEC, reterr);
        }
        if (r != 0)
                return r;
        (void) error_raise(reterr, FC_EXIT_CONFLICT,
                           "it is paused, and so is '" MACHINE_UNIT_SLICE "', where it is");
        error_add_hint(reterr, "go on: systemctl thaw " MACHINE_UNIT_SLICE);
        return -EBUSY;
}

static int open_unit(const char *machine, HostBus **ret_bus, HostUnit **ret_unit, Error *reterr) {
        static const HostUnitHandlers handlers = {};
        _cleanup_free_ char *name = machine_unit_name(machine);
        int r = host_bus_open(/* event= */ NULL, ret_bus, reterr);

        return r < 0 ? r : host_unit_new(*ret_bus, name, &handlers, NULL, ret_unit, reterr);
}

/* By systemd, which would take the unit for one that runs otherwise. It returns when all stands still. */
static int systemd_pause(const char *cgroup_mount, const char *machine, Error *reterr) {
        _cleanup_(host_bus_freep) HostBus *bus = NULL;
        _cleanup_(host_unit_freep) HostUnit *unit = NULL;
        int r = open_unit(machine, &bus, &unit, reterr);

        if (r >= 0)
                r = host_unit_freeze(unit, reterr);
        return r == 0 ? error_raise(reterr, FC_EXIT_NOT_RUNNING, "it has stopped") : r;
}

static int systemd_unpause(const char *cgroup_mount, const char *machine, Error *reterr) {
        _cleanup_(host_bus_freep) HostBus *bus = NULL;
        _cleanup_(host_unit_freep) HostUnit *unit = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r = machine_unit_cgroup_open(cgroup_mount, machine, &fd, reterr);

        if (r < 0 || fd < 0)
                return r;
        r = open_unit(machine, &bus, &unit, reterr);
        return r < 0 ? r : systemd_thaw(unit, fd, reterr);
}

/* By systemd, which would undo what it does not know of. */
static int systemd_limit(const MachineLimits *l, Error *reterr) {
        _cleanup_(host_bus_freep) HostBus *bus = NULL;
        _cleanup_(host_unit_freep) HostUnit *unit = NULL;
        HostUnitLimit limits[_RESOURCE_KIND_MAX];
        int r = open_unit(l->machine, &bus, &unit, reterr);

        limits_properties(l->resources, l->n, limits_machine_memory(), limits);
        if (r >= 0)
                r = host_unit_limit(unit, limits, ELEMENTSOF(limits), reterr);
        return r == 0 ? error_raise(reterr, FC_EXIT_NOT_RUNNING, "it has stopped") : r;
}

/* Stopped first, or systemd might start it again. */
static int stop_and_kill(const char *machine, int cgroup_fd, Error *reterr) {
        _cleanup_free_ char *name = machine_unit_name(machine);
        _cleanup_(host_bus_freep) HostBus *bus = NULL;
        _cleanup_(host_unit_freep) HostUnit *unit = NULL;
        int r, stopping;

        r = open_unit(machine, &bus, &unit, reterr);
        if (r < 0)
                return r;
        r = cgroup_fd >= 0 ? systemd_thaw(unit, cgroup_fd, reterr) : 0;
        if (r < 0)
                return r;
        stopping = host_unit_stop(unit, reterr);
        if (stopping < 0)
                return stopping;
        r = cgroup_fd >= 0 ? kill_processes(cgroup_fd, reterr) : 0;
        if (r < 0 || stopping == 0)
                return r;
        r = host_unit_wait_gone(unit, CGROUP_KILL_USEC, reterr);
        if (r == 0)
                return error_raise(reterr, FC_EXIT_FAILED,
                                   "unit '%s' does not end, look: systemctl status %s", name, name);
        return r;
}

static int systemd_kill(const char *cgroup_mount, const char *machine, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        bool loaded = false;
        int r;

        r = machine_unit_cgroup_open(cgroup_mount, machine, &fd, reterr);
        if (r >= 0 && fd < 0)
                r = is_loaded(machine, &loaded, reterr);
        if (r < 0 || (fd < 0 && !loaded))
                return r;
        r = stop_and_kill(machine, fd, reterr);
        return r < 0 ? r : nspawn_clear_leftovers(machine, reterr);
}

/* ---- stopping ---- */

typedef struct UnitStop {
        HostBus *bus;
        HostUnit *unit;
} UnitStop;

static void systemd_stop_end(StopJob *job) {
        UnitStop *s = job->watch;

        (void) host_unit_free(s->unit);
        (void) host_bus_free(s->bus);
        free(s);
        job->watch = NULL;
}

static void on_stop_over(void *userdata) {
        stop_job_ended(userdata);
}

/* A connection of its own: the callbacks come from the loop, and this one may end before others. */
static int systemd_stop_begin(StopJob *job, const MachineStatus *status, Error *reterr) {
        static const HostUnitHandlers handlers = {
                .gone = on_stop_over,
                .lost = on_stop_over,
        };
        _cleanup_free_ char *name = machine_unit_name(job->machine);
        _cleanup_close_ int fd = -EBADF;
        UnitStop *s = xmalloc0(sizeof(*s));
        int r;

        job->watch = s;
        r = host_bus_open(job->event, &s->bus, reterr);
        if (r >= 0)
                r = host_unit_new(s->bus, name, &handlers, job, &s->unit, reterr);
        if (r >= 0)
                r = machine_unit_cgroup_open(job->cgroup_mount, job->machine, &fd, reterr);
        if (r >= 0 && fd >= 0)
                r = systemd_thaw(s->unit, fd, reterr);
        if (r >= 0)
                r = host_unit_stop(s->unit, reterr);
        if (r > 0) {
                int held = host_unit_stop_is_held(s->unit, reterr);

                if (held > 0)
                        held = host_unit_end(s->unit, reterr);
                r = held < 0 ? held : r;
        }
        return r;
}

static void systemd_stop_ask(StopJob *job, StopMeans means) {
        _cleanup_close_ int fd = -EBADF;
        pid_t leader;

        /* STOP_HALTED was asked with the unit's stop; the relay asks again where that was lost. */
        if (means != STOP_TERMINATED)
                return;
        /* With the leader goes its PID namespace, and nspawn ends. */
        if (machine_unit_cgroup_open(job->cgroup_mount, job->machine, &fd, NULL) >= 0 && fd >= 0 &&
            cgroup_find_leader(fd, &leader, NULL) >= 0 && leader > 0)
                (void) kill(leader, SIGKILL);
}

const Backend backend_systemd = {
        .name = "systemd",
        .makes_network = true,
        .query = systemd_query,
        .look = systemd_look,
        .list = systemd_list,
        .check = systemd_check,
        .open_payload_cgroup = systemd_open_payload_cgroup,
        .payload_path = systemd_payload_path,
        .lasting_file = systemd_lasting_file,
        .kill = systemd_kill,
        .pause = systemd_pause,
        .unpause = systemd_unpause,
        .limit = systemd_limit,
        .start = systemd_start,
        .stop_begin = systemd_stop_begin,
        .stop_ask = systemd_stop_ask,
        .stop_end = systemd_stop_end,
};
