/* SPDX-License-Identifier: MIT */

#include "keeper/proxy-options.h"

OptionTable proxy_options_table(ProxyOptions *o) {
        static const Option rows[] = {
                {"machine", 0, OPTION_STRING, offsetof(ProxyOptions, machine), "NAME", .required = true},
                {"address", 0, OPTION_STRING, offsetof(ProxyOptions, address), "ADDRESS"},
                {"network-fd", 0, OPTION_FD, offsetof(ProxyOptions, network_fd), "FD"},
                {"port", 0, OPTION_OTHER, offsetof(ProxyOptions, ports), "PORT", .kind = &keeper_ports_kind},
        };

        return (OptionTable){rows, ELEMENTSOF(rows), o};
}
