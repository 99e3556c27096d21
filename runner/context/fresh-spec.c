/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/paths.h"
#include "context/fresh-spec.h"
#include "spec/path.h"
#include "spec/volume.h"

#define ADDRESS "127.0.0.1"

int fresh_spec_check(const Spec *spec, char *const *names, Error *reterr) {
        STRV_FOREACH (name, names) {
                const ContainerSpec *c = spec_find(spec, *name);
                int r;

                if (c->network == NETWORK_PRIVATE || c->network == NETWORK_NONE ||
                    c->network == NETWORK_CONTAINER)
                        continue;
                if (network_mode_is_attached(c->network))
                        r = error_raise(
                                reterr, FC_EXIT_USAGE,
                                "it is attached to the host's network interface '%s': it cannot have "
                                "a fresh instance",
                                c->interface);
                else if (c->network == NETWORK_NAMESPACE)
                        r = error_raise(
                                reterr, FC_EXIT_USAGE,
                                "it joins the network namespace '%s', of which there is only one: it "
                                "cannot have a fresh instance",
                                c->namespace);
                else
                        r = error_raise(reterr, FC_EXIT_USAGE,
                                        "it has the host's network, of which there is only one: it cannot "
                                        "have a fresh "
                                        "instance");
                error_add_hint(reterr, "give it \"network\": {\"mode\": \"private\"}");
                return error_in_container(reterr, r, *name);
        }
        return 0;
}

static void make_ports(ContainerSpec *c) {
        size_t n = 0;

        for (size_t i = 0; i < c->n_ports; i++) {
                Port *port = &c->ports[i];
                bool again = false;

                for (size_t j = 0; j < n; j++)
                        again = again ||
                                (c->ports[j].container == port->container && c->ports[j].udp == port->udp);
                free(port->address);
                port->address = again ? NULL : xstrdup(ADDRESS);
                port->host = 0;
                if (!again)
                        c->ports[n++] = *port;
        }
        c->n_ports = n;
}

/* Would what is written to it lie in it? */
static bool has_state(const char *root, const char *source) {
        _cleanup_free_ char *state = xasprintf("%s/" STATE_DIR_NAME, streq(root, "/") ? "" : root),
                            *whole = NULL, *plain = NULL;

        whole = source[0] == '/' ? xstrdup(source) : xasprintf("%s/%s", root, source);
        plain = path_normalise(whole);
        return path_is_within(state, plain);
}

static void make_volume(Volume *v, const char *root, FreshIsDirectory is_directory, void *userdata) {
        if (v->source[0] == '@' || v->read_only || v->overlay)
                return;
        v->overlay = !has_state(root, v->source) && (v->create || is_directory(v->source, userdata));
        v->read_only = !v->overlay;
        v->create = v->create && v->overlay;
}

/* The project may have them at the same time. */
static void forget_addresses(Spec *spec) {
        for (size_t i = 0; i < spec->n_networks; i++)
                network_spec_done(&spec->networks[i]);
        spec->n_networks = 0;
        for (size_t i = 0; i < spec->n_containers; i++) {
                free(spec->containers[i].address);
                spec->containers[i].address = NULL;
                free(spec->containers[i].address6);
                spec->containers[i].address6 = NULL;
        }
}

void fresh_spec_make(Spec *spec, const char *root, FreshIsDirectory is_directory, void *userdata) {
        forget_addresses(spec);
        for (size_t i = 0; i < spec->n_containers; i++) {
                ContainerSpec *c = &spec->containers[i];

                c->ephemeral = true;
                make_ports(c);
                for (size_t j = 0; j < c->n_volumes; j++)
                        make_volume(&c->volumes[j], root, is_directory, userdata);
        }
}

size_t fresh_spec_count_volume(const Spec *spec, char *const *names, const char *volume) {
        size_t n = 0;

        STRV_FOREACH (name, names) {
                const ContainerSpec *c = spec_find(spec, *name);

                for (size_t i = 0; c && i < c->n_volumes; i++) {
                        _cleanup_free_ char *kept = volume_kept_name(c->name, &c->volumes[i]);

                        if (streq_ptr(kept, volume))
                                n += c->volumes[i].overlay ? 2 : 1;
                }
        }
        return n;
}
