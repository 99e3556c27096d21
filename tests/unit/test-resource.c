/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "spec/resource.h"
#include "test.h"

TEST(names) {
        for (size_t i = 0; i < _RESOURCE_KIND_MAX; i++)
                ASSERT_EQ(resource_kind_from_string(resource_kind_to_string((ResourceKind) i)), i);
        ASSERT_TRUE(resource_kind_from_string("memorymax") < 0);
        ASSERT_TRUE(resource_kind_from_string("MemoryLimit") < 0);
        ASSERT_TRUE(resource_kind_from_string("") < 0);
}

TEST(accepts) {
        static const struct {
                ResourceKind kind;
                const char *text, *canonical;
        } table[] = {
                {RESOURCE_MEMORY_MAX, "512M", "536870912"},
                {RESOURCE_MEMORY_MAX, "1048576", "1048576"},
                {RESOURCE_MEMORY_MAX, "2G", "2147483648"},
                {RESOURCE_MEMORY_MAX, "1T", "1099511627776"},
                {RESOURCE_MEMORY_MAX, "4194304T", "4611686018427387904"},
                {RESOURCE_MEMORY_MAX, "1%", "1%"},
                {RESOURCE_MEMORY_MAX, "100%", "100%"},
                {RESOURCE_MEMORY_MAX, "infinity", "infinity"},
                {RESOURCE_MEMORY_HIGH, "1024K", "1048576"},
                {RESOURCE_MEMORY_SWAP_MAX, "0", "0"},
                {RESOURCE_CPU_QUOTA, "50%", "50%"},
                {RESOURCE_CPU_QUOTA, "1%", "1%"},
                {RESOURCE_CPU_QUOTA, "800%", "800%"},
                {RESOURCE_CPU_WEIGHT, "1", "1"},
                {RESOURCE_CPU_WEIGHT, "10000", "10000"},
                {RESOURCE_IO_WEIGHT, "200", "200"},
                {RESOURCE_TASKS_MAX, "512", "512"},
                {RESOURCE_TASKS_MAX, "infinity", "infinity"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_free_ char *value = NULL, *again = NULL;

                test_set_row("%s", table[i].text);
                ASSERT_OK(resource_parse(table[i].kind, table[i].text, &value, &error), &error);
                ASSERT_STREQ(value, table[i].canonical);
                ASSERT_OK(resource_parse(table[i].kind, value, &again, &error), &error);
                ASSERT_STREQ(again, value);
        }
}

TEST(refuses) {
        static const struct {
                ResourceKind kind;
                const char *text, *message;
        } table[] = {
                {RESOURCE_MEMORY_MAX, "", "'': must be bytes such as '512M'"},
                {RESOURCE_MEMORY_MAX, "512",
                 "'512': must be at least 1048576 bytes, written with K, M, G or T"},
                {RESOURCE_MEMORY_MAX, "1023K", "must be at least 1048576 bytes"},
                {RESOURCE_MEMORY_MAX, "0", "must be at least"},
                {RESOURCE_MEMORY_HIGH, "0", "must be at least"},
                {RESOURCE_MEMORY_MAX, "512m", "must be bytes such as"},
                {RESOURCE_MEMORY_MAX, "512MB", "must be bytes such as"},
                {RESOURCE_MEMORY_MAX, "512 M", "must be bytes such as"},
                {RESOURCE_MEMORY_MAX, " 512M", "must be bytes such as"},
                {RESOURCE_MEMORY_MAX, "1.5G", "must be bytes such as"},
                {RESOURCE_MEMORY_MAX, "-1", "must be bytes such as"},
                {RESOURCE_MEMORY_MAX, "+1G", "must be bytes such as"},
                {RESOURCE_MEMORY_MAX, "0512M", "must be bytes such as"},
                {RESOURCE_MEMORY_MAX, "0x10000000", "must be bytes such as"},
                {RESOURCE_MEMORY_MAX, "M", "must be bytes such as"},
                {RESOURCE_MEMORY_MAX, "max", "must be bytes such as"},
                {RESOURCE_MEMORY_MAX, "Infinity", "must be bytes such as"},
                {RESOURCE_MEMORY_MAX, "0%", "'0%': must be between 1% and 100%"},
                {RESOURCE_MEMORY_MAX, "101%", "must be between 1% and 100%"},
                {RESOURCE_MEMORY_MAX, "50%%", "must be bytes such as"},
                {RESOURCE_MEMORY_MAX, "18446744073709551616", "must be bytes such as"},
                {RESOURCE_MEMORY_MAX, "18014398509481984K", "must be bytes such as"},
                {RESOURCE_MEMORY_MAX, "4611686018427387905", "must be at least"},
                {RESOURCE_CPU_QUOTA, "50", "'50': must be a percentage of one processor"},
                {RESOURCE_CPU_QUOTA, "0%", "'0%': must be between 1 and 1000000"},
                {RESOURCE_CPU_QUOTA, "0.5%", "must be a percentage"},
                {RESOURCE_CPU_QUOTA, "1000001%", "must be between 1 and 1000000"},
                {RESOURCE_CPU_QUOTA, "infinity", "must be a percentage"},
                {RESOURCE_CPU_QUOTA, "%", "must be a percentage"},
                {RESOURCE_CPU_WEIGHT, "0", "'0': must be between 1 and 10000"},
                {RESOURCE_CPU_WEIGHT, "10001", "must be between 1 and 10000"},
                {RESOURCE_CPU_WEIGHT, "idle", "'idle': must be a number"},
                {RESOURCE_IO_WEIGHT, "50%", "must be a number"},
                {RESOURCE_TASKS_MAX, "0", "must be between 1 and 2147483647"},
                {RESOURCE_TASKS_MAX, "50%", "must be a number or 'infinity'"},
                {RESOURCE_TASKS_MAX, "5K", "must be a number or 'infinity'"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                char *value = NULL;

                test_set_row("%s", table[i].text);
                ASSERT_ERROR(resource_parse(table[i].kind, table[i].text, &value, &error), &error,
                             FC_EXIT_USAGE, table[i].message);
                ASSERT_STREQ(value, NULL);
        }
}

TEST(numbers) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *value = NULL;
        char *none = NULL;

        ASSERT_OK(resource_parse_number(RESOURCE_MEMORY_MAX, 1 << 30, &value, &error), &error);
        ASSERT_STREQ(value, "1073741824");
        ASSERT_ERROR(resource_parse_number(RESOURCE_CPU_QUOTA, 50, &none, &error), &error, FC_EXIT_USAGE,
                     "must be a percentage");
}
