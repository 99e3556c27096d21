/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "export/export.h"
#include "export/image-config.h"
#include "export/keys.h"
#include "export/parts.h"
#include "export/probe.h"
#include "export/quadlet.h"
#include "export/yaml.h"
#include "spec/container.h"
#include "spec/spec-parse.h"
#include "test.h"

/* What engines make of the documents is tried with them; here is what they say, and what is refused. */

#define DOCUMENT(members)                                                                                   \
        "{\"version\":1,\"project\":{\"name\":\"shop\"},\"containers\":{\"db\":{\"system\":{\"rootfs\":"    \
        "\"i\"},"                                                                                           \
        "\"ephemeral\":true" members "}}}"

static Spec *spec_of(const char *text) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        Spec *spec = NULL;

        if (spec_parse(text, strlen(text), &spec, &error) < 0)
                test_fail(__FILE__, __LINE__, "%s", error.message);
        return spec;
}

static char *const DB[] = {(char *) "db", NULL};

static ExportRequest request_for(ExportFormat format, const Spec *spec) {
        return (ExportRequest){
                .format = format, .spec = spec, .names = DB, .project = "shop", .root = "/home/me/my shop"};
}

/* Each key of the specification has an answer for each format, and the manual has it. */
TEST(table_has_all_keys) {
        _cleanup_close_ int fd = open(FC_SOURCE_DIR "/docs/EXPORT.md", O_RDONLY | O_CLOEXEC);
        JsonField fields[CONTAINER_KEYS_MAX];
        JsonShape shape = container_shape(fields);
        _cleanup_free_ char *manual = NULL;
        const ExportKey *key;
        size_t n = 0;

        ASSERT_TRUE(fd >= 0);
        ASSERT_OK(fs_read_fd(fd, "EXPORT.md", 1 << 20, &manual, NULL, NULL));
        while (export_key_at(n))
                n++;
        ASSERT_EQ(n, shape.n_fields);
        for (size_t i = 0; (key = export_key_at(i)); i++) {
                _cleanup_free_ char *row =
                        xasprintf("\n| `%s` | %s | %s | %s | %s |\n", key->name, key->becomes[0],
                                  key->becomes[1], key->becomes[2], key->becomes[3]);

                test_set_row("%s", key->name);
                ASSERT_STREQ(key->name, fields[i].key);
                if (!strstr(manual, row))
                        test_fail(__FILE__, __LINE__, "docs/EXPORT.md has no such row: %s", row);
        }
}

/* `formats`: letters of those that refuse it. */
static const struct {
        const char *members, *formats, *message;
} refusals[] = {
        /* clang-format off */
        {"",                                                                       "",   NULL},
        {",\"users\":\"host\"",                                                    "q",  "users: a user's podman"},
        {",\"network\":{\"mode\":\"none\"}",                                       "k",  "network.mode: a pod has a network"},
        {",\"network\":{\"mode\":\"namespace\",\"namespace\":\"vpn\"}",            "kq", "network.mode: what it names is this host's"},
        {",\"network\":{\"mode\":\"container\",\"container\":\"vpn\"}},\"vpn\":{\"system\":{\"rootfs\":\"i\"}", "kq", "network.mode: each has a network of its own"},
        {",\"network\":{\"mode\":\"bridge\",\"interface\":\"br0\"}",               "kq", "network.mode: what it names is this host's"},
        {",\"network\":{\"hostAccess\":[5432]}",                                   "kq", "network.hostAccess"},
        {",\"network\":{\"networks\":[\"back\"]}",                                 "k",  "network.networks"},
        {",\"network\":{\"networks\":[\"default\"]}",                              "",   NULL},
        {",\"network\":{\"address\":\"10.250.0.2\"}",                              "k",  "network.address"},
        {",\"network\":{\"mac\":\"02:00:00:00:00:01\"}",                           "k",  "network.mac"},
        {",\"network\":{\"internet\":true}",                                       "",   NULL},
        {",\"ports\":[\"80\"]",                                                    "q",  "network.internet: a port is published of"},
        {",\"network\":{\"internet\":true},\"ports\":[\"auto:80\"]",                   "k",  "ports[0]: a node does not choose"},
        {",\"network\":{\"internet\":true},\"ports\":[{\"host\":1,\"container\":1,\"proxyProtocol\":true}]",       "kq", "ports[0]: it does not tell"},
        {",\"sockets\":[\"pg:/run/pg\"]",                                          "kq", "sockets:"},
        {",\"volumes\":[\"@a:/a\",\"src:/srv\"]",                                  "k",  "volumes[1]: it is a directory of this machine"},
        {",\"volumes\":[\"src:/srv:overlay\"]",                                    "kq", "volumes[0]: a layer over"},
        {",\"volumes\":[{\"source\":\"@a\",\"target\":\"/a\",\"owner\":\"www-data\"}]", "kq", "volumes[0]: it cannot give files"},
        {",\"volumes\":[{\"source\":\"@a\",\"target\":\"/a:b\"}]",                 "kq", "volumes[0]: it takes no path with ':'"},
        {",\"volumes\":[{\"source\":\"@a\",\"target\":\"/a\\\\\"}]",                "kq", "volumes[0]: it takes no path with ':'"},
        {",\"volumes\":[{\"source\":\"/a\",\"target\":\"/a\",\"owner\":\"host\"}]", "kq", "volumes[0]: it"},
        {",\"volumes\":[{\"source\":\"a\",\"target\":\"/a\",\"create\":true}]",    "kq", "volumes[0]: it does not make"},
        {",\"tmpfs\":[\"/tmp:mode=1777\"]",                                        "k",  "tmpfs[0]: an 'emptyDir' has mode 0777"},
        {",\"tmpfs\":[\"/tmp:size=10%\"]",                                         "k",  "tmpfs[0]: a part of the machine's memory"},
        {",\"envFile\":\".env\"",                                                  "kq", "envFile:"},
        {",\"environment\":{\"A\":\"b\"}",                                         "",   NULL},
        {",\"environmentUnits\":[\"a.service\"],\"environment\":{\"A\":\"b\"}",    "okq", "environmentUnits:"},
        {",\"credentials\":{\"a\":\"f\"}",                                         "",   NULL},
        {",\"credentials\":{\"a+b\":\"f\"}",                                       "kq", "credentials.a+b: the name of a secret"},
        {",\"capabilities\":{\"add\":[\"CAP_NET_ADMIN\"]}",                        "",   NULL},
        {",\"devices\":[\"/dev/fuse\"]",                                           "k",  "devices:"},
        {",\"devices\":[\"/dev/a:b\"]",                                            "kq", "devices"},
        {",\"resources\":{\"MemoryMax\":\"1G\",\"CPUQuota\":\"50%\"}",             "",   NULL},
        {",\"resources\":{\"MemoryMax\":\"50%\"}",                                 "k",  "resources.MemoryMax: a part of"},
        {",\"resources\":{\"TasksMax\":10}",                                       "k",  "resources.TasksMax: a pod has"},
        {",\"resources\":{\"TasksMax\":\"infinity\"}",                             "",   NULL},
        {",\"restart\":\"on-failure\"",                                            "",   NULL},
        {",\"nspawnArgs\":[\"--user=www\",\"--chdir=/srv\"]",                      "",   NULL},
        {",\"nspawnArgs\":[\"--rlimit=NOFILE=1\"]",                                "okq", "nspawnArgs[0]: it is an option"},
        {",\"ready\":{\"tcp\":[1],\"units\":[\"a.service\"]}",                     "",   NULL},
        {",\"ready\":{\"unix\":[\"/run/a\"]}",                                     "kq", "ready.unix:"},
        {",\"command\":[\"a\"],\"ready\":{\"notify\":true}",                       "k",  "ready.notify:"},
        {",\"seed\":[{\"run\":[\"a\"]}]",                                          "kq", "seed:"},
        {",\"dependsOn\":{\"a\":\"started\"}},\"a\":{\"system\":{\"rootfs\":\"i\"},\"command\":[\"a\"]",                     "",  NULL},
        {",\"dependsOn\":{\"a\":\"started\"}},\"a\":{\"system\":{\"rootfs\":\"i\"},\"command\":[\"a\"],\"oneShot\":true", "k", "dependsOn.a: a pod cannot wait for one that ends"},
        {",\"exports\":{\"A\":\"${name}\"}",                                       "kq", "exports:"},
        {",\"hooks\":{\"afterReady\":[[\"a\"]]}",                                  "kq", "hooks:"},
        {",\"profiles\":[\"a\"]",                                                "",   NULL},
        {",\"shared\":true",                                                       "kq", "shared:"},
        /* clang-format on */
};

/* @message: NULL: it is not refused */
static void check_refusal(ExportFormat format, const Spec *spec, const char *members, const char *message) {
        _cleanup_(key_refusals_done) KeyRefusals found = {0};
        ExportRequest r = request_for(format, spec);
        bool refused = message;

        test_set_row("%s: %s", export_format_to_string(format), members);
        ASSERT_OK(keys_check(&r, &found, NULL));
        ASSERT_EQ(strv_length(found.lines), refused ? 1 : 0);
        if (refused)
                ASSERT_TRUE(strstr(found.lines[0], message));
        if (!refused)
                return;
        r.without = found.keys;
        {
                _cleanup_(key_refusals_done) KeyRefusals rest = {0};

                ASSERT_OK(keys_check(&r, &rest, NULL));
                ASSERT_TRUE(!rest.lines);
        }
        if (format != EXPORT_FORMAT_OCI) {
                _cleanup_(export_files_done) ExportFiles files = {0};

                export_documents(&r, &files);
                ASSERT_TRUE(files.n > 0);
        }
}

static const char *message_for(size_t i, char letter) {
        return strchr(refusals[i].formats, letter) ? refusals[i].message : NULL;
}

TEST(refusals) {
        for (size_t i = 0; i < ELEMENTSOF(refusals); i++) {
                const char *members = refusals[i].members;
                _cleanup_free_ char *text =
                        xasprintf("{\"version\":1,\"containers\":{\"db\":{\"system\":{\"rootfs\":\"i\"},"
                                  "\"ephemeral\":true%s}}}",
                                  members);
                _cleanup_(spec_freep) Spec *spec = spec_of(text);

                check_refusal(EXPORT_FORMAT_OCI, spec, members, message_for(i, 'o'));
                check_refusal(EXPORT_FORMAT_KUBERNETES, spec, members, message_for(i, 'k'));
                check_refusal(EXPORT_FORMAT_QUADLET, spec, members, message_for(i, 'q'));
        }
}

/* Of Nomad, with what it asks of each. */
#define LIMIT ",\"resources\":{\"MemoryMax\":\"1G\"}"
#define OUT   ",\"network\":{\"internet\":true}"

TEST(refusals_of_nomad) {
        static const struct {
                const char *members, *message;
        } rows[] = {
                /* clang-format off */
                {LIMIT OUT,                                                                   NULL},
                {LIMIT,                                                                       "network.internet: what podman makes leads out"},
                {OUT,                                                                         "resources.MemoryMax: without one"},
                {OUT ",\"resources\":{\"MemoryMax\":\"50%\"}",                                "resources.MemoryMax: a part of"},
                {OUT ",\"resources\":{\"MemoryMax\":\"1G\",\"CPUQuota\":\"50%\"}",            "resources.CPUQuota: a share of processors"},
                {OUT ",\"resources\":{\"MemoryMax\":\"1G\",\"TasksMax\":10}",                 NULL},
                {OUT ",\"resources\":{\"MemoryMax\":\"1G\",\"IOWeight\":10}",                 "resources.IOWeight: podman's driver"},
                {LIMIT ",\"network\":{\"mode\":\"none\"}",                                    NULL},
                {LIMIT ",\"network\":{\"mode\":\"host\"}",                                    NULL},
                {LIMIT ",\"network\":{\"mode\":\"bridge\",\"interface\":\"br0\"}",            "network.mode: what it names"},
                {LIMIT ",\"network\":{\"internet\":true,\"networks\":[\"back\"]}",            "network.networks: a group has one"},
                {LIMIT ",\"network\":{\"internet\":true,\"address\":\"10.250.0.2\"}",         "network.address: the cluster"},
                {LIMIT OUT ",\"users\":\"host\"",                                             "users: a user's podman"},
                {LIMIT OUT ",\"ports\":[\"auto:80\",\"8080:80\",\"8080:80/udp\",\"127.0.0.1:1:1\",\"0.0.0.0:2:2\"]", NULL},
                {LIMIT OUT ",\"ports\":[\"10.0.0.1:1:1\"]",                                   "ports[0]: an address is a node's own"},
                {LIMIT OUT ",\"volumes\":[\"@a:/a\",\"src:/srv\"]",                           "volumes[1]: it is a directory of this machine"},
                {LIMIT OUT ",\"tmpfs\":[\"/tmp:mode=1777\"]",                                 NULL},
                {LIMIT OUT ",\"devices\":[\"/dev/fuse\"]",                                    NULL},
                {LIMIT OUT ",\"credentials\":{\"a\":\"f\"}",                                  NULL},
                {LIMIT OUT ",\"ready\":{\"tcp\":[1]}",                                        "ready.tcp: Nomad asks podman"},
                {LIMIT ",\"network\":{\"mode\":\"host\"},\"ready\":{\"tcp\":[1]}",            NULL},
                {LIMIT OUT ",\"ready\":{\"http\":[{\"port\":80}]}",                           "ready.http: Nomad asks at published ports, and 80"},
                {LIMIT OUT ",\"ports\":[\"1:80/udp\"],\"ready\":{\"http\":[{\"port\":80}]}",  "ready.http: Nomad asks at published ports, and 80"},
                {LIMIT OUT ",\"ports\":[\"auto:80\"],\"ready\":{\"http\":[{\"port\":80}]}",   NULL},
                {LIMIT OUT ",\"tmpfs\":[\"/a${b}\"]",                                         "tmpfs[0]: '${' and"},
                {LIMIT OUT ",\"volumes\":[\"@a:/a%{b}\"]",                                    "volumes[0]: '${' and"},
                {LIMIT OUT ",\"devices\":[\"/dev/a${b}\"]",                                   "devices[0]: '${' and"},
                {LIMIT OUT ",\"devices\":[\"/dev/a:b\"]",                                     "devices[0]: it takes no path with"},
                {LIMIT OUT ",\"ready\":{\"http\":[{\"port\":80,\"status\":[200,299]}]}",      "ready.http: Nomad takes"},
                {LIMIT OUT ",\"ready\":{\"notify\":true}",                                    "ready.notify: a task"},
                {LIMIT OUT ",\"ready\":{\"units\":[\"a.service\"]}",                          "ready.units: Nomad asks"},
                {LIMIT OUT ",\"ready\":{\"exec\":[[\"a\"]]}",                                 "ready.exec: Nomad asks"},
                {LIMIT OUT ",\"ready\":{\"unix\":[\"/run/a\"]}",                              "ready.unix:"},
                {LIMIT ",\"network\":{\"mode\":\"none\"},\"ready\":{\"tcp\":[1]}",            "ready.tcp: Nomad asks podman"},
                {LIMIT OUT ",\"dependsOn\":{\"a\":\"started\"}},\"a\":{\"system\":{\"rootfs\":\"i\"},\"command\":[\"a\"]", "dependsOn.a: a group waits"},
                /* clang-format on */
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *text = xasprintf(DOCUMENT("%s"), rows[i].members);
                _cleanup_(spec_freep) Spec *spec = spec_of(text);

                check_refusal(EXPORT_FORMAT_NOMAD, spec, rows[i].members, rows[i].message);
        }
}

/* Of the structs of Nomad's package "api" and the options of its podman driver, of 2026: those that are
 * used, each with the objects that may have it. Another one Nomad would leave out without a word. */
static const struct {
        const char *of, *keys;
} nomad_keys[] = {
        {"", " Job "},
        {"Job", " ID Name Type TaskGroups "},
        {"TaskGroups", " Name Count Networks RestartPolicy ReschedulePolicy Services Volumes Tasks "},
        {"Networks", " Mode ReservedPorts DynamicPorts "},
        {"ReservedPorts", " Label Value To HostNetwork "},
        {"DynamicPorts", " Label To HostNetwork "},
        {"RestartPolicy", " Attempts Interval Delay Mode "},
        {"ReschedulePolicy", " Attempts Unlimited "},
        {"Services", " Name Provider AddressMode Checks "},
        {"Checks", " Name Type PortLabel AddressMode Interval Timeout Path "},
        {"volume-0", " Name Type Source "},
        {"Tasks", " Name Driver User Lifecycle Config Resources VolumeMounts Templates Env KillTimeout "},
        {"Lifecycle", " Hook Sidecar "},
        {"Resources", " MemoryMB "},
        {"VolumeMounts", " Volume Destination ReadOnly "},
        {"Templates", " EmbeddedTmpl DestPath Perms ChangeMode ErrMissingKey "},
        {"Config", " image init entrypoint network_mode hostname ports volumes tmpfs devices cap_add "
                   "cap_drop pids_limit "},
        {"Env", " CREDENTIALS_DIRECTORY "},
        {"Volumes", " volume-0 "},
};

static const char *nomad_keys_of(const char *object) {
        for (size_t i = 0; i < ELEMENTSOF(nomad_keys); i++)
                if (streq(nomad_keys[i].of, object))
                        return nomad_keys[i].keys;
        return NULL;
}

static void check_nomad_keys(const Json *value, const char *of) {
        if (json_type(value) != JSON_OBJECT && json_type(value) != JSON_ARRAY)
                return;
        JSON_FOREACH (child, value) {
                _cleanup_free_ char *word =
                        json_type(value) == JSON_OBJECT ? xasprintf(" %s ", json_key(child)) : NULL;

                test_set_row("%s of %s", word ? word : "element", of);
                if (word)
                        ASSERT_TRUE(nomad_keys_of(of) && strstr(nomad_keys_of(of), word));
                check_nomad_keys(child, word ? json_key(child) : of);
        }
}

TEST(nomad) {
        _cleanup_(spec_freep) Spec *spec = spec_of(DOCUMENT(
                OUT
                ",\"ports\":[\"5432\",\"0.0.0.0:53:53/"
                "udp\",\"0.0.0.0:53:53\",\"auto:80\"],\"volumes\":[\"@data:/var/lib/pg\",\"src:/srv:ro\"],"
                "\"tmpfs\":[\"/tmp:size=1M\"],\"credentials\":{\"pass.word\":\"f\"},\"devices\":[\"/dev/"
                "fuse\"],"
                "\"capabilities\":{\"add\":[\"CAP_NET_ADMIN\"],\"drop\":[\"CAP_CHOWN\"]},\"restart\":\"on-"
                "failure\","
                "\"resources\":{\"MemoryMax\":\"2097153\",\"TasksMax\":9},\"stop\":{\"timeout\":20},"
                "\"ready\":{\"http\":[{\"port\":80,\"path\":\"/a\"}]}"));
        _cleanup_(export_files_done) ExportFiles files = {0};
        _cleanup_(json_freep) Json *document = NULL;
        ExportRequest r = request_for(EXPORT_FORMAT_NOMAD, spec);
        static const char *const parts[] = {
                "\"Type\":\"service\"",
                "\"Mode\":\"host\"",
                "\"hostname\":\"db\"",
                "\"PortLabel\":\"port-3\",\"AddressMode\":\"host\"",
                "\"User\":\"0\"",
                "{\"Label\":\"port-0\",\"Value\":5432,\"To\":5432,\"HostNetwork\":\"localhost\"}",
                "{\"Label\":\"port-1\",\"Value\":53,\"To\":53}",
                "\"DynamicPorts\":[{\"Label\":\"port-3\",\"To\":80",
                "\"ports\":[\"port-0\",\"port-1\",\"port-3\"]",
                "\"Source\":\"shop-data\"",
                "\"/home/me/my shop/src:/srv:ro\"",
                "\"MemoryMB\":3}",
                "\"KillTimeout\":20000000000",
                "index . \\\"pass.word\\\"",
                "\"init\":false",
                "\"Attempts\":5"};
        _cleanup_free_ char *plain = NULL;

        r.host_paths = true;
        export_documents(&r, &files);
        ASSERT_EQ(files.n, 2);
        ASSERT_STREQ(files.files[0].name, "shop-db.nomad.json");
        ASSERT_OK(json_parse(files.files[0].text, strlen(files.files[0].text), NULL, &document, NULL));
        plain = json_print(document, /* pretty= */ false);
        for (size_t i = 0; i < ELEMENTSOF(parts); i++)
                if (!strstr(plain, parts[i]))
                        test_fail(__FILE__, __LINE__, "no %s in %s", parts[i], plain);
        check_nomad_keys(document, "");
        ASSERT_TRUE(strstr(files.files[1].text, "nomad var put -force -out none nomad/jobs/shop-db "
                                                "pass.word=@\"$place/pass.word\"\n"));
}

/* A group has the node's network, and what is the container's own is podman's: Nomad's would be root's. */
TEST(networks_of_nomad) {
        static const struct {
                const char *members, *there, *not_there;
        } rows[] = {
                {OUT, "\"Mode\":\"host\"", "network_mode"},
                {",\"network\":{\"mode\":\"none\"}", "\"network_mode\":\"none\"", "Ports"},
                {",\"network\":{\"mode\":\"host\"}", "\"network_mode\":\"host\"", "hostname"},
                {",\"network\":{\"mode\":\"host\"},\"ready\":{\"tcp\":[80],\"http\":[{\"port\":80}]}",
                 "\"ReservedPorts\":[{\"Label\":\"ready-80\",\"Value\":80,\"HostNetwork\":\"localhost\"}]",
                 "\"ports\""},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *text = xasprintf(DOCUMENT("%s"), rows[i].members), *plain = NULL;
                _cleanup_(spec_freep) Spec *spec = spec_of(text);
                _cleanup_(export_files_done) ExportFiles files = {0};
                _cleanup_(json_freep) Json *document = NULL;
                ExportRequest r = request_for(EXPORT_FORMAT_NOMAD, spec);

                test_set_row("%s", rows[i].members);
                export_documents(&r, &files);
                ASSERT_OK(
                        json_parse(files.files[0].text, strlen(files.files[0].text), NULL, &document, NULL));
                plain = json_print(document, /* pretty= */ false);
                ASSERT_TRUE(strstr(plain, rows[i].there));
                ASSERT_TRUE(!strstr(plain, rows[i].not_there));
                check_nomad_keys(document, "");
        }
}

TEST(refuses_roots_that_are_kept) {
        static const char text[] = "{\"version\":1,\"containers\":{\"db\":{\"system\":{\"rootfs\":\"i\"}}}}";
        _cleanup_(spec_freep) Spec *spec = spec_of(text);
        char *const without[] = {(char *) "ephemeral", NULL}, *const strange[] = {(char *) "data", NULL};
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(key_refusals_done) KeyRefusals found = {0}, rest = {0};
        ExportRequest r = request_for(EXPORT_FORMAT_QUADLET, spec);

        ASSERT_OK(keys_check(&r, &found, NULL));
        ASSERT_EQ(strv_length(found.lines), 1);
        ASSERT_TRUE(startswith(found.lines[0], "containers.db.ephemeral: "));
        r.without = without;
        ASSERT_OK(keys_check(&r, &rest, NULL));
        ASSERT_TRUE(!rest.lines);
        r.without = strange;
        ASSERT_ERROR(keys_check(&r, &rest, &error), &error, FC_EXIT_USAGE, "'data' is not a key");
}

static const char *file_of(const ExportFiles *files, const char *name) {
        for (size_t i = 0; i < files->n; i++)
                if (streq(files->files[i].name, name))
                        return files->files[i].text;
        test_fail(__FILE__, __LINE__, "no file '%s'", name);
}

static void expect(const char *text, const char *part) {
        if (!strstr(text, part))
                test_fail(__FILE__, __LINE__, "'%s' is not in:\n%s", part, text);
}

TEST(kubernetes) {
        _cleanup_(spec_freep) Spec *spec = spec_of(DOCUMENT(
                ",\"ports\":[\"5432\"],\"volumes\":[\"@data:/var/lib/postgresql\",\"src:/srv:ro\"],"
                "\"resources\":{\"MemoryMax\":\"1G\",\"CPUQuota\":\"150%\"},\"restart\":\"on-failure\","
                "\"credentials\":{\"pw\":{\"command\":[\"pass\",\"it's\"]}},\"tmpfs\":[\"/tmp:size=1M\"]"));
        ExportRequest r = request_for(EXPORT_FORMAT_KUBERNETES, spec);
        _cleanup_(export_files_done) ExportFiles files = {0};
        const char *text;

        r.host_paths = true;
        export_documents(&r, &files);
        ASSERT_EQ(files.n, 2);
        text = file_of(&files, "shop.yaml");
        expect(text, "kind: \"PersistentVolumeClaim\"\nmetadata:\n  name: \"shop-data\"\n");
        expect(text, "kind: \"Service\"\n");
        expect(text, "kind: \"NetworkPolicy\"\n");
        expect(text, "        runAsUser: 0\n");
        expect(text, "  hostUsers: false\n");
        expect(text, "  restartPolicy: \"OnFailure\"\n");
        expect(text, "    - name: \"db\"\n      image: \"localhost/shop/db:latest\"\n");
        expect(text,
               "        - containerPort: 5432\n          hostPort: 5432\n          hostIP: \"127.0.0.1\"\n");
        expect(text, "        limits:\n          memory: \"1073741824\"\n          cpu: \"1500m\"\n");
        expect(text, "        path: \"/home/me/my shop/src\"\n");
        expect(text, "        sizeLimit: \"1048576\"\n");
        expect(text, "            - \"systemctl is-system-running >/dev/null\"\n");
        expect(text, "        failureThreshold: 60\n");
        expect(file_of(&files, EXPORT_SCRIPT), "cd '/home/me/my shop'\n");
        expect(file_of(&files, EXPORT_SCRIPT), "rm -rf \"$place\"\nmkdir \"$place\"\n");
        expect(file_of(&files, EXPORT_SCRIPT), "'pass' 'it'\\''s' >\"$place/pw\"\n");
}

TEST(quadlet) {
        _cleanup_(spec_freep) Spec *spec = spec_of(DOCUMENT(
                ",\"ports\":[\"8080:80\",\"[::1]:53:53/udp\"],\"volumes\":[\"@data:/srv\",\"100%:/a\"],"
                "\"network\":{\"internet\":true,\"address\":\"10.250.0.2\"},\"resources\":{\"TasksMax\":9},"
                "\"ready\":{\"exec\":[[\"test\",\"$HOME\"]]},\"credentials\":{\"pw\":\"secret\"}"));
        ExportRequest r = request_for(EXPORT_FORMAT_QUADLET, spec);
        _cleanup_(export_files_done) ExportFiles files = {0};
        const char *text;

        r.registry = "registry.example/team";
        export_documents(&r, &files);
        ASSERT_EQ(files.n, 5);
        text = file_of(&files, "shop-db.container");
        expect(text, "Image=registry.example/team/db:latest\n");
        expect(text, "PodmanArgs=--systemd=always\n");
        expect(text, "Notify=yes\n");
        expect(text, "Network=shop-default.network:ip=10.250.0.2\nNetwork=shop-db-internet.network\n");
        expect(text, "PublishPort=127.0.0.1:8080:80\nPublishPort=[::1]:53:53/udp\n");
        expect(text, "Volume=shop-data.volume:/srv\nVolume=/home/me/my shop/100%%:/a\n");
        expect(text, "Secret=shop-db-pw,type=mount,target=" EXPORT_CREDENTIALS "/pw,mode=0400\n");
        expect(text, "'\\\\''$$HOME'\\\\''");
        expect(text, "TasksMax=9\n");
        expect(file_of(&files, "shop-default.network"), "Internal=true\nSubnet=10.250.0.0/24\n");
        expect(file_of(&files, EXPORT_SCRIPT),
               "cat '/home/me/my shop/secret' | podman secret create --replace shop-db-pw -\n");
}

/* What is left out of a network still has one, whose unit is there. */
TEST(networks_without_what_cannot_be_said) {
        _cleanup_(spec_freep) Spec *spec =
                spec_of(DOCUMENT(",\"network\":{\"mode\":\"namespace\",\"namespace\":\"vpn\"}"));
        ExportRequest r = request_for(EXPORT_FORMAT_QUADLET, spec);
        _cleanup_(export_files_done) ExportFiles files = {0};

        export_documents(&r, &files);
        expect(file_of(&files, "shop-db.container"), "\nNetwork=shop-default.network\n");
        expect(file_of(&files, "shop-default.network"), "Internal=true\n");
}

/* A colon of the project's own path separates as well. */
TEST(volumes_in_a_strange_project) {
        _cleanup_(spec_freep) Spec *spec = spec_of(DOCUMENT(",\"volumes\":[\"src:/srv:ro\"]"));
        ExportRequest r = request_for(EXPORT_FORMAT_QUADLET, spec);
        _cleanup_(key_refusals_done) KeyRefusals found = {0};

        r.root = "/home/me/a:b";
        ASSERT_OK(keys_check(&r, &found, NULL));
        ASSERT_EQ(strv_length(found.lines), 1);
}

TEST(words) {
        static const struct {
                const char *text;
                const char *expected;
        } rows[] = {
                {"a b", "\"a b\""},
                {"50% $a \"b\" \\ \n\t", "\"50%% $$a \\\"b\\\" \\\\ \\x0a\\x09\""},
                {"\rExecStop=", "\"\\x0dExecStop=\""},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *word = quadlet_word(rows[i].text);

                ASSERT_STREQ(word, rows[i].expected);
        }
}

TEST(yaml) {
        static const char json[] =
                "{\"a\":[],\"b\":[{\"c\":1,\"d\":{\"e\":true}},[2,\"x: #\\n\"]],\"no\":{},"
                "\"f/g\":\"\"}";
        _cleanup_(json_freep) Json *document = NULL;
        _cleanup_free_ char *text = NULL;

        ASSERT_OK(json_parse(json, strlen(json), NULL, &document, NULL));
        text = yaml_print(document);
        ASSERT_STREQ(
                text,
                "---\na: []\nb:\n  - c: 1\n    d:\n      e: true\n  - - 2\n    - \"x: #\\n\"\n\"no\": {}\n"
                "f/g: \"\"\n");
}

TEST(image) {
        _cleanup_(spec_freep) Spec *spec = spec_of(
                DOCUMENT(",\"environment\":{\"A\":\"b c\"},\"nspawnArgs\":[\"--user=7\",\"--chdir=/srv\"]"));
        ImageBlob layer = {(char *) "sha256:1", 7}, config = {(char *) "sha256:2", 8};
        ImageLayers layers = {&layer, 1};
        char *const names[] = {(char *) "localhost/shop/db:latest", NULL};
        _cleanup_free_ char *text = image_config_print(&spec->containers[0], "amd64", &layers),
                            *manifest = image_manifest_print(&config, &layers),
                            *index = image_index_print(&config, names, 1);

        expect(text, "\"Entrypoint\":[\"/sbin/init\"]");
        expect(text, "\"Env\":[\"A=b c\",\"PATH=/usr/local/sbin:");
        expect(text, "\"container=oci\"]");
        expect(text, "\"User\":\"7\",\"WorkingDir\":\"/srv\",\"StopSignal\":\"SIGRTMIN+3\"");
        expect(text, "\"diff_ids\":[\"sha256:1\"]");
        expect(manifest, "\"layers\":[{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":"
                         "\"sha256:1\",\"size\":7}]");
        expect(index, "\"org.opencontainers.image.ref.name\":\"localhost/shop/db:latest\"");
        ASSERT_STREQ(image_architecture("aarch64"), "arm64");
        ASSERT_TRUE(!image_architecture("pdp11"));
}

TEST(probes) {
        static const char text[] =
                DOCUMENT(",\"command\":[\"a\"],\"ready\":{\"tcp\":[80],\"http\":[{\"port\":81,"
                         "\"path\":\"/a'b\"}],\"exec\":[[\"true\",\"x y\"]]}");
        _cleanup_(spec_freep) Spec *spec = spec_of(text);
        _cleanup_free_ char *script = probe_script(&spec->containers[0]);

        expect(script, "/dev/tcp/127.0.0.1/80");
        expect(script, " && 'true' 'x y'");
        ASSERT_TRUE(!strstr(script, "systemctl"));
}
