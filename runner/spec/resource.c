/* SPDX-License-Identifier: MIT */

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "spec/resource.h"

#define SIZE_TEXT_MAX (UINT64_C(1) << 62)

/* Fewer bytes than a container can do anything with are a forgotten suffix. */
#define MEMORY_MIN (UINT64_C(1) << 20)

typedef enum Unit {
        UNIT_SIZE,    /* bytes with suffix, a percentage of the machine's memory, infinity */
        UNIT_PERCENT, /* of one processor */
        UNIT_COUNT,   /* a number, infinity */
        UNIT_WEIGHT,  /* a number */
} Unit;

typedef struct Kind {
        const char *name;
        Unit unit;
        uint64_t min, max;
} Kind;

static const Kind kinds[_RESOURCE_KIND_MAX] = {
        [RESOURCE_MEMORY_MAX] = {"MemoryMax", UNIT_SIZE, MEMORY_MIN, SIZE_TEXT_MAX},
        [RESOURCE_MEMORY_HIGH] = {"MemoryHigh", UNIT_SIZE, MEMORY_MIN, SIZE_TEXT_MAX},
        [RESOURCE_MEMORY_SWAP_MAX] = {"MemorySwapMax", UNIT_SIZE, 0, SIZE_TEXT_MAX},
        [RESOURCE_CPU_QUOTA] = {"CPUQuota", UNIT_PERCENT, 1, 1000000},
        [RESOURCE_CPU_WEIGHT] = {"CPUWeight", UNIT_WEIGHT, 1, 10000},
        [RESOURCE_TASKS_MAX] = {"TasksMax", UNIT_COUNT, 1, INT32_MAX},
        [RESOURCE_IO_WEIGHT] = {"IOWeight", UNIT_WEIGHT, 1, 10000},
};

const char *resource_kind_to_string(ResourceKind kind) {
        return kinds[kind].name;
}

ResourceKind resource_kind_from_string(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (streq(kinds[i].name, name))
                        return (ResourceKind) i;
        return _RESOURCE_KIND_INVALID;
}

static int raise_form(const Kind *k, const char *text, Error *reterr) {
        static const char *const forms[] = {
                [UNIT_SIZE] =
                        "bytes such as '512M', a percentage of the memory such as '50%', or 'infinity'",
                [UNIT_PERCENT] = "a percentage of one processor such as '50%' or '200%'",
                [UNIT_COUNT] = "a number or 'infinity'",
                [UNIT_WEIGHT] = "a number",
        };

        return error_raise(reterr, FC_EXIT_USAGE, "'%.100s': must be %s", text, forms[k->unit]);
}

static int raise_range(const Kind *k, const char *text, Error *reterr) {
        if (k->unit == UNIT_SIZE)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%.100s': must be at least %" PRIu64 " bytes, written with K, M, G or T",
                                   text, k->min);
        return error_raise(reterr, FC_EXIT_USAGE, "'%.100s': must be between %" PRIu64 " and %" PRIu64, text,
                           k->min, k->max);
}

/* Decimal digits without sign, space and leading zeros. Return: what follows, NULL when it is no number. */
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
                return raise_form(k, text, reterr);
        return finish(k, text, number, "", ret, reterr);
}

int resource_parse(ResourceKind kind, const char *text, char **ret, Error *reterr) {
        const Kind *k = &kinds[kind];
        const char *rest;
        uint64_t number;

        if (streq(text, "infinity") && (k->unit == UNIT_SIZE || k->unit == UNIT_COUNT)) {
                *ret = xstrdup(text);
                return 0;
        }
        rest = parse_digits(text, &number);
        if (!rest)
                return raise_form(k, text, reterr);
        if (k->unit == UNIT_SIZE)
                return parse_size(k, text, number, rest, ret, reterr);
        if (!streq(rest, k->unit == UNIT_PERCENT ? "%" : ""))
                return raise_form(k, text, reterr);
        return finish(k, text, number, rest, ret, reterr);
}

int resource_parse_number(ResourceKind kind, uint64_t number, char **ret, Error *reterr) {
        _cleanup_free_ char *text = xasprintf("%" PRIu64, number);

        return resource_parse(kind, text, ret, reterr);
}
