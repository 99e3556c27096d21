/* SPDX-License-Identifier: MIT */

#include "test.h"

#include "base/alloc.h"
#include "running/connection.h"
#include "spec/spec-parse.h"

/* A specification of one container, and what is open of it: "[udp/]ADDRESS HOST CONTAINER" each. */
typedef struct Row {
        const char *name, *container, *ports, *expected;
} Row;

static ContainerState *make_state(const char *ports, const char *address) {
        ContainerState *state = container_state_new();
        char bound[64];
        unsigned host, container;
        int n;

        state->address = xstrdup(address);
        for (; sscanf(ports, " %63s %u %u%n", bound, &host, &container, &n) == 3; ports += n)
                *XGROW(state->ports, state->n_ports) = (BoundPort){
                        .address = xstrdup(startswith(bound, "udp/") ? bound + 4 : bound),
                        .host = (uint16_t) host,
                        .container = (uint16_t) container,
                        .udp = startswith(bound, "udp/"),
                };
        return state;
}

static char *variables_of(const Row *row) {
        _cleanup_free_ char *text =
                xasprintf("{\"version\":1,\"containers\":{\"%s\":{\"system\":{\"rootfs\":"
                          "\"x\"}%s}}}",
                          row->name, row->container);
        _cleanup_(container_state_freep) ContainerState *state = make_state(row->ports, "10.1.2.3");
        _cleanup_strv_ char **found = NULL, **exported = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(spec_freep) Spec *spec = NULL;

        for (char *p = text; *p; p++)
                *p = *p == '\'' ? '"' : *p;
        ASSERT_OK(spec_parse(text, strlen(text), &spec, &error), &error);
        connection_variables(row->name, &spec->containers[0], state, &found, &exported);
        strv_extend(&found, exported);
        return strv_join(found, "; ");
}

#define UNITS(unit) ",'ready':{'units':['" unit "']}"

TEST(variables_of_one_container) {
        static const Row table[] = {
                {"db", "", "", "DB_HOST=10.1.2.3"},
                {"db", ",'ports':['5432']", "127.0.0.1 5432 5432 ::1 5432 5432",
                 "DB_HOST=127.0.0.1; DB_PORT=5432"},
                {"my-db", ",'ports':['auto:80']", "::1 7000 80 127.0.0.1 7001 80",
                 "MY_DB_HOST=127.0.0.1; MY_DB_PORT=7001"},
                {"2", ",'ports':['[::1]:1:1']", "::1 1 1", "_2_HOST=::1; _2_PORT=1"},
                {"a", ",'ports':['0.0.0.0:1:1']", "0.0.0.0 1 1", "A_HOST=127.0.0.1; A_PORT=1"},
                {"a", ",'ports':['[::]:1:1']", ":: 1 1", "A_HOST=::1; A_PORT=1"},
                {"a", ",'ports':['8:80','9:81','10:80']",
                 "127.0.0.1 8 80 ::1 8 80 127.0.0.1 9 81 127.0.0.1 10 80",
                 "A_HOST=127.0.0.1; A_PORT=8; A_PORT_80=8; A_PORT_81=9"},
                {"a", ",'network':{'mode':'host'}", "", "A_HOST=127.0.0.1"},

                {"ns", ",'ports':['auto:53/udp','auto:53']", "udp/127.0.0.1 7 53 ::1 8 53",
                 "NS_HOST=::1; NS_PORT=8"},
                {"ns", ",'ports':['auto:53/udp']", "udp/::1 7 53 udp/127.0.0.1 7 53",
                 "NS_HOST=127.0.0.1; NS_PORT=7"},

                {"db", ",'ports':['auto:5432']" UNITS("postgresql.service"), "127.0.0.1 7000 5432",
                 "DB_HOST=127.0.0.1; DB_PORT=7000; DB_URL=postgres://127.0.0.1:7000"},
                {"db", ",'ports':['80','5432']" UNITS("postgresql@15-main.service"),
                 "127.0.0.1 80 80 127.0.0.1 5432 5432",
                 "DB_HOST=127.0.0.1; DB_PORT=80; DB_PORT_80=80; DB_PORT_5432=5432; "
                 "DB_URL=postgres://127.0.0.1:5432"},
                {"c", ",'ports':['[::1]:7:7']" UNITS("redis-server.service"), "::1 7 7",
                 "C_HOST=::1; C_PORT=7; C_URL=redis://[::1]:7"},
                {"c", ",'ports':['6:6','7:7']" UNITS("redis.service"), "127.0.0.1 6 6 127.0.0.1 7 7",
                 "C_HOST=127.0.0.1; C_PORT=6; C_PORT_6=6; C_PORT_7=7"},
                {"q", ",'network':{'mode':'host'}" UNITS("rabbitmq.service"), "",
                 "Q_HOST=127.0.0.1; Q_URL=amqp://127.0.0.1:5672"},
                {"q", ",'ports':['1']" UNITS("rediscovery.service"), "127.0.0.1 1 1",
                 "Q_HOST=127.0.0.1; Q_PORT=1"},
                {"q", ",'ports':['1'],'envFile':'e','environmentUnits':['mariadb.service']", "127.0.0.1 1 1",
                 "Q_HOST=127.0.0.1; Q_PORT=1; Q_URL=mysql://127.0.0.1:1"},

                {"db",
                 ",'ports':['auto:5432'],'exports':{'DATABASE_URL':'postgres://app@${host}:${port}/"
                 "app','A':'$$${name}$$'}",
                 "127.0.0.1 7000 5432",
                 "DB_HOST=127.0.0.1; DB_PORT=7000; DATABASE_URL=postgres://app@127.0.0.1:7000/app; A=$db$"},
                {"a", ",'ports':['[::1]:1:1','2:2'],'exports':{'A':'${host} ${port:2} ${port}'}",
                 "::1 1 1 127.0.0.1 2 2", "A_HOST=::1; A_PORT=1; A_PORT_1=1; A_PORT_2=2; A=[::1] 2 1"},
                /* Started before the port was in the specification. */
                {"a", ",'ports':['2'],'exports':{'A':'${port}','B':'b'}", "", "A_HOST=10.1.2.3; B=b"},
                {"a", ",'exports':{'A':'${host}'}", "", "A_HOST=10.1.2.3; A=10.1.2.3"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *seen = NULL;

                test_set_row("%zu", i);
                seen = variables_of(&table[i]);
                ASSERT_STREQ(seen, table[i].expected);
        }
}

TEST(without_a_specification) {
        _cleanup_(container_state_freep) ContainerState *state = make_state("127.0.0.1 1 2", "10.1.2.3");
        _cleanup_strv_ char **found = NULL, **exported = NULL;

        connection_variables("a", NULL, state, &found, &exported);
        ASSERT_EQ(strv_length(found), 2);
        ASSERT_STREQ(found[1], "A_PORT=1");
        ASSERT_TRUE(!exported);
}

TEST(sockets) {
        _cleanup_(container_state_freep) ContainerState *state = make_state("", "10.1.2.3");
        _cleanup_strv_ char **one = NULL, **two = NULL;
        _cleanup_free_ char *text = NULL;

        container_state_add_socket(state, &(UnixSocket){(char *) "pg", (char *) "/run/a"}, "/h/pg/a");
        connection_variables("db", NULL, state, &one, NULL);
        text = strv_join(one, "; ");
        ASSERT_STREQ(text, "DB_HOST=10.1.2.3; DB_SOCKET=/h/pg/a");
        container_state_add_socket(state, &(UnixSocket){(char *) "my-b", (char *) "/run/b"}, "/h/my-b/b");
        connection_variables("2", NULL, state, &two, NULL);
        free(text);
        text = strv_join(two, "; ");
        ASSERT_STREQ(text,
                     "_2_HOST=10.1.2.3; _2_SOCKET=/h/pg/a; _2_SOCKET_PG=/h/pg/a; _2_SOCKET_MY_B=/h/my-b/b");
}
