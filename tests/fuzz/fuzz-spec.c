/* SPDX-License-Identifier: MIT */

#include "fuzz.h"
#include "spec/dependency.h"
#include "spec/spec-parse.h"

/* That each container finds those that it waits for, and that all come to their turn. */
static void check_order(const Spec *spec) {
        _cleanup_strv_ char **names = NULL, **order = NULL;

        for (size_t i = 0; i < spec->n_containers; i++)
                strv_push(&names, spec->containers[i].name);
        order = dependencies_order(spec, names);
        FUZZ_CHECK(strv_length(order) == spec->n_containers);
}

/* What later layers rely on. */
static void check_container(const ContainerSpec *c) {
        FUZZ_CHECK(c->name && !!c->rootfs + !!c->toplevel + !!c->debian + !!c->oci == 1 &&
                   !c->init != !c->command);
        FUZZ_CHECK(!c->toplevel || (c->toplevel[0] == '/' && strrchr(c->toplevel, '/') > c->toplevel));
        FUZZ_CHECK(c->store == STORE_ALL || c->closure);
        FUZZ_CHECK(c->users < _USERS_MODE_MAX && c->network < _NETWORK_MODE_MAX);
        FUZZ_CHECK(c->n_ports == 0 || c->network == NETWORK_PRIVATE || c->network == NETWORK_NAMESPACE ||
                   network_mode_is_attached(c->network));
        FUZZ_CHECK(!c->network_of == (c->network != NETWORK_CONTAINER));
        FUZZ_CHECK(!c->interface == !network_mode_is_attached(c->network));
        FUZZ_CHECK(c->address || !(c->gateway || (network_mode_is_attached(c->network) && c->address6)));
        FUZZ_CHECK(c->address6 || !c->gateway6);
        FUZZ_CHECK(c->ready_timeout_usec >= USEC_PER_SEC && c->stop_timeout_usec >= USEC_PER_SEC);
        for (size_t i = 0; i < c->n_ports; i++)
                FUZZ_CHECK(c->ports[i].container > 0);
        for (size_t i = 0; i < c->ready_checks.n_tcp; i++)
                FUZZ_CHECK(c->ready_checks.tcp[i] > 0);
        for (size_t i = 0; i < c->ready_checks.n_http; i++)
                FUZZ_CHECK(c->ready_checks.http[i].port > 0 && c->ready_checks.http[i].path[0] == '/' &&
                           !strpbrk(c->ready_checks.http[i].path, " \r\n") &&
                           c->ready_checks.http[i].status_min <= c->ready_checks.http[i].status_max);
        for (size_t i = 0; i < c->ready_checks.n_exec; i++)
                FUZZ_CHECK(c->ready_checks.exec[i] && c->ready_checks.exec[i][0][0]);
        STRV_FOREACH (unit, c->ready_checks.units)
                FUZZ_CHECK(!c->command && c->ready_notify && !strchr(*unit, '/'));
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
        check_order(spec);
        text = spec_print(spec);
        FUZZ_CHECK(spec_parse(text, strlen(text), &again, NULL) >= 0);
        text_again = spec_print(again);
        FUZZ_CHECK(streq(text, text_again));
        return 0;
}
