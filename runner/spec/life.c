/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "spec/life.h"
#include "spec/value.h"

static const char *const restart_words[_RESTART_MODE_MAX] = {
        [RESTART_NO] = "no",
        [RESTART_ON_FAILURE] = "on-failure",
};

static const JsonShape restart_shape = JSON_ONE_OF_WORDS(restart_words);

static int parse_restart(const Json *value, const char *path, void *target, Error *reterr) {
        int r = value_parse_enum(value, path, restart_words, ELEMENTSOF(restart_words), reterr);

        if (r < 0)
                return r;
        ((ContainerSpec *) target)->restart = (RestartMode) r;
        return 0;
}

static Json *print_restart(const ContainerSpec *c) {
        return json_new_string(restart_words[c->restart]);
}

const SpecKey restart_key = {
        .name = "restart",
        .shape = &restart_shape,
        .parse = parse_restart,
        .print = print_restart,
};

static int parse_ephemeral(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_bool(value, path, &((ContainerSpec *) target)->ephemeral, reterr);
}

static Json *print_ephemeral(const ContainerSpec *c) {
        return json_new_bool(c->ephemeral);
}

const SpecKey ephemeral_key = {
        .name = "ephemeral",
        .shape = &bool_shape,
        .parse = parse_ephemeral,
        .print = print_ephemeral,
};

static int parse_one_shot(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_bool(value, path, &((ContainerSpec *) target)->one_shot, reterr);
}

static Json *print_one_shot(const ContainerSpec *c) {
        return json_new_bool(c->one_shot);
}

/* It is never ready, so nothing would ever look at them. (`notify` has a default, and so is printed of
 * any.) */
static int check_one_shot(const ContainerSpec *c, Error *reterr) {
        const ReadyChecks *checks = &c->ready_checks;
        const struct {
                const char *key;
                bool given;
        } keys[] = {
                {"units", checks->units},     {"tcp", checks->n_tcp > 0}, {"http", checks->n_http > 0},
                {"exec", checks->n_exec > 0}, {"unix", checks->sockets},
        };

        if (!c->one_shot)
                return 0;
        if (c->restart != RESTART_NO)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.restart: a container with 'oneShot' is run once", c->name);
        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (keys[i].given)
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "containers.%s.ready.%s: a container with 'oneShot' is never "
                                           "ready, only completed",
                                           c->name, keys[i].key);
        return 0;
}

const SpecKey one_shot_key = {
        .name = "oneShot",
        .shape = &bool_shape,
        .parse = parse_one_shot,
        .print = print_one_shot,
        .check = check_one_shot,
};

static int parse_shared(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_bool(value, path, &((ContainerSpec *) target)->shared, reterr);
}

static Json *print_shared(const ContainerSpec *c) {
        return json_new_bool(c->shared);
}

/* Each work tree's `up` would run it again. */
static int check_shared(const ContainerSpec *c, Error *reterr) {
        return c->shared && c->one_shot
                       ? error_raise(
                                 reterr, FC_EXIT_USAGE,
                                 "containers.%s.shared: a container with 'oneShot' is each work tree's own",
                                 c->name)
                       : 0;
}

const SpecKey shared_key = {
        .name = "shared",
        .shape = &bool_shape,
        .parse = parse_shared,
        .print = print_shared,
        .check = check_shared,
};
