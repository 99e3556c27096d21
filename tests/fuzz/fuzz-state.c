/* SPDX-License-Identifier: MIT */

/* A saved state that something has damaged. The first byte chooses the kind, so that one corpus serves
 * both. */

#include "fuzz.h"
#include "state/container-json.h"
#include "state/project-json.h"
#include "state/state-document.h"

static void check_result(int r, Error *error) {
        FUZZ_CHECK(r >= 0 || error->exit == FC_EXIT_CONFLICT);
        error->exit = FC_EXIT_USAGE;
        fuzz_check_result(r, error);
}

/* What is accepted is written in one way only. */
static void fuzz_container(const char *text, size_t size) {
        _cleanup_(container_state_freep) ContainerState *state = NULL, *again = NULL;
        _cleanup_free_ char *printed = NULL, *printed_again = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        int r;

        r = container_state_parse(text, size, ".containers/x/state.json", &state, &error);
        check_result(r, &error);
        if (r < 0)
                return;
        for (size_t i = 0; i < state->n_ports; i++)
                FUZZ_CHECK(state->ports[i].host > 0 && state->ports[i].container > 0 &&
                           state->ports[i].address);
        printed = container_state_print(state);
        FUZZ_CHECK(container_state_parse(printed, strlen(printed), "again", &again, NULL) >= 0);
        FUZZ_CHECK(strv_equal(state->definition, again->definition));
        printed_again = container_state_print(again);
        FUZZ_CHECK(streq(printed, printed_again));
}

static void fuzz_project(const char *text, size_t size) {
        _cleanup_(project_state_freep) ProjectState *state = NULL, *again = NULL;
        _cleanup_free_ char *printed = NULL, *printed_again = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        int r;

        r = project_state_parse(text, size, ".containers/state.json", &state, &error);
        check_result(r, &error);
        if (r < 0)
                return;
        FUZZ_CHECK(state->n_addresses <= 253);
        for (size_t i = 0; i < state->n_addresses; i++)
                FUZZ_CHECK(project_state_get_address(state, state->addresses[i].name) ==
                           state->addresses[i].octet);
        printed = project_state_print(state);
        FUZZ_CHECK(project_state_parse(printed, strlen(printed), "again", &again, NULL) >= 0);
        printed_again = project_state_print(again);
        FUZZ_CHECK(streq(printed, printed_again));
}

static void fuzz_escape(const char *text, size_t size) {
        _cleanup_free_ char *line = xstrndup(text, size), *escaped = state_escape(line),
                            *plain = state_unescape(escaped), *other = state_unescape(line);

        FUZZ_CHECK(plain && streq(plain, line));
        FUZZ_CHECK(!other || strlen(other) <= strlen(line));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *text = (const char *) data + 1;

        if (size == 0)
                return 0;
        if (data[0] == 'c')
                fuzz_container(text, size - 1);
        else if (data[0] == 'p')
                fuzz_project(text, size - 1);
        else
                fuzz_escape(text, size - 1);
        return 0;
}
