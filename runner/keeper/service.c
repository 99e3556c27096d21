/* SPDX-License-Identifier: MIT */

/* What the unit of a machine runs on a host that systemd manages: before nspawn, whose process it becomes,
 * beside it, when it has ended, and meanwhile where its console is written to. It does not read the
 * specification, the state or the project: machine/systemd-start.c has written its command line into the
 * unit. */

#include "base/alloc.h"
#include "keeper/service-console.h"
#include "keeper/service-finish.h"
#include "keeper/service-publish.h"
#include "keeper/service-relay.h"
#include "keeper/service-start.h"

static const struct {
        const char *name;
        int (*run)(const ServiceOptions *o, Error *reterr);
} verbs[] = {
        {"start", service_start},   {"relay", service_relay},     {"stop", service_stop},
        {"finish", service_finish}, {"console", service_console}, {"publish", service_publish},
};

static int service_run(char **argv, Error *reterr) {
        ServiceOptions options;
        int r;

        for (size_t i = 0; argv[1] && i < ELEMENTSOF(verbs); i++) {
                if (!streq(argv[1], verbs[i].name))
                        continue;
                r = service_options_parse(argv + 2, &options, reterr);
                if (r < 0)
                        return r;
                options.program = argv[0];
                r = verbs[i].run(&options, reterr);
                service_options_done(&options);
                return r;
        }
        return error_raise(reterr, FC_EXIT_USAGE, "which of start, relay, stop, finish, console, publish?");
}

int main(int argc, char **argv) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        if (service_run(argv, &error) >= 0)
                return EXIT_SUCCESS;
        (void) fprintf(stderr, "flake-containers: %s\n", error.message);
        return EXIT_FAILURE;
}
