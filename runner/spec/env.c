/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "spec/argument.h"
#include "spec/env.h"

const JsonShape variable_name_shape = JSON_STRING_LIKE("^[A-Za-z_][A-Za-z0-9_]*$");

/* What a variable of a container cannot hold is control characters but for tab and newline. */
static const JsonShape
        variable_shape = JSON_STRING_LIKE("^[^\\u0000-\\u0008\\u000b-\\u001f\\u007f]*$"),
        own_name_shape = JSON_STRING_LIKE(
                "^(?!(CREDENTIALS_DIRECTORY|LISTEN_FDNAMES|LISTEN_FDS|LISTEN_PID|NOTIFY_SOCKET|"
                "container|container_host_id|container_uuid)$)[A-Za-z_][A-Za-z0-9_]*$"),
        environment_shape = JSON_MAP_OF(own_name_shape, variable_shape);

int env_check_name(const char *name, Error *reterr) {
        if (!name[0])
                return error_raise(reterr, FC_EXIT_USAGE, "the name of a variable is empty");
        if (name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] != '\0' ||
            (name[0] >= '0' && name[0] <= '9'))
                return error_raise(
                        reterr, FC_EXIT_USAGE,
                        "'%.100s' cannot name a variable: allowed are letters, digits and '_', not a "
                        "digit first",
                        name);
        return 0;
}

int env_check_own_name(const char *name, Error *reterr) {
        /* The container would not know what it is, not reach the notification socket, or not find its
         * credentials. */
        static const char *const reserved[] = {
                "CREDENTIALS_DIRECTORY", "LISTEN_FDNAMES", "LISTEN_FDS",        "LISTEN_PID",
                "NOTIFY_SOCKET",         "container",      "container_host_id", "container_uuid"};
        int r = env_check_name(name, reterr);

        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(reserved); i++)
                if (streq(name, reserved[i]))
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "the variable '%s' is set by systemd-nspawn", name);
        return 0;
}

int env_check_text(const char *name, const char *value, Error *reterr) {
        size_t left = strlen(value);
        int r;

        r = env_check_name(name, reterr);
        if (r < 0)
                return r;
        if (strlen("--setenv=") + strlen(name) + strlen("=") + left >= ARGUMENT_SIZE_MAX)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "the variable '%.100s' is longer than the %d bytes that Linux passes",
                                   name, ARGUMENT_SIZE_MAX - 1);
        for (size_t n; left > 0; value += n, left -= n) {
                unsigned char c = (unsigned char) *value;

                n = utf8_char_length(value, left);
                if (n == 0 || (c < 0x20 && c != '\t' && c != '\n') || c == 0x7f)
                        return error_raise(
                                reterr, FC_EXIT_USAGE,
                                "the value of '%.100s' contains the byte 0x%02x, which a variable of a "
                                "container cannot hold",
                                name, c);
        }
        return 0;
}

int env_check(const char *name, const char *value, Error *reterr) {
        int r = env_check_own_name(name, reterr);

        return r < 0 ? r : env_check_text(name, value, reterr);
}

static int parse_environment(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = target;
        size_t n = 0;
        int r;

        r = json_expect(value, JSON_OBJECT, path, reterr);
        if (r < 0)
                return r;
        if (!json_first(value))
                return 0;
        c->environment = xnew0(char *, json_length(value) + 1);
        JSON_FOREACH (member, value) {
                _cleanup_free_ char *member_path = json_path_member(path, json_key(member));

                r = json_expect(member, JSON_STRING, member_path, reterr);
                if (r < 0)
                        return r;
                r = env_check(json_key(member), json_string(member), reterr);
                if (r < 0)
                        return error_prefix(reterr, r, "%s", member_path);
                c->environment[n++] = xasprintf("%s=%s", json_key(member), json_string(member));
        }
        return 0;
}

/* What systemd takes out of its environment before it starts anything (sanitize_environment()): to some
 * services it says there itself what they are. */
static const char *const of_services[] = {
        "CACHE_DIRECTORY",
        "CONFIGURATION_DIRECTORY",
        "EXIT_CODE",
        "EXIT_STATUS",
        "INVOCATION_ID",
        "JOURNAL_STREAM",
        "LOGS_DIRECTORY",
        "LOG_NAMESPACE",
        "MAINPID",
        "MANAGERPID",
        "MONITOR_EXIT_CODE",
        "MONITOR_EXIT_STATUS",
        "MONITOR_INVOCATION_ID",
        "MONITOR_SERVICE_RESULT",
        "MONITOR_UNIT",
        "PIDFILE",
        "REMOTE_ADDR",
        "REMOTE_PORT",
        "RUNTIME_DIRECTORY",
        "SERVICE_RESULT",
        "STATE_DIRECTORY",
        "TRIGGER_PATH",
        "TRIGGER_TIMER_MONOTONIC_USEC",
        "TRIGGER_TIMER_REALTIME_USEC",
        "TRIGGER_UNIT",
        "WATCHDOG_PID",
        "WATCHDOG_USEC",
};

int env_check_name_of_services(const char *name, Error *reterr) {
        for (size_t i = 0; i < ELEMENTSOF(of_services); i++)
                if (streq(name, of_services[i]))
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "systemd sets this variable itself, and hands no other value on "
                                           "to services");
        return 0;
}

static int check_environment(const ContainerSpec *c, Error *reterr) {
        STRV_FOREACH (variable, c->environment) {
                _cleanup_free_ char *name = xstrndup(*variable, strcspn(*variable, "="));
                int r = c->init ? env_check_name_of_services(name, reterr) : 0;

                if (r < 0)
                        return error_prefix(reterr, r, "containers.%s.environment.%s", c->name, name);
        }
        return 0;
}

Json *env_print(char *const *variables) {
        Json *json = json_new_object();

        STRV_FOREACH (variable, variables) {
                _cleanup_free_ char *name = xstrndup(*variable, strcspn(*variable, "="));

                json_add_string(json, name, *variable + strlen(name) + 1);
        }
        return json;
}

static Json *print_environment(const ContainerSpec *c) {
        return env_print(c->environment);
}

const SpecKey environment_key = {
        .name = "environment",
        .shape = &environment_shape,
        .parse = parse_environment,
        .print = print_environment,
        .check = check_environment,
};
