/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "spec/argument.h"
#include "spec/hook.h"
#include "spec/value.h"

static int parse_hook(const Json *value, const char *path, void *ret, Error *reterr) {
        return argument_parse_command(value, path, ret, reterr);
}

static int parse_after_ready(const Json *value, const char *path, void *target, Error *reterr) {
        Hooks *hooks = target;

        return VALUE_PARSE_ELEMENTS(value, path, JSON_ARRAY, parse_hook, &hooks->after_ready,
                                    &hooks->n_after_ready, reterr);
}

static int parse_before_down(const Json *value, const char *path, void *target, Error *reterr) {
        Hooks *hooks = target;

        return VALUE_PARSE_ELEMENTS(value, path, JSON_ARRAY, parse_hook, &hooks->before_down,
                                    &hooks->n_before_down, reterr);
}

static const JsonField hooks_fields[] = {
        {"afterReady", parse_after_ready, .shape = &commands_shape},
        {"beforeDown", parse_before_down, .shape = &commands_shape},
};

static const JsonShape hooks_shape = JSON_OBJECT_OF(hooks_fields);

static int parse_hooks(const Json *value, const char *path, void *target, Error *reterr) {
        return json_dispatch(value, path, hooks_fields, ELEMENTSOF(hooks_fields),
                             &((ContainerSpec *) target)->hooks, reterr);
}

static Json *print_hooks(const ContainerSpec *c) {
        const Hooks *hooks = &c->hooks;
        Json *json;

        if (hooks->n_after_ready == 0 && hooks->n_before_down == 0)
                return NULL;
        json = json_new_object();
        json_add(json, "afterReady", argument_print_commands(hooks->after_ready, hooks->n_after_ready));
        json_add(json, "beforeDown", argument_print_commands(hooks->before_down, hooks->n_before_down));
        return json;
}

static int check_hooks(const ContainerSpec *c, Error *reterr) {
        if (c->hooks.n_after_ready == 0 || !c->one_shot)
                return 0;
        return error_raise(reterr, FC_EXIT_USAGE,
                           "containers.%s.hooks.afterReady: a container with 'oneShot' is never ready, only "
                           "completed",
                           c->name);
}

const SpecKey hooks_key = {
        .name = "hooks",
        .shape = &hooks_shape,
        .parse = parse_hooks,
        .print = print_hooks,
        .check = check_hooks,
};
