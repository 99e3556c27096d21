/* SPDX-License-Identifier: MIT */

#include <syslog.h>

#include "base/alloc.h"
#include "bus/host-unit-message.h"
#include "bus/transient-message.h"

/* The machine's descriptors, and sockets of ports that are published while it runs. */
#define STORE_MAX 256

static int append_devices(sd_bus_message *m, const HostUnitDevice *devices, size_t n) {
        int r;

        r = transient_open(m, "DeviceAllow", "a(ss)");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(ss)");
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = sd_bus_message_append(m, "(ss)", devices[i].path, devices[i].permissions);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : transient_close(m);
}

/* argv[0] is the program; NULL: no such command. */
static int append_command(sd_bus_message *m, const char *property, char *const *argv) {
        return argv ? transient_append_command(m, property, argv[0], argv) : 0;
}

/* The settings of upstream's systemd-nspawn@.service, and what a transient unit needs beside them. */
static int append_constant(sd_bus_message *m) {
        int r;

        r = transient_append(m, "Type", "s", "notify");
        if (r >= 0)
                r = transient_append(m, "NotifyAccess", "s", "all");
        if (r >= 0)
                r = transient_append(m, "Delegate", "b", 1);
        if (r >= 0)
                r = transient_append(m, "KillMode", "s", "mixed");
        if (r >= 0)
                r = transient_append(m, "Slice", "s", "machine.slice");
        if (r >= 0)
                r = transient_append(m, "DevicePolicy", "s", "closed");
        /* The command that waits for the start has a deadline of its own. */
        if (r >= 0)
                r = transient_append(m, "TimeoutStartUSec", "t", UINT64_MAX);
        /* A process of the guest that the kernel kills for its memory is the guest's matter. */
        if (r >= 0)
                r = transient_append(m, "OOMPolicy", "s", "continue");
        /* A unit that failed must not be in the way of the next start. */
        if (r >= 0)
                r = transient_append(m, "CollectMode", "s", "inactive-or-failed");
        if (r >= 0)
                r = transient_append(m, "FileDescriptorStoreMax", "u", STORE_MAX);
        /* What starts containers at boot is ordered after it, and so is stopped first at shutdown. */
        if (r >= 0)
                r = transient_append(m, "Before", "as", 1, "machines.target");
        /* At shutdown it goes before that. Not after systemd-machined.service: nspawn's last call activates
         * machined where it does not run, and a start waits for the stop of what is ordered after it. */
        if (r >= 0)
                r = transient_append(m, "After", "as", 1, "dbus.service");
        /* A change of the host's target does not concern containers. */
        if (r >= 0)
                r = transient_append(m, "IgnoreOnIsolate", "b", 1);
        return r;
}

int host_unit_append_limits(sd_bus_message *m, const HostUnitLimit *limits, size_t n) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++)
                r = transient_append(m, limits[i].property, "t", limits[i].value);
        return r;
}

static int append_settings(sd_bus_message *m, const HostUnitSettings *s) {
        int r;

        r = transient_append(m, "Description", "s", s->description);
        if (r >= 0)
                r = transient_append(m, "Documentation", "as", 1, s->documentation);
        if (r >= 0)
                r = append_command(m, "ExecStart", s->start);
        if (r >= 0)
                r = append_command(m, "ExecStop", s->stop);
        if (r >= 0)
                r = append_command(m, "ExecStopPost", s->finish);
        if (r >= 0)
                r = transient_append(m, "StandardInputFileDescriptor", "h", s->input_fd);
        if (r >= 0)
                r = transient_append(m, "StandardOutputFileDescriptor", "h", s->output_fd);
        if (r >= 0)
                r = transient_append(m, "StandardErrorFileDescriptor", "h", s->output_fd);
        if (r >= 0)
                r = transient_append(m, "TimeoutStopUSec", "t", s->stop_timeout_usec);
        if (r >= 0 && s->again_status > 0)
                r = transient_append(m, "SuccessExitStatus", "(aiai)", 1, s->again_status, 0);
        if (r >= 0 && s->again_status > 0)
                r = transient_append(m, "RestartForceExitStatus", "(aiai)", 1, s->again_status, 0);
        if (r >= 0 && s->restart)
                r = transient_append(m, "Restart", "s", "on-failure");
        if (r >= 0)
                r = transient_append(m, "RestartUSec", "t", s->restart_delay_usec);
        if (r >= 0)
                r = transient_append(m, "StartLimitIntervalUSec", "t", s->restart_interval_usec);
        if (r >= 0)
                r = transient_append(m, "StartLimitBurst", "u", s->restart_burst);
        if (r >= 0)
                r = append_devices(m, s->devices, s->n_devices);
        if (r >= 0 && s->watch.name) {
                _cleanup_free_ char *path = xasprintf("%s.path", s->watch.name);

                r = transient_append(m, "Wants", "as", 1, path);
        }
        return r < 0 ? r : host_unit_append_limits(m, s->limits, s->n_limits);
}

/* PartOf= only: it stops with that unit. Requires= would also start that unit, which could replace a queued
 * stop, and counts as a start. */
static int open_part(sd_bus_message *m, const char *name, const HostUnit *unit, const char *description) {
        int r = transient_unit_open(m, name);

        return r < 0 ? r
                     : sd_bus_message_append(m, "(sv)(sv)(sv)(sv)(sv)(sv)", "Description", "s", description,
                                             "DefaultDependencies", "b", 0, "PartOf", "as", 1, unit->name,
                                             "IgnoreOnIsolate", "b", 1, "StartLimitIntervalUSec", "t",
                                             UINT64_C(0), "CollectMode", "s", "inactive-or-failed");
}

static int append_watch(sd_bus_message *m, const HostUnit *unit, const HostUnitWatch *w) {
        _cleanup_free_ char *path = xasprintf("%s.path", w->name),
                            *service = xasprintf("%s.service", w->name);
        int r;

        r = open_part(m, path, unit, w->description);
        /* It stops when the unit ends by itself. */
        if (r >= 0)
                r = transient_append(m, "StopWhenUnneeded", "b", 1);
        if (r >= 0)
                r = transient_append(m, "Paths", "a(ss)", 1, "PathModified", w->path);
        if (r >= 0)
                r = transient_unit_close(m);
        if (r >= 0)
                r = open_part(m, service, unit, w->description);
        if (r >= 0)
                r = append_command(m, "ExecStart", w->command);
        /* Its starts and ends are not worth two lines in the journal each time. */
        if (r >= 0)
                r = transient_append(m, "LogLevelMax", "i", LOG_WARNING);
        return r < 0 ? r : transient_unit_close(m);
}

int host_unit_message_new(const HostUnit *unit, const HostUnitSettings *settings, sd_bus_message **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = transient_message_new(unit->bus->bus, SYSTEMD_NAME, unit->name, &m);
        if (r >= 0)
                r = append_constant(m);
        if (r >= 0)
                r = append_settings(m, settings);
        if (r >= 0)
                r = transient_properties_end(m);
        if (r >= 0 && settings->watch.name)
                r = append_watch(m, unit, &settings->watch);
        if (r >= 0)
                r = transient_message_end(m);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}
