/* SPDX-License-Identifier: MIT */

#include <assert.h>

#include "base/alloc.h"
#include "spec/argument.h"
#include "spec/container.h"
#include "spec/credential.h"
#include "spec/dependency.h"
#include "spec/device.h"
#include "spec/env-file.h"
#include "spec/env.h"
#include "spec/export.h"
#include "spec/hook.h"
#include "spec/life.h"
#include "spec/network.h"
#include "spec/port.h"
#include "spec/profile.h"
#include "spec/ready.h"
#include "spec/resource.h"
#include "spec/rights.h"
#include "spec/seed.h"
#include "spec/socket.h"
#include "spec/stop.h"
#include "spec/system.h"
#include "spec/tmpfs.h"
#include "spec/volume.h"

#define DEFAULT_INIT "/sbin/init"

/* In the order in which they are printed. */
static const SpecKey *const keys[] = {
        &system_key,      &store_key,        &command_key,     &users_key,
        &network_key,     &ports_key,        &sockets_key,     &volumes_key,
        &tmpfs_key,       &environment_key,  &env_file_key,    &environment_units_key,
        &credentials_key, &capabilities_key, &devices_key,     &resources_key,
        &ephemeral_key,   &restart_key,      &nspawn_args_key, &ready_key,
        &seed_key,        &stop_key,         &depends_on_key,  &one_shot_key,
        &exports_key,     &hooks_key,        &shared_key,      &profiles_key,
};

static_assert(ELEMENTSOF(keys) <= CONTAINER_KEYS_MAX, "a document has room for all keys");

JsonShape container_shape(JsonField fields[static CONTAINER_KEYS_MAX]) {
        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                fields[i] = (JsonField){keys[i]->name, keys[i]->parse, keys[i]->mandatory, keys[i]->shape};
        return (JsonShape){.kind = JSON_SHAPE_OBJECT,
                           .fields = fields,
                           .n_fields = ELEMENTSOF(keys),
                           .manual = SPEC_MANUAL};
}

int container_parse(const Json *json, const char *path, ContainerSpec *c, Error *reterr) {
        JsonField fields[CONTAINER_KEYS_MAX];
        JsonShape shape = container_shape(fields);
        int r;

        r = json_dispatch_shape(json, path, &shape, c, reterr);
        if (r < 0)
                return r;

        if (c->command && c->init)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "%s: 'command' and 'system.init' exclude each other", path);
        if (!c->command && !c->init)
                c->init = c->toplevel ? xasprintf("%s/init", c->toplevel) : xstrdup(DEFAULT_INIT);
        if (!c->ready_notify_given)
                c->ready_notify = !c->command;
        return 0;
}

int container_check(const ContainerSpec *c, Error *reterr) {
        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                int r = keys[i]->check ? keys[i]->check(c, reterr) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}

Json *container_print(const ContainerSpec *c) {
        Json *json = json_new_object();

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                Json *value = keys[i]->print(c);

                if (value)
                        json_add(json, keys[i]->name, value);
        }
        return json;
}
