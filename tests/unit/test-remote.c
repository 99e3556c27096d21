/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/process.h"
#include "remote/destination.h"
#include "remote/forward.h"
#include "remote/there.h"
#include "remote/travel.h"
#include "remote/with.h"
#include "remote/words.h"
#include "spec/spec-parse.h"

/* ---- what -H names ---- */

TEST(destinations) {
        static const struct {
                const char *text, *user, *host;
                uint16_t port;
        } table[] = {
                {"ssh://ci", NULL, "ci", 0},
                {"ssh://ci.example.org:22", NULL, "ci.example.org", 22},
                {"ssh://dev@10.0.0.1:65535", "dev", "10.0.0.1", 65535},
                {"ssh://a_b.c-d@x-1", "a_b.c-d", "x-1", 0},
                {"ssh://dev@[fd00::1]:2222", "dev", "fd00::1", 2222},
                {"ssh://[::1]", NULL, "::1", 0},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(destination_done) Destination d = {};
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%s", table[i].text);
                ASSERT_OK(destination_parse(table[i].text, &d, &error), &error);
                ASSERT_TRUE(streq_ptr(d.user, table[i].user));
                ASSERT_STREQ(d.host, table[i].host);
                ASSERT_EQ(d.port, table[i].port);
        }
}

TEST(destinations_that_are_none) {
        static const struct {
                const char *text, *message;
        } table[] = {
                {"", "does not begin with ssh://"},
                {"ci", "does not begin with ssh://"},
                {"-oProxyCommand=x", "does not begin with ssh://"},
                {"tcp://ci:2375", "does not begin with ssh://"},
                {"SSH://ci", "does not begin with ssh://"},
                {"ssh://", "has no name of a host"},
                {"ssh://-oProxyCommand=x", "has no name of a host"},
                {"ssh://a b", "has no name of a host"},
                {"ssh://a;b", "has no name of a host"},
                {"ssh://a%h", "has no name of a host"},
                {"ssh://$(x)", "has no name of a host"},
                {"ssh://a\nb", "has no name of a host"},
                {"ssh://\xc3\xa9", "has no name of a host"},
                {"ssh://:22", "has no name of a host"},
                {"ssh://@ci", "has no name of a user"},
                {"ssh://-l@ci", "has no name of a user"},
                {"ssh://a b@ci", "has no name of a user"},
                {"ssh://a@b@ci", "has no name of a user"},
                {"ssh://dev:secret@ci", "has a password in it"},
                {"ssh://dev@-ci", "has no name of a host"},
                {"ssh://ci:", "has no port from 1 to 65535"},
                {"ssh://ci:0", "has no port from 1 to 65535"},
                {"ssh://ci:65536", "has no port from 1 to 65535"},
                {"ssh://ci:+22", "has no port from 1 to 65535"},
                {"ssh://ci:22x", "has no port from 1 to 65535"},
                {"ssh://ci:22/", "has no port from 1 to 65535"},
                {"ssh://ci/srv", "has something behind the host"},
                {"ssh://[::1", "has no IPv6 address"},
                {"ssh://[]", "has no IPv6 address"},
                {"ssh://[ci]", "has no IPv6 address"},
                {"ssh://[::1]x", "has something behind the host"},
                {"ssh://fd00::1", "has no port from 1 to 65535"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(destination_done) Destination d = {};
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%s", table[i].text);
                ASSERT_ERROR(destination_parse(table[i].text, &d, &error), &error, FC_EXIT_USAGE,
                             table[i].message);
        }
}

/* ---- words ---- */

/* What a shell makes of the text again. */
static void assert_comes_back(const char *shell, char *const *words) {
        _cleanup_free_ char *text = words_quote(words), *output = NULL;
        _cleanup_free_ char *script = xasprintf("printf '<%%s>' %s", text), *expected = xstrdup("");
        char *argv[] = {(char *) shell, (char *) "-c", script, NULL};

        STRV_FOREACH (word, words) {
                char *more = xasprintf("%s<%s>", expected, *word);

                free(expected);
                expected = more;
        }
        test_set_row("%s: %s", shell, text);
        ASSERT_EQ(process_run(argv, &output, NULL), 0);
        ASSERT_STREQ(output, expected);
}

TEST(words_come_back) {
        static char *const words[] = {(char *) "plain",
                                      (char *) "",
                                      (char *) "a b",
                                      (char *) "$HOME `id` $(id)",
                                      (char *) "it's",
                                      (char *) "'",
                                      (char *) "''",
                                      (char *) "\\",
                                      (char *) "a\\'b\\",
                                      (char *) "\"",
                                      (char *) "a\nb\n",
                                      (char *) "\t",
                                      (char *) "~",
                                      (char *) "~root",
                                      (char *) "*?[a]",
                                      (char *) "!x",
                                      (char *) "#x",
                                      (char *) "=ls",
                                      (char *) "a=b",
                                      (char *) "-x",
                                      (char *) "{a,b}",
                                      (char *) "a;b&c|d",
                                      (char *) "<>",
                                      (char *) "\x01\x7f\xff",
                                      NULL};
        static const char *const shells[] = {"/bin/sh", "/bin/bash", "/bin/zsh", "/usr/bin/fish"};

        for (size_t i = 0; i < ELEMENTSOF(shells); i++)
                if (access(shells[i], X_OK) >= 0)
                        assert_comes_back(shells[i], words);
}

TEST(words_that_are_plain_stay) {
        static char *const words[] = {(char *) "flake-containers", (char *) "up", (char *) "a/b.c:1", NULL};
        _cleanup_free_ char *text = words_quote(words), *none = words_quote(NULL);

        ASSERT_STREQ(text, "flake-containers up a/b.c:1");
        ASSERT_STREQ(none, "");
}

/* ---- what the other side tells ---- */

TEST(json_is_found) {
        static const struct {
                const char *text, *found;
        } table[] = {
                {"{\"a\":1}\n", "{\"a\":1}"},
                {"Welcome {x}\n{\"a\":1}\nmore\n", "{\"a\":1}"},
                {"{\n  \"a\": {\n  }\n}\nmore", "{\n  \"a\": {\n  }\n}"},
                {"{\"a\":1}", NULL},
                {"{\n  \"a\": 1\n}", NULL},
                {"{\n", NULL},
                {"", NULL},
                {"no\n", NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                size_t size = 0;
                const char *found = there_find_json(table[i].text, &size);
                _cleanup_free_ char *text = found ? xstrndup(found, size) : NULL;

                test_set_row("%s", table[i].text);
                ASSERT_TRUE(streq_ptr(text, table[i].found));
        }
}

#define STATUS(ports) "{\"containers\":[{\"name\":\"web\",\"running\":true,\"ports\":[" ports "]}]}"
#define PORT(address, host, protocol)                                                                       \
        "{\"address\":\"" address "\",\"host\":" host ",\"container\":80,\"protocol\":\"" protocol "\"}"
#define PUBLISHES(port)                                                                                     \
        "{\"version\":1,\"containers\":{\"web\":{\"system\":{\"rootfs\":\"i\"},\"ports\":[" port "]}}}"

static Spec *read_spec(const char *text);

TEST(ports) {
        static const struct {
                const char *spec, *text, *ours, *strange, *left;
                bool fresh;
        } table[] = {
                {NULL, "{\"containers\":[]}", "", "", "", false},
                {PUBLISHES("\"80\""), STATUS(PORT("127.0.0.1", "80", "tcp") "," PORT("::1", "80", "tcp")),
                 "127.0.0.1:80:127.0.0.1:80 [::1]:80:[::1]:80", "", "", false},
                {PUBLISHES("\"0.0.0.0:80:80\""), STATUS(PORT("0.0.0.0", "80", "tcp")),
                 "127.0.0.1:80:127.0.0.1:80", "", "", false},
                {PUBLISHES("\"[::]:80:80\""), STATUS(PORT("::", "80", "tcp")), "[::1]:80:[::1]:80", "", "",
                 false},
                {PUBLISHES("\"192.0.2.1:80:80\""), STATUS(PORT("192.0.2.1", "80", "tcp")),
                 "127.0.0.1:80:192.0.2.1:80", "", "", false},
                {PUBLISHES("\"127.0.0.2:80:80\""), STATUS(PORT("127.0.0.2", "80", "tcp")),
                 "127.0.0.2:80:127.0.0.2:80", "", "", false},
                {PUBLISHES("\"auto:80\""), STATUS(PORT("127.0.0.1", "33000", "tcp")),
                 "127.0.0.1:33000:127.0.0.1:33000", "", "", false},
                {PUBLISHES("\"8080:80\""), STATUS(PORT("127.0.0.1", "33000", "tcp")),
                 "127.0.0.1:33000:127.0.0.1:33000", "", "", true},
                {PUBLISHES("\"53:80/udp\""), STATUS(PORT("127.0.0.1", "53", "udp")), "", "", "53/udp",
                 false},
                {NULL,
                 "{\"containers\":[{\"running\":false,\"ports\":[" PORT("127.0.0.1", "80", "tcp") "]}]}", "",
                 "", "", false},
                /* What it alone names. */
                {PUBLISHES("\"81:80\""), STATUS(PORT("127.0.0.1", "80", "tcp")), "",
                 "127.0.0.1:80:127.0.0.1:80", "", false},
                {PUBLISHES("\"80\""), STATUS(PORT("127.0.0.2", "80", "tcp")), "",
                 "127.0.0.2:80:127.0.0.2:80", "", false},
                {PUBLISHES("\"80:81\""), STATUS(PORT("127.0.0.1", "80", "tcp")), "",
                 "127.0.0.1:80:127.0.0.1:80", "", false},
                {PUBLISHES("\"80:80/udp\""), STATUS(PORT("127.0.0.1", "80", "tcp")), "",
                 "127.0.0.1:80:127.0.0.1:80", "", false},
                {PUBLISHES("\"auto:80\""), STATUS(PORT("127.0.0.1", "1023", "tcp")), "",
                 "127.0.0.1:1023:127.0.0.1:1023", "", false},
                {PUBLISHES("\"auto:80\""),
                 STATUS(PORT("127.0.0.1", "33000",
                             "tcp") "," PORT("::1", "33000", "tcp") "," PORT("127.0.0.1", "33001", "tcp")),
                 "127.0.0.1:33000:127.0.0.1:33000 [::1]:33000:[::1]:33000",
                 "127.0.0.1:33001:127.0.0.1:33001", "", false},
                {PUBLISHES("\"80\""), STATUS(PORT("127.0.0.2", "33000", "tcp")), "",
                 "127.0.0.2:33000:127.0.0.2:33000", "", true},
                {PUBLISHES("\"80\""),
                 "{\"containers\":[{\"name\":\"db\",\"running\":true,\"ports\":[" PORT("127.0.0.1", "80",
                                                                                       "tcp") "]}]}",
                 "", "127.0.0.1:80:127.0.0.1:80", "", false},
                {NULL, STATUS(PORT("127.0.0.1", "80", "tcp")), "", "127.0.0.1:80:127.0.0.1:80", "", false},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(spec_freep) Spec *spec = table[i].spec ? read_spec(table[i].spec) : NULL;
                _cleanup_free_ char *ours = NULL, *strange = NULL, *left = NULL;
                _cleanup_(forward_ports_done) ForwardPorts ports = {};
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%s of %s", table[i].text, table[i].spec ? table[i].spec : "none");
                ASSERT_OK(forward_read(spec, table[i].fresh, table[i].text, strlen(table[i].text), &ports,
                                       &error),
                          &error);
                ours = strv_join(ports.ours, " ");
                strange = strv_join(ports.strange, " ");
                left = strv_join(ports.left, " ");
                ASSERT_STREQ(ours, table[i].ours);
                ASSERT_STREQ(strange, table[i].strange);
                ASSERT_STREQ(left, table[i].left);
        }
}

TEST(ports_that_are_none) {
        static const char *const table[] = {
                "",
                "[]",
                "{}",
                "{\"containers\":1}",
                STATUS("1"),
                STATUS(PORT("127.0.0.1", "0", "tcp")),
                STATUS(PORT("127.0.0.1", "65536", "tcp")),
                STATUS(PORT("127.0.0.1", "\"80\"", "tcp")),
                STATUS(PORT("localhost", "80", "tcp")),
                STATUS(PORT("/tmp/socket", "80", "tcp")),
                STATUS(PORT("*", "80", "tcp")),
                STATUS("{\"address\":\"127.0.0.1\",\"host\":80}"),
                STATUS("{\"address\":\"127.0.0.1\",\"host\":80,\"container\":0,\"protocol\":\"tcp\"}"),
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(forward_ports_done) ForwardPorts ports = {};
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%s", table[i]);
                ASSERT_TRUE(forward_read(NULL, false, table[i], strlen(table[i]), &ports, &error) < 0);
                ASSERT_TRUE(error_is_set(&error));
        }
}

/* ---- what travels ---- */

#define WEB(keys)                                                                                           \
        "{\"version\":1,\"containers\":{\"web\":{\"system\":{\"rootfs\":\"images/web\"}," keys "}}}"

static Spec *read_spec(const char *text) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        Spec *spec = NULL;

        ASSERT_OK(spec_parse(text, strlen(text), &spec, &error), &error);
        return spec;
}

TEST(travels) {
        _cleanup_(spec_freep) Spec *spec =
                read_spec("{\"version\":1,\"containers\":{\"a\":{\"system\":{\"rootfs\":\"images/"
                          "web\"},\"command\":[\"/x\"],"
                          "\"volumes\":[\"@data:/data\",\"src:/src:ro\",{\"source\":\"src\",\"target\":\"/"
                          "b\",\"overlay\":true}],"
                          "\"envFile\":[\"./web.env\"]},"
                          "\"b\":{\"system\":{\"rootfs\":\"/srv/p/images/web\"},\"command\":[\"/x\"]},"
                          "\"c\":{\"system\":{\"toplevel\":\"/nix/store/x-nixos\"}}}}");
        _cleanup_(travel_done) Travel travel = {};
        _cleanup_(error_done) Error error = ERROR_NULL;

        ASSERT_OK(travel_plan(spec, "/srv/p", &travel, &error), &error);
        ASSERT_EQ(travel.n_items, 3);
        ASSERT_STREQ(travel.items[0].from, "/srv/p/src");
        ASSERT_STREQ(travel.items[0].to, "src");
        ASSERT_STREQ(travel.items[1].from, "/srv/p/web.env");
        ASSERT_STREQ(travel.items[1].to, "web.env");
        ASSERT_STREQ(travel.items[2].from, "/srv/p/images/web");
        ASSERT_TRUE(travel.items[2].image && !travel.items[0].image);
        /* One copy of one image. */
        ASSERT_STREQ(spec->containers[0].rootfs, ".images/a");
        ASSERT_STREQ(spec->containers[1].rootfs, ".images/a");
        ASSERT_STREQ(travel.store[0], "/nix/store/x-nixos");
}

TEST(variables_of_the_other_machine) {
        static const char told[] =
                "{\"WEB_HOST\":\"127.0.0.1\",\"WEB_PORT\":\"80\",\"WEB_PORT_81\":\"81\",\"SITE\":\"x\","
                "\"BASH_ENV\":\"$(id)\",\"LD_PRELOAD\":\"/tmp/x\",\"PATH\":\"/tmp\",\"\":\"x\","
                "\"WEB_PORT_\":\"x\",\"WEB_PORTS\":\"x\",\"WEB_PORT_=x\":\"x\",\"SITE=x\":\"x\",\"SIT\":"
                "\"x\","
                "\"DB_HOST\":\"x\",\"WEB_URL\":1}";
        _cleanup_(spec_freep) Spec *spec = read_spec(WEB("\"exports\":{\"SITE\":\"http://${host}\"}"));
        _cleanup_strv_ char **variables = NULL, **none = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text = NULL;

        ASSERT_OK(with_read_variables(spec, told, strlen(told), &variables, &error), &error);
        text = strv_join(variables, " ");
        ASSERT_STREQ(text, "WEB_HOST=127.0.0.1 WEB_PORT=80 WEB_PORT_81=81 SITE=x");
        ASSERT_TRUE(with_read_variables(spec, "{", 1, &none, &error) < 0);
        ASSERT_TRUE(!none);
}

TEST(cannot_travel) {
        static const struct {
                const char *text, *message;
        } table[] = {
                {WEB("\"volumes\":[\"src:/src\"]"), "volume 'src' cannot travel"},
                {WEB("\"volumes\":[\"/srv/x:/src:ro\"]"), "its path is not relative"},
                {WEB("\"volumes\":[\".images/web:/src:ro\"]"), "it is in .containers or .images"},
                {WEB("\"volumes\":[\"a*:/src:ro\"]"), "are a pattern for rsync"},
                {WEB("\"volumes\":[\"../x:/src:ro\"]"), "it is not below the project's root"},
                {WEB("\"volumes\":[\"a/../../x:/src:ro\"]"), "it is not below the project's root"},
                {WEB("\"volumes\":[\"./:/src:ro\"]"), "it is not below the project's root"},
                {WEB("\"envFile\":[\"/etc/x\"]"), "environment file '/etc/x' cannot travel"},
                {WEB("\"credentials\":{\"k\":{\"environment\":\"KEY\"}}"), "credential 'k' cannot travel"},
                {WEB("\"credentials\":{\"k\":\"/etc/key\"}"), "credential '/etc/key' cannot travel"},
                {WEB("\"network\":{\"mode\":\"bridge\",\"interface\":\"br0\"}"),
                 "interface 'br0' cannot travel"},
                {WEB("\"nspawnArgs\":[\"--quiet\",\"--bind=/home\"]"),
                 "option '--bind=/home' cannot travel"},
                {WEB("\"network\":{\"hostAccess\":[5432]}"), "the key 'hostAccess' cannot travel"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(spec_freep) Spec *spec = read_spec(table[i].text);
                _cleanup_(travel_done) Travel travel = {};
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%s", table[i].text);
                ASSERT_ERROR(travel_plan(spec, "/srv/p", &travel, &error), &error, FC_EXIT_USAGE,
                             table[i].message);
                ASSERT_STREQ(error.container, "web");
        }
}
