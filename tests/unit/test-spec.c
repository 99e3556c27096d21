/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "spec/container.h"
#include "spec/dependency.h"
#include "spec/network-share.h"
#include "spec/networks6.h"
#include "spec/profile.h"
#include "spec/spec-parse.h"
#include "test.h"

/* On one line. Owned by the caller. */
static char *print_one(const ContainerSpec *c) {
        _cleanup_(json_freep) Json *json = container_print(c);

        return json_print(json, /* pretty= */ false);
}

static int parse(const char *text, size_t size, Spec **ret, Error *reterr) {
        /* Exactly as large as the text, so that the sanitizer sees a read beyond it. */
        _cleanup_free_ char *copy = xmalloc0(size);

        memcpy(copy, text, size);
        return spec_parse(copy, size, ret, reterr);
}

/* A specification with one container `c`, around what a row of a table is about. */
static char *with_container(const char *members) {
        return xasprintf("{\"version\":1,\"containers\":{\"c\":{\"system\":{\"rootfs\":\"r\"}%s%s}}}",
                         members[0] ? "," : "", members);
}

TEST(names_a_schema_for_editors) {
        static const char good[] = "{\"$schema\":\"file:///x.json\",\"version\":1,\"containers\":{}}",
                          bad[] = "{\"$schema\":7,\"version\":1,\"containers\":{}}";
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(spec_freep) Spec *spec = NULL;
        _cleanup_free_ char *printed = NULL;

        ASSERT_OK(parse(good, strlen(good), &spec, &error), &error);
        printed = spec_print(spec);
        ASSERT_TRUE(!strstr(printed, "schema"));
        spec = spec_free(spec);
        ASSERT_ERROR(parse(bad, strlen(bad), &spec, &error), &error, FC_EXIT_USAGE,
                     "[\"$schema\"]: must be a string, is a number");
}

TEST(minimal_has_all_defaults) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(spec_freep) Spec *spec = NULL;
        _cleanup_free_ char *text = with_container("");
        const ContainerSpec *c;

        ASSERT_OK(parse(text, strlen(text), &spec, &error), &error);
        ASSERT_STREQ(spec->project_name, NULL);
        ASSERT_EQ(spec->n_containers, 1);
        c = spec_find(spec, "c");
        ASSERT_TRUE(c == &spec->containers[0]);
        ASSERT_TRUE(!spec_find(spec, "C"));
        ASSERT_STREQ(c->name, "c");
        ASSERT_STREQ(c->rootfs, "r");
        ASSERT_STREQ(c->init, "/sbin/init");
        ASSERT_STREQ(c->build, NULL);
        ASSERT_TRUE(!c->command);
        ASSERT_EQ(c->users, USERS_PRIVATE);
        ASSERT_EQ(c->network, NETWORK_PRIVATE);
        ASSERT_EQ(c->n_ports + c->n_volumes + c->n_credentials + c->n_devices + c->n_resources, 0);
        ASSERT_TRUE(!c->tmpfs && !c->environment && !c->capabilities_add && !c->capabilities_drop &&
                    !c->nspawn_args);
        ASSERT_EQ(c->ready_timeout_usec, 60 * USEC_PER_SEC);
        ASSERT_EQ(c->stop_timeout_usec, 10 * USEC_PER_SEC);
        ASSERT_TRUE(c->ready_notify);
}

static const char full[] =
        "{ \"version\": 1,\n"
        "  \"project\": { \"name\": \"shop\" },\n"
        "  \"containers\": {\n"
        "    \"web\": {\n"
        "      \"system\": { \"rootfs\": \"images/web\", \"init\": \"/usr/lib/systemd/systemd\",\n"
        "                  \"build\": \"./make-image web\" },\n"
        "      \"users\": \"host\",\n"
        "      \"network\": { \"mode\": \"private\", \"internet\": true, \"hostAccess\": [ 5432, 80 ],\n"
        "                   \"networks\": [ \"front\", \"back\" ], \"address\": \"10.250.0.2\",\n"
        "                   \"mac\": \"02:00:5E:00:00:0a\" },\n"
        "      \"ports\": [ \"8080:80\", { \"host\": \"auto\", \"container\": 443 },\n"
        "                 { \"address\": \"0::1\", \"host\": 9090, \"container\": 90, \"protocol\": "
        "\"tcp\",\n"
        "                   \"proxyProtocol\": true },\n"
        "                 \"127.0.0.1:auto:81\" ],\n"
        "      \"volumes\": [ {\"source\": \"src\", \"target\": \"/srv/www\", \"readOnly\": true, "
        "\"create\": "
        "true}, \"@data:/var/lib/data\",\n"
        "                   { \"source\": \"a:b\", \"target\": \"/x:y\", \"owner\": \"container\" },\n"
        "                   { \"source\": \"@cache\", \"target\": \"/c\", \"owner\": \"user\", "
        "\"readOnly\": true } ],\n"
        "      \"tmpfs\": [ {\"target\": \"/tmp\", \"size\": 10485760, \"mode\": \"1777\"}, \"/var/tmp\" "
        "],\n"
        "      \"environment\": { \"A\": \"b=c\", \"EMPTY\": \"\" },\n"
        "      \"envFile\": [\".env\", \"/e\"], \"environmentUnits\": [\"a.service\"],\n"
        "      \"credentials\": { \"db.password\": \"secrets/db\" },\n"
        "      \"capabilities\": { \"add\": [ \"CAP_NET_ADMIN\" ], \"drop\": [ \"CAP_SYSLOG\" ] },\n"
        "      \"devices\": [ \"/dev/fuse\", { \"path\": \"/dev/kvm\", \"permissions\": \"mr\" } ],\n"
        "      \"resources\": { \"MemoryMax\": \"512M\", \"CPUQuota\": \"50%\", \"TasksMax\": 512 },\n"
        "      \"restart\": \"on-failure\", \"ephemeral\": true,\n"
        "      \"nspawnArgs\": [ \"--rlimit=NOFILE=1024\" ],\n"
        "      \"ready\": { \"timeout\": 5, \"units\": [ \"nginx.service\" ], \"tcp\": [ 80, 443 ],\n"
        "               \"http\": [ { \"port\": 80 }, { \"status\": [ 100, 599 ], \"path\": \"/up?x=%20\", "
        "\"port\": 81 } ],\n"
        "               \"exec\": [ [ \"pg_isready\", \"-q\" ], [ \"/bin/true\" ] ],\n"
        "               \"unix\": [ \"/run/x y.sock\" ] },\n"
        "      \"seed\": [ { \"run\": [ \"createdb\", \"shop\" ], \"user\": \"postgres\", \"timeout\": 5 "
        "},\n"
        "                { \"sql\": \"./seed.sql\", \"database\": \"shop\" }, { \"run\": [ \"id\" ], "
        "\"user\": 33 } ],\n"
        "      \"dependsOn\": { \"job\": \"completed\", \"host\": \"ready\" },\n"
        "      \"profiles\": [ \"debug\", \"Full_1.x\" ],\n"
        "      \"stop\": { \"timeout\": 86400 } },\n"
        "    \"job\": { \"system\": { \"rootfs\": \"/images/job\" }, \"command\": [ \"sh\", \"-c\", "
        "\"a\\nb\", \"\" ],\n"
        "             \"network\": { \"mode\": \"none\" }, \"oneShot\": true },\n"
        "    \"host\": { \"system\": { \"rootfs\": \"r\" }, \"network\": { \"mode\": \"host\" },\n"
        "              \"ready\": { \"notify\": true } } } }\n";

TEST(reads_every_key) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(spec_freep) Spec *spec = NULL;
        const ContainerSpec *c;

        ASSERT_OK(parse(full, strlen(full), &spec, &error), &error);
        ASSERT_STREQ(spec->project_name, "shop");
        ASSERT_EQ(spec->n_containers, 3);

        c = &spec->containers[0];
        ASSERT_TRUE(c->internet);
        ASSERT_EQ(c->n_host_access, 2);
        ASSERT_EQ(c->host_access[0], 5432);
        ASSERT_EQ(c->host_access[1], 80);
        ASSERT_EQ(strv_length(c->networks), 2u);
        ASSERT_STREQ(c->networks[1], "back");
        ASSERT_STREQ(c->address, "10.250.0.2");
        ASSERT_STREQ(c->mac, "02:00:5e:00:00:0a");
        ASSERT_STREQ(c->name, "web");
        ASSERT_STREQ(c->rootfs, "images/web");
        ASSERT_STREQ(c->init, "/usr/lib/systemd/systemd");
        ASSERT_STREQ(c->build, "./make-image web");
        ASSERT_EQ(c->users, USERS_HOST);
        ASSERT_EQ(c->n_ports, 4);
        ASSERT_STREQ(c->ports[0].address, NULL);
        ASSERT_EQ(c->ports[0].host, 8080);
        ASSERT_EQ(c->ports[0].container, 80);
        ASSERT_EQ(c->ports[1].host, 0);
        ASSERT_EQ(c->ports[1].container, 443);
        ASSERT_STREQ(c->ports[2].address, "::1");
        ASSERT_EQ(c->ports[2].host, 9090);
        ASSERT_STREQ(c->ports[3].address, "127.0.0.1");
        ASSERT_EQ(c->n_volumes, 4);
        ASSERT_TRUE(c->volumes[0].read_only);
        ASSERT_EQ(c->volumes[1].owner, VOLUME_OWNER_CONTAINER);
        ASSERT_STREQ(c->volumes[2].source, "a:b");
        ASSERT_STREQ(c->volumes[2].target, "/x:y");
        ASSERT_EQ(c->volumes[2].owner, VOLUME_OWNER_CONTAINER);
        ASSERT_EQ(c->volumes[3].owner, VOLUME_OWNER_USER);
        ASSERT_TRUE(c->volumes[3].read_only);
        ASSERT_EQ(c->n_tmpfs, 2);
        ASSERT_STREQ(c->tmpfs[0].target, "/tmp");
        ASSERT_STREQ(c->tmpfs[0].size, "10485760");
        ASSERT_EQ(c->tmpfs[0].mode, 01777);
        ASSERT_STREQ(c->tmpfs[1].target, "/var/tmp");
        ASSERT_STREQ(c->tmpfs[1].size, NULL);
        ASSERT_TRUE(!c->tmpfs[1].mode_given);
        ASSERT_STREQ(c->environment[0], "A=b=c");
        ASSERT_STREQ(c->environment[1], "EMPTY=");
        ASSERT_STREQ(c->environment[2], NULL);
        ASSERT_STREQ(c->env_files[1], "/e");
        ASSERT_EQ(strv_length(c->env_files), 2);
        ASSERT_STREQ(c->environment_units[0], "a.service");
        ASSERT_EQ(c->n_credentials, 1);
        ASSERT_STREQ(c->credentials[0].id, "db.password");
        ASSERT_STREQ(c->credentials[0].path, "secrets/db");
        ASSERT_STREQ(c->capabilities_add[0], "CAP_NET_ADMIN");
        ASSERT_STREQ(c->capabilities_drop[0], "CAP_SYSLOG");
        ASSERT_EQ(c->n_devices, 2);
        ASSERT_STREQ(c->devices[0].path, "/dev/fuse");
        ASSERT_STREQ(c->devices[0].permissions, "rw");
        ASSERT_STREQ(c->devices[1].permissions, "rm");
        ASSERT_EQ(c->n_resources, 3);
        ASSERT_EQ(c->resources[0].kind, RESOURCE_MEMORY_MAX);
        ASSERT_STREQ(c->resources[0].value, "536870912");
        ASSERT_STREQ(c->resources[2].value, "512");
        ASSERT_TRUE(c->ephemeral);
        ASSERT_EQ(c->restart, RESTART_ON_FAILURE);
        ASSERT_STREQ(c->nspawn_args[0], "--rlimit=NOFILE=1024");
        ASSERT_EQ(c->ready_timeout_usec, 5 * USEC_PER_SEC);
        ASSERT_TRUE(c->ready_notify);
        ASSERT_STREQ(c->ready_checks.units[0], "nginx.service");
        ASSERT_EQ(c->ready_checks.n_tcp, 2);
        ASSERT_EQ(c->ready_checks.tcp[1], 443);
        ASSERT_EQ(c->ready_checks.n_http, 2);
        ASSERT_STREQ(c->ready_checks.http[0].path, "/");
        ASSERT_EQ(c->ready_checks.http[0].status_min, 200);
        ASSERT_EQ(c->ready_checks.http[0].status_max, 399);
        ASSERT_EQ(c->ready_checks.http[1].port, 81);
        ASSERT_EQ(c->ready_checks.http[1].status_max, 599);
        ASSERT_EQ(c->ready_checks.n_exec, 2);
        ASSERT_STREQ(c->ready_checks.exec[0][1], "-q");
        ASSERT_STREQ(c->ready_checks.sockets[0], "/run/x y.sock");
        ASSERT_EQ(c->n_dependencies, 2);
        ASSERT_STREQ(c->dependencies[0].name, "job");
        ASSERT_EQ(c->dependencies[0].need, NEED_COMPLETED);
        ASSERT_EQ(c->dependencies[1].need, NEED_READY);
        ASSERT_TRUE(!c->one_shot);
        ASSERT_EQ(c->stop_timeout_usec, 86400 * USEC_PER_SEC);

        c = &spec->containers[1];
        ASSERT_STREQ(c->init, NULL);
        ASSERT_EQ(strv_length(c->command), 4);
        ASSERT_STREQ(c->command[2], "a\nb");
        ASSERT_EQ(c->network, NETWORK_NONE);
        ASSERT_TRUE(!c->ready_notify);
        ASSERT_TRUE(c->one_shot);

        c = &spec->containers[2];
        ASSERT_EQ(c->network, NETWORK_HOST);
        ASSERT_TRUE(c->ready_notify);
}

TEST(prints_what_is_attached) {
        static const char text[] = "{'mode':'macvlan','interface':'eth0.10','address':'192.168.1.20/24',"
                                   "'gateway':'192.168.1.1','address6':'fd00::20/"
                                   "64','gateway6':'fe80::1','mac':'02:00:00:00:00:0B'}";
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *document = NULL, *one = NULL;
        _cleanup_(spec_freep) Spec *spec = NULL;

        document =
                xasprintf("{'version':1,'containers':{'c':{'system':{'rootfs':'r'},'network':%s}}}", text);
        for (char *c = document; *c; c++)
                if (*c == '\'')
                        *c = '"';
        ASSERT_OK(parse(document, strlen(document), &spec, &error), &error);
        ASSERT_EQ(spec->containers[0].network, NETWORK_MACVLAN);
        ASSERT_STREQ(spec->containers[0].interface, "eth0.10");
        ASSERT_EQ(spec->n_networks, 0);
        one = print_one(&spec->containers[0]);
        ASSERT_TRUE(strstr(one, "\"network\":{\"mode\":\"macvlan\",\"interface\":\"eth0.10\",\"address\":"
                                "\"192.168.1.20/24\",\"gateway\":\"192.168.1.1\",\"address6\":\"fd00::20/"
                                "64\",\"gateway6\":\"fe80::1\",\"mac\":\"02:00:00:00:00:0b\"}"));
}

TEST(prints_canonically_and_reads_it_back) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(spec_freep) Spec *spec = NULL, *again = NULL;
        _cleanup_free_ char *text = NULL, *text_again = NULL, *one = NULL;

        ASSERT_OK(parse(full, strlen(full), &spec, &error), &error);
        text = spec_print(spec);
        ASSERT_OK(parse(text, strlen(text), &again, &error), &error);
        text_again = spec_print(again);
        ASSERT_STREQ(text, text_again);

        one = print_one(spec_find(spec, "web"));
        ASSERT_STREQ(
                one,
                "{\"system\":{\"rootfs\":\"images/web\",\"init\":\"/usr/lib/systemd/systemd\",\"build\":"
                "\"./make-image web\"},\"users\":\"host\","
                "\"network\":{\"mode\":\"private\",\"internet\":true,\"hostAccess\":[5432,80],"
                "\"networks\":[\"front\",\"back\"],\"address\":\"10.250.0.2\",\"mac\":\"02:00:5e:00:00:0a\"}"
                ","
                "\"ports\":["
                "{\"host\":8080,\"container\":80,\"protocol\":\"tcp\"},"
                "{\"host\":\"auto\",\"container\":443,\"protocol\":\"tcp\"},"
                "{\"address\":\"::1\",\"host\":9090,\"container\":90,\"protocol\":\"tcp\",\"proxyProtocol\":"
                "true},"
                "{\"address\":\"127.0.0.1\",\"host\":\"auto\",\"container\":81,\"protocol\":\"tcp\"}],"
                "\"sockets\":[],"
                "\"volumes\":[{\"source\":\"src\",\"target\":\"/srv/www\",\"readOnly\":true,"
                "\"create\":true,\"overlay\":false,\"owner\":\"user\"},"
                "{\"source\":\"@data\",\"target\":\"/var/lib/data\",\"readOnly\":false,"
                "\"create\":false,\"overlay\":false,\"owner\":\"container\"},"
                "{\"source\":\"a:b\",\"target\":\"/x:y\",\"readOnly\":false,"
                "\"create\":false,\"overlay\":false,\"owner\":\"container\"},"
                "{\"source\":\"@cache\",\"target\":\"/c\",\"readOnly\":true,"
                "\"create\":false,\"overlay\":false,\"owner\":\"user\"}],"
                "\"tmpfs\":[{\"target\":\"/tmp\",\"size\":\"10485760\",\"mode\":\"1777\"},"
                "{\"target\":\"/var/tmp\"}],\"environment\":{\"A\":\"b=c\",\"EMPTY\":\"\"},"
                "\"envFile\":[\".env\",\"/e\"],\"environmentUnits\":[\"a.service\"],"
                "\"credentials\":{\"db.password\":\"secrets/"
                "db\"},\"capabilities\":{\"add\":[\"CAP_NET_ADMIN\"],"
                "\"drop\":[\"CAP_SYSLOG\"]},\"devices\":[{\"path\":\"/dev/fuse\",\"permissions\":\"rw\"},"
                "{\"path\":\"/dev/kvm\",\"permissions\":\"rm\"}],\"resources\":{\"MemoryMax\":\"536870912\","
                "\"CPUQuota\":\"50%\",\"TasksMax\":\"512\"},\"ephemeral\":true,\"restart\":\"on-failure\","
                "\"nspawnArgs\":[\"--"
                "rlimit=NOFILE=1024\"],"
                "\"ready\":{"
                "\"timeout\":5,\"notify\":true,\"units\":[\"nginx.service\"],\"tcp\":[80,443],"
                "\"http\":[{\"port\":80,\"path\":\"/\",\"status\":[200,399]},"
                "{\"port\":81,\"path\":\"/up?x=%20\",\"status\":[100,599]}],"
                "\"exec\":[[\"pg_isready\",\"-q\"],[\"/bin/true\"]],\"unix\":[\"/run/x y.sock\"]},"
                "\"seed\":[{\"run\":[\"createdb\",\"shop\"],\"user\":\"postgres\",\"timeout\":5},"
                "{\"sql\":\"./seed.sql\",\"database\":\"shop\",\"timeout\":300},"
                "{\"run\":[\"id\"],\"user\":33,\"timeout\":300}],"
                "\"stop\":{\"timeout\":86400},"
                "\"dependsOn\":{\"job\":\"completed\",\"host\":\"ready\"},\"oneShot\":false,\"exports\":{},"
                "\"shared\":false,\"profiles\":[\"debug\",\"Full_1.x\"]}");
}

TEST(prints_a_command_without_an_init) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(spec_freep) Spec *spec = NULL;
        _cleanup_free_ char *text = NULL;

        ASSERT_OK(parse(full, strlen(full), &spec, &error), &error);
        text = print_one(spec_find(spec, "job"));
        ASSERT_STREQ(text,
                     "{\"system\":{\"rootfs\":\"/images/job\"},\"command\":[\"sh\",\"-c\",\"a\\nb\",\"\"],"
                     "\"users\":\"private\",\"network\":{\"mode\":\"none\"},\"ports\":[],\"sockets\":[],"
                     "\"volumes\":[],"
                     "\"tmpfs\":[],\"environment\":{},\"envFile\":[],\"environmentUnits\":[],"
                     "\"credentials\":{},\"capabilities\":{\"add\":[],"
                     "\"drop\":[]},\"devices\":[],\"resources\":{},\"ephemeral\":false,\"restart\":\"no\","
                     "\"nspawnArgs\":[],"
                     "\"ready\":{\"timeout\":60,\"notify\":false,"
                     "\"units\":[],\"tcp\":[],\"http\":[],\"exec\":[],\"unix\":[]},"
                     "\"seed\":[],\"stop\":{\"timeout\":10},\"dependsOn\":{},\"oneShot\":true,\"exports\":{}"
                     ",\"shared\":false,\"profiles\":[]}");
}

TEST(reads_toplevels) {
        static const char text[] =
                "{\"version\":1,\"containers\":{"
                "\"web\":{\"system\":{\"toplevel\":\"/nix/store/x-web\",\"closure\":\"/nix/store/y/"
                "store-paths\"},"
                "\"store\":\"all\",\"volumes\":[\"a:/nix/storage\"],\"tmpfs\":[\"/nix\"]},"
                "\"own\":{\"system\":{\"toplevel\":\"/nix/store/x-own\",\"init\":\"/nix/store/z/start\"}},"
                "\"job\":{\"system\":{\"toplevel\":\"/gnu/x-job\"},\"command\":[\"/gnu/y\"]},"
                "\"little\":{\"system\":{\"toplevel\":\"/nix/store/x\",\"closure\":\"/nix/store/y\"},"
                "\"store\":\"closure\"}}}";
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(spec_freep) Spec *spec = NULL, *again = NULL;
        _cleanup_free_ char *store = NULL, *other = NULL, *job = NULL, *whole = NULL, *whole_again = NULL;

        ASSERT_OK(parse(text, strlen(text), &spec, &error), &error);
        ASSERT_STREQ(spec->containers[0].toplevel, "/nix/store/x-web");
        ASSERT_STREQ(spec->containers[0].rootfs, NULL);
        ASSERT_STREQ(spec->containers[0].init, "/nix/store/x-web/init");
        ASSERT_STREQ(spec->containers[0].closure, "/nix/store/y/store-paths");
        ASSERT_EQ(spec->containers[0].store, STORE_ALL);
        ASSERT_TRUE(spec->containers[0].ready_notify);
        store = container_spec_store(&spec->containers[0]);
        ASSERT_STREQ(store, "/nix/store");
        ASSERT_STREQ(spec->containers[1].init, "/nix/store/z/start");
        ASSERT_STREQ(spec->containers[2].init, NULL);
        ASSERT_EQ(spec->containers[3].store, STORE_CLOSURE);
        other = container_spec_store(&spec->containers[2]);
        ASSERT_STREQ(other, "/gnu");

        job = print_one(&spec->containers[2]);
        ASSERT_TRUE(startswith(job,
                               "{\"system\":{\"toplevel\":\"/gnu/x-job\"},\"store\":\"all\",\"command\":["));
        whole = spec_print(spec);
        ASSERT_OK(parse(whole, strlen(whole), &again, &error), &error);
        whole_again = spec_print(again);
        ASSERT_STREQ(whole, whole_again);
}

static void refuse(const char *text, size_t size, const char *message) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        Spec *spec = NULL;

        ASSERT_ERROR(parse(text, size, &spec, &error), &error, FC_EXIT_USAGE, message);
        ASSERT_TRUE(!spec);
        ASSERT_TRUE(parse(text, size, &spec, NULL) < 0);
}

/* NAME:DEPENDENCY,.. of each container; a capital letter wants "completed", and "!" marks a one-shot. */
static char *with_dependencies(const char *const *containers) {
        _cleanup_strv_ char **parts = NULL;
        _cleanup_free_ char *all = NULL;

        for (; *containers; containers++) {
                _cleanup_strv_ char **needs = NULL;
                _cleanup_free_ char *list = NULL;
                const char *c = *containers;

                for (const char *d = c + 1; *d; d++)
                        if (*d != '!' && *d != ':')
                                strv_pushf(&needs, "\"%c\":\"%s\"", *d | 0x20,
                                           *d & 0x20 ? "ready" : "completed");
                list = strv_join(needs, ",");
                strv_pushf(&parts,
                           "\"%c\":{\"system\":{\"rootfs\":\"r\"},\"oneShot\":%s,\"dependsOn\":{%s}}", c[0],
                           strchr(c, '!') ? "true" : "false", list);
        }
        all = strv_join(parts, ",");
        return xasprintf("{\"version\":1,\"containers\":{%s}}", all);
}

static const char shared_text[] =
        "{\"version\":1,\"containers\":{"
        "\"web\":{\"system\":{\"rootfs\":\"r\"},\"dependsOn\":{\"db\":\"ready\",\"api\":\"started\"}},"
        "\"db\":{\"system\":{\"rootfs\":\"r\"},\"shared\":true},"
        "\"api\":{\"system\":{\"rootfs\":\"r\"}},"
        "\"cache\":{\"system\":{\"rootfs\":\"r\"},\"shared\":true,\"dependsOn\":{\"db\":\"ready\"}}}}";

TEST(parts_what_is_shared) {
        for (int shared = 0; shared < 2; shared++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(spec_freep) Spec *spec = NULL;

                ASSERT_OK(parse(shared_text, strlen(shared_text), &spec, &error), &error);
                spec_keep(spec, shared);
                ASSERT_EQ(spec->n_containers, 2);
                ASSERT_STREQ(spec->containers[0].name, shared ? "db" : "web");
                ASSERT_STREQ(spec->containers[1].name, shared ? "cache" : "api");
                ASSERT_EQ(spec->containers[0].n_dependencies, shared ? 0 : 1);
                ASSERT_TRUE(shared ? depends_on(&spec->containers[1], "db")
                                   : depends_on(&spec->containers[0], "api"));
        }
}

TEST(chooses_by_profile) {
        static const char text[] =
                "{\"version\":1,\"containers\":{"
                "\"web\":{\"system\":{\"rootfs\":\"r\"}},"
                "\"mail\":{\"system\":{\"rootfs\":\"r\"},\"profiles\":[\"dev\",\"full\"]},"
                "\"trace\":{\"system\":{\"rootfs\":\"r\"},\"profiles\":[\"full\"]}}}";
        static const struct {
                const char *selected[3], *chosen, *message;
        } table[] = {
                {{NULL}, "web", NULL},
                {{"dev"}, "web mail", NULL},
                {{"full", "full"}, "web mail trace", NULL},
                {{"full", "dev"}, "web mail trace", NULL},
                {{"*"}, "web mail trace", NULL},
                {{"*", "ful"}, NULL, "no container has the profile 'ful'"},
                {{"web"}, NULL, "no container has the profile 'web'"},
                {{""}, NULL, "no container has the profile ''"},
        };
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(spec_freep) Spec *spec = NULL;
        _cleanup_strv_ char **known = NULL, **split = NULL;

        ASSERT_OK(parse(text, strlen(text), &spec, &error), &error);
        known = profiles_known(spec);
        ASSERT_STREQ(known[0], "dev");
        ASSERT_STREQ(known[1], "full");
        ASSERT_TRUE(!known[2]);
        split = profiles_split(",dev,, full,");
        ASSERT_TRUE(strv_equal(split, (char *[]){(char *) "dev", (char *) "full", NULL}));
        ASSERT_TRUE(!profiles_split(","));
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                char *const *selected = (char *const *) table[i].selected;
                _cleanup_(error_done) Error refusal = ERROR_NULL;
                _cleanup_strv_ char **names = profiles_choose(spec, selected);
                _cleanup_free_ char *list = strv_join(names, " ");
                int r = profiles_check(spec, selected, &refusal);

                test_set_row("%zu", i);
                if (table[i].message) {
                        ASSERT_TRUE(r < 0);
                        ASSERT_STREQ(refusal.message, table[i].message);
                        continue;
                }
                ASSERT_OK(r, &refusal);
                ASSERT_STREQ(list, table[i].chosen);
        }
}

TEST(refuses_to_share_with_what_is_not) {
        static const char text[] = "{\"version\":1,\"containers\":{"
                                   "\"db\":{\"system\":{\"rootfs\":\"r\"},\"shared\":true,"
                                   "\"dependsOn\":{\"web\":\"ready\"}},"
                                   "\"web\":{\"system\":{\"rootfs\":\"r\"}}}}";

        refuse(text, strlen(text),
               "containers.db.dependsOn.web: 'db' is shared by work trees, and 'web', which each has of its "
               "own, "
               "is not");
}

TEST(refuses_dependencies) {
        static const struct {
                const char *containers[6], *message;
        } table[] = {
                {{"a:b", "b:a"}, "containers.a.dependsOn: they wait for each other: a -> b -> a"},
                {{"a:b", "b:c", "c:b"}, "containers.b.dependsOn: they wait for each other: b -> c -> b"},
                {{"d:", "a:db", "b:dc", "c:da"}, "they wait for each other: a -> b -> c -> a"},
                {{"a:", "b:A"},
                 "containers.b.dependsOn.a: 'a' is not expected to end: 'completed' takes one with "
                 "'oneShot'"},
                {{"a!", "b:a"},
                 "containers.b.dependsOn.a: 'a' is 'oneShot' and never ready: wait until it is 'completed'"},
                {{"a:", "b:x"}, "containers.b.dependsOn.x: there is no such container"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *text = with_dependencies(table[i].containers);

                test_set_row("%zu: %s", i, text);
                refuse(text, strlen(text), table[i].message);
        }
}

TEST(orders_dependencies) {
        static const struct {
                const char *containers[6], *names[4], *order;
        } table[] = {
                {{"a", "b", "c"}, {"c", "a"}, "c a"},
                {{"a:b", "b:c", "c"}, {"a"}, "c b a"},
                {{"a:b", "b:c", "c"}, {"b"}, "c b"},
                {{"a:bc", "b:d", "c:d", "d"}, {"a"}, "d b c a"},
                {{"a:bc", "b:d", "c:d", "d"}, {"c", "a", "c"}, "d c b a"},
                {{"a:B", "b!"}, {"b", "a"}, "b a"},
                {{"a"}, {NULL}, ""},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *text = with_dependencies(table[i].containers), *got = NULL;
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(spec_freep) Spec *spec = NULL;
                _cleanup_strv_ char **order = NULL;

                test_set_row("%zu: %s", i, text);
                ASSERT_OK(parse(text, strlen(text), &spec, &error), &error);
                order = dependencies_order(spec, (char *const *) table[i].names);
                got = strv_join(order, " ");
                ASSERT_STREQ(got, table[i].order);
        }
}

/* As deep as a specification can be: neither recursion nor a search through all names for each. */
TEST(a_long_chain_of_dependencies_is_cheap) {
        enum { N = 30000 };
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_strv_ char **order = NULL;
        _cleanup_(spec_freep) Spec *spec = NULL;
        char *last[] = {(char *) "c0", NULL};
        uint64_t start = now_usec();
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        (void) fprintf(f, "{\"version\":1,\"containers\":{");
        for (int i = 0; i < N; i++) {
                (void) fprintf(f, "%s\"c%d\":{\"system\":{\"rootfs\":\"r\"}", i ? "," : "", i);
                if (i < N - 1)
                        (void) fprintf(f, ",\"dependsOn\":{\"c%d\":\"started\"}", i + 1);
                (void) fputc('}', f);
        }
        (void) fprintf(f, "}}");
        (void) fclose(f);
        ASSERT_OK(parse(text, size, &spec, &error), &error);
        order = dependencies_order(spec, last);
        ASSERT_EQ(strv_length(order), N);
        ASSERT_STREQ(order[0], "c29999");
        ASSERT_TRUE(now_usec() - start < 20 * USEC_PER_SEC);
}

TEST(rootless_is_said_where_it_is) {
        static const struct {
                const char *text;
                bool rootless;
        } table[] = {
                {"{\"containers\":{},\"version\":1}", false},
                {"{\"containers\":{},\"version\":1,\"rootless\":false}", false},
                {"{\"containers\":{},\"version\":1,\"rootless\":true}", true},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(spec_freep) Spec *spec = NULL;
                _cleanup_free_ char *printed = NULL;

                test_set_row("%s", table[i].text);
                ASSERT_OK(spec_parse(table[i].text, strlen(table[i].text), &spec, NULL));
                ASSERT_EQ(spec->rootless, table[i].rootless);
                printed = spec_print(spec);
                ASSERT_EQ(strstr(printed, "\"rootless\"") != NULL, table[i].rootless);
        }
}

TEST(an_empty_project_is_valid) {
        static const char text[] = "{\"containers\":{},\"version\":1,\"project\":{}}";
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(spec_freep) Spec *spec = NULL;

        ASSERT_OK(parse(text, strlen(text), &spec, &error), &error);
        ASSERT_EQ(spec->n_containers, 0);
}

TEST(refuses_documents) {
#define T(text, message)                                                                                    \
        { text, sizeof(text) - 1, message }
        static const struct {
                const char *text;
                size_t size;
                const char *message;
        } table[] = {
                T("", "line 1, column 1: the text ends"),
                T("[]", "the document must be an object, is an array"),
                T("null", "the document must be an object, is null"),
                T("{}", "the key 'version' is missing"),
                T("{\"version\":1}", "the key 'containers' is missing"),
                T("{\"containers\":{}}", "the key 'version' is missing"),
                T("{\"version\":2,\"stuff\":1}",
                  "version: 2 is not supported, this program reads version 1"),
                T("{\"stuff\":1,\"version\":2}", "version: 2 is not supported"),
                T("{\"version\":0,\"containers\":{}}", "version: 0 is not supported"),
                T("{\"version\":-1,\"containers\":{}}", "version: must be between"),
                T("{\"version\":\"1\",\"containers\":{}}", "version: must be a number, is a string"),
                T("{\"version\":1.0,\"containers\":{}}", "version: number 1.0 must be whole"),
                T("{\"version\":true,\"containers\":{}}", "version: must be a number, is a boolean"),
                T("{\"Version\":1,\"version\":1,\"containers\":{}}", "Version: unknown key"),
                T("{\"version\":1,\"version\":1,\"containers\":{}}", "version: the key is given twice"),
                T("{\"version\":1,\"containers\":{},\"x\":1}", "x: unknown key"),
                T("{\"version\":1,\"containers\":[]}", "containers: must be an object, is an array"),
                T("{\"version\":1,\"containers\":null}", "containers: must be an object, is null"),
                T("{\"version\":1,\"containers\":{},\"project\":\"x\"}", "project: must be an object"),
                T("{\"version\":1,\"containers\":{},\"project\":{\"name\":1}}",
                  "project.name: must be a string"),
                T("{\"version\":1,\"containers\":{},\"project\":{\"name\":\"My Shop\"}}",
                  "project.name: 'My Shop' cannot name a project"),
                T("{\"version\":1,\"containers\":{},\"project\":{\"id\":1}}", "project.id: unknown key"),
                T("{\"version\":1,\"containers\":{},\"rootless\":\"yes\"}", "rootless: must be a boolean"),
                T("{\"version\":1,\"containers\":{\"a\":{}}}", "containers.a: the key 'system' is missing"),
                T("{\"version\":1,\"containers\":{\"a\":1}}",
                  "containers.a: must be an object, is a number"),
                T("{\"version\":1,\"containers\":{\"a\":{\"system\":{\"rootfs\":\"r\"}},\"a\":{}}}",
                  "containers.a: the key is given twice"),
                T("{\"version\":1,\"containers\":{\"Web\":{}}}",
                  "containers.Web: 'Web' cannot name a container"),
                T("{\"version\":1,\"containers\":{\"\":{}}}",
                  "containers[\"\"]: the name of the container is empty"),
                T("{\"version\":1,\"containers\":{\"a/b\":{}}}", "containers[\"a/b\"]: 'a/b' cannot name"),
                T("{\"version\":1,\"containers\":{\"..\":{}}}", "containers[\"..\"]: '..' cannot name"),
                T("{\"version\":1,\"containers\":{\"-a\":{}}}", "containers.-a: '-a' cannot name"),
                T("{\"version\":1,\"containers\":{\".a\":{}}}", "'.a' cannot name"),
                T("{\"version\":1,\"containers\":{\"\\u00e9\":{}}}", "cannot name a container"),
                T("{\"version\":1,\"containers\":{\"a\\u001b[0m\":{}}}",
                  "containers[\"a\\u001b[0m\"]: 'a\\x1b[0m' cannot name a container"),
                T("{\"version\":1,\"containers\":{"
                  "\"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg\":{}}}",
                  "cannot name a container"),
                T("\xef\xbb\xbf{\"version\":1,\"containers\":{}}", "byte order mark"),
                T("{\"version\":1,\"containers\":{}}\0", "line 1, column 30: expected the end of the text"),
                T("{\"version\":1,\"containers\":{\"a\":{\"system\":{\"rootfs\":\"\xff\"}}}}",
                  "containers.a.system.rootfs: invalid UTF-8"),
                T("{\"version\":1,\"containers\":{\"a\":{\"system\":{\"rootfs\":\"a\\u0000b\"}}}}",
                  "containers.a.system.rootfs: '\\u0000' cannot stand"),
                T("{\"version\":1,\"containers\":{\"a\":{\"ready\":{\"timeout\":1e400}}}}",
                  "line 1, column 52: containers.a.ready.timeout: number 1e400 must be whole"),
                T("{\"version\":1,\"containers\":{\"a\":{\"ready\":{\"timeout\":9007199254740993}}}}",
                  "containers.a.ready.timeout: number 9007199254740993 is out of range"),
        };
#undef T

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                test_set_row("%zu: %s", i, table[i].text);
                refuse(table[i].text, table[i].size, table[i].message);
        }
}

/* "KEY":VALUE pairs of the container "c", which has a system.rootfs already. */
TEST(refuses_containers) {
        static const struct {
                const char *members, *message;
        } table[] = {
                /* keys */
                {"'x':1", "containers.c.x: unknown key"},
                {"'Ports':[]", "containers.c.Ports: unknown key"},
                {"'command ':[]", "containers.c[\"command \"]: unknown key"},
                {"'ports':[],'ports':[]", "containers.c.ports: the key is given twice"},
                {"'volumes-ro':[]", "containers.c.volumes-ro: unknown key"},
                {"'configuration':{}", "containers.c.configuration: unknown key"},
                /* keys of later versions */
                {"'store':'closure'", "containers.c.store: only with 'system.toplevel'"},
                {"'store':'all'", "containers.c.store: only with 'system.toplevel'"},
                {"'store':'none'", "containers.c.store: must be one of 'all', 'closure', is 'none'"},
                {"'store':true", "containers.c.store: must be a string, is a boolean"},
                {"'restart':'always'",
                 "containers.c.restart: must be one of 'no', 'on-failure', is 'always'"},
                {"'ephemeral':'yes'", "containers.c.ephemeral: must be a boolean, is a string"},
                {"'oneShot':true,'shared':true",
                 "containers.c.shared: a container with 'oneShot' is each work tree's own"},
                {"'oneShot':true,'restart':'on-failure'",
                 "containers.c.restart: a container with 'oneShot' is run once"},
                {"'oneShot':true,'ready':{'units':['a.service']}",
                 "containers.c.ready.units: a container with 'oneShot' is never ready, only completed"},
                {"'hooks':[]", "containers.c.hooks: must be an object, is an array"},
                {"'hooks':{'afterReady':[['a'],[]]}", "containers.c.hooks.afterReady[1]: "},
                {"'hooks':{'beforeDown':['a']}", "containers.c.hooks.beforeDown[0]: must be an array"},
                {"'hooks':{'beforeUp':[]}", "containers.c.hooks.beforeUp: unknown key"},
                {"'oneShot':true,'hooks':{'afterReady':[['a']]}",
                 "containers.c.hooks.afterReady: a container with 'oneShot' is never ready, only completed"},
                {"'oneShot':true,'ready':{'tcp':[80]}",
                 "containers.c.ready.tcp: a container with 'oneShot' is never ready"},
                {"'oneShot':true,'ready':{'http':[{'port':80}]}",
                 "containers.c.ready.http: a container with 'oneShot' is never ready"},
                {"'oneShot':true,'ready':{'exec':[['true']]}",
                 "containers.c.ready.exec: a container with 'oneShot' is never ready"},
                {"'oneShot':true,'ready':{'unix':['/run/x']}",
                 "containers.c.ready.unix: a container with 'oneShot' is never ready"},
                {"'restart':true", "containers.c.restart: must be a string, is a boolean"},
                {"'network':{'internet':'yes'}",
                 "containers.c.network.internet: must be a boolean, is a string"},
                {"'network':{'internet':true,'mode':'host'}",
                 "containers.c.network.internet: only with network.mode 'private', here it is 'host'"},
                {"'network':{'internet':true,'mode':'none'}",
                 "containers.c.network.internet: only with network.mode 'private', here it is 'none'"},
                {"'network':{'hostAccess':true}",
                 "containers.c.network.hostAccess: must be an array, is a boolean"},
                {"'network':{'hostAccess':['5432']}",
                 "containers.c.network.hostAccess[0]: must be a number, is a string"},
                {"'network':{'hostAccess':[0]}",
                 "containers.c.network.hostAccess[0]: must be between 1 and 65535, is 0"},
                {"'network':{'hostAccess':[80,65536]}",
                 "containers.c.network.hostAccess[1]: must be between 1 and 65535, is 65536"},
                {"'network':{'hostAccess':[80,81,80]}",
                 "containers.c.network.hostAccess[2]: port 80 is given twice"},
                {"'network':{'hostAccess':[80],'mode':'host'}",
                 "containers.c.network.hostAccess: only with network.mode 'private', here it is 'host'"},
                {"'network':{'hostAccess':[80],'mode':'none'}",
                 "containers.c.network.hostAccess: only with network.mode 'private', here it is 'none'"},
                {"'network':{'address':1}", "containers.c.network.address: must be a string, is a number"},
                {"'network':{'address':'10.0.0'}",
                 "containers.c.network.address: '10.0.0' is not an IPv4 address"},
                {"'network':{'address':'10.0.0.02'}",
                 "containers.c.network.address: '10.0.0.02' is not an IPv4 address"},
                {"'network':{'address':'fd00::2'}",
                 "containers.c.network.address: 'fd00::2' is not an IPv4 address"},
                {"'network':{'address':'10.0.0.1'}",
                 "containers.c.network.address: '10.0.0.1' must end in 2 to 254: the host has 1"},
                {"'network':{'address':'10.0.0.255'}",
                 "containers.c.network.address: '10.0.0.255' must end in 2 to 254: the host has 1"},
                {"'network':{'address':'8.8.8.8'}",
                 "containers.c.network.address: '8.8.8.8' is not in 10.0.0.0/8, 172.16.0.0/12"},
                {"'network':{'address':'172.32.0.2'}",
                 "containers.c.network.address: '172.32.0.2' is not in 10.0.0.0/8"},
                {"'network':{'address':'10.0.0.2','mode':'none'}",
                 "containers.c.network.address: only with network.mode 'private', here it is 'none'"},
                {"'network':{'mac':'02:00:00:00:00'}",
                 "containers.c.network.mac: '02:00:00:00:00' is not a MAC address"},
                {"'network':{'mac':'02:00:00:00:00:01:02'}", "is not a MAC address"},
                {"'network':{'mac':'2:00:00:00:00:010'}", "is not a MAC address"},
                {"'network':{'mac':'02-00-00-00-00-01'}", "is not a MAC address"},
                {"'network':{'mac':'00:00:00:00:00:00'}", "is not the MAC address of one interface"},
                {"'network':{'mac':'03:00:00:00:00:01'}", "is not the MAC address of one interface"},
                {"'network':{'mac':'ff:ff:ff:ff:ff:ff'}", "is not the MAC address of one interface"},
                {"'network':{'mac':'02:00:00:00:00:01','mode':'host'}",
                 "containers.c.network.mac: only with network.mode 'private', here it is 'host'"},
                {"'network':{'mode':'namespace'}",
                 "containers.c.network: mode 'namespace' needs the key 'namespace'"},
                {"'network':{'namespace':'vpn'}",
                 "containers.c.network.namespace: only with network.mode 'namespace', here it is 'private'"},
                {"'network':{'mode':'namespace','namespace':'a/b'}",
                 "containers.c.network.namespace: 'a/b' is not the name of a network namespace"},
                {"'network':{'mode':'namespace','namespace':'..'}",
                 "is not the name of a network namespace"},
                {"'network':{'mode':'namespace','namespace':''}", "is not the name of a network namespace"},
                {"'network':{'mode':'namespace','namespace':'vpn','internet':true}",
                 "containers.c.network.internet: only with network.mode 'private', here it is 'namespace'"},
                {"'network':{'mode':'namespace','namespace':'vpn'},'exports':{'A':'${host}'}",
                 "with this network mode the container is reached by ports only"},
                {"'network':{'mode':'container'}",
                 "containers.c.network: mode 'container' needs the key 'container'"},
                {"'network':{'container':'vpn'}",
                 "containers.c.network.container: only with network.mode 'container', here it is 'private'"},
                {"'network':{'mode':'container','container':'A'}", "containers.c.network.container: 'A'"},
                {"'network':{'mode':'container','container':'vpn'}",
                 "containers.c.network.container: there is no container 'vpn'"},
                {"'network':{'mode':'container','container':'c'}",
                 "containers.c.network.container: 'c' is the container itself"},
                {"'network':{'mode':'container','container':'vpn'},'ports':['80']",
                 "containers.c.ports: its network is that of 'vpn', and so are its ports: give them to "
                 "containers.vpn.ports"},
                {"'network':{'mode':'container','container':'vpn','internet':true}",
                 "containers.c.network.internet: only with network.mode 'private', here it is 'container'"},
                {"'network':{'mode':'container','container':'vpn','address':'10.0.0.2'}",
                 "containers.c.network.address: only with network.mode 'private', here it is 'container'"},
                {"'network':{'mode':'container','container':'vpn'},'exports':{'A':'${host}'}",
                 "the container is reached by the ports of 'vpn' only"},
                {"'network':{'mode':'bridge'}",
                 "containers.c.network: mode 'bridge' needs the key 'interface'"},
                {"'network':{'mode':'macvlan'}",
                 "containers.c.network: mode 'macvlan' needs the key 'interface'"},
                {"'network':{'interface':'br0'}",
                 "containers.c.network.interface: only with network.mode 'bridge', 'macvlan' or "
                 "'interface', here it is 'private'"},
                {"'network':{'gateway':'10.0.0.1'}",
                 "containers.c.network.gateway: only with network.mode 'bridge', 'macvlan' or "
                 "'interface', here it is 'private'"},
                {"'network':{'mode':'bridge','interface':''}", "'' is not the name of a network interface"},
                {"'network':{'mode':'bridge','interface':'-a'}",
                 "'-a' is not the name of a network interface"},
                {"'network':{'mode':'bridge','interface':'..'}",
                 "'..' is not the name of a network interface"},
                {"'network':{'mode':'bridge','interface':'a/b'}",
                 "containers.c.network.interface: 'a/b' is not the name of a network interface"},
                {"'network':{'mode':'bridge','interface':'0123456789abcdef'}",
                 "is not the name of a network interface"},
                {"'network':{'mode':'macvlan','interface':'lo'}", "'lo' leads to no other machine"},
                {"'network':{'mode':'bridge','interface':'br0','address':'10.0.0.2'}",
                 "containers.c.network.address: with network.mode 'bridge' it has a prefix, such as "
                 "'10.0.0.2/24'"},
                {"'network':{'mode':'bridge','interface':'br0','address':'10.0.0.2/31'}",
                 "'10.0.0.2/31' is not an IPv4 address"},
                {"'network':{'mode':'bridge','interface':'br0','address':'10.0.0.2/08'}",
                 "'10.0.0.2/08' is not an IPv4 address"},
                {"'network':{'mode':'bridge','interface':'br0','address':'10.0.0.2/'}",
                 "'10.0.0.2/' is not an IPv4 address"},
                {"'network':{'mode':'bridge','interface':'br0','address':'10.0.0.0/24'}",
                 "'10.0.0.0/24' is not the address of one machine"},
                {"'network':{'mode':'bridge','interface':'br0','address':'10.0.3.255/22'}",
                 "'10.0.3.255/22' is not the address of one machine"},
                {"'network':{'mode':'bridge','interface':'br0','address':'0.0.0.5/8'}",
                 "'0.0.0.5/8' is not the address of one machine"},
                {"'network':{'mode':'bridge','interface':'br0','address':'127.0.0.2/24'}",
                 "'127.0.0.2/24' is not the address of one machine"},
                {"'network':{'mode':'bridge','interface':'br0','address':'224.0.0.2/24'}",
                 "'224.0.0.2/24' is not the address of one machine"},
                {"'network':{'mode':'bridge','interface':'br0','address':'255.255.255.250/24'}",
                 "'255.255.255.250/24' is not the address of one machine"},
                {"'network':{'address':'10.0.0.2/24'}", "containers.c.network.address: '10.0.0.2/24' has a "
                                                        "prefix, which is said in a network of the "
                                                        "host's only"},
                {"'network':{'mode':'interface','interface':'eth1','mac':'02:00:00:00:00:01'}",
                 "containers.c.network.mac: with network.mode 'interface' it is that of the host's "
                 "interface"},
                {"'network':{'mode':'interface'}",
                 "containers.c.network: mode 'interface' needs the key 'interface'"},
                {"'network':{'mode':'bridge','interface':'br0','gateway':'10.0.0.1'}",
                 "containers.c.network.gateway: needs network.address"},
                {"'network':{'mode':'bridge','interface':'br0','address':'10.0.0.2/"
                 "24','gateway':'10.0.1.1'}",
                 "containers.c.network.gateway: '10.0.1.1' is not in the network of '10.0.0.2/24'"},
                {"'network':{'mode':'bridge','interface':'br0','address':'10.0.0.2/"
                 "24','gateway':'10.0.0.2'}",
                 "containers.c.network.gateway: is the container's own address"},
                {"'network':{'mode':'bridge','interface':'br0','address':'10.0.0.2/"
                 "24','gateway':'10.0.0.0'}",
                 "containers.c.network.gateway: '10.0.0.0' is not the address of one machine"},
                {"'network':{'mode':'bridge','interface':'br0','address':'10.0.0.2/"
                 "24','gateway':'10.0.0.255'}",
                 "containers.c.network.gateway: '10.0.0.255' is not the address of one machine"},
                {"'network':{'mode':'bridge','interface':'br0','address':'10.0.0.2/24','gateway':'0.0.0.0'}",
                 "containers.c.network.gateway: '0.0.0.0' is not the address of one machine"},
                {"'network':{'mode':'bridge','interface':'br0','address':'10.0.0.2/"
                 "24','gateway':'127.0.0.1'}",
                 "containers.c.network.gateway: '127.0.0.1' is not the address of one machine"},
                {"'network':{'mode':'bridge','interface':'br0','address':'10.0.0.2/24','gateway':'fd00::1'}",
                 "containers.c.network.gateway: 'fd00::1' is not an IPv4 address"},
                {"'network':{'address6':'fd00::2/64'}",
                 "containers.c.network.address6: 'fd00::2/64' has a prefix, which is said in a network of "
                 "the host's only"},
                {"'network':{'address6':'fd00::2::'}", "'fd00::2::' is not an IPv6 address, such as"},
                {"'network':{'address6':'10.0.0.2'}", "'10.0.0.2' is not an IPv6 address, such as"},
                {"'network':{'address6':'2001:db8::2'}", "'2001:db8::2' is not in fc00::/7"},
                {"'network':{'address6':'fd00::1'}",
                 "'fd00::1' must end in '::' and a number from 2 to 254"},
                {"'network':{'address6':'fd00::255'}", "must end in '::' and a number from 2 to 254"},
                {"'network':{'address6':'fd00::2a'}", "must end in '::' and a number from 2 to 254"},
                {"'network':{'address6':'fd00::1:2'}", "must end in '::' and a number from 2 to 254"},
                {"'network':{'address6':'fd00::1002'}", "must end in '::' and a number from 2 to 254"},
                {"'network':{'address':'10.0.0.2','address6':'fd00::20'}",
                 "containers.c.network.address6: 'fd00::20' must end as network.address, '10.0.0.2', does"},
                {"'network':{'mode':'none','address6':'fd00::2'}",
                 "containers.c.network.address6: only with network.mode 'private', here it is 'none'"},
                {"'network':{'gateway6':'fd00::2'}",
                 "containers.c.network.gateway6: only with network.mode 'bridge', 'macvlan' or 'interface'"},
                {"'network':{'mode':'bridge','interface':'br0','address6':'fd00::2'}",
                 "containers.c.network.address6: with network.mode 'bridge' it has a prefix, such as "
                 "'fd00::2/64'"},
                {"'network':{'mode':'bridge','interface':'br0','address6':'fd00::2/127'}",
                 "'fd00::2/127' is not an IPv6 address with a prefix"},
                {"'network':{'mode':'bridge','interface':'br0','address6':'10.0.0.2/24'}",
                 "'10.0.0.2/24' is not an IPv6 address with a prefix"},
                {"'network':{'mode':'bridge','interface':'br0','address6':'fe80::2/64'}",
                 "'fe80::2/64' is not the address of one machine"},
                {"'network':{'mode':'bridge','interface':'br0','address6':'::/64'}",
                 "'::/64' is not the address of one machine"},
                {"'network':{'mode':'bridge','interface':'br0','address6':'fd00::2/64'}",
                 "containers.c.network.address6: needs network.address; without it"},
                {"'network':{'mode':'bridge','interface':'br0','gateway6':'fd00::1%x'}",
                 "containers.c.network.gateway6: 'fd00::1%x' is not an IPv6 address"},
                {"'network':{'mode':'bridge','interface':'br0','gateway6':'::'}",
                 "containers.c.network.gateway6: '::' is not the address of one machine"},
                {"'network':{'mode':'bridge','interface':'br0','gateway6':'ff02::1'}",
                 "containers.c.network.gateway6: 'ff02::1' is not the address of one machine"},
                {"'network':{'mode':'bridge','interface':'br0','gateway6':'::ffff:10.0.0.1'}",
                 "containers.c.network.gateway6: '::ffff:10.0.0.1' is not the address of one machine"},
                {"'network':{'mode':'bridge','interface':'br0','address':'10.0.0.2/"
                 "24','gateway6':'fe80::1'}",
                 "containers.c.network.gateway6: needs network.address6"},
                {"'network':{'mode':'bridge','interface':'br0','internet':true}",
                 "containers.c.network.internet: only with network.mode 'private', here it is 'bridge'"},
                {"'network':{'mode':'bridge','interface':'br0','networks':['front']}",
                 "containers.c.network.networks: only with network.mode 'private', here it is 'bridge'"},
                {"'network':{'mode':'macvlan','interface':'eth0','hostAccess':[80]}",
                 "containers.c.network.hostAccess: only with network.mode 'private', here it is 'macvlan'"},
                {"'network':{'mode':'bridge','interface':'br0'},'exports':{'A':'${host}'}",
                 "with this network mode the container is reached by ports only"},
                {"'network':{'networks':'front'}",
                 "containers.c.network.networks: must be an array, is a string"},
                {"'network':{'networks':[]}",
                 "containers.c.network.networks: is empty; network.mode 'none' is without one"},
                {"'network':{'networks':['Front']}", "containers.c.network.networks[0]: "},
                {"'network':{'networks':['a','b','a']}",
                 "containers.c.network.networks[2]: 'a' is given twice"},
                {"'network':{'networks':['a','b','c','d','e','f','g','h','i']}",
                 "containers.c.network.networks: at most 8 networks, not 9"},
                {"'network':{'networks':['a'],'mode':'none'}",
                 "containers.c.network.networks: only with network.mode 'private', here it is 'none'"},
                /* seed */
                {"'seed':{}", "containers.c.seed: must be an array, is an object"},
                {"'seed':['seed.sql']", "containers.c.seed[0]: must be an object, is a string"},
                {"'seed':[{}]", "containers.c.seed[0]: must have one of 'run' and 'sql'"},
                {"'seed':[{'run':['a']},{'run':['a'],'sql':'b'}]",
                 "containers.c.seed[1]: must have one of 'run' and 'sql'"},
                {"'seed':[{'run':'a'}]", "containers.c.seed[0].run: must be an array, is a string"},
                {"'seed':[{'run':[]}]", "containers.c.seed[0].run"},
                {"'seed':[{'run':['']}]", "containers.c.seed[0].run"},
                {"'seed':[{'sql':''}]", "containers.c.seed[0].sql"},
                {"'seed':[{'sql':'~/seed.sql'}]", "containers.c.seed[0].sql"},
                {"'seed':[{'run':['a'],'database':'b'}]", "containers.c.seed[0].database: needs 'sql'"},
                {"'seed':[{'sql':'s','database':''}]",
                 "containers.c.seed[0].database: '' cannot name a database"},
                {"'seed':[{'sql':'s','database':'-h'}]", "'-h' cannot name a database"},
                {"'seed':[{'sql':'s','database':'host=x'}]", "'host=x' cannot name a database"},
                {"'seed':[{'sql':'s','database':'a b'}]", "'a b' cannot name a database"},
                {"'seed':[{'run':['a'],'user':''}]", "containers.c.seed[0].user: must be an account's name"},
                {"'seed':[{'run':['a'],'user':'0'}]",
                 "containers.c.seed[0].user: must be an account's name"},
                {"'seed':[{'run':['a'],'user':'-u'}]",
                 "containers.c.seed[0].user: must be an account's name"},
                {"'seed':[{'run':['a'],'user':65535}]",
                 "containers.c.seed[0].user: must be between 0 and 65534"},
                {"'seed':[{'run':['a'],'timeout':0}]", "containers.c.seed[0].timeout: must be between 1"},
                {"'seed':[{'run':['a'],'times':2}]", "containers.c.seed[0].times: unknown key"},
                {"'oneShot':true,'seed':[{'run':['a']}]",
                 "containers.c.seed: a container with 'oneShot' is never ready, only completed"},
                /* ready */
                {"'ready':{'units':'x'}", "containers.c.ready.units: must be an array, is a string"},
                {"'ready':{'units':['']}", "containers.c.ready.units[0]: the name of the unit is empty"},
                {"'ready':{'units':['a.service','nginx']}",
                 "containers.c.ready.units[1]: 'nginx' does not end in the type of a unit, as "
                 "'nginx.service' does"},
                {"'ready':{'units':['a b.service']}", "'a b.service' cannot name a unit"},
                {"'ready':{'units':['a*.service']}", "'a*.service' cannot name a unit"},
                {"'ready':{'units':['../x.service']}", "'../x.service' cannot name a unit"},
                {"'ready':{'units':['.service']}", "'.service' does not end in the type of a unit"},
                {"'ready':{'units':['a.servicex']}", "'a.servicex' does not end in the type of a unit"},
                {"'ready':{'units':['getty@.service']}", "'getty@.service' is a template, not a unit"},
                {"'ready':{'units':['@a.service']}", "'@a.service' cannot name a unit"},
                {"'command':['x'],'ready':{'units':['a.service']}",
                 "containers.c.ready.units: a container with 'command' has no units"},
                {"'ready':{'units':['a.service'],'notify':false}",
                 "containers.c.ready.units: needs 'ready.notify'"},
                {"'ready':{'tcp':80}", "containers.c.ready.tcp: must be an array, is a number"},
                {"'ready':{'tcp':[80,0]}", "containers.c.ready.tcp[1]: must be between 1 and 65535, is 0"},
                {"'ready':{'tcp':[65536]}", "must be between 1 and 65535, is 65536"},
                {"'ready':{'tcp':['80']}", "containers.c.ready.tcp[0]: must be a number, is a string"},
                {"'ready':{'http':{}}", "containers.c.ready.http: must be an array, is an object"},
                {"'ready':{'http':[80]}", "containers.c.ready.http[0]: must be an object, is a number"},
                {"'ready':{'http':[{}]}", "containers.c.ready.http[0]: the key 'port' is missing"},
                {"'ready':{'http':[{'port':1,'path':''}]}",
                 "containers.c.ready.http[0].path: '': a path begins with '/'"},
                {"'ready':{'http':[{'port':1,'path':'up'}]}", "'up': a path begins with '/'"},
                {"'ready':{'http':[{'port':1,'path':'/a b'}]}", "'/a b': only printable ASCII"},
                {"'ready':{'http':[{'port':1,'path':'/\\r\\nX: y'}]}", "only printable ASCII"},
                {"'ready':{'http':[{'port':1,'path':'/\\u00e9'}]}", "only printable ASCII"},
                {"'ready':{'http':[{'port':1,'status':200}]}",
                 "containers.c.ready.http[0].status: must be an array, is a number"},
                {"'ready':{'http':[{'port':1,'status':[200]}]}",
                 "containers.c.ready.http[0].status: must be two numbers, the first and the last status"},
                {"'ready':{'http':[{'port':1,'status':[200,299,300]}]}", "must be two numbers"},
                {"'ready':{'http':[{'port':1,'status':[99,200]}]}",
                 "containers.c.ready.http[0].status[0]: must be between 100 and 599, is 99"},
                {"'ready':{'http':[{'port':1,'status':[200,600]}]}", "status[1]: must be between 100"},
                {"'ready':{'http':[{'port':1,'status':[300,200]}]}",
                 "containers.c.ready.http[0].status: the range from 300 to 200 is empty"},
                {"'ready':{'http':[{'port':1,'url':'/'}]}", "containers.c.ready.http[0].url: unknown key"},
                {"'ready':{'exec':['true']}", "containers.c.ready.exec[0]: must be an array, is a string"},
                {"'ready':{'exec':[['true'],[]]}",
                 "containers.c.ready.exec[1]: the first word must name a program"},
                {"'ready':{'exec':[['']]}",
                 "containers.c.ready.exec[0]: the first word must name a program"},
                {"'ready':{'exec':[['a',1]]}",
                 "containers.c.ready.exec[0][1]: must be a string, is a number"},
                {"'ready':{'unix':['run/x']}", "containers.c.ready.unix[0]: 'run/x': a path inside"},
                {"'ready':{'unix':['/run/../x']}", "containers.c.ready.unix[0]: '/run/../x'"},
                {"'ready':{'port':80}", "containers.c.ready.port: unknown key"},
                /* dependsOn, oneShot */
                {"'oneShot':1", "containers.c.oneShot: must be a boolean, is a number"},
                {"'shared':'yes'", "containers.c.shared: must be a boolean, is a string"},
                {"'dependsOn':['a']", "containers.c.dependsOn: must be an object, is an array"},
                {"'dependsOn':{'a':'healthy'}",
                 "containers.c.dependsOn.a: must be one of 'started', 'ready', 'completed', is 'healthy'"},
                {"'dependsOn':{'a':true}", "containers.c.dependsOn.a: must be a string, is a boolean"},
                {"'dependsOn':{'a':'ready'}", "containers.c.dependsOn.a: there is no such container"},
                {"'dependsOn':{'a b':'ready'}",
                 "containers.c.dependsOn[\"a b\"]: there is no such container"},
                {"'dependsOn':{'c':'ready'}",
                 "containers.c.dependsOn.c: a container cannot wait for itself"},
                {"'dependsOn':{'a':'ready','a':'ready'}",
                 "containers.c.dependsOn.a: the key is given twice"},
                /* command */
                {"'command':[]", "containers.c.command: the first word must name a program"},
                {"'command':['']", "containers.c.command: the first word must name a program"},
                {"'command':'sh'", "containers.c.command: must be an array, is a string"},
                {"'command':['a',1]", "containers.c.command[1]: must be a string, is a number"},
                {"'command':['a',null]", "containers.c.command[1]: must be a string, is null"},
                /* users, network */
                {"'users':'pick'", "containers.c.users: must be one of 'private', 'host', is 'pick'"},
                {"'users':true", "containers.c.users: must be a string, is a boolean"},
                {"'network':'host'", "containers.c.network: must be an object, is a string"},
                {"'network':{'mode':'public'}",
                 "containers.c.network.mode: must be one of 'private', "
                 "'host', 'none', 'namespace', 'container', 'bridge', 'macvlan', 'interface', is 'public'"},
                {"'network':{'mode':null}", "containers.c.network.mode: must be a string, is null"},
                {"'network':{'dns':1}", "containers.c.network.dns: unknown key"},
                /* ports */
                {"'ports':{}", "containers.c.ports: must be an array, is an object"},
                {"'ports':'80'", "containers.c.ports: must be an array, is a string"},
                {"'ports':[80]", "containers.c.ports[0]: must be a string or an object, is a number"},
                {"'ports':['80',null]", "containers.c.ports[1]: must be a string or an object, is null"},
                {"'ports':['2-1']",
                 "containers.c.ports[0]: '2-1': a range begins with the lower port, as in '1-2'"},
                {"'ports':['1-60','auto:1-41']",
                 "containers.c.ports: a container publishes at most 100 ports, not 101"},
                {"'ports':['1-3','5:1','3-4']",
                 "containers.c.ports[2]: host port 3 on 127.0.0.1 is taken already, by "
                 "containers.c.ports[0]"},
                {"'ports':[{'host':'8000-8010','container':1}]",
                 "containers.c.ports[0].host: must be a number or 'auto', is '8000-8010'"},
                {"'ports':['1','x']", "containers.c.ports[1]: 'x': 'x' is not a port number"},
                {"'ports':['80/sctp']",
                 "containers.c.ports[0]: '80/sctp': 'sctp' is not a protocol, use 'tcp' or 'udp'"},
                {"'ports':['53','53/udp','0.0.0.0:53:5353/udp']",
                 "containers.c.ports[2]: host port 53 on 0.0.0.0 is taken already, by "
                 "containers.c.ports[1]"},
                {"'ports':['auto:53','auto:53/udp','auto:53/udp']",
                 "containers.c.ports[2]: container port 53 has an automatic host port already, by "
                 "containers.c.ports[1]"},
                {"'ports':[{}]", "containers.c.ports[0]: the key 'host' is missing"},
                {"'ports':[{'host':1}]", "containers.c.ports[0]: the key 'container' is missing"},
                {"'ports':[{'container':1}]", "containers.c.ports[0]: the key 'host' is missing"},
                {"'ports':[{'host':0,'container':1}]",
                 "containers.c.ports[0].host: must be between 1 and 65535, is 0"},
                {"'ports':[{'host':65536,'container':1}]", "must be between 1 and 65535, is 65536"},
                {"'ports':[{'host':1,'container':-1}]",
                 "containers.c.ports[0].container: must be between 1 and 65535, is -1"},
                {"'ports':[{'host':'80','container':1}]",
                 "containers.c.ports[0].host: must be a number or 'auto', is '80'"},
                {"'ports':[{'host':1,'container':'auto'}]",
                 "containers.c.ports[0].container: must be a number, is a string"},
                {"'ports':[{'host':1,'container':1,'address':'localhost'}]",
                 "containers.c.ports[0].address: 'localhost': not a numeric"},
                {"'ports':[{'host':1,'container':1,'address':'[::1]'}]", "'[::1]': not a numeric"},
                {"'ports':[{'host':1,'container':1,'address':null}]",
                 "containers.c.ports[0].address: must be a string, is null"},
                {"'ports':[{'host':1,'container':1,'protocol':'UDP'}]",
                 "containers.c.ports[0].protocol: must be one of 'tcp', 'udp', is 'UDP'"},
                {"'ports':[{'host':1,'container':1,'proxyProtocol':1}]",
                 "containers.c.ports[0].proxyProtocol: must be a boolean, is a number"},
                {"'ports':['80',{'host':1,'container':1,'protocol':'udp','proxyProtocol':true}]",
                 "containers.c.ports[1].proxyProtocol: only with 'tcp'"},
                {"'ports':[{'host':1,'container':1,'x':1}]", "containers.c.ports[0].x: unknown key"},
                {"'ports':['80'],'network':{'mode':'none'}",
                 "containers.c.ports: nothing can be published with network mode 'none'"},
                {"'network':{'mode':'host'},'ports':['80']",
                 "containers.c.ports: with network mode 'host' the service's own port is on the host "
                 "already"},
                {"'ports':['80','80']",
                 "containers.c.ports[1]: host port 80 on 127.0.0.1 is taken already, by "
                 "containers.c.ports[0]"},
                {"'ports':['80:1','81:1','127.0.0.1:80:2']",
                 "containers.c.ports[2]: host port 80 on 127.0.0.1"},
                {"'ports':['[::1]:80:1','80:2']",
                 "containers.c.ports[1]: host port 80 on ::1 is taken already"},
                {"'ports':['10.0.0.1:80:1','0.0.0.0:80:2']",
                 "containers.c.ports[1]: host port 80 on 0.0.0.0 is taken already, by "
                 "containers.c.ports[0]"},
                {"'ports':['0.0.0.0:80:1','10.0.0.2:80:2']",
                 "containers.c.ports[1]: host port 80 on 10.0.0.2 is taken already, by "
                 "containers.c.ports[0]"},
                {"'ports':['[::]:80:1','80:2']", "containers.c.ports[1]: host port 80 on ::1"},
                {"'ports':['auto:80','auto:80']",
                 "containers.c.ports[1]: container port 80 has an automatic host port already, by "
                 "containers.c.ports[0]"},
                /* sockets */
                {"'sockets':'a:/b'", "containers.c.sockets: must be an array, is a string"},
                {"'sockets':['a']", "containers.c.sockets[0]: 'a': expected NAME:PATH"},
                {"'sockets':['A:/b']", "containers.c.sockets[0]: 'A' cannot name a socket"},
                {"'sockets':[':/b']", "containers.c.sockets[0]: the name of the socket is empty"},
                {"'sockets':['a:b']",
                 "containers.c.sockets[0]: 'b': a path inside the container must be absolute"},
                {"'sockets':['a:/b/../c']", "containers.c.sockets[0]: '/b/../c': a path inside"},
                {"'sockets':['a:/"
                 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                 "xxxxxxxxxxxxxxxxxxxxxxx']",
                 "the path of a socket has at most 107 bytes"},
                {"'sockets':[{'name':'a'}]", "containers.c.sockets[0]: the key 'path' is missing"},
                {"'sockets':[{'name':'a','path':'/b','x':1}]", "containers.c.sockets[0].x: unknown key"},
                {"'sockets':['a:/b','b:/b','a:/c']",
                 "containers.c.sockets[2]: the name 'a' is used already"},
                {"'sockets':['a:/b','b:/b','c:/b','d:/b','e:/b','f:/b','g:/b','h:/b','i:/b']",
                 "containers.c.sockets: a container publishes at most 8 sockets, not 9"},
                /* volumes, tmpfs */
                {"'volumes':'a:/b'", "containers.c.volumes: must be an array"},
                {"'volumes':[1]", "containers.c.volumes[0]: must be a string or an object, is a number"},
                {"'volumes':['a']", "containers.c.volumes[0]: 'a': expected SOURCE:TARGET"},
                {"'volumes':['a:/b','a:b']", "containers.c.volumes[1]: target: 'b': a path inside"},
                {"'volumes':[{}]", "containers.c.volumes[0]: the key 'source' is missing"},
                {"'volumes':[{'source':'a'}]", "containers.c.volumes[0]: the key 'target' is missing"},
                {"'volumes':[{'source':'','target':'/a'}]",
                 "containers.c.volumes[0].source: the path is empty"},
                {"'volumes':[{'source':'a\\nb','target':'/a'}]", "source: 'a\\nb': a path must not contain"},
                {"'volumes':[{'source':'@A','target':'/a'}]", "source: 'A' cannot name a volume"},
                {"'volumes':[{'source':'a','target':'/proc/x'}]",
                 "containers.c.volumes[0].target: '/proc/x': /proc is mounted by systemd-nspawn"},
                {"'volumes':[{'source':'a','target':'/a','readOnly':'yes'}]",
                 "containers.c.volumes[0].readOnly: must be a boolean, is a string"},
                {"'volumes':[{'source':'a','target':'/a','create':1}]",
                 "containers.c.volumes[0].create: must be a boolean, is a number"},
                {"'volumes':[{'source':'@a','target':'/a','create':true}]",
                 "containers.c.volumes[0].create: '@a' is made in any case"},
                {"'volumes':[{'source':'/a','target':'/a','create':true}]",
                 "containers.c.volumes[0].create: '/a' is not made: only a path in the project"},
                {"'volumes':['a:/b',{'source':'../a','target':'/a','create':true}]",
                 "containers.c.volumes[1].create: '../a' is not made"},
                {"'volumes':[{'source':'a/..','target':'/a','create':true}]", "'a/..' is not made"},
                {"'volumes':[{'source':'a','target':'/a','overlay':'x'}]",
                 "containers.c.volumes[0].overlay: must be a boolean, is a string"},
                {"'volumes':['@a:/a:overlay']", "containers.c.volumes[0].overlay: '@a' is the container's "
                                                "own, an overlay is for what is not"},
                {"'volumes':[{'source':'a','target':'/a','overlay':true,'readOnly':true}]",
                 "containers.c.volumes[0].overlay: what is read-only needs none"},
                {"'volumes':['@overlay-a:/a']",
                 "'@overlay-a': what overlays keep is called so, and is not a volume"},
                {"'volumes':[{'source':'a','target':'/a','owner':'-x'}]",
                 "containers.c.volumes[0].owner: must be 'user', 'container', 'host', an account's name, "
                 "its number "
                 "(0 to 65534) or 'UID:GID', is '-x'"},
                {"'volumes':[{'source':'a','target':'/a','owner':''}]", "'UID:GID', is ''"},
                {"'volumes':[{'source':'a','target':'/a','owner':'33'}]", "'UID:GID', is '33'"},
                {"'volumes':[{'source':'a','target':'/a','owner':'33:'}]", "'UID:GID', is '33:'"},
                {"'volumes':[{'source':'a','target':'/a','owner':'033:33'}]", "'UID:GID', is '033:33'"},
                {"'volumes':[{'source':'a','target':'/a','owner':'33:65535'}]", "'UID:GID', is '33:65535'"},
                {"'volumes':[{'source':'a','target':'/a','owner':'33:33:33'}]", "'UID:GID', is '33:33:33'"},
                {"'volumes':[{'source':'a','target':'/a','owner':'www-data:www-data'}]",
                 "'UID:GID', is 'www"},
                {"'volumes':[{'source':'a','target':'/a','owner':'a/b'}]", "'UID:GID', is 'a/b'"},
                {"'volumes':[{'source':'a','target':'/a','owner':'a234567890123456789012345678901234'}]",
                 "'UID:GID', is 'a2345"},
                {"'volumes':[{'source':'a','target':'/a','owner':65535}]", "volumes[0].owner: must be"},
                {"'volumes':[{'source':'a','target':'/a','owner':-1}]", "volumes[0].owner: must be"},
                {"'volumes':[{'source':'a','target':'/a','owner':true}]",
                 "containers.c.volumes[0].owner: must be a number or a string, is a boolean"},
                {"'volumes':[{'source':'a','target':'/a','ro':true}]", "volumes[0].ro: unknown key"},
                {"'volumes':['a:/x','b:/x']",
                 "containers.c.volumes[1]: target '/x' is taken already, by containers.c.volumes[0]"},
                {"'tmpfs':['/x'],'volumes':['a:/x']",
                 "containers.c.tmpfs[0]: target '/x' is taken already, by containers.c.volumes[0]"},
                {"'tmpfs':['/y','/x','/y']",
                 "containers.c.tmpfs[2]: target '/y' is taken already, by containers.c.tmpfs[0]"},
                {"'tmpfs':['tmp']",
                 "containers.c.tmpfs[0]: 'tmp': a path inside the container must be absolute"},
                {"'tmpfs':['/']", "containers.c.tmpfs[0]: '/' is the container's whole root"},
                {"'tmpfs':['/run']", "containers.c.tmpfs[0]: '/run': /run is mounted by systemd-nspawn"},
                {"'tmpfs':{}", "containers.c.tmpfs: must be an array"},
                {"'tmpfs':[1]", "containers.c.tmpfs[0]: must be a string or an object, is a number"},
                {"'tmpfs':['/x:size=10M','/x']", "containers.c.tmpfs[1]: target '/x' is taken already"},
                {"'tmpfs':['/x:noexec']",
                 "containers.c.tmpfs[0]: '/x:noexec': 'noexec' must be one of size=SIZE, mode=MODE"},
                {"'tmpfs':[{'size':'1M'}]", "containers.c.tmpfs[0]: the key 'target' is missing"},
                {"'tmpfs':[{'target':'x'}]", "containers.c.tmpfs[0].target: 'x': a path inside"},
                {"'tmpfs':[{'target':'/x','size':true}]",
                 "containers.c.tmpfs[0].size: must be a number or a string, is a boolean"},
                {"'tmpfs':[{'target':'/x','size':4095}]",
                 "containers.c.tmpfs[0].size: '4095': must be at least 4096 bytes"},
                {"'tmpfs':[{'target':'/x','size':'infinity'}]",
                 "containers.c.tmpfs[0].size: 'infinity': must be bytes such as '512M', or a percentage"},
                {"'tmpfs':[{'target':'/x','mode':1777}]",
                 "containers.c.tmpfs[0].mode: must be a string, is a number"},
                {"'tmpfs':[{'target':'/x','mode':'9'}]",
                 "containers.c.tmpfs[0].mode: '9': a mode is three or four octal digits"},
                {"'tmpfs':[{'target':'/x','uid':1}]", "containers.c.tmpfs[0].uid: unknown key"},
                /* environment, credentials */
                {"'environment':['A=b']", "containers.c.environment: must be an object, is an array"},
                {"'environment':{'A':1}", "containers.c.environment.A: must be a string, is a number"},
                {"'environment':{'A':null}", "containers.c.environment.A: must be a string, is null"},
                {"'environment':{'A B':'x'}",
                 "containers.c.environment[\"A B\"]: 'A B' cannot name a variable"},
                {"'environment':{'':'x'}",
                 "containers.c.environment[\"\"]: the name of a variable is empty"},
                {"'environment':{'A':'x','A':'y'}", "containers.c.environment.A: the key is given twice"},
                {"'environment':{'NOTIFY_SOCKET':'x'}", "environment.NOTIFY_SOCKET: the variable"},
                {"'environment':{'A':'1','MAINPID':'1'}",
                 "containers.c.environment.MAINPID: systemd sets this variable itself"},
                {"'envFile':{}", "containers.c.envFile: must be a string or an array, is an object"},
                {"'envFile':''", "containers.c.envFile: the path is empty"},
                {"'envFile':['a','~/b']", "containers.c.envFile[1]: '~/b'"},
                {"'environment':{'A':'b'},'environmentUnits':['a']",
                 "containers.c.environmentUnits[0]: 'a' does not end in the type of a unit"},
                {"'environment':{'A':'b'},'environmentUnits':['a@.service']", "'a@.service' is a template"},
                {"'environment':{'A':'b'},'environmentUnits':['a.socket']", "'a.socket' is not a service"},
                {"'environment':{'A':'b'},'environmentUnits':['a.service','b.service','a.service']",
                 "containers.c.environmentUnits: 'a.service' is named twice"},
                {"'profiles':'a'", "containers.c.profiles: must be an array, is a string"},
                {"'profiles':['a',1]", "containers.c.profiles[1]: must be a string, is a number"},
                {"'profiles':['']", "containers.c.profiles[0]: '' is not a profile: 1 to 63 letters"},
                {"'profiles':['*']", "containers.c.profiles[0]: '*' is not a profile"},
                {"'profiles':['-a']", "containers.c.profiles[0]: '-a' is not a profile"},
                {"'profiles':['a b']", "containers.c.profiles[0]: 'a b' is not a profile"},
                {"'profiles':['aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa']",
                 "containers.c.profiles[0]: "
                 "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' is not a profile"},
                {"'profiles':['a','b','a']", "containers.c.profiles[2]: 'a' is given twice"},
                {"'exports':['a']", "containers.c.exports: must be an object, is an array"},
                {"'exports':{'A B':'x'}", "containers.c.exports[\"A B\"]: 'A B' cannot name a variable"},
                {"'exports':{'A':1}", "containers.c.exports.A: must be a string, is a number"},
                {"'exports':{'A':'a${hosts}b'}", "containers.c.exports.A: '${hosts}' must be one of "
                                                 "${host}, ${port}, ${port:N}, ${name}, or $$"},
                {"'exports':{'A':'${}'}", "containers.c.exports.A: '${}' must be one of"},
                {"'exports':{'A':'a${host'}", "containers.c.exports.A: '${host' must be one of"},
                {"'exports':{'A':'$host'}", "containers.c.exports.A: '$host' must be one of"},
                {"'exports':{'A':'a$'}", "containers.c.exports.A: '$' must be one of"},
                {"'exports':{'A':'${HOST}'}", "'${HOST}' must be one of"},
                {"'exports':{'A':'${port:}'}", "'${port:}' must be one of"},
                {"'exports':{'A':'${port:0}'}", "containers.c.exports.A: '${port:0}'"},
                {"'exports':{'A':'${port:x}'}", "containers.c.exports.A: '${port:x}'"},
                {"'exports':{'A':'${port}'}", "containers.c.exports.A: no port is published"},
                {"'ports':['80'],'exports':{'A':'${port:81}'}",
                 "containers.c.exports.A: port 81 is not published"},
                {"'network':{'mode':'none'},'exports':{'A':'${host}'}",
                 "containers.c.exports.A: with network mode 'none'"},
                {"'environmentUnits':['a.service']",
                 "containers.c.environmentUnits: there is neither 'environment' nor 'envFile'"},
                {"'envFile':'a','environmentUnits':['a.service'],'command':['a']",
                 "containers.c.environmentUnits: a container with 'command' has no units"},
                {"'credentials':{'flake-containers.environment':'x'}",
                 "'flake-containers.environment' cannot name a credential"},
                {"'credentials':{'a:b':'x'}",
                 "containers.c.credentials[\"a:b\"]: 'a:b' cannot name a credential"},
                {"'credentials':{'a':1}",
                 "containers.c.credentials.a: must be a string or an object, is a number"},
                {"'credentials':{'a':null}",
                 "containers.c.credentials.a: must be a string or an object, is null"},
                {"'credentials':{'a':{}}",
                 "containers.c.credentials.a: must have one of 'file', 'environment' and 'command'"},
                {"'credentials':{'a':{'file':'x','environment':'Y'}}",
                 "containers.c.credentials.a: must have one of 'file', 'environment' and 'command'"},
                {"'credentials':{'a':{'file':''}}", "containers.c.credentials.a.file: the path is empty"},
                {"'credentials':{'a':{'environment':'A-B'}}",
                 "containers.c.credentials.a.environment: 'A-B' cannot name a variable"},
                {"'credentials':{'a':{'environment':7}}",
                 "containers.c.credentials.a.environment: must be a string, is a number"},
                {"'credentials':{'a':{'command':[]}}", "containers.c.credentials.a.command"},
                {"'credentials':{'a':{'command':'pass'}}",
                 "containers.c.credentials.a.command: must be an array, is a string"},
                {"'credentials':{'a':{'value':'x'}}", "containers.c.credentials.a.value: unknown key"},
                {"'credentials':{'a':''}", "containers.c.credentials.a: the path is empty"},
                {"'credentials':{'a':'x','a':'y'}", "containers.c.credentials.a: the key is given twice"},
                {"'credentials':[]", "containers.c.credentials: must be an object"},
                /* capabilities, nspawnArgs */
                {"'capabilities':[]", "containers.c.capabilities: must be an object"},
                {"'capabilities':{'add':['NET_ADMIN']}",
                 "containers.c.capabilities.add[0]: 'NET_ADMIN' is not a capability"},
                {"'capabilities':{'drop':'CAP_KILL'}", "containers.c.capabilities.drop: must be an array"},
                {"'capabilities':{'add':['CAP_KILL','CAP_CHOWN','CAP_KILL']}",
                 "containers.c.capabilities.add[2]: CAP_KILL is named already"},
                {"'capabilities':{'drop':['CAP_KILL'],'add':['CAP_KILL']}",
                 "containers.c.capabilities.drop[0]: CAP_KILL is named already"},
                {"'nspawnArgs':['--bind','/a']",
                 "containers.c.nspawnArgs[1]: '/a': an option of systemd-nspawn"},
                {"'nspawnArgs':['--machine=x']",
                 "containers.c.nspawnArgs[0]: '--machine=x': --machine cannot"},
                {"'nspawnArgs':'--bind=/a'", "containers.c.nspawnArgs: must be an array"},
                /* devices */
                {"'devices':'/dev/kvm'", "containers.c.devices: must be an array, is a string"},
                {"'devices':[1]", "containers.c.devices[0]: must be a string or an object, is a number"},
                {"'devices':['/dev/kvm','kvm']",
                 "containers.c.devices[1]: 'kvm': a path inside the container"},
                {"'devices':['/etc/passwd']",
                 "containers.c.devices[0]: '/etc/passwd': a device is below /dev"},
                {"'devices':[{}]", "containers.c.devices[0]: the key 'path' is missing"},
                {"'devices':[{'path':'/dev/pts/3'}]",
                 "containers.c.devices[0].path: '/dev/pts/3': every container has a /dev/pts of its own"},
                {"'devices':[{'path':'/dev/kvm','permissions':'rx'}]",
                 "containers.c.devices[0].permissions: 'rx': must be of 'r', 'w' and 'm'"},
                {"'devices':[{'path':'/dev/kvm','permissions':null}]",
                 "containers.c.devices[0].permissions: must be a string, is null"},
                {"'devices':[{'path':'/dev/kvm','mode':'rw'}]", "containers.c.devices[0].mode: unknown key"},
                {"'devices':['/dev/b','/dev/a',{'path':'/dev/b','permissions':'r'}]",
                 "containers.c.devices[2]: '/dev/b' is named already, by containers.c.devices[0]"},
                /* resources */
                {"'resources':[]", "containers.c.resources: must be an object, is an array"},
                {"'resources':{'Memory':1}", "containers.c.resources.Memory: unknown key"},
                {"'resources':{'memoryMax':'1G'}", "containers.c.resources.memoryMax: unknown key"},
                {"'resources':{'MemoryMax':true}",
                 "containers.c.resources.MemoryMax: must be a number or a string, is a boolean"},
                {"'resources':{'MemoryMax':512}",
                 "containers.c.resources.MemoryMax: '512': must be at least 1048576 bytes"},
                {"'resources':{'MemoryMax':-1}", "containers.c.resources.MemoryMax: must be between 0 and"},
                {"'resources':{'CPUQuota':50}",
                 "containers.c.resources.CPUQuota: '50': must be a percentage of one processor"},
                {"'resources':{'TasksMax':'512','TasksMax':'513'}",
                 "containers.c.resources.TasksMax: the key is given twice"},
                /* ready, stop */
                {"'ready':{'timeout':0}", "containers.c.ready.timeout: must be between 1 and 86400, is 0"},
                {"'ready':{'timeout':86401}", "containers.c.ready.timeout: must be between 1 and 86400"},
                {"'ready':{'timeout':-5}", "containers.c.ready.timeout: must be between 1 and 86400, is -5"},
                {"'ready':{'timeout':'60s'}", "containers.c.ready.timeout: must be a number, is a string"},
                {"'ready':{'timeout':1.5}", "containers.c.ready.timeout: number 1.5 must be whole"},
                {"'ready':{'timeout':null}", "containers.c.ready.timeout: must be a number, is null"},
                {"'ready':{'notify':1}", "containers.c.ready.notify: must be a boolean, is a number"},
                {"'ready':60", "containers.c.ready: must be an object, is a number"},
                {"'stop':{'timeout':0}", "containers.c.stop.timeout: must be between 1 and 86400, is 0"},
                {"'stop':{'signal':9}", "containers.c.stop.signal: must be a string"},
                {"'stop':{'signal':'INT'}", "containers.c.stop.signal: 'INT' is not a signal"},
                {"'stop':{'signal':'SIGKILL'}", "containers.c.stop.signal: 'SIGKILL' cannot be caught"},
                {"'stop':{'how':9}", "containers.c.stop.how: unknown key"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *text = with_container(table[i].members);

                test_set_row("%zu: %s", i, table[i].members);
                for (char *s = text; *s; s++)
                        *s = *s == '\'' ? '"' : *s;
                refuse(text, strlen(text), table[i].message);
        }
}

TEST(refuses_systems) {
        static const struct {
                const char *members, *message;
        } table[] = {
                {"'system':{}", "containers.c.system: 'rootfs', 'toplevel', 'debian' or 'oci' is missing"},
                {"'system':'r'", "containers.c.system: must be an object, is a string"},
                {"'system':null", "containers.c.system: must be an object, is null"},
                {"'system':{'rootfs':''}", "containers.c.system.rootfs: the path is empty"},
                {"'system':{'rootfs':1}", "containers.c.system.rootfs: must be a string, is a number"},
                {"'system':{'rootfs':'/'}", "containers.c.system.rootfs: '/' is the root of the host"},
                {"'system':{'rootfs':'//'}", "containers.c.system.rootfs: '/' is the root of the host"},
                {"'system':{'rootfs':'~/r'}", "containers.c.system.rootfs: '~/r': '~' is not expanded"},
                {"'system':{'rootfs':'a\\tb'}",
                 "containers.c.system.rootfs: 'a\tb': a path must not contain"},
                {"'system':{'rootfs':'r','init':'sbin/init'}",
                 "containers.c.system.init: 'sbin/init': a path inside the container must be absolute"},
                {"'system':{'rootfs':'r','init':'/'}", "containers.c.system.init: '/' is the container's"},
                {"'system':{'rootfs':'r','init':'/a/../b'}", "containers.c.system.init: '/a/../b': a path"},
                {"'system':{'rootfs':'r','build':''}", "containers.c.system.build: the text is empty"},
                {"'system':{'rootfs':'r','build':'a\\nb'}",
                 "containers.c.system.build: 'a\\nb': the text must"},
                {"'system':{'rootfs':'r','toplevel':'/nix/store/x'}",
                 "containers.c.system: 'rootfs' and 'toplevel' exclude each other"},
                {"'system':{'toplevel':'/nix/store/x','build':'make'}",
                 "containers.c.system: 'build' and 'toplevel' exclude each other"},
                {"'system':{'build':'make'}",
                 "containers.c.system: 'rootfs', 'toplevel', 'debian' or 'oci' is missing"},
                {"'system':{'toplevel':1}", "containers.c.system.toplevel: must be a string, is a number"},
                {"'system':{'toplevel':''}", "containers.c.system.toplevel: the path is empty"},
                {"'system':{'toplevel':'result'}", "containers.c.system.toplevel: 'result': a path inside"},
                {"'system':{'toplevel':'/system'}",
                 "containers.c.system.toplevel: '/system': a store path lies in a store"},
                {"'system':{'toplevel':'/nix/store/../x'}", "'/nix/store/../x': a path inside"},
                {"'system':{'toplevel':'/nix/store/x/'}", "'/nix/store/x/': a path inside"},
                {"'system':{'toplevel':'/proc/x'}", "'/proc': /proc is mounted by systemd-nspawn"},
                {"'system':{'toplevel':'/run/x'}", "'/run': /run is mounted by systemd-nspawn"},
                {"'system':{'toplevel':'/nix/store/x','init':'/sbin/init'}",
                 "containers.c.system.init: '/sbin/init' is not in the store '/nix/store'"},
                {"'system':{'toplevel':'/nix/store/x','init':'/nix/store'}",
                 "containers.c.system.init: '/nix/store' is not in the store '/nix/store'"},
                {"'system':{'toplevel':'/nix/store/x','init':'/nix/storeroom/x'}",
                 "containers.c.system.init: '/nix/storeroom/x' is not in the store"},
                {"'system':{'toplevel':'/nix/store/x','closure':'/tmp/x'}",
                 "containers.c.system.closure: '/tmp/x' is not in the store '/nix/store'"},
                {"'system':{'toplevel':'/nix/store/x','init':'/nix/store/x/init'},'command':['a']",
                 "containers.c: 'command' and 'system.init' exclude each other"},
                {"'system':{'toplevel':'/nix/store/x'},'volumes':['a:/nix/store']",
                 "containers.c.volumes[0]: target '/nix/store' is in the store '/nix/store'"},
                {"'system':{'toplevel':'/nix/store/x'},'tmpfs':['/tmp','/nix/store/y']",
                 "containers.c.tmpfs[1]: target '/nix/store/y' is in the store '/nix/store'"},
                {"'system':{'toplevel':'/nix/store/x'},'store':'closure'",
                 "containers.c.store: 'closure' needs 'system.closure'"},
                {"'system':{'rootfs':'r','closure':'/x'}",
                 "containers.c.system.closure: only with 'toplevel'"},
                {"'system':{'debian':'trixie'}",
                 "containers.c.system.debian: must be an object, is a string"},
                {"'system':{'debian':{}}", "containers.c.system.debian: the key 'suite' is missing"},
                {"'system':{'debian':{'suite':''}}",
                 "containers.c.system.debian.suite: '' cannot name a release"},
                {"'system':{'debian':{'suite':'--help'}}",
                 "containers.c.system.debian.suite: '--help' cannot name a release"},
                {"'system':{'debian':{'suite':'-'}}",
                 "containers.c.system.debian.suite: '-' cannot name a release"},
                {"'system':{'debian':{'suite':'a b'}}",
                 "containers.c.system.debian.suite: 'a b' cannot name a release"},
                {"'system':{'debian':{'suite':'a/b'}}",
                 "containers.c.system.debian.suite: 'a/b' cannot name a release"},
                {"'system':{'debian':{'suite':'../a'}}",
                 "containers.c.system.debian.suite: '../a' cannot name a release"},
                {"'system':{'debian':{'suite':'Trixie'}}",
                 "containers.c.system.debian.suite: 'Trixie' cannot name a release"},
                {"'system':{'debian':{'suite':'x','packages':'redis'}}",
                 "containers.c.system.debian.packages: must be an array, is a string"},
                {"'system':{'debian':{'suite':'x','packages':['']}}",
                 "containers.c.system.debian.packages[0]: '' cannot name a package"},
                {"'system':{'debian':{'suite':'x','packages':['a']}}",
                 "containers.c.system.debian.packages[0]: 'a' cannot name a package"},
                {"'system':{'debian':{'suite':'x','packages':['ab','--x']}}",
                 "containers.c.system.debian.packages[1]: '--x' cannot name a package"},
                {"'system':{'debian':{'suite':'x','packages':['apt-']}}",
                 "containers.c.system.debian.packages[0]: 'apt-' cannot name a package"},
                {"'system':{'debian':{'suite':'x','packages':['ab,cd']}}",
                 "containers.c.system.debian.packages[0]: 'ab,cd' cannot name a package"},
                {"'system':{'debian':{'suite':'x','packages':['ab=1']}}",
                 "containers.c.system.debian.packages[0]: 'ab=1' cannot name a package"},
                {"'system':{'debian':{'suite':'x','packages':['ab/sid']}}",
                 "containers.c.system.debian.packages[0]: 'ab/sid' cannot name a package"},
                {"'system':{'debian':{'suite':'x','packages':['?essential']}}",
                 "containers.c.system.debian.packages[0]: '?essential' cannot name a package"},
                {"'system':{'debian':{'suite':'x','packages':['~i']}}",
                 "containers.c.system.debian.packages[0]: '~i' cannot name a package"},
                {"'system':{'debian':{'suite':'x','packages':['./a.deb']}}",
                 "containers.c.system.debian.packages[0]: './a.deb' cannot name a package"},
                {"'system':{'debian':{'suite':'x','packages':['g++','g++']}}",
                 "containers.c.system.debian.packages[1]: 'g++' is named twice"},
                {"'system':{'debian':{'suite':'x','components':['main','a b']}}",
                 "containers.c.system.debian.components[1]: 'a b' cannot name a component"},
                {"'system':{'debian':{'suite':'x','components':['main,x']}}",
                 "containers.c.system.debian.components[0]: 'main,x' cannot name a component"},
                {"'system':{'debian':{'suite':'x','mirror':''}}",
                 "containers.c.system.debian.mirror: '' is not a mirror"},
                {"'system':{'debian':{'suite':'x','mirror':'deb http://x/y z'}}",
                 "containers.c.system.debian.mirror: 'deb http://x/y z' is not a mirror"},
                {"'system':{'debian':{'suite':'x','mirror':'file:/etc'}}",
                 "containers.c.system.debian.mirror: 'file:/etc' is not a mirror"},
                {"'system':{'debian':{'suite':'x','mirror':'http://'}}",
                 "containers.c.system.debian.mirror: 'http://' is not a mirror"},
                {"'system':{'debian':{'suite':'x','mirror':'http:///x'}}",
                 "containers.c.system.debian.mirror: 'http:///x' is not a mirror"},
                {"'system':{'debian':{'suite':'x','mirror':'http://x/y z'}}",
                 "containers.c.system.debian.mirror: 'http://x/y z' is not a mirror"},
                {"'system':{'debian':{'suite':'x','mirror':'http://x/[a]'}}",
                 "containers.c.system.debian.mirror: 'http://x/[a]' is not a mirror"},
                {"'system':{'debian':{'suite':'x','variant':'y'}}",
                 "containers.c.system.debian.variant: unknown key"},
                {"'system':{'debian':{'suite':'x'},'rootfs':'r'}",
                 "containers.c.system: 'rootfs' and 'debian' exclude each other"},
                {"'system':{'debian':{'suite':'x'},'toplevel':'/nix/store/x'}",
                 "containers.c.system: 'debian' and 'toplevel' exclude each other"},
                {"'system':{'debian':{'suite':'x'},'build':'make'}",
                 "containers.c.system: 'build' and 'debian' exclude each other"},
                {"'system':{'debian':{'suite':'x'},'closure':'/x'}",
                 "containers.c.system.closure: only with 'toplevel'"},
                {"'system':{'oci':''}", "containers.c.system.oci: the path is empty"},
                {"'system':{'oci':'~/i'}", "containers.c.system.oci: '~/i': '~' is not expanded"},
                {"'system':{'oci':1}",
                 "containers.c.system.oci: must be a string or an object, is a number"},
                {"'system':{'oci':{}}", "containers.c.system.oci: the key 'path' is missing"},
                {"'system':{'oci':{'path':'i','tag':'x'}}", "containers.c.system.oci.tag: unknown key"},
                {"'system':{'oci':{'path':'i','image':''}}",
                 "containers.c.system.oci.image: '' cannot name an image"},
                {"'system':{'oci':{'path':'i','image':'@0'}}",
                 "containers.c.system.oci.image: '@0' cannot name an image"},
                {"'system':{'oci':{'path':'i','image':'a b'}}",
                 "containers.c.system.oci.image: 'a b' cannot name an image"},
                {"'system':{'oci':'i','rootfs':'r'}",
                 "containers.c.system: 'rootfs' and 'oci' exclude each other"},
                {"'system':{'oci':'i','debian':{'suite':'x'}}",
                 "containers.c.system: 'debian' and 'oci' exclude each other"},
                {"'system':{'oci':'i','toplevel':'/nix/store/x'}",
                 "containers.c.system: 'oci' and 'toplevel' exclude each other"},
                {"'system':{'oci':'i','build':'make'}",
                 "containers.c.system: 'build' and 'oci' exclude each other"},
                {"'system':{'oci':'i','closure':'/x'}", "containers.c.system.closure: only with 'toplevel'"},
                {"'system':{'rootfs':'r','image':'x'}", "containers.c.system.image: unknown key"},
                {"'system':{'rootfs':'r','init':'/i'},'command':['a']",
                 "containers.c: 'command' and 'system.init' exclude each other"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *text =
                        xasprintf("{'version':1,'containers':{'c':{%s}}}", table[i].members);

                test_set_row("%zu: %s", i, table[i].members);
                for (char *s = text; *s; s++)
                        *s = *s == '\'' ? '"' : *s;
                refuse(text, strlen(text), table[i].message);
        }
}

/* What is implied is there, and is printed; what the document says of it stays. */
TEST(shared_network) {
        static const struct {
                const char *members;
                DependencyNeed need;
        } table[] = {
                {"", NEED_READY},
                {", \"dependsOn\": {\"vpn\": \"started\"}", NEED_STARTED},
                {", \"dependsOn\": {\"vpn\": \"ready\"}", NEED_READY},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *text = xasprintf(
                        "{\"version\":1,\"containers\":{\"app\":{\"system\":{\"rootfs\":\"r\"},\"network\":{"
                        "\"mode\":\"container\",\"container\":\"vpn\"}%s},"
                        "\"vpn\":{\"system\":{\"rootfs\":\"r\"}},\"job\":{\"system\":{\"rootfs\":\"r\"}}}}",
                        table[i].members);
                char *const asked[] = {(char *) "vpn", (char *) "job", NULL};
                _cleanup_strv_ char **names = NULL, **alone = NULL;
                _cleanup_(spec_freep) Spec *spec = NULL, *again = NULL;
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_free_ char *printed = NULL;
                const ContainerSpec *c;

                test_set_row("%zu", i);
                ASSERT_OK(spec_parse(text, strlen(text), &spec, &error), &error);
                printed = spec_print(spec);
                ASSERT_OK(spec_parse(printed, strlen(printed), &again, &error), &error);
                c = spec_find(again, "app");
                ASSERT_STREQ(c->network_of, "vpn");
                ASSERT_EQ(c->n_dependencies, (size_t) 1);
                ASSERT_STREQ(c->dependencies[0].name, "vpn");
                ASSERT_EQ(c->dependencies[0].need, table[i].need);
                names = network_share_follow(spec, asked);
                ASSERT_TRUE(strv_length(names) == 3 && streq(names[0], "vpn") && streq(names[1], "job") &&
                            streq(names[2], "app"));
                alone = network_share_follow(spec, asked + 1);
                ASSERT_TRUE(strv_length(alone) == 1 && streq(alone[0], "job"));
        }
}

/* One container per list of ports. */
static char *with_ports(const char *a, const char *b) {
        return xasprintf("{\"version\":1,\"containers\":{"
                         "\"a\":{\"system\":{\"rootfs\":\"r\"},\"ports\":[%s]},"
                         "\"b\":{\"system\":{\"rootfs\":\"r\"},\"ports\":[%s]}}}",
                         a, b);
}

TEST(refuses_networks) {
        static const struct {
                const char *networks, *web, *db, *message;
        } table[] = {
                {"[]", "", "", "networks: must be an object, is an array"},
                {"{'a':{'net':1}}", "", "", "networks.a.net: "},
                {"{'a':{'subnet6':'fd00::/48'}}", "", "",
                 "networks.a.subnet6: 'fd00::/48' is not an IPv6 network in fc00::/7 with a prefix of 64"},
                {"{'a':{'subnet6':'fd00::1/64'}}", "", "", "'fd00::1/64' is not an IPv6 network"},
                {"{'a':{'subnet6':'2001:db8::/64'}}", "", "", "'2001:db8::/64' is not an IPv6 network"},
                {"{'a':{'subnet6':'10.0.0.0/64'}}", "", "", "'10.0.0.0/64' is not an IPv6 network"},
                {"{'a':{'subnet6':'fd00::/64'},'b':{'subnet6':'FD00:0::/64'}}", "", "",
                 "networks.b.subnet6: 'fd00::/64' is that of network 'a'"},
                {"{'default':{'subnet6':'fd00::/64'}}", "'address6':'fd00:0:0:1::2'", "",
                 "containers.web.network.address6: 'fd00:0:0:1::2' is not in fd00::/64, the subnet6 of "
                 "network 'default'"},
                {"{}", "'address6':'fd00::2'", "'address6':'fd00:0:0:1::3'",
                 "containers.db.network.address6: 'fd00:0:0:1::3' is not in fd00::/64"},
                {"{}", "'address6':'fd00::42'", "'networks':['b'],'address':'10.0.2.42'",
                 "containers.db.network.address: '10.0.2.42' ends like that of 'web'"},
                {"{}", "'address':'10.0.2.42'", "'networks':['b'],'address6':'fd00::42'",
                 "containers.db.network.address6: 'fd00::42' ends like that of 'web'"},
                {"{'A':{'subnet':'10.0.0.0/24'}}", "", "", "networks.A: "},
                {"{'a':{'subnet':'10.0.0.0'}}", "", "",
                 "networks.a.subnet: '10.0.0.0' is not an IPv4 network with a prefix of 24 bits"},
                {"{'a':{'subnet':'10.0.0.0/16'}}", "", "",
                 "networks.a.subnet: '10.0.0.0/16' is not an IPv4"},
                {"{'a':{'subnet':'10.0.0.2/24'}}", "", "",
                 "networks.a.subnet: '10.0.0.2/24' is an address; its network is 10.0.0.0/24"},
                {"{'a':{'subnet':'11.0.0.0/24'}}", "", "", "networks.a.subnet: '11.0.0.0/24' is not in 10."},
                {"{'a':{'subnet':'10.0.0.0/24'},'b':{'subnet':'10.0.0.0/24'}}", "", "",
                 "networks.b.subnet: '10.0.0.0/24' is that of network 'a'"},
                {"{'default':{'subnet':'10.0.0.0/24'}}", "'address':'10.0.1.2'", "",
                 "containers.web.network.address: '10.0.1.2' is not in 10.0.0.0/24, the subnet of network "
                 "'default'"},
                {"{}", "'address':'10.0.1.2'", "'address':'10.0.2.3'",
                 "containers.db.network.address: '10.0.2.3' is not in 10.0.1.0/24, the subnet of network "
                 "'default'"},
                {"{}", "'address':'10.0.1.2'", "'networks':['b'],'address':'10.0.1.3'",
                 "networks.b.subnet: '10.0.1.0/24' is that of network 'default'"},
                {"{}", "'address':'10.0.1.2'", "'networks':['b'],'address':'10.0.2.2'",
                 "containers.db.network.address: '10.0.2.2' ends like that of 'web'"},
                {"{}", "'mode':'bridge','interface':'br0','address':'9.9.9.2/24'",
                 "'mode':'macvlan','interface':'eth0','address':'9.9.9.2/24'",
                 "containers.db.network.address: '9.9.9.2/24' is that of 'web'"},
                {"{}", "'mode':'bridge','interface':'br0','address':'9.9.9.2/24','address6':'fd00::2/64'",
                 "'mode':'bridge','interface':'br0','address':'9.9.9.3/24','address6':'fd00::2/64'",
                 "containers.db.network.address6: 'fd00::2/64' is that of 'web'"},
                {"{}", "'mode':'interface','interface':'eth1'", "'mode':'macvlan','interface':'eth1'",
                 "containers.db.network.interface: 'eth1' is that of 'web', and with network.mode "
                 "'interface' "
                 "of one container only"},
                {"{}", "'mode':'container','container':'db'", "'mode':'host'",
                 "containers.web.network.container: 'db' has a network of the host's: give this one the "
                 "same"},
                {"{}", "'mode':'container','container':'db'", "'mode':'namespace','namespace':'vpn'",
                 "'db' has a network of the host's"},
                {"{}", "'mode':'container','container':'db'", "'mode':'container','container':'web'",
                 "containers.web.network.container: 'db' shares the network of 'web' itself: name that"},
                {"{}", "'mode':'container','container':'db'",
                 "},'oneShot':true,'sockets':[],'tmpfs':[],'environment':{",
                 "'db' is 'oneShot', and its network goes with its end"},
                {"{}", "'mode':'container','container':'db'", "},'shared':true,'environment':{",
                 "'db' is shared by work trees, and so is its network: share this one, too"},
                {"{}", "'mode':'container','container':'db'},'shared':true,'environment':{", "",
                 "'db' is of each work tree, and this one is shared by all"},
                {"{}", "'mode':'container','container':'db'", "},'dependsOn':{'web':'started'",
                 "they wait for each other: web -> db -> web"},
                {"{}", "'mac':'02:00:00:00:00:0A'", "'mac':'02:00:00:00:00:0a'",
                 "containers.db.network.mac: '02:00:00:00:00:0a' is that of 'web'"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *text =
                        xasprintf("{'version':1,'networks':%s,'containers':{'web':{'system':{'rootfs':'r'},"
                                  "'network':{%s}},'db':{'system':{'rootfs':'r'},'network':{%s}}}}",
                                  table[i].networks, table[i].web, table[i].db);

                for (char *c = text; *c; c++)
                        if (*c == '\'')
                                *c = '"';
                test_set_row("%zu", i);
                refuse(text, strlen(text), table[i].message);
        }
}

TEST(a_fixed_address_says_the_subnet) {
        static const char text[] = "{\"version\":1,\"containers\":{\"web\":{\"system\":{\"rootfs\":\"r\"},"
                                   "\"network\":{\"networks\":[\"b\"],\"address\":\"192.168.7.9\"}}}}";
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(spec_freep) Spec *spec = NULL;

        ASSERT_OK(spec_parse(text, strlen(text), &spec, &error), &error);
        ASSERT_EQ(spec->n_networks, 1u);
        ASSERT_STREQ(spec->networks[0].name, "b");
        ASSERT_STREQ(spec->networks[0].subnet, "192.168.7.0/24");
}

TEST(a_fixed_ipv6_address_says_the_subnet) {
        static const char text[] =
                "{\"version\":1,\"networks\":{\"a\":{\"subnet6\":\"FD00:0:0:7::/64\"}},\"containers\":{"
                "\"web\":{\"system\":{\"rootfs\":\"r\"},\"network\":{\"networks\":[\"b\"],"
                "\"address6\":\"fd00:0:0:8::254\"}}}}";
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(spec_freep) Spec *spec = NULL;

        ASSERT_OK(spec_parse(text, strlen(text), &spec, &error), &error);
        ASSERT_EQ(spec->n_networks, 2u);
        ASSERT_STREQ(spec->networks[0].subnet, NULL);
        ASSERT_STREQ(spec->networks[0].subnet6, "fd00:0:0:7::/64");
        ASSERT_STREQ(spec->networks[1].subnet, NULL);
        ASSERT_STREQ(spec->networks[1].subnet6, "fd00:0:0:8::/64");
        ASSERT_EQ(networks6_number(spec_find(spec, "web")), 254);
}

TEST(ports_of_two_containers) {
        static const struct {
                const char *a, *b, *message;
        } table[] = {
                {"\"80\"", "\"81:80\"", NULL},
                {"\"127.0.0.1:80:80\"", "\"127.0.0.2:80:80\"", NULL},
                {"\"127.0.0.1:80:80\"", "\"[::1]:80:80\"", NULL},
                {"\"0.0.0.0:80:80\"", "\"[::]:80:80\"", NULL},
                {"\"auto:80\"", "\"auto:80\"", NULL},
                {"\"auto:80\"", "\"80\"", NULL},
                {"\"53\",\"auto:53\"", "\"53/udp\",\"auto:53/udp\"", NULL},
                {"\"auto:80\",\"80\"", "\"auto:80\"", NULL},
                {"\"127.0.0.1:auto:80\",\"[::1]:auto:80\"", "", NULL},
                {"\"1:80\",\"80:80\"", "\"81:1\",\"80:80\"",
                 "containers.b.ports[1]: host port 80 on 127.0.0.1 is taken already, by "
                 "containers.a.ports[1]"},
                {"\"0.0.0.0:80:80\"", "\"80:80\"",
                 "containers.b.ports[0]: host port 80 on 127.0.0.1 is taken already, by "
                 "containers.a.ports[0]"},
                {"\"80:80\"", "\"[::]:80:80\"",
                 "containers.b.ports[0]: host port 80 on :: is taken already, by containers.a.ports[0]"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(spec_freep) Spec *spec = NULL;
                _cleanup_free_ char *text = with_ports(table[i].a, table[i].b);

                test_set_row("%s and %s", table[i].a, table[i].b);
                if (table[i].message)
                        refuse(text, strlen(text), table[i].message);
                else
                        ASSERT_OK(parse(text, strlen(text), &spec, &error), &error);
        }
}

TEST(an_unknown_key_is_answered_with_the_known_ones) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text = with_container("\"stop\":{\"after\":1}");
        Spec *spec = NULL;

        ASSERT_ERROR(parse(text, strlen(text), &spec, &error), &error, FC_EXIT_USAGE, "unknown key");
        ASSERT_STREQ(error.hints[0], "the keys known here: timeout, signal");
}

static char *read_source(const char *name) {
        _cleanup_free_ char *path = xasprintf(FC_SOURCE_DIR "/%s", name);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        char *text = NULL;

        test_set_row("%s", path);
        ASSERT_TRUE(fd >= 0);
        ASSERT_OK(fs_read_fd(fd, path, SPEC_SIZE_MAX, &text, NULL, NULL));
        return text;
}

TEST(the_example_of_the_repository) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(spec_freep) Spec *spec = NULL;
        _cleanup_free_ char *text = read_source("examples/debian/flake-containers.json");

        ASSERT_OK(parse(text, strlen(text), &spec, &error), &error);
        ASSERT_TRUE(spec_find(spec, "httpserver"));
}

TEST(the_example_of_the_documentation) {
        static const char fence[] = "```json\n";
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(spec_freep) Spec *spec = NULL;
        _cleanup_free_ char *text = read_source("docs/SPEC.md");
        const char *start = strstr(text, fence), *end;

        ASSERT_TRUE(start);
        start += strlen(fence);
        end = strstr(start, "```");
        ASSERT_TRUE(end);
        ASSERT_OK(parse(start, (size_t) (end - start), &spec, &error), &error);
        ASSERT_EQ(spec->n_containers, 4);
}

/* The text between the next two backticks, or NULL. Moves `s` behind it. */
static char *next_code(char **s) {
        char *start = strchr(*s, '`'), *end = start ? strchr(start + 1, '`') : NULL;

        if (!end)
                return NULL;
        *s = end + 1;
        *end = '\0';
        return start + 1;
}

static char *print_element(const char *key, const char *element) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(spec_freep) Spec *spec = NULL;
        _cleanup_free_ char *members = xasprintf("\"%s\":[%s]", key, element),
                            *text = with_container(members);

        ASSERT_OK(parse(text, strlen(text), &spec, &error), &error);
        return print_one(&spec->containers[0]);
}

TEST(the_short_forms_of_the_documentation) {
        _cleanup_free_ char *text = read_source("docs/SPEC.md");
        char *save = NULL;
        int n = 0;

        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                _cleanup_free_ char *a = NULL, *b = NULL;
                char *short_form, *long_form;
                const char *key;

                if (!startswith(line, "| `\""))
                        continue;
                test_set_row("%s", line);
                short_form = next_code(&line);
                long_form = next_code(&line);
                ASSERT_TRUE(short_form && long_form);
                if (strstr(long_form, "\"host\""))
                        key = "ports";
                else
                        key = strstr(long_form, "\"source\"") ? "volumes" : "tmpfs";
                a = print_element(key, short_form);
                b = print_element(key, long_form);
                ASSERT_STREQ(a, b);
                n++;
        }
        ASSERT_EQ(n, 13);
}

/* Quadratic work on these takes minutes. */
#define LIMIT_USEC (20 * USEC_PER_SEC)

/* One container whose list `key` has `n` elements of the format, which takes the index. */
static char *with_list(const char *key, size_t n, const char *format, size_t *ret_size) {
        char *text = NULL;
        FILE *f = open_memstream(&text, ret_size);

        ASSERT_TRUE(f);
        (void) fprintf(f, "{\"version\":1,\"containers\":{\"c\":{\"system\":{\"rootfs\":\"r\"},%s:[", key);
        for (size_t i = 0; i < n; i++)
                (void) fprintf(f, "%s\"%s%zu\"", i == 0 ? "" : ",", format, i);
        (void) fputs("]}}}", f);
        ASSERT_EQ(fclose(f), 0);
        return text;
}

TEST(hostile_sizes) {
        static const struct {
                const char *key, *format;
                size_t n;
                const char *message; /* NULL: it is taken */
        } table[] = {
                {"\"tmpfs\"", "/t", 300000, NULL},
                {"\"volumes\"", "s:/t", 250000, NULL},
                {"\"command\"", "w", 300000, NULL},
                {"\"ports\"", "127.0.0.1:auto:1", 9999, "at most 100 ports, not 9999"},
                {"\"ports\"", "auto:1-6553", 6, "at most 100 ports, not 393195"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                _cleanup_(spec_freep) Spec *spec = NULL;
                size_t size;
                _cleanup_free_ char *text = with_list(table[i].key, table[i].n, table[i].format, &size);
                uint64_t start = now_usec();

                test_set_row("%s", table[i].key);
                ASSERT_TRUE(size <= SPEC_SIZE_MAX);
                if (table[i].message)
                        ASSERT_ERROR(parse(text, size, &spec, &error), &error, FC_EXIT_USAGE,
                                     table[i].message);
                else
                        ASSERT_OK(parse(text, size, &spec, &error), &error);
                ASSERT_TRUE(now_usec() - start < LIMIT_USEC);
        }
}

TEST(size_is_limited) {
        const size_t mb16 = 16 * 1024 * 1024;
        _cleanup_free_ char *text = xmalloc0(mb16);

        memset(text, ' ', mb16);
        refuse(text, mb16, "the specification is larger than 4194304 bytes");
        refuse(text, SPEC_SIZE_MAX + 1, "the specification is larger than 4194304 bytes");
        refuse(text, SPEC_SIZE_MAX, "the text ends");
        memset(text, '[', mb16);
        refuse(text, SPEC_SIZE_MAX, "more than 32");
        refuse(text, mb16, "larger than");
}
