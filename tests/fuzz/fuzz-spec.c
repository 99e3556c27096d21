/* SPDX-License-Identifier: MIT */

#include "fuzz.h"
#include "spec/spec-parse.h"

/* What later layers rely on. */
static void check_container(const ContainerSpec *c) {
        FUZZ_CHECK(c->name && !c->rootfs != !c->toplevel && !c->init != !c->command);
        FUZZ_CHECK(!c->toplevel || (c->toplevel[0] == '/' && strrchr(c->toplevel, '/') > c->toplevel));
        FUZZ_CHECK(c->store == STORE_ALL || c->closure);
        FUZZ_CHECK(c->users < _USERS_MODE_MAX && c->network < _NETWORK_MODE_MAX);
        FUZZ_CHECK(c->n_ports == 0 || c->network == NETWORK_PRIVATE);
        FUZZ_CHECK(c->ready_timeout_usec >= USEC_PER_SEC && c->stop_timeout_usec >= USEC_PER_SEC);
        for (size_t i = 0; i < c->n_ports; i++)
                FUZZ_CHECK(c->ports[i].container > 0);
        for (size_t i = 0; i < c->n_volumes; i++)
                FUZZ_CHECK(c->volumes[i].source[0] && c->volumes[i].target[0] == '/');
        STRV_FOREACH (variable, c->environment)
                FUZZ_CHECK(strchr(*variable, '='));
        STRV_FOREACH (argument, c->nspawn_args)
                FUZZ_CHECK(startswith(*argument, "--") && (*argument)[2]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(spec_freep) Spec *spec = NULL, *again = NULL;
        _cleanup_free_ char *text = NULL, *text_again = NULL;
        int r;

        r = spec_parse((const char *) data, size, &spec, &error);
        fuzz_check_result(r, &error);
        FUZZ_CHECK((r >= 0) == !!spec);
        if (r < 0)
                return 0;

        for (size_t i = 0; i < spec->n_containers; i++) {
                check_container(&spec->containers[i]);
                FUZZ_CHECK(spec_find(spec, spec->containers[i].name) == &spec->containers[i]);
        }
        text = spec_print(spec);
        FUZZ_CHECK(spec_parse(text, strlen(text), &again, NULL) >= 0);
        text_again = spec_print(again);
        FUZZ_CHECK(streq(text, text_again));
        return 0;
}
