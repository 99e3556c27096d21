/* SPDX-License-Identifier: MIT */

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json-scan.h"
#include "spec/resource.h"
#include "spec/value.h"

#define SIZE_TEXT_MAX (UINT64_C(1) << 62)

/* Fewer bytes than a container can do anything with are a forgotten suffix. */
#define MEMORY_MIN (UINT64_C(1) << 20)

typedef enum Unit {
        UNIT_SIZE,    /* bytes with suffix, a percentage of the machine's memory, infinity */
        UNIT_LIMIT,   /* the same without infinity */
        UNIT_PERCENT, /* of one processor */
        UNIT_COUNT,   /* a number, infinity */
        UNIT_WEIGHT,  /* a number */
} Unit;

typedef struct Kind {
        Unit unit;
        uint64_t min, max;
} Kind;

static const char *const kind_words[_RESOURCE_KIND_MAX] = {
        [RESOURCE_MEMORY_MAX] = "MemoryMax",
        [RESOURCE_MEMORY_HIGH] = "MemoryHigh",
        [RESOURCE_MEMORY_SWAP_MAX] = "MemorySwapMax",
        [RESOURCE_CPU_QUOTA] = "CPUQuota",
        [RESOURCE_CPU_WEIGHT] = "CPUWeight",
        [RESOURCE_TASKS_MAX] = "TasksMax",
        [RESOURCE_IO_WEIGHT] = "IOWeight",
};

static const Kind kinds[_RESOURCE_KIND_MAX] = {
        [RESOURCE_MEMORY_MAX] = {UNIT_SIZE, MEMORY_MIN, SIZE_TEXT_MAX},
        [RESOURCE_MEMORY_HIGH] = {UNIT_SIZE, MEMORY_MIN, SIZE_TEXT_MAX},
        [RESOURCE_MEMORY_SWAP_MAX] = {UNIT_SIZE, 0, SIZE_TEXT_MAX},
        [RESOURCE_CPU_QUOTA] = {UNIT_PERCENT, 1, 1000000},
        [RESOURCE_CPU_WEIGHT] = {UNIT_WEIGHT, 1, 10000},
        [RESOURCE_TASKS_MAX] = {UNIT_COUNT, 1, INT32_MAX},
        [RESOURCE_IO_WEIGHT] = {UNIT_WEIGHT, 1, 10000},
};

/* What fits into no page of memory is a forgotten suffix, and 0 would be no limit. */
static const Kind memory = {UNIT_LIMIT, 4096, SIZE_TEXT_MAX};

static const JsonShape any_number_shape = JSON_NUMBER_FROM(0, JSON_NUMBER_MAX),
                       memory_text_shape = JSON_STRING_LIKE("^[1-9][0-9]*[KMGT%]?$"),
                       limit_text_shape = JSON_STRING_LIKE("^((0|[1-9][0-9]*)[KMGT%]?|infinity)$"),
                       limit_shape = JSON_EITHER_OF(&any_number_shape, &limit_text_shape),
                       kind_shape = JSON_ONE_OF_WORDS(kind_words),
                       resources_shape = JSON_MAP_OF(kind_shape, limit_shape);

const JsonShape memory_shape = JSON_EITHER_OF(&any_number_shape, &memory_text_shape);

const char *resource_kind_to_string(ResourceKind kind) {
        return kind_words[kind];
}

ResourceKind resource_kind_from_string(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(kind_words); i++)
                if (streq(kind_words[i], name))
                        return (ResourceKind) i;
        return _RESOURCE_KIND_INVALID;
}

static bool unit_is_bytes(Unit unit) {
        return unit == UNIT_SIZE || unit == UNIT_LIMIT;
}

static int resource_raise_form(const Kind *k, const char *text, Error *reterr) {
        static const char *const forms[] = {
                [UNIT_SIZE] =
                        "bytes such as '512M', a percentage of the memory such as '50%', or 'infinity'",
                [UNIT_LIMIT] = "bytes such as '512M', or a percentage of the memory such as '50%'",
                [UNIT_PERCENT] = "a percentage of one processor such as '50%' or '200%'",
                [UNIT_COUNT] = "a number or 'infinity'",
                [UNIT_WEIGHT] = "a number",
        };

        return error_raise(reterr, FC_EXIT_USAGE, "'%.100s': must be %s", text, forms[k->unit]);
}

static int raise_range(const Kind *k, const char *text, Error *reterr) {
        if (unit_is_bytes(k->unit))
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%.100s': must be at least %" PRIu64 " bytes, written with K, M, G or T",
                                   text, k->min);
        return error_raise(reterr, FC_EXIT_USAGE, "'%.100s': must be between %" PRIu64 " and %" PRIu64, text,
                           k->min, k->max);
}

/* Decimal digits without sign, space and leading zeros. Return: what follows, NULL when it is not a
 * number. */
static const char *parse_digits(const char *text, uint64_t *ret) {
        const char *p = text;
        uint64_t n = 0;

        for (; *p >= '0' && *p <= '9'; p++)
                if (__builtin_mul_overflow(n, UINT64_C(10), &n) ||
                    __builtin_add_overflow(n, (uint64_t) (*p - '0'), &n))
                        return NULL;
        if (p == text || (*text == '0' && p - text > 1))
                return NULL;
        *ret = n;
        return p;
}

static int finish(const Kind *k, const char *text, uint64_t number, const char *suffix, char **ret,
                  Error *reterr) {
        if (number < k->min || number > k->max)
                return raise_range(k, text, reterr);
        *ret = xasprintf("%" PRIu64 "%s", number, suffix);
        return 0;
}

/* Powers of 1024, as in systemd. */
static bool scale(uint64_t *number, char suffix) {
        static const char suffixes[] = "KMGT";
        const char *found = suffix ? strchr(suffixes, suffix) : NULL;

        for (const char *s = suffixes; found && s <= found; s++)
                if (__builtin_mul_overflow(*number, UINT64_C(1024), number))
                        return false;
        return found;
}

static int parse_size(const Kind *k, const char *text, uint64_t number, const char *rest, char **ret,
                      Error *reterr) {
        if (streq(rest, "%")) {
                if (number < 1 || number > 100)
                        return error_raise(reterr, FC_EXIT_USAGE, "'%.100s': must be between 1%% and 100%%",
                                           text);
                *ret = xasprintf("%" PRIu64 "%%", number);
                return 0;
        }
        if (*rest && (rest[1] || !scale(&number, *rest)))
                return resource_raise_form(k, text, reterr);
        return finish(k, text, number, "", ret, reterr);
}

static int parse_kind(const Kind *k, const char *text, char **ret, Error *reterr) {
        const char *rest;
        uint64_t number;

        if (streq(text, "infinity") && (k->unit == UNIT_SIZE || k->unit == UNIT_COUNT)) {
                *ret = xstrdup(text);
                return 0;
        }
        rest = parse_digits(text, &number);
        if (!rest)
                return resource_raise_form(k, text, reterr);
        if (unit_is_bytes(k->unit))
                return parse_size(k, text, number, rest, ret, reterr);
        if (!streq(rest, k->unit == UNIT_PERCENT ? "%" : ""))
                return resource_raise_form(k, text, reterr);
        return finish(k, text, number, rest, ret, reterr);
}

int resource_parse(ResourceKind kind, const char *text, char **ret, Error *reterr) {
        return parse_kind(&kinds[kind], text, ret, reterr);
}

int resource_parse_memory(const char *text, char **ret, Error *reterr) {
        return parse_kind(&memory, text, ret, reterr);
}

static int parse_kind_number(const Kind *k, uint64_t number, char **ret, Error *reterr) {
        _cleanup_free_ char *text = xasprintf("%" PRIu64, number);

        return parse_kind(k, text, ret, reterr);
}

int resource_parse_number(ResourceKind kind, uint64_t number, char **ret, Error *reterr) {
        return parse_kind_number(&kinds[kind], number, ret, reterr);
}

static int raise_unknown_resource(const char *path, Error *reterr) {
        _cleanup_strv_ char **names = NULL;
        _cleanup_free_ char *known = NULL;
        int r = error_raise(reterr, FC_EXIT_USAGE, "%s: unknown key", path);

        for (size_t i = 0; i < _RESOURCE_KIND_MAX; i++)
                strv_push(&names, resource_kind_to_string((ResourceKind) i));
        known = strv_join(names, ", ");
        error_add_hint(reterr, "the keys known here: %s", known);
        return r;
}

static int parse_value(const Json *value, const char *path, const Kind *k, char **ret, Error *reterr) {
        uint64_t number;
        int r;

        if (json_type(value) == JSON_NUMBER) {
                r = json_uint(value, path, 0, JSON_NUMBER_MAX, &number, reterr);
                if (r < 0)
                        return r;
                r = parse_kind_number(k, number, ret, reterr);
        } else if (json_type(value) == JSON_STRING)
                r = parse_kind(k, json_string(value), ret, reterr);
        else
                return error_raise(reterr, FC_EXIT_USAGE, "%s: must be a string or a number, is %s", path,
                                   json_type_to_string(json_type(value)));
        return r < 0 ? error_prefix(reterr, r, "%s", path) : 0;
}

int resource_parse_memory_value(const Json *value, const char *path, char **ret, Error *reterr) {
        return parse_value(value, path, &memory, ret, reterr);
}

/* The keys are the table of this file, so that no row of another can be forgotten. */
static int parse_resource(const Json *value, const char *path, void *ret, Error *reterr) {
        ResourceKind kind = resource_kind_from_string(json_key(value));
        Resource *resource = ret;

        if (kind < 0)
                return raise_unknown_resource(path, reterr);
        resource->kind = kind;
        return parse_value(value, path, &kinds[kind], &resource->value, reterr);
}

static int parse_resources(const Json *value, const char *path, void *target, Error *reterr) {
        ContainerSpec *c = target;

        return VALUE_PARSE_ELEMENTS(value, path, JSON_OBJECT, parse_resource, &c->resources, &c->n_resources,
                                    reterr);
}

static Json *print_resources(const ContainerSpec *c) {
        Json *json = json_new_object();

        for (size_t i = 0; i < c->n_resources; i++)
                json_add_string(json, resource_kind_to_string(c->resources[i].kind), c->resources[i].value);
        return json;
}

const SpecKey resources_key = {
        .name = "resources",
        .shape = &resources_shape,
        .parse = parse_resources,
        .print = print_resources,
};
