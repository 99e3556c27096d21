/* SPDX-License-Identifier: MIT */

#include <sched.h>
#include <sys/mount.h>

#include "project-util.h"
#include "state/container-json.h"
#include "state/project-json.h"
#include "state/state-document.h"
#include "state/state.h"

#define BOOT_ID "0123456789abcdef0123456789abcdef"

static const InvokingUser us = {};

static ContainerState *make_state(void) {
        const Port wanted = {.container = 80}, any = {.address = (char *) (uintptr_t) "::", .container = 81};
        /* Descriptors do not matter here, but whether there is one. */
        const PublishedPort ports[] = {
                {.wanted = &wanted, .fds = {7, 8}, .host = 8080},
                {.wanted = &any, .fds = {9, -EBADF}, .host = 61000},
        };
        ContainerState *state = container_state_new();

        state->phase = PHASE_READY;
        state->machine = xstrdup("shop-3f2a-db");
        state->boot_id = xstrdup(BOOT_ID);
        state->started_usec = UINT64_C(1790000000123456);
        state->ready_usec = UINT64_C(1790000001123457);
        state->address = xstrdup("10.1.2.3");
        state->ipv6 = true;
        state->result = xstrdup("ready");
        state->switching = xstrdup("/nix/store/b-system");
        state->generation = 7;
        strv_push(&state->definition, "volume /srv/\303\244 \\x \377\001 ro");
        strv_push(&state->definition, "");
        strv_push(&state->volume_sources, "66306:18446744073709551615");
        strv_push(&state->volume_sources, "");
        for (size_t i = 0; i < ELEMENTSOF(ports); i++)
                container_state_add_port(state, &ports[i]);
        state->ports[2].once = true;
        container_state_add_socket(state, &(UnixSocket){(char *) "pg", (char *) "/run/pg/a:b"}, "/run/host");
        return state;
}

TEST(remembers_where_ports_are_open) {
        static const struct {
                const char *address;
                uint16_t host, container;
                bool there;
        } table[] = {
                {NULL, 8080, 80, true},  {"127.0.0.1", 8080, 80, true}, {"::1", 8080, 80, true},
                {"::", 8080, 80, false}, {NULL, 8081, 80, false},       {NULL, 0, 80, true},
                {NULL, 0, 82, false},    {"::", 61000, 81, true},
        };
        _cleanup_(container_state_freep) ContainerState *state = make_state();

        ASSERT_EQ(state->n_ports, 3);
        ASSERT_STREQ(state->ports[0].address, "127.0.0.1");
        ASSERT_STREQ(state->ports[1].address, "::1");
        ASSERT_STREQ(state->ports[2].address, "::");
        ASSERT_EQ(container_state_count_ports(state), 2);
        ASSERT_EQ(container_state_get_port(state, &(Port){.container = 81}), 61000);
        ASSERT_EQ(container_state_get_port(state, &(Port){.container = 82}), 0);
        ASSERT_EQ(container_state_get_port(state, &(Port){.container = 81, .udp = true}), 0);
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                const Port wanted = {(char *) (uintptr_t) table[i].address, table[i].host,
                                     table[i].container};

                test_set_row("%zu", i);
                ASSERT_EQ(container_state_has_port(state, &wanted), table[i].there);
        }
}

static void same(const ContainerState *a, const ContainerState *b) {
        ASSERT_EQ(a->phase, b->phase);
        ASSERT_STREQ(a->machine, b->machine);
        ASSERT_STREQ(a->boot_id, b->boot_id);
        ASSERT_EQ(a->started_usec, b->started_usec);
        ASSERT_EQ(a->ready_usec, b->ready_usec);
        ASSERT_STREQ(a->address, b->address);
        ASSERT_EQ(a->ipv6, b->ipv6);
        ASSERT_STREQ(a->result, b->result);
        ASSERT_STREQ(a->switching, b->switching);
        ASSERT_EQ(a->generation, b->generation);
        ASSERT_TRUE(strv_equal(a->definition, b->definition));
        ASSERT_TRUE(strv_equal(a->volume_sources, b->volume_sources));
        ASSERT_EQ(a->n_sockets, b->n_sockets);
        for (size_t i = 0; i < a->n_sockets; i++) {
                ASSERT_STREQ(a->sockets[i].name, b->sockets[i].name);
                ASSERT_STREQ(a->sockets[i].host, b->sockets[i].host);
                ASSERT_STREQ(a->sockets[i].container, b->sockets[i].container);
        }
        ASSERT_EQ(a->n_ports, b->n_ports);
        for (size_t i = 0; i < a->n_ports; i++) {
                ASSERT_STREQ(a->ports[i].address, b->ports[i].address);
                ASSERT_EQ(a->ports[i].host, b->ports[i].host);
                ASSERT_EQ(a->ports[i].once, b->ports[i].once);
                ASSERT_EQ(a->ports[i].container, b->ports[i].container);
        }
}

TEST(container_comes_back_the_same) {
        _cleanup_(container_state_freep) ContainerState *state = make_state(), *loaded = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        struct stat st;

        TEST_DIR(dir);
        ASSERT_OK(container_state_save(dir.fd, "db", &us, state, &error), &error);
        ASSERT_OK(container_state_load(dir.fd, "db", &us, &loaded, &error), &error);
        same(state, loaded);
        ASSERT_OK(fstatat(dir.fd, "state.json", &st, 0));
        ASSERT_EQ(st.st_mode & 07777u, 0644u);
}

TEST(container_with_only_what_must_be) {
        _cleanup_(container_state_freep) ContainerState *state = container_state_new(), *loaded = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;

        TEST_DIR(dir);
        state->machine = xstrdup("a-0000-b");
        state->boot_id = xstrdup(BOOT_ID);
        state->started_usec = 1;
        for (Phase phase = 0; phase < _PHASE_MAX; phase++) {
                state->phase = phase;
                ASSERT_OK(container_state_save(dir.fd, "db", &us, state, &error), &error);
                loaded = container_state_free(loaded);
                if (phase_is_remembered(phase)) {
                        ASSERT_OK(container_state_load(dir.fd, "db", &us, &loaded, &error), &error);
                        same(state, loaded);
                } else {
                        ASSERT_ERROR(container_state_load(dir.fd, "db", &us, &loaded, &error), &error,
                                     FC_EXIT_CONFLICT, "phase");
                        error_done(&error);
                }
        }
}

TEST(project_comes_back_the_same) {
        _cleanup_(project_state_freep) ProjectState *state = project_state_new(), *loaded = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;

        TEST_DIR(dir);
        state->id = xstrdup("shop-3f2a");
        ASSERT_OK(project_state_save(dir.fd, &us, state, &error), &error);
        ASSERT_OK(project_state_load(dir.fd, &us, &loaded, &error), &error);
        ASSERT_STREQ(loaded->subnet, NULL);
        ASSERT_EQ(loaded->n_addresses, 0u);
        loaded = project_state_free(loaded);

        state->subnet = xstrdup("10.3.7.0/24");
        project_state_set_address(state, "db", 9);
        project_state_set_address(state, "web", 254);
        project_state_set_address(state, "db", 2);
        ASSERT_OK(project_state_save(dir.fd, &us, state, &error), &error);
        ASSERT_OK(project_state_load(dir.fd, &us, &loaded, &error), &error);
        ASSERT_STREQ(loaded->id, "shop-3f2a");
        ASSERT_STREQ(loaded->subnet, "10.3.7.0/24");
        ASSERT_EQ(loaded->n_addresses, 2u);
        ASSERT_EQ(project_state_get_address(loaded, "db"), 2);
        ASSERT_EQ(project_state_get_address(loaded, "web"), 254);
        ASSERT_EQ(project_state_get_address(loaded, "cache"), 0);
        ASSERT_EQ(loaded->n_networks, 0u);
        ASSERT_TRUE(loaded->addresses[0].networks == NULL);
}

TEST(networks_come_back_the_same) {
        char *both[] = {(char *) "front", (char *) "back", NULL};
        _cleanup_(project_state_freep) ProjectState *state = project_state_new(), *loaded = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;

        TEST_DIR(dir);
        state->id = xstrdup("shop-3f2a");
        state->networks = xnew0(RememberedNetwork, 1);
        state->networks[state->n_networks++] = (RememberedNetwork){xstrdup("front"), xstrdup("10.3.8.0/24")};
        project_state_set_address(state, "gone", 7);
        project_state_set_address(state, "db", 2);
        project_state_set_address(state, "web", 3);
        ASSERT_TRUE(project_state_set_networks(state, "db", both));
        ASSERT_TRUE(!project_state_set_networks(state, "db", both));
        project_state_remove_address(state, "gone");
        ASSERT_OK(project_state_save(dir.fd, &us, state, &error), &error);
        ASSERT_OK(project_state_load(dir.fd, &us, &loaded, &error), &error);
        ASSERT_EQ(loaded->n_networks, 1u);
        ASSERT_STREQ(loaded->networks[0].name, "front");
        ASSERT_STREQ(loaded->networks[0].subnet, "10.3.8.0/24");
        ASSERT_EQ(loaded->n_addresses, 2u);
        ASSERT_TRUE(strv_equal(loaded->addresses[0].networks, both));
        ASSERT_TRUE(loaded->addresses[1].networks == NULL);
}

TEST(missing_is_expected) {
        ContainerState *container = (ContainerState *) 1;
        ProjectState *project = (ProjectState *) 1;

        TEST_DIR(dir);
        ASSERT_OK(container_state_load(dir.fd, "db", &us, &container, NULL));
        ASSERT_TRUE(container == NULL);
        ASSERT_OK(project_state_load(dir.fd, &us, &project, NULL));
        ASSERT_TRUE(project == NULL);
}

TEST(escaping) {
        char all[256];

        for (int i = 0; i < 255; i++)
                all[i] = (char) (i + 1);
        all[255] = '\0';
        _cleanup_free_ char *escaped = state_escape(all), *plain = state_unescape(escaped),
                            *simple = state_escape("a b:c/$%\"");

        ASSERT_STREQ(plain, all);
        ASSERT_STREQ(simple, "a b:c/$%\"");
        ASSERT_TRUE(strspn(escaped, "\n\t") == 0);

        static const char *const refused[] = {"\\",    "\\x", "\\x1", "\\x00",   "\\xgg",
                                              "\\xAB", "\\n", "\001", "\303\244"};
        for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
                test_set_row("%zu", i);
                ASSERT_TRUE(state_unescape(refused[i]) == NULL);
        }
}

/* A good one with a piece replaced. */
static char *edit(const char *text, const char *old, const char *new) {
        const char *at = strstr(text, old);

        ASSERT_TRUE(at != NULL);
        return xasprintf("%.*s%s%s", (int) (at - text), text, new, at + strlen(old));
}

/* What was published while it ran is remembered as such, and only that is taken back. */
TEST(ports_that_were_published_later) {
        const Port later = {.container = 80}, udp = {.container = 80, .udp = true};
        _cleanup_(container_state_freep) ContainerState *state = make_state();

        container_state_add_port_once(state,
                                      &(PublishedPort){.wanted = &later, .fds = {7, 8}, .host = 9000});
        container_state_add_port_once(state,
                                      &(PublishedPort){.wanted = &udp, .fds = {7, -EBADF}, .host = 9000});
        ASSERT_EQ(state->n_ports, 6);
        ASSERT_EQ(container_state_count_ports(state), 4);
        ASSERT_TRUE(!state->ports[1].once && state->ports[3].once && state->ports[5].once);
        container_state_remove_port_once(state, 8080, false);
        ASSERT_EQ(state->n_ports, 6);
        container_state_remove_port_once(state, 9000, false);
        ASSERT_EQ(state->n_ports, 4);
        ASSERT_TRUE(state->ports[3].udp);
        container_state_remove_port_once(state, 9000, true);
        ASSERT_EQ(state->n_ports, 3);
}

/* Neither what has the same number at another address nor what is not of the specification goes with it. */
TEST(a_port_of_the_specification_goes_alone) {
        const Port here = {.host = 8080, .container = 80},
                   there = {.address = (char *) "127.0.0.2", .host = 8080, .container = 80},
                   automatic = {.address = (char *) "127.0.0.2", .container = 80};
        _cleanup_(container_state_freep) ContainerState *state = container_state_new();

        container_state_add_port(state, &(PublishedPort){.wanted = &here, .fds = {7, 8}, .host = 8080});
        container_state_add_port(state,
                                 &(PublishedPort){.wanted = &there, .fds = {7, -EBADF}, .host = 8080});
        container_state_add_port_once(state,
                                      &(PublishedPort){.wanted = &there, .fds = {7, -EBADF}, .host = 8080});
        ASSERT_EQ(state->n_ports, 4);
        container_state_remove_port(state, &here);
        ASSERT_EQ(state->n_ports, 2);
        ASSERT_STREQ(state->ports[0].address, "127.0.0.2");
        container_state_remove_port(state, &automatic);
        ASSERT_EQ(state->n_ports, 1);
        ASSERT_TRUE(state->ports[0].once);
}

TEST(damaged_container) {
        static const char good[] =
                "{\"version\":1,\"phase\":\"ready\",\"machine\":\"m-0000-a\",\"bootId\":\"" BOOT_ID
                "\",\"startedUsec\":5,\"readyUsec\":6,\"address\":\"10.0.0.2\",\"result\":\"r\","
                "\"ports\":[{\"address\":\"::1\",\"host\":1,\"container\":2,\"once\":true}],"
                "\"sockets\":[{\"name\":\"pg\",\"host\":\"/h\",\"container\":\"/c\"}],"
                "\"switchingTo\":\"/s\",\"generation\":3,"
                "\"volumeSources\":[\"1:2\"],\"definition\":[\"a\"]}";
        static const struct {
                const char *old, *new, *message;
        } table[] = {
                {"\"pg\"", "\"x;id;\"", "sockets[0].name"}, /* it becomes a variable of `env` */
                {"\"/h\"", "\"h\"", "sockets[0].host"},
                {"\"/s\"", "\"s\"", "switchingTo"},
                {"\"generation\":3", "\"generation\":0", "generation"},
                {good, "", "line 1"},
                {good, "[]", "must be an object"},
                {good, "null", "must be an object"},
                {good, "\"x\"", "must be an object"},
                {good, "{}", "the key 'version' is missing"},
                {good, "{\"version\":1}", "is missing"},
                {"\"a\"]}", "\"a\"]", "line 1"},
                {"\"a\"]}", "\"a\"]}x", "line 1"},
                {"\"version\":1", "\"version\":0", "version"},
                {"\"version\":1", "\"version\":\"1\"", "version"},
                {"\"version\":1", "\"version\":1e400", "line 1"},
                {"\"version\":1,", "\"version\":1,\"version\":1,", "version"},
                {"\"version\":1,", "\"version\":1,\"more\":1,", "more"},
                {"\"ready\"", "\"Ready\"", "phase"},
                {"\"ready\"", "\"\"", "phase"},
                {"\"ready\"", "\"crashed\"", "phase"},
                {"\"ready\"", "1", "phase"},
                {"m-0000-a", "../x", "machine"},
                {"m-0000-a", "", "machine"},
                {"m-0000-a", "-a", "machine"},
                {"m-0000-a", "0123456789012345678901234567890123456789012345678901234567890123x", "machine"},
                {BOOT_ID, "0123", "bootId"},
                {BOOT_ID, "0123456789abcdef0123456789abcdeF", "bootId"},
                {"\"startedUsec\":5", "\"startedUsec\":0", "startedUsec"},
                {"\"startedUsec\":5", "\"startedUsec\":-5", "startedUsec"},
                {"\"startedUsec\":5", "\"startedUsec\":9007199254740993", "startedUsec"},
                {"10.0.0.2", "10.0.0", "address"},
                {"10.0.0.2", "10.0.0.256", "address"},
                {"10.0.0.2", "localhost", "address"},
                {"\"::1\"", "\"\"", "ports[0].address"},
                {"\"host\":1", "\"host\":0", "ports[0].host"},
                {"\"host\":1", "\"host\":65536", "ports[0].host"},
                {"\"container\":2", "\"container\":0", "ports[0].container"},
                {"\"once\":true", "\"once\":1", "ports[0].once"},
                {",\"container\":2", "", "ports[0]"},
                {"\"1:2\"", "\"1:2\",3", "volumeSources[1]"},
                {"\"1:2\"", "\"/a\"", "volumeSources[0]"},
                {"[\"1:2\"]", "{}", "volumeSources"},
                {"\"definition\":[\"a\"]", "\"definition\":[1]", "definition[0]"},
                {"\"definition\":[\"a\"]", "\"definition\":[\"a\",\"\\\\\"]", "definition[1]"},
                {"\"definition\":[\"a\"]", "\"definition\":null", "definition"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_free_ char *text = edit(good, table[i].old, table[i].new);
                ContainerState *state = NULL;

                TEST_DIR(dir);
                test_set_row("%zu: %s", i, table[i].new);
                ASSERT_OK(fs_write_atomic(dir.fd, "state.json", text, strlen(text), 0644, NULL));
                ASSERT_ERROR(container_state_load(dir.fd, "db", &us, &state, &error), &error,
                             FC_EXIT_CONFLICT, table[i].message);
                ASSERT_TRUE(strstr(error.message, "'.containers/db/state.json'") != NULL);
                ASSERT_TRUE(strv_length(error.hints) == 1 &&
                            strstr(error.hints[0], "remove '.containers/db/state.json'"));
                ASSERT_TRUE(state == NULL);
        }
}

TEST(damaged_project) {
        static const char good[] =
                "{\"version\":1,\"id\":\"a-0000\",\"subnet\":\"10.0.1.0/24\",\"addresses\":{\"db\":2}}";
        static const struct {
                const char *old, *new, *message;
        } table[] = {
                {"a-0000", "../..", "id"},
                {"a-0000", "", "id"},
                {"10.0.1.0/24", "10.0.1.0", "subnet"},
                {"10.0.1.0/24", "10.0.1.0/25", "subnet"},
                {"10.0.1.0/24", "10.0.1.1/24", "subnet"},
                {"10.0.1.0/24", "/24", "subnet"},
                {"10.0.1.0/24", "x/24", "subnet"},
                {"\"db\":2", "\"db\":1", "addresses.db"},
                {"\"db\":2", "\"db\":255", "addresses.db"},
                {"\"db\":2", "\"db\":\"2\"", "addresses.db"},
                {"\"db\":2", "\"../db\":2", "not the name of a container"},
                {"\"db\":2", "\"db\":2,\"db\":3", "addresses.db"},
                {"\"db\":2", "\"db\":2,\"web\":2", "same address"},
                {"{\"db\":2}", "[]", "addresses"},
                {"{\"db\":2}", "{\"db\":2},\"networks\":[]", "networks"},
                {"{\"db\":2}", "{\"db\":2},\"networks\":{\"../a\":\"10.0.2.0/24\"}", "networks"},
                {"{\"db\":2}", "{\"db\":2},\"networks\":{\"a\":\"10.0.2.0/16\"}", "networks.a"},
                {"{\"db\":2}", "{\"db\":2},\"networks\":{\"a\":7}", "networks.a"},
                {"{\"db\":2}", "{\"db\":2},\"subnets6\":[]", "subnets6"},
                {"{\"db\":2}", "{\"db\":2},\"subnets6\":{\"default\":7}", "subnets6.default"},
                {"{\"db\":2}", "{\"db\":2},\"subnets6\":{\"default\":\"fd00::/48\"}", "subnets6.default"},
                {"{\"db\":2}", "{\"db\":2},\"subnets6\":{\"default\":\"2001:db8::/64\"}",
                 "subnets6.default"},
                {"{\"db\":2}", "{\"db\":2},\"subnets6\":{\"a\":\"fd00::/64\"}", "subnets6.a"},
                {"{\"db\":2}", "{\"db\":2},\"members\":{\"db\":\"a\"}", "members.db"},
                {"{\"db\":2}", "{\"db\":2},\"members\":{\"db\":[\"../a\"]}", "members.db[0]"},
                {"{\"db\":2}", "{\"db\":2},\"members\":{\"web\":[\"a\"]}",
                 "members.web: the container has no"},
                {"{\"db\":2}", "{\"db\":2},\"members\":[]", "members"},
                {"{\"db\":2}", "{\"db\":2},\"shares\":[]", "shares"},
                {"{\"db\":2}", "{\"db\":2},\"shares\":{\"web\":2}", "shares.web"},
                {"{\"db\":2}", "{\"db\":2},\"shares\":{\"..\":\"db\"}", "shares"},
                {"{\"db\":2}", "{\"db\":2},\"shares\":{\"web\":\"a b\"}", "shares"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_free_ char *text = edit(good, table[i].old, table[i].new);
                ProjectState *state = NULL;

                TEST_DIR(dir);
                test_set_row("%zu: %s", i, table[i].new);
                ASSERT_OK(fs_write_atomic(dir.fd, "state.json", text, strlen(text), 0644, NULL));
                ASSERT_ERROR(project_state_load(dir.fd, &us, &state, &error), &error, FC_EXIT_CONFLICT,
                             table[i].message);
                ASSERT_TRUE(error.hints && strstr(error.hints[0], "remove '.containers/state.json'"));
                ASSERT_TRUE(state == NULL);
        }
}

TEST(later_version) {
        static const char text[] = "{\"version\":2,\"news\":true}";
        _cleanup_(error_done) Error error = ERROR_NULL;
        ContainerState *state;

        ASSERT_ERROR(container_state_parse(text, strlen(text), "f", &state, &error), &error,
                     FC_EXIT_CONFLICT, "was written by a later flake-containers");
}

TEST(not_a_file) {
        static const struct {
                const char *setup, *message;
        } table[] = {
                {"mkfifo state.json", "not a regular file"},
                {"mkdir state.json", "not a regular file"},
                {"touch other && ln -s other state.json", "symbolic link"},
                {"ln -s /etc/passwd state.json", "symbolic link"},
                {"truncate -s 17M state.json", "larger than"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                ContainerState *state;

                TEST_DIR(dir);
                test_set_row("%s", table[i].setup);
                ASSERT_EQ(test_shell(&dir, "%s", table[i].setup), 0);
                ASSERT_ERROR(container_state_load(dir.fd, "db", &us, &state, &error), &error,
                             FC_EXIT_CONFLICT, table[i].message);
                ASSERT_TRUE(strstr(error.message, ".containers/db/state.json") != NULL);
                ASSERT_EQ(strv_length(error.hints), 1u);
        }
}

TEST(written_as_the_user) {
        static const InvokingUser user = {.uid = TEST_UID, .gid = TEST_UID};
        static const struct { uid_t directory, file; } table[] = {{TEST_UID, TEST_UID}, {0, 0}};
        _cleanup_(container_state_freep) ContainerState *state = make_state(), *loaded = NULL;
        struct stat st;

        SKIP_UNLESS_ROOT();
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                TEST_DIR(dir);
                test_set_row("%zu", i);
                ASSERT_OK(fchown(dir.fd, table[i].directory, table[i].directory));
                ASSERT_OK(container_state_save(dir.fd, "db", &user, state, NULL));
                ASSERT_OK(fstatat(dir.fd, "state.json", &st, 0));
                ASSERT_EQ(st.st_uid, table[i].file);
                ASSERT_EQ(st.st_gid, table[i].file);
                loaded = container_state_free(loaded);
                ASSERT_OK(container_state_load(dir.fd, "db", &user, &loaded, NULL));
                ASSERT_TRUE(loaded != NULL);
        }
}

static void fill_up(int fd) {
        char block[4096] = {};
        ssize_t n;

        do
                n = write(fd, block, sizeof(block));
        while (n > 0);
        ASSERT_TRUE(errno == ENOSPC);
}

/* On a file system of a few pages. */
TEST(disk_full) {
        _cleanup_(container_state_freep) ContainerState *state = make_state(), *loaded = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int fd = -EBADF, ballast = -EBADF;

        SKIP_UNLESS_ROOT();
        TEST_DIR(dir);
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("tmpfs", dir.path, "tmpfs", 0, "size=64k") < 0)
                SKIP("needs to mount a tmpfs");
        fd = open(dir.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ASSERT_OK(container_state_save(fd, "db", &us, state, &error), &error);
        ballast = openat(fd, "ballast", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        fill_up(ballast);

        state->phase = PHASE_FAILED;
        for (int i = 0; i < 2; i++) {
                ASSERT_ERROR(container_state_save(fd, "db", &us, state, &error), &error, FC_EXIT_HOST,
                             "No space left on device");
                ASSERT_TRUE(strstr(error.message, "'.containers/db/state.json'") != NULL);
        }
        ASSERT_OK(container_state_load(fd, "db", &us, &loaded, &error), &error);
        ASSERT_EQ(loaded->phase, PHASE_READY);
        ASSERT_TRUE(faccessat(fd, ".state.json.new", F_OK, 0) < 0);

        ballast = safe_close(ballast);
        ASSERT_OK(mount(NULL, dir.path, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
        ASSERT_ERROR(container_state_save(fd, "db", &us, state, &error), &error, FC_EXIT_HOST,
                     "Read-only file system");
        (void) umount2(dir.path, MNT_DETACH);
}
