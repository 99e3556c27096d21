/* SPDX-License-Identifier: MIT */

/* Starting a machine's unit, and telling what becomes of it on the control fd as a supervisor does.
 *
 * What the machine is made of are descriptors: the mount namespace in which MACHINE_DIR is assembled, the
 * console's log, the listening sockets. All of them travel in one message of a socket that becomes the
 * unit's standard input, where the service program looks at them (MSG_PEEK) at every start, and which it
 * puts into systemd's file descriptor store, so that they last as long as the unit does, reboots of the
 * guest included, and no longer. */

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "base/scm.h"
#include "bus/host-unit.h"
#include "cgroup/cgroup-find.h"
#include "cgroup/cgroup.h"
#include "keeper/control.h"
#include "keeper/machine-dir.h"
#include "keeper/machine-unit.h"
#include "keeper/nspawn-notify.h"
#include "keeper/restart.h"
#include "keeper/service-options.h"
#include "machine/keeper-command.h"
#include "machine/limits.h"
#include "machine/systemd-start.h"
#include "record/exit-record.h"
#include "record/record.h"
#include "record/state-place.h"

/* What `systemctl stop` gives the guest at least; `down` has deadlines of its own. */
#define STOP_TIMEOUT_MIN_USEC (90 * USEC_PER_SEC)

/* ---- reporting ---- */

typedef struct Reporter {
        MachineReporter reporter;
        HostBus *bus;
        HostUnit *unit;
        char *cgroup_mount;
        char *machine;
        int control_fd;
        int runtime_fd;
        bool restart;
        pid_t leader;
} Reporter;

static MachineReporter *reporter_free(MachineReporter *reporter) {
        Reporter *r = (Reporter *) reporter;

        (void) host_unit_free(r->unit);
        (void) host_bus_free(r->bus);
        (void) safe_close(r->control_fd);
        (void) safe_close(r->runtime_fd);
        free(r->cgroup_mount);
        free(r->machine);
        free(r);
        return NULL;
}

static void report_leader(Reporter *r) {
        _cleanup_close_ int fd = -EBADF;
        char text[32];
        pid_t leader;

        if (machine_unit_cgroup_open(r->cgroup_mount, r->machine, &fd, NULL) < 0 || fd < 0 ||
            cgroup_find_leader(fd, &leader, NULL) < 0 || leader == 0 || leader == r->leader)
                return;
        r->leader = leader;
        (void) snprintf(text, sizeof(text), "%d", (int) leader);
        control_send(r->control_fd, CONTROL_LEADER, text);
}

/* What the service program has noted at the end. */
static ExitRecord read_end(const Reporter *r) {
        ExitRecord end = {};

        (void) exit_record_read(r->runtime_fd, &end, NULL);
        return end.how != ENDED_UNKNOWN ? end : exit_record_from_text("its unit ended");
}

static void report_end(Reporter *r, ControlKind kind, const ExitRecord *end) {
        _cleanup_free_ char *text = exit_record_to_string(end);

        control_send(r->control_fd, kind, text);
}

static void systemd_on_started(const char *result, void *userdata) {
        Reporter *r = userdata;

        if (streq(result, "done")) {
                report_leader(r);
                /* A leader that has ended again has been there. */
                if (r->leader == 0)
                        control_send(r->control_fd, CONTROL_LEADER, "0");
                control_send(r->control_fd, CONTROL_READY, NULL);
        }
        /* Otherwise its end follows, or that it starts again. */
}

/* After a failure, or a reboot of the guest: after a reboot a supervisor tells nothing but the next
 * leader. */
static void on_again(void *userdata) {
        Reporter *r = userdata;
        _cleanup_(exit_record_done) ExitRecord end = read_end(r);

        if (r->restart && !exit_record_is_reboot(&end))
                report_end(r, CONTROL_RESTARTING, &end);
}

static void on_status(const char *text, void *userdata) {
        _cleanup_free_ char *guest = nspawn_status_text(text);
        Reporter *r = userdata;

        report_leader(r);
        /* The end of the job says that it is ready. */
        if (!streq(guest, "Ready."))
                control_send(r->control_fd, CONTROL_STATUS, guest);
}

static void on_gone(void *userdata) {
        Reporter *r = userdata;
        _cleanup_(exit_record_done) ExitRecord end = read_end(r);

        report_end(r, CONTROL_EXITED, &end);
}

static void systemd_on_lost(void *userdata) {
        Reporter *r = userdata;

        control_send(r->control_fd, CONTROL_LOST, "the host's message bus closed the connection");
}

static int reporter_new(sd_event *event, const ContainerPlan *plan, const StartResources *resources,
                        int control_fd, Reporter **ret, Error *reterr) {
        static const HostUnitHandlers handlers = {
                .started = systemd_on_started,
                .status = on_status,
                .again = on_again,
                .gone = on_gone,
                .lost = systemd_on_lost,
        };
        _cleanup_free_ char *name = machine_unit_name(plan->machine);
        Reporter *reporter = xmalloc0(sizeof(*reporter));
        int r;

        *reporter = (Reporter){
                .reporter.free = reporter_free,
                .cgroup_mount = xstrdup(resources->cgroup_mount),
                .machine = xstrdup(plan->machine),
                .control_fd = control_fd,
                .runtime_fd = fcntl(resources->runtime_fd, F_DUPFD_CLOEXEC, 3),
                .restart = plan->spec->restart == RESTART_ON_FAILURE,
        };
        r = host_bus_open(event, &reporter->bus, reterr);
        if (r >= 0)
                r = host_unit_new(reporter->bus, name, &handlers, reporter, &reporter->unit, reterr);
        if (r < 0) {
                (void) reporter_free(&reporter->reporter);
                return r;
        }
        *ret = reporter;
        return 0;
}

/* ---- what the unit gets ---- */

/* In a child: a process that has threads or an event loop of its own had better stay where it is. */
static void systemd_assemble(const ContainerPlan *plan, const StartResources *resources, int pipe_fd) {
        _cleanup_free_ MachineMount *mounts = xnew0(MachineMount, plan->n_mounts);
        size_t n = keeper_command_mounts(plan, resources, mounts);
        Error error = ERROR_NULL;

        if (machine_dir_unshare(0, &error) >= 0)
                (void) machine_dir_mount(mounts, n, plan_has_gate(plan), &error);
        if (error_is_set(&error))
                (void) !write(pipe_fd, error.message, strlen(error.message));
        else
                (void) !write(pipe_fd, "", 1);
}

/* The namespace in which MACHINE_DIR is assembled: it lives as long as this descriptor and what runs in
 * it. */
static int make_mount_namespace(const ContainerPlan *plan, const StartResources *resources, Error *reterr) {
        _cleanup_close_ int to_child = -EBADF, from_child = -EBADF, fd = -EBADF;
        char text[1024] = "", path[64];
        int pair[2];
        ssize_t n;
        pid_t pid;

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
                return error_set(reterr, errno, "make a socket pair");
        from_child = pair[0];
        to_child = pair[1];
        pid = fork();
        if (pid < 0)
                return error_set(reterr, errno, "start a process");
        if (pid == 0) {
                (void) close(from_child);
                systemd_assemble(plan, resources, to_child);
                /* Until the other side has opened the namespace. */
                (void) !read(to_child, text, 1);
                _exit(0);
        }
        to_child = safe_close(to_child);
        n = read(from_child, text, sizeof(text) - 1);
        (void) snprintf(path, sizeof(path), "/proc/%d/ns/mnt", (int) pid);
        if (n == 1)
                fd = open(path, O_RDONLY | O_CLOEXEC);
        from_child = safe_close(from_child);
        (void) process_reap(pid);
        if (n == 1 && fd >= 0)
                return TAKE_FD(fd);
        return error_raise(reterr, FC_EXIT_INTERNAL, "assemble the machine: %s",
                           n > 1 ? text : "its process ended");
}

/* One message with all descriptors, its sender closed. */
static int hold(const ContainerPlan *plan, const StartResources *resources, int mounts_fd, Error *reterr) {
        _cleanup_close_ int ours = -EBADF, theirs = -EBADF;
        int fds[SCM_FDS_MAX] = {[HELD_MOUNTS] = mounts_fd, [HELD_CONSOLE] = resources->console_fd}, pair[2],
            r;
        size_t n = HELD_SOCKETS;

        for (size_t i = 0; i < plan->spec->n_ports; i++)
                for (size_t k = 0; k < PORT_ADDRESSES_MAX; k++) {
                        if (resources->ports[i].fds[k] < 0)
                                continue;
                        if (n == SCM_FDS_MAX)
                                return error_raise(reterr, FC_EXIT_USAGE, "too many ports");
                        fds[n++] = resources->ports[i].fds[k];
                }
        for (size_t i = 0; i < plan->spec->n_sockets; i++) {
                if (n == SCM_FDS_MAX)
                        return error_raise(reterr, FC_EXIT_USAGE, "too many sockets");
                fds[n++] = resources->socket_fds[i];
        }
        if (resources->owner_fd >= 0) {
                if (n == SCM_FDS_MAX)
                        return error_raise(reterr, FC_EXIT_USAGE, "too many sockets");
                fds[n++] = resources->owner_fd;
        }
        if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair) < 0)
                return error_set(reterr, errno, "make a socket pair");
        ours = pair[0];
        theirs = pair[1];
        r = scm_send(ours, "", 1, fds, n);
        if (r < 0)
                return error_set(reterr, r, "hand over the machine's descriptors");
        return TAKE_FD(theirs);
}

/* ---- what the unit runs ---- */

typedef struct Commands {
        char **start, **stop, **finish, **console;
} Commands;

static void commands_done(Commands *c) {
        strv_free(c->start);
        strv_free(c->stop);
        strv_free(c->finish);
        strv_free(c->console);
}

/* What the unit of the console watches: no path of the user's, which might hold what systemd expands. */
static int link_console(const StartResources *resources, Error *reterr) {
        _cleanup_free_ char *path = NULL;
        int r;

        r = fs_fd_path(resources->console_fd, "the console's log", &path, reterr);
        if (r < 0)
                return r;
        r = record_remove(resources->runtime_fd, MACHINE_UNIT_CONSOLE_LINK, reterr);
        if (r < 0)
                return r;
        if (symlinkat(path, resources->runtime_fd, MACHINE_UNIT_CONSOLE_LINK) < 0)
                return error_set(reterr, errno, "link '" MACHINE_UNIT_CONSOLE_LINK "'");
        return 0;
}

/* The same ports with the sockets' places in the message of hold(). */
static KeeperPorts hold_ports(KeeperPorts ports) {
        int place = HELD_SOCKETS;

        for (size_t i = 0; i < ports.n; i++)
                for (size_t k = 0; k < keeper_port_sockets(&ports.ports[i]); k++)
                        ports.ports[i].fds[k] = place++;
        return ports;
}

/* The programs are told the same, but what is started, and the ports, only `start`. nspawn itself asks an
 * init to stop. */
static int make_commands(const ContainerPlan *plan, const StartResources *resources, const char *runtime,
                         Commands *ret, Error *reterr) {
        _cleanup_(keeper_command_done) KeeperCommand shared = {};
        ServiceOptions o = service_options_null();
        _cleanup_free_ char *program = NULL;
        int r;

        r = keeper_command_make(plan, resources, "yes", &shared, reterr);
        if (r >= 0)
                r = process_find_helper("service", &program, reterr);
        if (r < 0)
                return r;
        o.program = program;
        o.runtime = (char *) runtime;
        o.keeper = shared.options;
        o.keeper.nspawn = NULL;
        o.keeper.ports = (KeeperPorts){};
        ret->console = service_options_print(&o, "console");
        ret->finish = service_options_print(&o, "finish");
        if (plan->spec->command)
                ret->stop = service_options_print(&o, "stop");
        o.keeper.nspawn = shared.options.nspawn;
        o.held_ports = hold_ports(shared.options.ports);
        ret->start = service_options_print(&o, "start");
        return 0;
}

/* By number, which systemd understands without such a file: in names it allows no blank. */
static char *device_number(const char *path) {
        struct stat st;

        if (stat(path, &st) < 0)
                return xstrdup(path); /* gone since its node was made: let systemd say so */
        return xasprintf("/dev/%s/%u:%u", S_ISBLK(st.st_mode) ? "block" : "char", major(st.st_rdev),
                         minor(st.st_rdev));
}

/* Those of systemd-nspawn@.service, and the plan's, whose names go to @numbers. */
static HostUnitDevice *make_devices(const ContainerPlan *plan, char ***numbers, size_t *ret_n) {
        static const HostUnitDevice always[] = {
                {"/dev/net/tun", "rwm"},       {"char-pts", "rw"},
                {"/dev/fuse", "rwm"},          {"/dev/loop-control", "rw"},
                {"block-loop", "rw"},          {"block-blkext", "rw"},
                {"/dev/mapper/control", "rw"}, {"block-device-mapper", "rw"},
        };
        HostUnitDevice *devices = xnew0(HostUnitDevice, ELEMENTSOF(always) + plan->spec->n_devices);

        memcpy(devices, always, sizeof(always));
        for (size_t i = 0; i < plan->spec->n_devices; i++) {
                char *number = device_number(plan->spec->devices[i].path);

                strv_push_take(numbers, number);
                devices[ELEMENTSOF(always) + i] =
                        (HostUnitDevice){number, plan->spec->devices[i].permissions};
        }
        *ret_n = ELEMENTSOF(always) + plan->spec->n_devices;
        return devices;
}

/* ---- starting ---- */

/* For users who come across the unit. */
static char *describe_unit(const ContainerPlan *plan, const StartResources *resources) {
        _cleanup_free_ char *path = NULL;

        if (fs_fd_path(resources->events_fd, "the project's directory", &path, NULL) < 0)
                return xasprintf("Container %s (flake-containers)", plan->spec->name);
        *strrchr(path, '/') = '\0';
        return error_make_printable(
                xasprintf("Container %s of %s (flake-containers)", plan->spec->name, path));
}

/* nspawn of 257 and later would speak of a mount point that exists already. */
static int require_free_name(HostBus *bus, const char *machine, Error *reterr) {
        _cleanup_free_ char *unit = NULL;
        int r;

        r = host_bus_find_machine(bus, machine, &unit, reterr);
        if (r < 0 || !unit)
                return r;
        (void) error_raise(reterr, FC_EXIT_CONFLICT, "the machine name '%s' is taken by unit '%s'", machine,
                           unit);
        error_add_hint(reterr, "look: machinectl status %s", machine);
        return -EBUSY;
}

static int start_unit(Reporter *reporter, const ContainerPlan *plan, const StartResources *resources,
                      Error *reterr) {
        _cleanup_free_ char *description = describe_unit(plan, resources);
        _cleanup_close_ int mounts_fd = -EBADF, held_fd = -EBADF;
        HostUnitLimit limits[_RESOURCE_KIND_MAX];
        _cleanup_free_ HostUnitDevice *devices = NULL;
        _cleanup_strv_ char **numbers = NULL;
        _cleanup_(commands_done) Commands commands = {};
        _cleanup_free_ char *runtime = NULL, *console = machine_unit_console_name(plan->machine),
                            *log = NULL;
        HostUnitSettings settings;
        size_t n_devices;
        int r;

        r = fs_fd_path(resources->runtime_fd, "the container's runtime directory", &runtime, reterr);
        if (r >= 0)
                r = make_commands(plan, resources, runtime, &commands, reterr);
        if (r >= 0)
                r = link_console(resources, reterr);
        if (r >= 0)
                r = state_place_write(resources->runtime_fd, resources->state_fd, reterr);
        if (r < 0)
                return r;
        mounts_fd = make_mount_namespace(plan, resources, reterr);
        if (mounts_fd < 0)
                return mounts_fd;
        held_fd = hold(plan, resources, mounts_fd, reterr);
        if (held_fd < 0)
                return held_fd;
        limits_properties(plan->spec->resources, plan->spec->n_resources, limits_machine_memory(), limits);
        devices = make_devices(plan, &numbers, &n_devices);
        log = xasprintf("%s/" MACHINE_UNIT_CONSOLE_LINK, runtime);
        settings = (HostUnitSettings){
                .description = description,
                .documentation = "man:flake-containers(1)",
                .start = commands.start,
                .stop = commands.stop,
                .finish = commands.finish,
                .input_fd = held_fd,
                .output_fd = resources->console_fd,
                .again_status = EXIT_STATUS_REBOOT,
                .restart = reporter->restart,
                .restart_burst = START_BURST,
                .restart_interval_usec = reporter->restart ? RESTART_INTERVAL_USEC : 0,
                .restart_delay_usec = RESTART_DELAY_USEC,
                .stop_timeout_usec = plan->spec->stop_timeout_usec > STOP_TIMEOUT_MIN_USEC
                                             ? plan->spec->stop_timeout_usec
                                             : STOP_TIMEOUT_MIN_USEC,
                .devices = devices,
                .n_devices = n_devices,
                .limits = limits,
                .n_limits = _RESOURCE_KIND_MAX,
                .watch = {console, "Console log of a container (flake-containers)", log, commands.console},
        };
        return host_unit_start(reporter->unit, &settings, reterr);
}

int systemd_start(sd_event *event, const ContainerPlan *plan, const StartResources *resources,
                  int *ret_control_fd, MachineReporter **ret_reporter, Error *reterr) {
        _cleanup_close_ int ours = -EBADF;
        Reporter *reporter;
        int pair[2], r;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return error_set(reterr, errno, "make a control socket");
        ours = pair[0];
        r = reporter_new(event, plan, resources, pair[1], &reporter, reterr);
        if (r < 0)
                return r;
        r = require_free_name(reporter->bus, plan->machine, reterr);
        if (r >= 0)
                r = start_unit(reporter, plan, resources, reterr);
        if (r < 0) {
                (void) reporter_free(&reporter->reporter);
                return r;
        }
        *ret_control_fd = TAKE_FD(ours);
        *ret_reporter = &reporter->reporter;
        return 0;
}
