/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "spec/port.h"
#include "test.h"

TEST(accepts) {
        static const struct {
                const char *text, *address;
                unsigned host, container, n;
        } table[] = {
                {"80", NULL, 80, 80, 1},
                {"1", NULL, 1, 1, 1},
                {"65535", NULL, 65535, 65535, 1},
                {"80/tcp", NULL, 80, 80, 1},
                {"8080:80", NULL, 8080, 80, 1},
                {"8080:80/tcp", NULL, 8080, 80, 1},
                {"auto:80", NULL, 0, 80, 1},
                {"127.0.0.1:8080:80", "127.0.0.1", 8080, 80, 1},
                {"0.0.0.0:auto:80/tcp", "0.0.0.0", 0, 80, 1},
                {"[::1]:8080:80", "::1", 8080, 80, 1},
                {"[::]:auto:80", "::", 0, 80, 1},
                {"[0:0:0:0:0:0:0:1]:8080:80", "::1", 8080, 80, 1},
                {"[2001:DB8::0001]:1:2", "2001:db8::1", 1, 2, 1},
                {"192.168.0.1:1:65535", "192.168.0.1", 1, 65535, 1},
                {"53/udp", NULL, 53, 53, 1},
                {"[::1]:auto:53-54/udp", "::1", 0, 53, 2},
                {"8000-8010", NULL, 8000, 8000, 11},
                {"8000-8000", NULL, 8000, 8000, 1},
                {"1-65535/tcp", NULL, 1, 1, 65535},
                {"8000-8010:80-90", NULL, 8000, 80, 11},
                {"auto:8000-8002", NULL, 0, 8000, 3},
                {"[::1]:65534-65535:1-2", "::1", 65534, 1, 2},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                PortRange range = {0};

                test_set_row("%s", table[i].text);
                ASSERT_OK(port_range_parse(table[i].text, &range, &error), &error);
                ASSERT_STREQ(range.first.address, table[i].address);
                ASSERT_EQ(range.first.host, table[i].host);
                ASSERT_EQ(range.first.container, table[i].container);
                ASSERT_EQ(range.n, table[i].n);
                ASSERT_EQ(range.first.udp, strstr(table[i].text, "/udp") != NULL);
                port_done(&range.first);
        }
}

TEST(splits_name) {
        static const struct {
                const char *text, *name, *rest;
        } table[] = {
                {"web:8080:80", "web", "8080:80"},
                {"web:80", "web", "80"},
                {"my-web2:127.0.0.1:8080:80/udp", "my-web2", "127.0.0.1:8080:80/udp"},
                {"web:[::1]:8080:80", "web", "[::1]:8080:80"},
                {"web:auto:80", "web", "auto:80"},
                {"auto:8080:80", "auto", "8080:80"},
                {"7zip:80", "7zip", "80"},
                {"web:", "web", ""},
                {"80", NULL, "80"},
                {"8080:80", NULL, "8080:80"},
                {"8000-8010:80-90", NULL, "8000-8010:80-90"},
                {"127.0.0.1:8080:80", NULL, "127.0.0.1:8080:80"},
                {"[fd00::1]:8080:80", NULL, "[fd00::1]:8080:80"},
                {"auto:80", NULL, "auto:80"},
                {":80", NULL, ":80"},
                {"", NULL, ""},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                const char *rest;
                _cleanup_free_ char *name = port_split_name(table[i].text, &rest);

                test_set_row("%s", table[i].text);
                ASSERT_STREQ(name, table[i].name);
                ASSERT_STREQ(rest, table[i].rest);
        }
}

/* Beside those of the specification, with the same rules. */
TEST(adds_once) {
        static const struct {
                const char *text, *message;
                NetworkMode network;
                size_t n; /* of ports afterwards */
        } table[] = {
                {"8080:80", NULL, NETWORK_PRIVATE, 1},
                {"[::1]:8000-8009:80-89/udp", NULL, NETWORK_PRIVATE, 10},
                {"8000-8099", NULL, NETWORK_PRIVATE, 100},
                {"8000-8100", "a container publishes at most 100 ports, not 101", NETWORK_PRIVATE, 0},
                {"127.0.0.1:8080:80", "with network mode 'host' the service's own port", NETWORK_HOST, 1},
                {"8080:80", "nothing can be published with network mode 'none'", NETWORK_NONE, 1},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(spec_freep) Spec *spec = xmalloc0(sizeof(*spec));
                ContainerSpec *c = XGROW(spec->containers, spec->n_containers);
                PortRange range;
                int r;

                test_set_row("%s", table[i].text);
                *c = (ContainerSpec) CONTAINER_SPEC_NULL;
                c->name = xstrdup("c");
                c->network = table[i].network;
                ASSERT_OK(port_range_parse(table[i].text, &range, &error), &error);
                r = ports_add_once(c, &range, &error);
                if (table[i].message)
                        ASSERT_ERROR(r, &error, FC_EXIT_USAGE, table[i].message);
                else
                        ASSERT_OK(r, &error);
                ASSERT_EQ(c->n_ports, table[i].n);
        }
}

TEST(refuses) {
        static const struct {
                const char *text, *message;
        } table[] = {
                {"", "'': a port number is missing"},
                {":", "a port number is missing"},
                {"80:", "'80:': a port number is missing"},
                {":80", "':80': a port number is missing"},
                {"/tcp", "a port number is missing"},
                {"0", "'0': a port is a number from 1 to 65535"},
                {"65536", "a port is a number from 1 to 65535"},
                {"8080:0", "a port is a number from 1 to 65535"},
                {"8080:65536", "a port is a number from 1 to 65535"},
                {"100000:80", "a port is a number from 1 to 65535"},
                {"99999999999999999999:80", "a port is a number from 1 to 65535"},
                {"4294967376", "a port is a number from 1 to 65535"},
                {"080", "a port is a number from 1 to 65535"},
                {"8080:080", "a port is a number from 1 to 65535"},
                {"-1", "'-1' is not a port number"},
                {"+1", "'+1' is not a port number"},
                {" 80", "' 80' is not a port number"},
                {"80 ", "'80 ' is not a port number"},
                {"8080: 80", "' 80' is not a port number"},
                {"0x50", "'0x50' is not a port number"},
                {"http", "'http' is not a port number"},
                {"8010-8000", "'8010-8000': a range begins with the lower port, as in '8000-8010'"},
                {"80:90-80", "'80:90-80': a range begins with the lower port, as in '80-90'"},
                {"8000-8010:80-89",
                 "there must be as many ports on the host as in the container, not 11 and 10"},
                {"8000-8010:80",
                 "there must be as many ports on the host as in the container, not 11 and 1"},
                {"8000:80-81", "there must be as many ports on the host as in the container, not 1 and 2"},
                {"80-", "a port number is missing"},
                {"-80-90", "'-80' is not a port number"},
                {"80--90", "'-90' is not a port number"},
                {"80-90-100", "'90-100' is not a port number"},
                {"80 -90", "'80 ' is not a port number"},
                {"0-5", "a port is a number from 1 to 65535"},
                {"65530-65536", "a port is a number from 1 to 65535"},
                {"auto-90:80", "'auto' is not a port number"},
                {"127.0.0.1:8000-8010", "'127.0.0.1' is not a port number"},
                {"8080:http", "'http' is not a port number"},
                {"auto", "'auto' is not a port number"},
                {"80:auto", "'auto' is not a port number"},
                {"AUTO:80", "'AUTO' is not a port number"},
                {"80\n", "'80\\n' is not a port number"},
                {"127.0.0.1:80", "'127.0.0.1' is not a port number"},
                {"127.0.0.1::80", "a port number is missing"},
                {"80/", "'' is not a protocol, use 'tcp' or 'udp'"},
                {"80/TCP", "'TCP' is not a protocol"},
                {"80/sctp", "'80/sctp': 'sctp' is not a protocol, use 'tcp' or 'udp'"},
                {"80/tcp/tcp", "is not a protocol"},
                {"80/tcp:80", "is not a protocol"},
                {"80/UDP", "'UDP' is not a protocol"},
                {"80/udp/tcp", "is not a protocol"},
                {"tcp:8080:80", "'tcp': not a numeric IPv4 or IPv6 address"},
                {"localhost:8080:80", "'localhost': not a numeric"},
                {":8080:80", "'': not a numeric"},
                {"127.1:8080:80", "'127.1': not a numeric"},
                {"127.0.0.01:8080:80", "not a numeric"},
                {"256.0.0.1:8080:80", "not a numeric"},
                {"*:8080:80", "'*': not a numeric"},
                {"eth0:8080:80", "not a numeric"},
                {"0.0.0.1:1:1", "not an address that can be listened on"},
                {"224.0.0.1:1:1", "not an address that can be listened on"},
                {"255.255.255.255:1:1", "not an address that can be listened on"},
                {"::1:8080:80", "expected [ADDRESS:]HOST:CONTAINER, an IPv6 address in brackets"},
                {"1:2:3:4", "expected [ADDRESS:]HOST:CONTAINER"},
                {"[::1]", "expected [ADDRESS:]HOST:CONTAINER"},
                {"[::1]:80", "expected [ADDRESS:]HOST:CONTAINER"},
                {"[::1]:1:2:3", "expected [ADDRESS:]HOST:CONTAINER"},
                {"[::1", "expected [ADDRESS:]HOST:CONTAINER"},
                {"[]:1:1", "expected [ADDRESS:]HOST:CONTAINER"},
                {"[127.0.0.1]:1:1", "expected [ADDRESS:]HOST:CONTAINER"},
                {"[::1]x:1:1", "expected [ADDRESS:]HOST:CONTAINER"},
                {"[::g]:1:1", "'::g': not a numeric"},
                {"[fe80::1%eth0]:1:1", "'fe80::1%eth0': not a numeric"},
                {"[fe80::1]:1:1", "a link-local address cannot be used"},
                {"[ff02::1]:1:1", "not an address that can be listened on"},
                {"[::ffff:127.0.0.1]:1:1", "write an IPv4 address without '::'"},
                {"[::127.0.0.1]:1:1", "write an IPv4 address without '::'"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                PortRange range = {0};

                test_set_row("%s", table[i].text);
                ASSERT_ERROR(port_range_parse(table[i].text, &range, &error), &error, FC_EXIT_USAGE,
                             table[i].message);
                ASSERT_TRUE(!range.first.address && range.first.host == 0 && range.first.container == 0);
                ASSERT_TRUE(port_range_parse(table[i].text, &range, NULL) < 0);
        }
}

TEST(long_text_is_cut_in_the_message) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text = xmalloc0(100001);
        PortRange range = {0};

        memset(text, 'x', 100000);
        ASSERT_ERROR(port_range_parse(text, &range, &error), &error, FC_EXIT_USAGE, "is not a port number");
        ASSERT_TRUE(strlen(error.message) < 300);
}
