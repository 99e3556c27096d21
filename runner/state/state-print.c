/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "state/state-json.h"

char *state_escape(const char *text) {
        char *escaped = xmalloc0(strlen(text) * 4 + 1), *out = escaped;

        for (const unsigned char *p = (const unsigned char *) text; *p; p++) {
                if (*p >= ' ' && *p <= '~' && *p != '\\')
                        *out++ = (char) *p;
                else
                        out += sprintf(out, "\\x%02x", *p);
        }
        return escaped;
}

static int hex_digit(char c) {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *state_unescape(const char *text) {
        _cleanup_free_ char *plain = xmalloc0(strlen(text) + 1);
        char *out = plain;

        for (const char *p = text; *p; p++) {
                if (*p != '\\') {
                        if (*p < ' ' || *p > '~')
                                return NULL;
                        *out++ = *p;
                        continue;
                }
                if (p[1] != 'x' || hex_digit(p[2]) < 0 || hex_digit(p[3]) < 0 || startswith(p, "\\x00"))
                        return NULL;
                *out++ = (char) (hex_digit(p[2]) * 16 + hex_digit(p[3]));
                p += 3;
        }
        return TAKE_PTR(plain);
}

/* People look into these files, so they are laid out, and end as text files do. */
static char *print(const Json *json) {
        _cleanup_free_ char *text = json_print(json, true);

        return xasprintf("%s\n", text);
}

char *container_state_print(const ContainerState *state) {
        _cleanup_(json_freep) Json *json = json_new_object();
        Json *definition = json_new_array(), *ports = json_new_array();

        json_add_uint(json, "version", STATE_VERSION);
        json_add_string(json, "phase", phase_to_string(state->phase));
        json_add_string(json, "machine", state->machine);
        json_add_string(json, "bootId", state->boot_id);
        json_add_uint(json, "startedUsec", state->started_usec);
        if (state->ready_usec > 0)
                json_add_uint(json, "readyUsec", state->ready_usec);
        json_add_string(json, "address", state->address);
        json_add_string(json, "result", state->result);

        for (size_t i = 0; i < state->n_ports; i++) {
                Json *port = json_new_object();

                json_add_string(port, "address", state->ports[i].address);
                json_add_uint(port, "host", state->ports[i].host);
                json_add_uint(port, "container", state->ports[i].container);
                json_append(ports, port);
        }
        json_add(json, "ports", ports);

        STRV_FOREACH (line, state->definition) {
                _cleanup_free_ char *escaped = state_escape(*line);

                json_append_string(definition, escaped);
        }
        json_add(json, "definition", definition);
        return print(json);
}

char *project_state_print(const ProjectState *state) {
        _cleanup_(json_freep) Json *json = json_new_object();
        Json *addresses = json_new_object();

        json_add_uint(json, "version", STATE_VERSION);
        json_add_string(json, "id", state->id);
        json_add_string(json, "subnet", state->subnet);
        json_add_string(json, "gitIndex", state->git_index);
        for (size_t i = 0; i < state->n_addresses; i++)
                json_add_uint(addresses, state->addresses[i].name, state->addresses[i].octet);
        json_add(json, "addresses", addresses);
        return print(json);
}
