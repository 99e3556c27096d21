/* SPDX-License-Identifier: MIT */

#include "keeper/netns-options.h"

OptionTable netns_options_table(NetnsOptions *o) {
        static const Option rows[] = {
                {"pid", 0, OPTION_PID, offsetof(NetnsOptions, pid), "PID"},
                {"interface", 0, OPTION_STRING, offsetof(NetnsOptions, interface), "NAME"},
                {"address", 0, OPTION_STRING, offsetof(NetnsOptions, address), "A/PREFIX"},
                {"mac", 0, OPTION_STRING, offsetof(NetnsOptions, mac), "ADDRESS"},
                {"attach", 0, OPTION_STRING, offsetof(NetnsOptions, attach), "NAME"},
                {"macvlan", 0, OPTION_FLAG, offsetof(NetnsOptions, macvlan), NULL},
                {"alone", 0, OPTION_FLAG, offsetof(NetnsOptions, alone), NULL},
                {"gateway", 0, OPTION_STRING, offsetof(NetnsOptions, gateway), "ADDRESS"},
                {"address6", 0, OPTION_STRING, offsetof(NetnsOptions, address6), "A/PREFIX"},
                {"gateway6", 0, OPTION_STRING, offsetof(NetnsOptions, gateway6), "ADDRESS"},
                {"bridge", 0, OPTION_STRING, offsetof(NetnsOptions, bridge), "NAME"},
                {"network", 0, OPTION_STRINGS, offsetof(NetnsOptions, networks), "BRIDGE=A/PREFIX"},
                {"namespace", 0, OPTION_STRING, offsetof(NetnsOptions, namespace), "NAME"},
                {"lock", 0, OPTION_STRING, offsetof(NetnsOptions, lock), "PATH"},
                {"machine", 0, OPTION_STRING, offsetof(NetnsOptions, machine), "NAME"},
                {"pasta", 0, OPTION_STRING, offsetof(NetnsOptions, pasta), "PROGRAM"},
                {"internet", 0, OPTION_FLAG, offsetof(NetnsOptions, internet), NULL},
                {"brokered", 0, OPTION_FLAG, offsetof(NetnsOptions, brokered), NULL},
                {"port", 0, OPTION_STRINGS, offsetof(NetnsOptions, ports), "PORT"},
        };

        return (OptionTable){rows, ELEMENTSOF(rows), o};
}

char **netns_options_print(const char *program, const char *verb, const NetnsOptions *o) {
        OptionTable table = netns_options_table((NetnsOptions *) o);
        char **argv = NULL;

        strv_push(&argv, program);
        strv_push(&argv, verb);
        options_print(&table, &argv);
        return argv;
}
