/* SPDX-License-Identifier: MIT */

#include "test.h"

#include "base/alloc.h"
#include "plan/address.h"

static Subnet subnet(unsigned a, unsigned b, unsigned c, unsigned d, unsigned prefix) {
        return (Subnet){.network = a << 24 | b << 16 | c << 8 | d, .prefix = (uint8_t) prefix};
}

static void choose(const char *id, const Subnet *taken, size_t n, char **ret) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        Subnet s;

        ASSERT_OK(subnet_choose(id, taken, n, &s, &error), &error);
        ASSERT_EQ(s.prefix, 24);
        ASSERT_TRUE(!subnet_find_overlap(&s, taken, n));
        *ret = subnet_to_string(&s);
}

TEST(choose_never_changes) {
        /* What is here is remembered in states and hard-coded by users: a new version must not differ. */
        static const struct {
                const char *id, *subnet;
        } rows[] = {
                {"shop-3f2a", "10.29.40.0/24"},
                {"shop-3f2b", "10.34.65.0/24"},
                {"", "10.35.37.0/24"},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *text = NULL;

                test_set_row("%s", rows[i].id);
                choose(rows[i].id, NULL, 0, &text);
                ASSERT_STREQ(text, rows[i].subnet);
        }
}

TEST(choose_avoids_what_others_use) {
        static const char *const reserved[] = {"10.0.",  "10.1.",  "10.42.",  "10.43.",
                                               "10.88.", "10.89.", "10.233.", "172."};

        for (unsigned i = 0; i < 20000; i++) {
                _cleanup_free_ char *id = xasprintf("project-%04x", i), *text = NULL;

                test_set_row("%s", id);
                choose(id, NULL, 0, &text);
                ASSERT_TRUE(startswith(text, "10."));
                for (size_t k = 0; k < ELEMENTSOF(reserved); k++)
                        ASSERT_TRUE(!startswith(text, reserved[k]));
        }
}

TEST(choose_spreads) {
        /* 300 projects in 63,700 networks: about 0.7 pairs are expected by chance. */
        char *seen[300];
        unsigned same = 0;

        for (unsigned i = 0; i < ELEMENTSOF(seen); i++) {
                _cleanup_free_ char *id = xasprintf("app%u-%04x", i % 7, i * 2654435761u >> 16);

                choose(id, NULL, 0, &seen[i]);
                for (unsigned k = 0; k < i; k++)
                        same += streq(seen[i], seen[k]);
        }
        ASSERT_TRUE(same <= 5);
        for (unsigned i = 0; i < ELEMENTSOF(seen); i++)
                free(seen[i]);
}

TEST(choose_steps_aside) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        Subnet free_choice, taken[64], s;
        size_t n = 0;

        ASSERT_OK(subnet_choose("shop-3f2a", NULL, 0, &free_choice, &error), &error);

        /* Each choice taken away in turn: always another one, and the first comes back when it is free. */
        while (n < ELEMENTSOF(taken)) {
                ASSERT_OK(subnet_choose("shop-3f2a", taken, n, &s, &error), &error);
                ASSERT_TRUE(!subnet_find_overlap(&s, taken, n));
                taken[n++] = s;
        }
        ASSERT_OK(subnet_choose("shop-3f2a", taken + 1, n - 1, &s, &error), &error);
        ASSERT_EQ(s.network, free_choice.network);

        /* One host route inside is enough, and so is a shorter one around. */
        taken[0] = (Subnet){.network = free_choice.network + 77, .prefix = 32};
        ASSERT_OK(subnet_choose("shop-3f2a", taken, 1, &s, &error), &error);
        ASSERT_TRUE(s.network != free_choice.network);
        taken[0] = (Subnet){.network = free_choice.network & 0xffff0000, .prefix = 16};
        ASSERT_OK(subnet_choose("shop-3f2a", taken, 1, &s, &error), &error);
        ASSERT_TRUE((s.network & 0xffff0000) != (free_choice.network & 0xffff0000));
}

TEST(choose_with_default_routes) {
        Subnet taken[] = {subnet(0, 0, 0, 0, 0), subnet(0, 0, 0, 0, 1), subnet(128, 0, 0, 0, 1),
                          subnet(192, 168, 1, 0, 24)};
        _cleanup_free_ char *with = NULL, *without = NULL;

        choose("shop-3f2a", taken, ELEMENTSOF(taken), &with);
        choose("shop-3f2a", NULL, 0, &without);
        ASSERT_STREQ(with, without);
}

TEST(choose_with_company_vpn) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        Subnet taken[] = {subnet(10, 0, 0, 0, 8), subnet(172, 16, 0, 0, 12)}, s;
        _cleanup_free_ char *text = NULL;

        choose("shop-3f2a", taken, 1, &text);
        ASSERT_TRUE(startswith(text, "172."));
        ASSERT_TRUE(!startswith(text, "172.17."));

        ASSERT_ERROR(subnet_choose("shop-3f2a", taken, 2, &s, &error), &error, FC_EXIT_CONFLICT,
                     "no private network is left for project 'shop-3f2a'");
        ASSERT_TRUE(error.hints);
}

TEST(overlap) {
        static const struct {
                Subnet a, b;
                bool overlaps;
        } rows[] = {
                {{0x0a010200, 24}, {0x0a010200, 24}, true}, {{0x0a010200, 24}, {0x0a010300, 24}, false},
                {{0x0a010200, 24}, {0x0a010000, 16}, true}, {{0x0a010200, 24}, {0x0a020000, 16}, false},
                {{0x0a010200, 24}, {0x0a010201, 32}, true}, {{0x0a010200, 24}, {0x0a010301, 32}, false},
                {{0x0a010200, 24}, {0x0a000000, 8}, true},  {{0x0a010200, 24}, {0, 0}, true},
                {{0x0a010200, 24}, {0x0a010280, 25}, true}, {{0x0a010200, 24}, {0x0a010300, 25}, false},
                {{0xffffff00, 24}, {0xffffffff, 32}, true}, {{0, 0}, {0, 0}, true},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                test_set_row("%zu", i);
                ASSERT_EQ(subnet_overlaps(&rows[i].a, &rows[i].b), rows[i].overlaps);
                ASSERT_EQ(subnet_overlaps(&rows[i].b, &rows[i].a), rows[i].overlaps);
        }
}

TEST(find_overlap_of_remembered) {
        Subnet ours = subnet(10, 7, 7, 0, 24);
        Subnet before[] = {subnet(0, 0, 0, 0, 0), subnet(192, 0, 2, 0, 24)};
        Subnet with_vpn[] = {subnet(0, 0, 0, 0, 0), subnet(192, 0, 2, 0, 24), subnet(10, 7, 0, 0, 16)};

        ASSERT_TRUE(!subnet_find_overlap(&ours, before, ELEMENTSOF(before)));
        ASSERT_TRUE(subnet_find_overlap(&ours, with_vpn, ELEMENTSOF(with_vpn)) == &with_vpn[2]);
        ASSERT_TRUE(!subnet_find_overlap(&ours, NULL, 0));
}

TEST(allot_fills_the_subnet) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        AllottedAddress remembered[SUBNET_OCTET_MAX];
        char names[SUBNET_OCTET_MAX][16];
        bool used[256] = {false};
        uint8_t octet;

        for (size_t i = 0; i < 253; i++) {
                (void) snprintf(names[i], sizeof(names[i]), "c%zu", i);
                test_set_row("%s", names[i]);
                ASSERT_OK(address_allot(names[i], remembered, i, &octet, &error), &error);
                ASSERT_TRUE(octet >= 2 && octet <= 254 && !used[octet]);
                used[octet] = true;
                remembered[i] = (AllottedAddress){.name = names[i], .octet = octet};
        }
        test_set_row("full");
        ASSERT_ERROR(address_allot("one-more", remembered, 253, &octet, &error), &error, FC_EXIT_CONFLICT,
                     "no address is left for container 'one-more'");

        /* Those who have one keep it, even then. */
        for (size_t i = 0; i < 253; i++) {
                test_set_row("%s", names[i]);
                ASSERT_OK(address_allot(names[i], remembered, 253, &octet, NULL));
                ASSERT_EQ(octet, remembered[i].octet);
        }
}

TEST(allot_does_not_move) {
        static const struct {
                const char *name;
                unsigned octet;
        } rows[] = {{"db", 88}, {"httpserver", 188}, {"cache", 179}};

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                AllottedAddress other = {.name = "other", .octet = (uint8_t) rows[i].octet};
                uint8_t octet;

                test_set_row("%s", rows[i].name);
                ASSERT_OK(address_allot(rows[i].name, NULL, 0, &octet, NULL));
                ASSERT_EQ(octet, rows[i].octet);

                /* The address it would like belongs to another: the next one. */
                ASSERT_OK(address_allot(rows[i].name, &other, 1, &octet, NULL));
                ASSERT_EQ(octet, rows[i].octet == 254 ? 2u : rows[i].octet + 1);
        }
}

TEST(subnet_text) {
        static const char *const good[] = {"10.3.7.0/24", "172.16.255.0/24", "0.0.0.0/24",
                                           "255.255.255.0/24"};
        static const struct {
                const char *text, *message;
        } bad[] = {
                {"", "not a network with a prefix of /24"},
                {"10.3.7.0", "not a network with a prefix of /24"},
                {"10.3.7.0/8", "not a network with a prefix of /24"},
                {"10.3.7.0/24 ", "not a network with a prefix of /24"},
                {"10.3.7.0/024", "not a network with a prefix of /24"},
                {"10.3.7.0/-1", "not a network with a prefix of /24"},
                {"10.3.7.0/24/24", "not a network with a prefix of /24"},
                {"/24", "not an IPv4 network"},
                {"10.3.7/24", "not an IPv4 network"},
                {"10.3.7.256/24", "not an IPv4 network"},
                {"10.03.7.0/24", "not an IPv4 network"},
                {" 10.3.7.0/24", "not an IPv4 network"},
                {"fd00::/24", "not an IPv4 network"},
                {"10.3.7.1/24", "an address, not a network"},
        };

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                _cleanup_free_ char *text = NULL;
                Subnet s;

                test_set_row("%s", good[i]);
                ASSERT_OK(subnet_from_string(good[i], &s, NULL));
                text = subnet_to_string(&s);
                ASSERT_STREQ(text, good[i]);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                Subnet s = {.network = 42};

                test_set_row("%s", bad[i].text);
                ASSERT_ERROR(subnet_from_string(bad[i].text, &s, &error), &error, FC_EXIT_USAGE,
                             bad[i].message);
                ASSERT_EQ(s.network, 42u);
        }
}

TEST(choosable) {
        static const struct {
                const char *text;
                bool choosable;
        } rows[] = {
                {"10.2.0.0/24", true},     {"10.255.255.0/24", true},   {"172.16.0.0/24", true},
                {"172.31.255.0/24", true}, {"10.0.7.0/24", false},      {"10.1.255.0/24", false},
                {"10.42.0.0/24", false},   {"10.88.3.0/24", false},     {"10.233.1.0/24", false},
                {"172.17.0.0/24", false},  {"172.32.0.0/24", false},    {"172.15.255.0/24", false},
                {"8.8.8.0/24", false},     {"192.168.1.0/24", false},   {"198.51.100.0/24", false},
                {"127.0.0.0/24", false},   {"169.254.1.0/24", false},   {"224.0.0.0/24", false},
                {"0.0.0.0/24", false},     {"255.255.255.0/24", false},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                Subnet s;

                test_set_row("%s", rows[i].text);
                ASSERT_OK(subnet_from_string(rows[i].text, &s, NULL));
                ASSERT_EQ(subnet_is_choosable(&s), rows[i].choosable);
        }
}

TEST(address_text) {
        static const char *const bad[] = {"",           "10",        "10.1",      "10.3.7.", "10.3.7.9.1",
                                          "10.3.7.0x9", "10.3.7.9 ", "010.3.7.9", "::1",     "localhost"};
        _cleanup_free_ char *text = NULL;
        Subnet s = subnet(10, 3, 7, 0, 24);
        uint32_t address;

        text = address_to_string(subnet_address(&s, 9));
        ASSERT_STREQ(text, "10.3.7.9");
        ASSERT_OK(address_from_string(text, &address, NULL));
        ASSERT_EQ(address, 0x0a030709u);

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%s", bad[i]);
                ASSERT_ERROR(address_from_string(bad[i], &address, &error), &error, FC_EXIT_USAGE,
                             "is not an IPv4 address");
        }
}
