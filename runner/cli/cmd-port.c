/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "cli/verbs.h"
#include "running/running.h"
#include "view/port-show.h"
#include "view/status-list.h"

typedef struct PortOptions {
        bool all;
} PortOptions;

static const Option port_options[] = {
        {"all", 'a', OPTION_FLAG, offsetof(PortOptions, all), NULL,
         "Also further addresses of PORT, such as [::1]"},
};

static int port_run(const ProjectRequest *request, const void *target, char *const *operands,
                    Error *reterr) {
        const PortOptions *o = target;
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_(status_list_done) StatusList list = {};
        char *const operand[] = {operands[0], NULL};
        _cleanup_strv_ char **names = NULL;
        const ContainerState *state;
        PortWanted wanted = {};
        size_t n;
        int r;

        r = operands[1] ? port_wanted_parse(operands[1], &wanted, reterr) : 0;
        if (r < 0)
                return r;
        r = project_open_known(request, operand, &project, &names, reterr);
        if (r >= 0)
                r = status_list_gather(&project, names, &list, reterr);
        if (r < 0)
                return r;
        state = list.entries[0].state;
        if (!list.entries[0].running || !state)
                return running_raise_not(&project, operands[0], reterr);
        n = request->globals->json ? port_wanted_print_json(state, &wanted)
                                   : port_wanted_print(state, &wanted, o->all);
        if (operands[1] && n == 0)
                return error_raise(reterr, FC_EXIT_USAGE, "%s '%s' of container '%s' is not published",
                                   wanted.socket ? "socket" : "port", operands[1], operands[0]);
        return FC_EXIT_OK;
}

const Verb cmd_port = {
        .name = "port",
        .synopsis = "NAME [PORT[/udp]|SOCKET]",
        .summary = "Show where a container's ports are on this host",
        .options = port_options,
        .n_options = ELEMENTSOF(port_options),
        .target_size = sizeof(PortOptions),
        .min_operands = 1,
        .max_operands = 2,
        .in_instance = true,
        .looks = true,
        .run = port_run,
};
