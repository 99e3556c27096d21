/* SPDX-License-Identifier: MIT */

/* What a service may use and do: limits, capabilities, devices, its user. */

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "import/service.h"

/* ---- limits ---- */

/* "512m", "1gb", "1.5G" as bytes; NULL: it is no size. Owned by the caller. */
static char *memory_size(const char *text) {
        static const char units[] = "bkmgt";
        char *end;
        double number = strtod(text, &end);
        const char *unit = *end ? strchr(units, tolower((unsigned char) *end)) : units;

        if (end == text || !unit || !(number > 0 && number < 1e15))
                return NULL;
        if (*end && !(end[1] == '\0' || (tolower((unsigned char) end[1]) == 'b' && end[2] == '\0')))
                return NULL;
        /* As it stands, where that is the same. */
        if (number == (double) (uint64_t) number && unit > units)
                return xasprintf("%" PRIu64 "%c", (uint64_t) number, toupper((unsigned char) *unit));
        for (const char *u = units; u < unit; u++)
                number *= 1024;
        if (number >= 1e18)
                return NULL;
        return xasprintf("%" PRIu64, (uint64_t) number);
}

static void add_memory(Service *s, Json *resources, const char *key, const char *name, const char *text) {
        _cleanup_free_ char *size = text ? memory_size(text) : NULL;

        if (text && !size)
                service_note(s, key, "not carried over: it is not a size");
        json_add_string(resources, name, size);
}

static void add_cpus(Service *s, Json *resources, const char *key, const char *text) {
        char *end = NULL;
        double number = text ? strtod(text, &end) : 0;
        _cleanup_free_ char *quota = NULL;

        if (!text)
                return;
        if (end == text || *end || !(number >= 0.01 && number <= 10000)) {
                service_note(s, key, "not carried over: it is not a number of processors");
                return;
        }
        quota = xasprintf("%u%%", (unsigned) (number * 100 + 0.5));
        json_add_string(resources, "CPUQuota", quota);
}

static void note_deploy(Service *s, const Json *deploy) {
        const Json *resources = tree_get(deploy, "resources"), *limits = tree_get(resources, "limits");

        if (deploy && json_type(deploy) == JSON_OBJECT)
                JSON_FOREACH (member, deploy)
                        if (!streq(json_key(member), "resources") &&
                            !streq(json_key(member), "restart_policy"))
                                service_note(
                                        s, "deploy",
                                        "'%s' is not carried over: each container is one, on this machine",
                                        json_key(member));
        if (tree_get(tree_get(deploy, "restart_policy"), "max_attempts") ||
            tree_get(tree_get(deploy, "restart_policy"), "delay") ||
            tree_get(tree_get(deploy, "restart_policy"), "window"))
                service_note(s, "deploy", "of 'restart_policy' the condition alone is carried over");
        if (tree_get(resources, "reservations"))
                service_note(s, "deploy",
                             "'reservations' are not carried over: nothing is reserved on this machine");
        if (limits && json_type(limits) == JSON_OBJECT)
                JSON_FOREACH (member, limits)
                        if (!streq(json_key(member), "cpus") && !streq(json_key(member), "memory") &&
                            !streq(json_key(member), "pids"))
                                service_note(s, "deploy",
                                             "the limit '%s' is not carried over: there is none",
                                             json_key(member));
}

void service_carry_limits(Service *s) {
        const Json *deploy = tree_get(s->tree, "deploy"),
                   *limits = tree_get(tree_get(deploy, "resources"), "limits");
        const char *memory = tree_text(tree_get(limits, "memory")),
                   *cpus = tree_text(tree_get(limits, "cpus")), *pids = tree_text(tree_get(limits, "pids"));
        _cleanup_free_ char *place = service_place(s, "deploy");
        Json *resources = json_new_object();

        note_deploy(s, deploy);
        add_memory(s, resources, memory ? "deploy" : "mem_limit", "MemoryMax",
                   memory ? memory : tree_text(tree_get(s->tree, "mem_limit")));
        add_cpus(s, resources, cpus ? "deploy" : "cpus", cpus ? cpus : tree_text(tree_get(s->tree, "cpus")));
        if (!pids)
                pids = tree_text(tree_get(s->tree, "pids_limit"));
        if (pids && *pids != '-')
                json_add_string(resources, "TasksMax", pids);
        draft_set(s->container, "resources", resources, place);
}

/* ---- rights ---- */

static void add_capabilities(Service *s, const char *key, const char *to, Json *both) {
        const Json *names = service_get(s, key);
        Json *list;

        if (!names)
                return;
        list = json_new_array();
        JSON_FOREACH (item, names) {
                const char *name = tree_text(item);
                _cleanup_free_ char *whole =
                        name ? xasprintf("%s%s", startswith(name, "CAP_") ? "" : "CAP_", name) : NULL;

                if (!name || streq(name, "ALL"))
                        service_note(s, key, "'%s' is not carried over: name them", name ? name : "null");
                else
                        json_append_string(list, whole);
        }
        if (json_length(list) > 0)
                json_add(both, to, list);
        else
                (void) json_free(list);
}

static void carry_capabilities(Service *s) {
        _cleanup_free_ char *place = service_place(s, "cap_add");
        Json *both = json_new_object();

        add_capabilities(s, "cap_add", "add", both);
        add_capabilities(s, "cap_drop", "drop", both);
        draft_set(s->container, "capabilities", both, place);
}

/* PATH[:PATH[:PERMISSIONS]] */
static void carry_device(Service *s, const char *name, const Json *item, const char *place) {
        const char *text = tree_text(item) ? tree_text(item) : "";
        _cleanup_free_ char *path = xstrndup(text, strcspn(text, ":"));
        const char *inside = strchr(text, ':'), *permissions = inside ? strchr(inside + 1, ':') : NULL;
        size_t length = inside ? strcspn(inside + 1, ":") : 0;
        Json *device;

        if (inside && (strlen(path) != length || strncmp(inside + 1, path, length) != 0)) {
                draft_note(&s->container->notes, place,
                           "not carried over: a device has the same path inside");
                return;
        }
        device = json_new_object();
        json_add_string(device, "path", path);
        json_add_string(device, "permissions", permissions ? permissions + 1 : NULL);
        draft_append(s->container, "devices", device, place);
}

static void add_argument(Service *s, const char *key, char *argument) {
        _cleanup_free_ char *place = service_place(s, key);

        draft_append(s->container, "nspawnArgs", json_new_string(argument), place);
        free(argument);
}

static void carry_ulimits(Service *s) {
        const Json *limits = service_get(s, "ulimits");

        if (!limits)
                return;
        JSON_FOREACH (limit, limits) {
                const char *both = tree_text(limit), *soft = tree_text(tree_get(limit, "soft")),
                           *hard = tree_text(tree_get(limit, "hard"));
                _cleanup_free_ char *name = xstrdup(json_key(limit)), *value = NULL;

                for (char *p = name; *p; p++)
                        *p = (char) toupper((unsigned char) *p);
                if (both)
                        value = xstrdup(streq(both, "-1") ? "infinity" : both);
                else if (soft && hard)
                        value = xasprintf("%s:%s", streq(soft, "-1") ? "infinity" : soft,
                                          streq(hard, "-1") ? "infinity" : hard);
                if (value)
                        add_argument(s, "ulimits", xasprintf("--rlimit=%s=%s", name, value));
                else
                        service_note(s, "ulimits",
                                     "'%s' is not carried over: it is not a number, nor 'soft' and 'hard'",
                                     name);
        }
}

/* Of a command systemd-nspawn sets them; services of an init have them in their units. */
static void carry_identity(Service *s, const char *key, const char *option, const char *setting) {
        const char *value = tree_text(service_get(s, key));
        size_t length = value && streq(key, "user") ? strcspn(value, ":") : 0;

        if (!value)
                return;
        if (s->known)
                service_note(s, key, "not carried over: the service's unit says it");
        else if (s->draft->format == DRAFT_FLAKE)
                service_note(s, key, "of the unit that you write: serviceConfig.%s = \"%s\"", setting,
                             value);
        else if (length > 0 && value[length]) {
                service_note(s, key, "the group is not carried over: it is the user's");
                add_argument(s, key, xasprintf("--%s=%.*s", option, (int) length, value));
        } else
                add_argument(s, key, xasprintf("--%s=%s", option, value));
}

void service_carry_rights(Service *s) {
        carry_capabilities(s);
        service_each(s, "devices", carry_device);
        carry_ulimits(s);
        carry_identity(s, "user", "user", "User");
        carry_identity(s, "working_dir", "chdir", "WorkingDirectory");
}
