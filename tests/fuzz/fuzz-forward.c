/* SPDX-License-Identifier: MIT */

#include "fuzz.h"
#include "remote/forward.h"
#include "remote/there.h"
#include "remote/with.h"

/* What another machine tells of its ports opens loopback addresses here, and of variables sets those of the
 * specification, and nothing else. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static char *exports[] = {(char *) "SITE=x", NULL};
        Port published = {.host = 8080, .container = 80};
        ContainerSpec container = {
                .name = (char *) "web", .exports = exports, .ports = &published, .n_ports = 1};
        const Spec spec = {.containers = &container, .n_containers = 1};
        _cleanup_(forward_ports_done) ForwardPorts ports = {};
        _cleanup_strv_ char **variables = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text = fuzz_string(data, size);
        size_t found_size = 0;
        const char *found = there_find_json(text, &found_size);

        FUZZ_CHECK(!found || found + found_size <= text + strlen(text));
        if (found && forward_read(&spec, false, found, found_size, &ports, &error) < 0)
                FUZZ_CHECK(error_is_set(&error));
        if (found && with_read_variables(&spec, found, found_size, &variables, NULL) >= 0)
                STRV_FOREACH (variable, variables)
                        FUZZ_CHECK(startswith(*variable, "WEB_") || startswith(*variable, "SITE="));
        STRV_FOREACH (port, ports.ours)
                FUZZ_CHECK(startswith(*port, "127.0.0.1:8080:") || startswith(*port, "[::1]:8080:"));
        return 0;
}
