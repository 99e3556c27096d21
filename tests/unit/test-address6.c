/* SPDX-License-Identifier: MIT */

#include "test.h"

#include "base/alloc.h"
#include "base/strv.h"
#include "plan/address6.h"

/* Users write them down: a new version must not differ. */
TEST(never_changes) {
        static const struct {
                const char *network, *host, *two, *last;
        } rows[] = {
                {"fc-0123456789a", "fd74:cdef:7297:1::1", "fd74:cdef:7297::2", "fd74:cdef:7297::254"},
                {"fc-0123456789b", "fd8d:d2ef:7297:1::1", "fd8d:d2ef:7297::2", "fd8d:d2ef:7297::254"},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const struct in6_addr host = address6_of_host(rows[i].network),
                                      two = address6_of(rows[i].network, &in6addr_any, 2),
                                      last = address6_of(rows[i].network, &in6addr_any, 254);
                _cleanup_free_ char *host_text = address6_to_string(&host),
                                    *two_text = address6_to_string(&two),
                                    *last_text = address6_to_string(&last);

                test_set_row("%s", rows[i].network);
                ASSERT_STREQ(host_text, rows[i].host);
                ASSERT_STREQ(two_text, rows[i].two);
                ASSERT_STREQ(last_text, rows[i].last);
        }
}

TEST(given) {
        struct in6_addr network = {.s6_addr = {0xfd, [7] = 7}};
        const struct in6_addr address = address6_of("fc-0123456789a", &network, 142),
                              itself = address6_of("fc-0123456789a", &network, 0);
        _cleanup_free_ char *text = address6_to_string(&address), *of_network = address6_to_string(&itself);

        ASSERT_STREQ(text, "fd00:0:0:7::142");
        ASSERT_STREQ(of_network, "fd00:0:0:7::");
}

/* The digits are those of the IPv4 address, and no two containers have the same. */
TEST(ends_as_the_other_one) {
        for (unsigned octet = 2; octet <= 254; octet++) {
                const struct in6_addr address = address6_of("fc-0123456789a", &in6addr_any, (uint8_t) octet);
                _cleanup_free_ char *text = address6_to_string(&address), *end = xasprintf("::%u", octet);

                test_set_row("%u", octet);
                ASSERT_TRUE(startswith(text, "fd"));
                ASSERT_STREQ(strstr(text, "::"), end);
        }
}
