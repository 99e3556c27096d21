/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "spec/argument.h"
#include "spec/path.h"
#include "spec/seed.h"
#include "spec/value.h"
#include "spec/volume-owner.h"

/* As long as PostgreSQL's names are at most, and MySQL's nearly. */
#define DATABASE_LENGTH_MAX 63

#define ACCOUNT_ID_MAX 65534

static const JsonShape database_shape = JSON_STRING_LIKE("^(?!-)[A-Za-z0-9_.-]{1,63}$"),
                       account_number_shape = JSON_NUMBER_FROM(0, ACCOUNT_ID_MAX),
                       user_shape = JSON_EITHER_OF(&account_number_shape, &account_name_shape);

static int parse_run(const Json *value, const char *path, void *target, Error *reterr) {
        return argument_parse_command(value, path, &((SeedStep *) target)->run, reterr);
}

static int parse_sql(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, path_check_host, &((SeedStep *) target)->sql, reterr);
}

/* It becomes an argument, which psql would also take for "KEY=VALUE ..", or for an address. */
static int seed_check_database(const char *name, Error *reterr) {
        static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
        size_t n = strlen(name);

        if (n > 0 && n <= DATABASE_LENGTH_MAX && strspn(name, allowed) == n && name[0] != '-')
                return 0;
        return error_raise(reterr, FC_EXIT_USAGE,
                           "'%.100s' cannot name a database: use 1 to %d of letters, digits, '_', '.' and "
                           "'-', with no '-' in front",
                           name, DATABASE_LENGTH_MAX);
}

static int parse_database(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_string(value, path, seed_check_database, &((SeedStep *) target)->database,
                                  reterr);
}

static int seed_check_user(const char *name, Error *reterr) {
        if (volume_owner_is_name(name))
                return 0;
        return error_raise(reterr, FC_EXIT_USAGE,
                           "must be an account's name, or its number (0 to %d), is '%.100s'", ACCOUNT_ID_MAX,
                           name);
}

static int parse_user(const Json *value, const char *path, void *target, Error *reterr) {
        SeedStep *step = target;
        uint64_t id;
        int r;

        if (json_type(value) != JSON_NUMBER)
                return value_parse_string(value, path, seed_check_user, &step->user, reterr);
        r = json_uint(value, path, 0, ACCOUNT_ID_MAX, &id, reterr);
        if (r >= 0)
                step->user = xasprintf("%u", (unsigned) id);
        return r;
}

static int seed_parse_timeout(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_timeout(value, path, &((SeedStep *) target)->timeout_usec, reterr);
}

static const JsonField step_fields[] = {
        {"run", parse_run, .shape = &command_shape},
        {"sql", parse_sql, .shape = &host_path_shape},
        {"database", parse_database, .shape = &database_shape},
        {"user", parse_user, .shape = &user_shape},
        {"timeout", seed_parse_timeout, .shape = &timeout_shape},
};

static const JsonShape step_shape = {
        .kind = JSON_SHAPE_OBJECT,
        .fields = step_fields,
        .n_fields = ELEMENTSOF(step_fields),
        .one_of = (const char *const[]){"run", "sql", NULL},
};
static const JsonShape seed_shape = JSON_ARRAY_OF(step_shape);

static int parse_step(const Json *value, const char *path, void *ret, Error *reterr) {
        SeedStep *step = ret;
        int r;

        step->timeout_usec = SPEC_SEED_TIMEOUT_USEC;
        r = json_dispatch_shape(value, path, &step_shape, step, reterr);
        if (r < 0)
                return r;
        if (step->database && !step->sql)
                return error_raise(reterr, FC_EXIT_USAGE, "%s.database: needs 'sql'", path);
        return 0;
}

static int parse_seed(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = target;

        return VALUE_PARSE_ELEMENTS(value, path, JSON_ARRAY, parse_step, &c->seed, &c->n_seed, reterr);
}

static Json *print_step(const SeedStep *step) {
        Json *json = json_new_object();
        uint32_t uid, gid;
        bool has_gid;

        if (step->run)
                json_add_strv(json, "run", step->run);
        json_add_string(json, "sql", step->sql);
        json_add_string(json, "database", step->database);
        if (step->user && volume_owner_ids(step->user, &uid, &gid, &has_gid))
                json_add_uint(json, "user", uid);
        else
                json_add_string(json, "user", step->user);
        json_add_uint(json, "timeout", step->timeout_usec / USEC_PER_SEC);
        return json;
}

static Json *print_seed(const ContainerSpec *c) {
        Json *json = json_new_array();

        for (size_t i = 0; i < c->n_seed; i++)
                json_append(json, print_step(&c->seed[i]));
        return json;
}

static int check_seed(const ContainerSpec *c, Error *reterr) {
        if (c->n_seed == 0 || !c->one_shot)
                return 0;
        return error_raise(reterr, FC_EXIT_USAGE,
                           "containers.%s.seed: a container with 'oneShot' is never ready, only completed",
                           c->name);
}

uint64_t seed_hash(const ContainerSpec *c) {
        _cleanup_(json_freep) Json *json = print_seed(c);
        _cleanup_free_ char *text = json_print(json, /* pretty= */ false);

        return hash_text(text);
}

const char *seed_step_name(const SeedStep *step) {
        const char *slash = strrchr(step->sql ? step->sql : step->run[0], '/');

        return slash ? slash + 1 : step->sql ? step->sql : step->run[0];
}

const SpecKey seed_key = {
        .name = "seed",
        .shape = &seed_shape,
        .parse = parse_seed,
        .print = print_seed,
        .check = check_seed,
};
