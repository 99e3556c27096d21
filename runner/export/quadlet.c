/* SPDX-License-Identifier: MIT */

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "export/keys.h"
#include "export/parts.h"
#include "export/probe.h"
#include "export/quadlet.h"
#include "spec/networks.h"
#include "spec/resource.h"

#define HEADER "# Made by flake-containers export.\n"

/* What podman has to do beside waiting for a container, in seconds. */
#define STOP_MARGIN 5

char *quadlet_word(const char *text) {
        char *word = xmalloc0(4 * strlen(text) + 3), *to = word;

        *to++ = '"';
        for (const char *s = text; *s; s++) {
                /* A carriage return ends a line for systemd, too. */
                if ((unsigned char) *s < 0x20 || *s == 0x7f) {
                        to += sprintf(to, "\\x%02x", (unsigned char) *s);
                        continue;
                }
                if (*s == '"' || *s == '\\')
                        *to++ = '\\';
                if (*s == '%' || *s == '$')
                        *to++ = *s;
                *to++ = *s;
        }
        *to = '"';
        return word;
}

/* ---- lines ---- */

typedef struct Unit {
        const ExportRequest *request;
        const ContainerSpec *spec;
        char **lines;
} Unit;

_printf_(3, 4) static void unit_add(Unit *u, const char *key, const char *format, ...) {
        _cleanup_free_ char *text = NULL;
        va_list ap;

        va_start(ap, format);
        text = xvasprintf(format, ap);
        va_end(ap);
        strv_pushf(&u->lines, "%s=%s\n", key, text);
}

/* A value that is not split into words: only specifiers mean something. */
static void unit_add_text(Unit *u, const char *key, const char *text) {
        _cleanup_free_ char *doubled = xmalloc0(2 * strlen(text) + 1);
        char *to = doubled;

        for (const char *s = text; *s; s++) {
                if (*s == '%')
                        *to++ = '%';
                *to++ = *s;
        }
        unit_add(u, key, "%s", doubled);
}

static void unit_section(Unit *u, const char *name) {
        strv_pushf(&u->lines, "\n[%s]\n", name);
}

/* ---- sections ---- */

static void unit_add_dependencies(Unit *u) {
        const ContainerSpec *c = u->spec;

        strv_push(&u->lines, HEADER "\n[Unit]\n");
        unit_add(u, "Description", "Container %s of %s", c->name, u->request->project);
        for (size_t i = 0; i < c->n_dependencies; i++) {
                unit_add(u, "Requires", "%s-%s.service", u->request->project, c->dependencies[i].name);
                unit_add(u, "After", "%s-%s.service", u->request->project, c->dependencies[i].name);
        }
        if (c->restart == RESTART_ON_FAILURE) {
                unit_add(u, "StartLimitIntervalSec", "300");
                unit_add(u, "StartLimitBurst", "5");
        }
}

/* podman publishes no port of what is in internal networks only, and keys.c refuses the one without the
 * other. */
static bool needs_way_out(const ContainerSpec *c) {
        return c->internet || c->n_ports > 0;
}

/* Also where the mode is one that cannot be said, and the user has it left out. */
static bool has_networks(const ContainerSpec *c) {
        return c->network != NETWORK_HOST && c->network != NETWORK_NONE;
}

static void unit_add_networks(Unit *u) {
        const ContainerSpec *c = u->spec;
        bool fixed = c->network == NETWORK_PRIVATE;
        static char *const fallback[] = {(char *) NETWORK_DEFAULT, NULL};
        char *const *names = c->networks ? c->networks : fallback;

        if (!has_networks(c)) {
                unit_add(u, "Network", "%s", c->network == NETWORK_HOST ? "host" : "none");
                return;
        }
        /* The fixed address is one in the first. */
        STRV_FOREACH (name, names) {
                bool first = fixed && name == names;
                _cleanup_strv_ char **options = NULL;
                _cleanup_free_ char *joined = NULL;

                if (first && c->address)
                        strv_pushf(&options, "ip=%s", c->address);
                if (first && c->address6)
                        strv_pushf(&options, "ip6=%s", c->address6);
                if (first && c->mac)
                        strv_pushf(&options, "mac=%s", c->mac);
                joined = strv_join(options, ",");
                unit_add(u, "Network", "%s-%s.network%s%s", u->request->project, *name, options ? ":" : "",
                         joined);
        }
        if (needs_way_out(c))
                unit_add(u, "Network", "%s-%s-internet.network", u->request->project, c->name);
        unit_add(u, "PodmanArgs", "--network-alias=%s", c->name);
}

static void unit_add_ports(Unit *u) {
        for (size_t i = 0; i < u->spec->n_ports; i++) {
                const Port *p = &u->spec->ports[i];
                _cleanup_free_ char *host = p->host == 0 ? xstrdup("") : xasprintf("%u", p->host),
                                    *address = !p->address               ? xstrdup("127.0.0.1")
                                               : strchr(p->address, ':') ? xasprintf("[%s]", p->address)
                                                                         : xstrdup(p->address);

                if (!keys_refuse_port(EXPORT_FORMAT_QUADLET, p))
                        unit_add(u, "PublishPort", "%s:%s:%u%s", address, host, p->container,
                                 p->udp ? "/udp" : "");
        }
}

static void unit_add_volumes(Unit *u) {
        for (size_t i = 0; i < u->spec->n_volumes; i++) {
                const Volume *v = &u->spec->volumes[i];
                _cleanup_free_ char *source = v->source[0] == '@'
                                                      ? xasprintf("%s-%s.volume", u->request->project,
                                                                  v->source + 1)
                                                      : export_host_path(u->request, v->source),
                                    *text = xasprintf("%s:%s%s", source, v->target,
                                                      v->read_only ? ":ro" : "");

                if (!keys_refuse_volume(u->request, v))
                        unit_add_text(u, "Volume", text);
        }
}

static void unit_add_tmpfs(Unit *u) {
        for (size_t i = 0; i < u->spec->n_tmpfs; i++) {
                const Tmpfs *t = &u->spec->tmpfs[i];
                _cleanup_free_ char *text = export_tmpfs(t);

                if (!keys_refuse_tmpfs(EXPORT_FORMAT_QUADLET, t))
                        unit_add_text(u, "Tmpfs", text);
        }
}

static char *secret_of(const ExportRequest *r, const ContainerSpec *c, const Credential *credential) {
        return xasprintf("%s-%s-%s", r->project, c->name, credential->id);
}

static void unit_add_credentials(Unit *u) {
        const ContainerSpec *c = u->spec;

        for (size_t i = 0; i < c->n_credentials; i++) {
                _cleanup_free_ char *secret = secret_of(u->request, c, &c->credentials[i]);

                if (!keys_refuse_credential(&c->credentials[i]))
                        unit_add(u, "Secret", "%s,type=mount,target=" EXPORT_CREDENTIALS "/%s,mode=0400",
                                 secret, c->credentials[i].id);
        }
        if (c->n_credentials > 0)
                unit_add(u, "Environment", "CREDENTIALS_DIRECTORY=" EXPORT_CREDENTIALS);
}

static void unit_add_rights(Unit *u) {
        const ContainerSpec *c = u->spec;

        STRV_FOREACH (name, c->capabilities_add)
                unit_add(u, "AddCapability", "%s", *name);
        STRV_FOREACH (name, c->capabilities_drop)
                unit_add(u, "DropCapability", "%s", *name);
        for (size_t i = 0; i < c->n_devices; i++) {
                const Device *d = &c->devices[i];
                _cleanup_free_ char *text = xasprintf("%s:%s:%s", d->path, d->path, d->permissions);

                if (!keys_refuse_device(EXPORT_FORMAT_QUADLET, d))
                        unit_add_text(u, "AddDevice", text);
        }
}

static void unit_add_container_section(Unit *u) {
        const ContainerSpec *c = u->spec;
        _cleanup_free_ char *image = export_image_name(u->request, c);

        unit_section(u, "Container");
        unit_add(u, "Image", "%s", image);
        unit_add(u, "ContainerName", "%s-%s", u->request->project, c->name);
        unit_add(u, "HostName", "%s", c->name);
        /* A command is not PID 1, which a signal that it does not handle would not end. */
        if (c->init)
                unit_add(u, "PodmanArgs", "--systemd=always");
        else
                unit_add(u, "RunInit", "true");
        unit_add(u, "PodmanArgs", "--stop-timeout=%" PRIu64, c->stop_timeout_usec / USEC_PER_SEC);
        if (c->ready_notify && !c->one_shot)
                unit_add(u, "Notify", "yes");
        unit_add_networks(u);
        unit_add_ports(u);
        unit_add_volumes(u);
        unit_add_tmpfs(u);
        unit_add_credentials(u);
        unit_add_rights(u);
}

/* The unit is active, and what is ordered after it starts, when this has ended. */
static void unit_add_probe(Unit *u) {
        const ContainerSpec *c = u->spec;
        _cleanup_free_ char *script = c->one_shot ? NULL : probe_script(c), *inside = NULL, *outside = NULL,
                            *word = NULL;

        if (!script)
                return;
        inside = export_shell_word(script);
        outside = xasprintf("until podman exec %s-%s %s%s -c %s; do sleep 0.2; done", u->request->project,
                            c->name, c->toplevel ? c->toplevel : "", c->toplevel ? "/sw/bin/sh" : "/bin/sh",
                            inside);
        word = quadlet_word(outside);
        unit_add(u, "ExecStartPost", "/bin/sh -c %s", word);
}

static void unit_add_service_section(Unit *u) {
        const ContainerSpec *c = u->spec;

        unit_section(u, "Service");
        if (c->one_shot) {
                unit_add(u, "Type", "oneshot");
                unit_add(u, "RemainAfterExit", "yes");
        }
        unit_add(u, "TimeoutStartSec", "%" PRIu64, c->ready_timeout_usec / USEC_PER_SEC);
        unit_add(u, "TimeoutStopSec", "%" PRIu64, c->stop_timeout_usec / USEC_PER_SEC + STOP_MARGIN);
        unit_add(u, "Restart", "%s", c->restart == RESTART_ON_FAILURE ? "on-failure" : "no");
        unit_add_probe(u);
        for (size_t i = 0; i < c->n_resources; i++)
                unit_add_text(u, resource_kind_to_string(c->resources[i].kind), c->resources[i].value);
}

/* ---- files ---- */

static void quadlet_add_container(const ExportRequest *r, const ContainerSpec *c, ExportFiles *files) {
        Unit u = {.request = r, .spec = c};

        unit_add_dependencies(&u);
        unit_add_container_section(&u);
        unit_add_service_section(&u);
        export_files_add(files, xasprintf("%s-%s.container", r->project, c->name), strv_join(u.lines, ""));
        strv_free(u.lines);
}

static bool has_file(const ExportFiles *files, const char *name) {
        for (size_t i = 0; i < files->n; i++)
                if (streq(files->files[i].name, name))
                        return true;
        return false;
}

/* @text: taken, and dropped where there is such a unit already */
static void quadlet_add_once(ExportFiles *files, char *name, char *text) {
        if (!has_file(files, name)) {
                export_files_add(files, name, text);
                return;
        }
        free(name);
        free(text);
}

static char *network_text(const ExportRequest *r, const char *name) {
        const NetworkSpec *network = networks_find(r->spec, name);
        _cleanup_strv_ char **parts = NULL;

        strv_push(&parts, HEADER "\n[Network]\nInternal=true\n");
        /* Of the family that has no subnet podman chooses one. */
        if (network && network->subnet)
                strv_pushf(&parts, "Subnet=%s\n", network->subnet);
        if (network && network->subnet6)
                strv_pushf(&parts, "IPv6=true\nSubnet=%s\n", network->subnet6);
        return strv_join(parts, "");
}

static void quadlet_add_networks(const ExportRequest *r, const ContainerSpec *c, ExportFiles *files) {
        static char *const fallback[] = {(char *) NETWORK_DEFAULT, NULL};

        if (!has_networks(c))
                return;
        STRV_FOREACH (name, c->networks ? c->networks : fallback)
                quadlet_add_once(files, xasprintf("%s-%s.network", r->project, *name),
                                 network_text(r, *name));
        if (needs_way_out(c))
                quadlet_add_once(files, xasprintf("%s-%s-internet.network", r->project, c->name),
                                 xstrdup(HEADER "\n[Network]\n"));
}

static void quadlet_add_volumes(const ExportRequest *r, const ContainerSpec *c, ExportFiles *files) {
        for (size_t i = 0; i < c->n_volumes; i++)
                if (c->volumes[i].source[0] == '@' && !keys_refuse_volume(r, &c->volumes[i]))
                        quadlet_add_once(files,
                                         xasprintf("%s-%s.volume", r->project, c->volumes[i].source + 1),
                                         xstrdup(HEADER "\n[Volume]\n"));
}

static void quadlet_add_secrets(const ExportRequest *r, ExportFiles *files) {
        _cleanup_strv_ char **lines = NULL;

        STRV_FOREACH (name, r->names) {
                const ContainerSpec *c = spec_find(r->spec, *name);

                for (size_t i = 0; i < c->n_credentials; i++) {
                        _cleanup_free_ char *secret = secret_of(r, c, &c->credentials[i]),
                                            *command = export_credential_command(r, &c->credentials[i]);

                        if (!keys_refuse_credential(&c->credentials[i]))
                                strv_pushf(&lines, "%s | podman secret create --replace %s -\n", command,
                                           secret);
                }
        }
        export_add_script(r, "# Makes the secrets that the units name.\n", lines, files);
}

void quadlet_print(const ExportRequest *r, ExportFiles *files) {
        STRV_FOREACH (name, r->names) {
                const ContainerSpec *c = spec_find(r->spec, *name);

                quadlet_add_networks(r, c, files);
                quadlet_add_volumes(r, c, files);
                quadlet_add_container(r, c, files);
        }
        quadlet_add_secrets(r, files);
}
