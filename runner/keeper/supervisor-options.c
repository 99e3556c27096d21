/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "keeper/supervisor-options.h"

/* "7:volume-0", "7@8:volume-0/project/.containers" */
static int mounts_parse(void *field, const char *value, Error *reterr) {
        SupervisorMounts *mounts = field;
        const char *end = value;
        int fd = option_parse_fd(value, &end), on_fd = -EBADF;

        if (fd < 0)
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' begins with no open file descriptor", value);
        if (*end == '@') {
                on_fd = option_parse_fd(end + 1, &end);
                if (on_fd < 0)
                        return error_raise(reterr, FC_EXIT_USAGE, "'%s' is on no open file descriptor",
                                           value);
        }
        if (*end != ':' || end[1] == '\0' || end[1] == '/')
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' has no name", value);
        *XGROW(mounts->mounts, mounts->n) = (MachineMount){fd, xstrdup(end + 1), on_fd};
        return 0;
}

static void mounts_print(const void *field, const char *name, char ***argv) {
        const SupervisorMounts *mounts = field;

        for (size_t i = 0; i < mounts->n; i++) {
                const MachineMount *m = &mounts->mounts[i];

                if (m->on_fd >= 0)
                        strv_pushf(argv, "--%s=%d@%d:%s", name, m->fd, m->on_fd, m->name);
                else
                        strv_pushf(argv, "--%s=%d:%s", name, m->fd, m->name);
        }
}

static void mounts_done(void *field) {
        SupervisorMounts *mounts = field;

        for (size_t i = 0; i < mounts->n; i++) {
                (void) safe_close(mounts->mounts[i].fd);
                (void) safe_close(mounts->mounts[i].on_fd);
                free(mounts->mounts[i].name);
        }
        free(mounts->mounts);
        *mounts = (SupervisorMounts){};
}

static void mounts_inherit(const void *field) {
        const SupervisorMounts *mounts = field;

        for (size_t i = 0; i < mounts->n; i++) {
                (void) fcntl(mounts->mounts[i].fd, F_SETFD, 0);
                if (mounts->mounts[i].on_fd >= 0)
                        (void) fcntl(mounts->mounts[i].on_fd, F_SETFD, 0);
        }
}

static OptionTable supervisor_options_table(SupervisorOptions *o) {
        static const OptionKind mounts = {mounts_parse, mounts_print, mounts_done, mounts_inherit};
        static const Option rows[] = {
                {"cgroup-fd", 0, OPTION_FD, offsetof(SupervisorOptions, cgroup_fd), "FD", .required = true},
                {"cgroup-mount-fd", 0, OPTION_FD, offsetof(SupervisorOptions, cgroup_mount_fd), "FD",
                 .required = true},
                {"control-fd", 0, OPTION_FD, offsetof(SupervisorOptions, control_fd), "FD"},
                {"console-fd", 0, OPTION_FD, offsetof(SupervisorOptions, console_fd), "FD",
                 .required = true},
                {"state-fd", 0, OPTION_FD, offsetof(SupervisorOptions, state_fd), "FD", .required = true},
                {"runtime-fd", 0, OPTION_FD, offsetof(SupervisorOptions, runtime_fd), "FD",
                 .required = true},
                {"events-fd", 0, OPTION_FD, offsetof(SupervisorOptions, events_fd), "FD"},
                {"lock-fd", 0, OPTION_FD, offsetof(SupervisorOptions, lock_fd), "FD"},
                {"owner-fd", 0, OPTION_FD, offsetof(SupervisorOptions, owner_fd), "FD"},
                {"stop-timeout", 0, OPTION_SECONDS, offsetof(SupervisorOptions, stop_timeout_usec),
                 "SECONDS"},
                {"broker-fd", 0, OPTION_FD, offsetof(SupervisorOptions, broker_fd), "FD"},
                {"in-host-network", 0, OPTION_FLAG, offsetof(SupervisorOptions, in_host_network), NULL},
                {"mount", 0, OPTION_OTHER, offsetof(SupervisorOptions, mounts), "FD[@FD]:NAME",
                 .kind = &mounts},
        };

        return (OptionTable){rows, ELEMENTSOF(rows), o};
}

static int supervisor_options_check(const SupervisorOptions *o, Error *reterr) {
        return o->keeper.nspawn && o->keeper.nspawn[0] ? 0
                                                       : error_raise(reterr, FC_EXIT_USAGE, "no command");
}

int supervisor_options_parse(char *const *argv, SupervisorOptions *ret, Error *reterr) {
        SupervisorOptions o = {};
        OptionTable own = supervisor_options_table(&o);
        int r;

        r = keeper_options_parse(argv, &o.keeper, &own, reterr);
        if (r < 0)
                return r;
        r = supervisor_options_check(&o, reterr);
        if (r < 0) {
                supervisor_options_done(&o);
                return r;
        }
        *ret = o;
        return 0;
}

void supervisor_options_done(SupervisorOptions *o) {
        OptionTable own = supervisor_options_table(o);

        keeper_options_done(&o->keeper);
        options_done(&own);
}

void supervisor_options_print(const SupervisorOptions *o, char ***argv) {
        OptionTable own = supervisor_options_table((SupervisorOptions *) o);

        keeper_options_print(&o->keeper, &own, argv);
}

void supervisor_options_inherit(const SupervisorOptions *o) {
        OptionTable shared = keeper_options_table((KeeperOptions *) &o->keeper),
                    own = supervisor_options_table((SupervisorOptions *) o);

        options_inherit(&shared);
        options_inherit(&own);
}
