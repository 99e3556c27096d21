/* SPDX-License-Identifier: MIT */

#include "keeper/service-options.h"

static OptionTable service_options_table(ServiceOptions *o) {
        static const Option rows[] = {
                {"runtime", 0, OPTION_STRING, offsetof(ServiceOptions, runtime), "PATH", .required = true},
                {"held-port", 0, OPTION_OTHER, offsetof(ServiceOptions, held_ports), "PORT",
                 .kind = &keeper_held_ports_kind},
                {"nspawn-pid", 0, OPTION_PID, offsetof(ServiceOptions, nspawn_pid), "PID"},
                {"nspawn-fd", 0, OPTION_FD, offsetof(ServiceOptions, nspawn_fd), "FD"},
                {"notify-fd", 0, OPTION_FD, offsetof(ServiceOptions, notify_fd), "FD"},
                {"command-fd", 0, OPTION_FD, offsetof(ServiceOptions, command_fd), "FD"},
                {"lifeline-fd", 0, OPTION_FD, offsetof(ServiceOptions, lifeline_fd), "FD"},
                {"lifeline-of-nspawn-fd", 0, OPTION_FD, offsetof(ServiceOptions, lifeline_of_nspawn_fd),
                 "FD"},
                {"owner-fd", 0, OPTION_FD, offsetof(ServiceOptions, owner_fd), "FD"},
                {"leader-pid", 0, OPTION_PID, offsetof(ServiceOptions, leader_pid), "PID"},
                {"publish-fd", 0, OPTION_FD, offsetof(ServiceOptions, publish_fd), "FD"},
                {"forget", 0, OPTION_STRINGS, offsetof(ServiceOptions, forget), "PORT"},
        };

        return (OptionTable){rows, ELEMENTSOF(rows), o};
}

ServiceOptions service_options_null(void) {
        ServiceOptions o = {};
        OptionTable own = service_options_table(&o);

        options_init(&own);
        return o;
}

int service_options_parse(char *const *argv, ServiceOptions *ret, Error *reterr) {
        ServiceOptions o = {};
        OptionTable own = service_options_table(&o);
        int r;

        r = keeper_options_parse(argv, &o.keeper, &own, reterr);
        if (r < 0)
                return r;
        if (o.held_ports.n > 0)
                r = keeper_options_check_proxy(&o.keeper, reterr);
        if (r < 0) {
                service_options_done(&o);
                return r;
        }
        *ret = o;
        return 0;
}

void service_options_done(ServiceOptions *o) {
        OptionTable own = service_options_table(o);

        keeper_options_done(&o->keeper);
        options_done(&own);
}

char **service_options_print(const ServiceOptions *o, const char *verb) {
        OptionTable own = service_options_table((ServiceOptions *) o);
        char **argv = NULL;

        strv_push(&argv, o->program);
        strv_push(&argv, verb);
        keeper_options_print(&o->keeper, &own, &argv);
        return argv;
}

void service_options_inherit(const ServiceOptions *o) {
        OptionTable shared = keeper_options_table((KeeperOptions *) &o->keeper),
                    own = service_options_table((ServiceOptions *) o);

        options_inherit(&shared);
        options_inherit(&own);
}
