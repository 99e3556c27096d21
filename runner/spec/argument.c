/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "spec/argument.h"
#include "spec/value.h"

typedef struct OwnedOption {
        const char *name;
        const char *instead; /* the key that says it, or why there is none */
} OwnedOption;

#define USE(key) "use '" key "' instead"

/* systemd-nspawn(1) of systemd 252 to 258. */
static const OwnedOption owned[] = {
        {"as-pid2", USE("command")},
        {"boot", USE("system.init")},
        {"cleanup", "the runner cleans up itself"},
        {"console", "the runner connects the console"},
        {"directory", USE("system.rootfs")},
        {"ephemeral", "the runner provides the root file system"},
        {"help", "it starts no container"},
        {"hostname", "the host name is the container's name"},
        {"image", USE("system.rootfs")},
        {"image-policy", USE("system.rootfs")},
        {"keep-unit", "the runner places the container"},
        {"kill-signal", "the runner stops the container"},
        {"link-journal", "the runner keeps the journal"},
        {"machine", "the machine name is made from the project and the container's name"},
        {"network-bridge", USE("network")},
        {"network-interface", USE("network")},
        {"network-ipvlan", USE("network")},
        {"network-macvlan", USE("network")},
        {"network-namespace-path", USE("network")},
        {"network-veth", USE("network")},
        {"network-veth-extra", USE("network")},
        {"network-zone", USE("network")},
        {"notify-ready", USE("ready.notify")},
        {"oci-bundle", USE("system.rootfs")},
        {"pipe", "the runner connects the console"},
        {"pivot-root", USE("system.rootfs")},
        {"port", USE("ports")},
        {"private-network", USE("network")},
        {"private-users", USE("users")},
        {"private-users-chown", USE("users")},
        {"private-users-delegate", USE("users")},
        {"private-users-ownership", USE("users")},
        {"property", "the runner places the container"},
        {"register", "the runner registers the container"},
        {"root-hash", USE("system.rootfs")},
        {"root-hash-sig", USE("system.rootfs")},
        {"setenv", USE("environment")},
        {"settings", "all settings stand in the specification"},
        {"slice", "the runner places the container"},
        {"template", USE("system.rootfs")},
        {"verity-data", USE("system.rootfs")},
        {"version", "it starts no container"},
        {"volatile", "the runner provides the root file system"},
};

const JsonShape command_shape = {.kind = JSON_SHAPE_ARRAY, .min = 1, .element = &text_shape};
const JsonShape commands_shape = JSON_ARRAY_OF(command_shape);

static const JsonShape nspawn_arg_shape = JSON_STRING_LIKE("^--[a-z0-9-]+(=|$)");
static const JsonShape nspawn_args_shape = JSON_ARRAY_OF(nspawn_arg_shape);

int argument_check(const char *argument, Error *reterr) {
        if (strlen(argument) >= ARGUMENT_SIZE_MAX)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%.40s...': longer than the %d bytes that Linux passes", argument,
                                   ARGUMENT_SIZE_MAX - 1);
        return 0;
}

/* --bind=SOURCE:/etc/hosts would hide the file through which the project's containers find each other. */
static bool binds_hosts(const char *name, size_t n, const char *value) {
        static const char hosts[] = "/etc/hosts";

        if (n < strlen("bind") || strncmp(name, "bind", 4) != 0)
                return false;
        for (const char *at = strstr(value, hosts); at; at = strstr(at + 1, hosts)) {
                char after = at[strlen(hosts)];

                if ((at == value || at[-1] == ':') && (!after || after == ':'))
                        return true;
        }
        return false;
}

int argument_check_nspawn(const char *argument, Error *reterr) {
        const char *name = startswith(argument, "--");
        size_t n = name ? strcspn(name, "=") : 0;
        int r;

        r = argument_check(argument, reterr);
        if (r < 0)
                return r;
        /* "--rlimit NOFILE=1" would be an option of that name. */
        if (n == 0 || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") < n)
                return error_raise(
                        reterr, FC_EXIT_USAGE,
                        "'%.100s': an option of systemd-nspawn is written --OPTION or --OPTION=VALUE, "
                        "in one string",
                        argument);
        /* getopt_long(3) takes any unambiguous abbreviation, so each beginning of a name is refused too. */
        for (size_t i = 0; i < ELEMENTSOF(owned); i++)
                if (strncmp(owned[i].name, name, n) == 0)
                        return error_raise(reterr, FC_EXIT_USAGE, "'%.100s': --%s cannot be given here: %s",
                                           argument, owned[i].name, owned[i].instead);
        if (binds_hosts(name, n, name[n] ? name + n + 1 : ""))
                return error_raise(reterr, FC_EXIT_USAGE, "'%.100s': the runner writes /etc/hosts",
                                   argument);
        return 0;
}

int argument_parse_command(const Json *value, const char *path, char ***ret, Error *reterr) {
        _cleanup_strv_ char **argv = NULL;
        int r;

        r = value_parse_strv(value, path, argument_check, &argv, reterr);
        if (r < 0)
                return r;
        if (!argv || !argv[0][0])
                return error_raise(reterr, FC_EXIT_USAGE, "%s: the first word must name a program", path);
        *ret = TAKE_PTR(argv);
        return 0;
}

static int parse_command(const Json *value, const char *path, void *target, Error *reterr) {
        return argument_parse_command(value, path, &((ContainerSpec *) target)->command, reterr);
}

static Json *print_command(const ContainerSpec *c) {
        return c->command ? json_new_strv(c->command) : NULL;
}

Json *argument_print_commands(char **const *commands, size_t n) {
        Json *json = json_new_array();

        for (size_t i = 0; i < n; i++) {
                Json *argv = json_new_array();

                STRV_FOREACH (word, commands[i])
                        json_append_string(argv, *word);
                json_append(json, argv);
        }
        return json;
}

const SpecKey command_key = {
        .name = "command",
        .shape = &command_shape,
        .parse = parse_command,
        .print = print_command,
};

static int parse_nspawn_args(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_strv(value, path, argument_check_nspawn, &((ContainerSpec *) target)->nspawn_args,
                                reterr);
}

static Json *print_nspawn_args(const ContainerSpec *c) {
        return json_new_strv(c->nspawn_args);
}

const SpecKey nspawn_args_key = {
        .name = "nspawnArgs",
        .shape = &nspawn_args_shape,
        .parse = parse_nspawn_args,
        .print = print_nspawn_args,
};
