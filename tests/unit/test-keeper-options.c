/* SPDX-License-Identifier: MIT */

/* The command lines that programs of ours write for each other: what is written is read again, and what is
 * not whole is refused. */

#include <fcntl.h>

#include "base/alloc.h"
#include "keeper/netns-options.h"
#include "keeper/proxy-options.h"
#include "keeper/publish-request.h"
#include "keeper/service-options.h"
#include "keeper/supervisor-options.h"
#include "test.h"

/* Descriptors to hand over. */
static int fd_new(void) {
        int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);

        ASSERT_OK(fd);
        return fd;
}

static void assert_same_ports(const KeeperPorts *a, const KeeperPorts *b) {
        ASSERT_EQ(a->n, b->n);
        for (size_t i = 0; i < a->n; i++) {
                ASSERT_STREQ(a->ports[i].container, b->ports[i].container);
                ASSERT_EQ(a->ports[i].fds[0], b->ports[i].fds[0]);
                ASSERT_EQ(a->ports[i].fds[1], b->ports[i].fds[1]);
        }
}

static void assert_same_keeper(const KeeperOptions *a, const KeeperOptions *b) {
        ASSERT_STREQ(a->machine, b->machine);
        ASSERT_STREQ(a->container, b->container);
        ASSERT_STREQ(a->netns, b->netns);
        ASSERT_STREQ(a->address, b->address);
        ASSERT_STREQ(a->mac, b->mac);
        ASSERT_STREQ(a->attach, b->attach);
        ASSERT_EQ(a->macvlan, b->macvlan);
        ASSERT_EQ(a->alone, b->alone);
        ASSERT_EQ(a->shares, b->shares);
        ASSERT_STREQ(a->gateway, b->gateway);
        ASSERT_STREQ(a->address6, b->address6);
        ASSERT_STREQ(a->gateway6, b->gateway6);
        ASSERT_STREQ(a->bridge, b->bridge);
        ASSERT_TRUE(strv_equal(a->networks, b->networks));
        ASSERT_STREQ(a->bridge_lock, b->bridge_lock);
        ASSERT_STREQ(a->proxy, b->proxy);
        ASSERT_TRUE(strv_equal(a->host_access, b->host_access));
        ASSERT_EQ(a->gate, b->gate);
        ASSERT_EQ(a->command, b->command);
        ASSERT_EQ(a->restart, b->restart);
        ASSERT_EQ(a->stop_signal, b->stop_signal);
        assert_same_ports(&a->ports, &b->ports);
        assert_same_ports(&a->published, &b->published);
        ASSERT_TRUE(strv_equal(a->nspawn, b->nspawn));
}

static char *nspawn[] = {(char *) "/usr/bin/systemd-nspawn",
                         (char *) "--machine=other",
                         (char *) "--",
                         (char *) "sh",
                         (char *) "-c",
                         NULL};

static char *host_access[] = {(char *) "5432", (char *) "80", NULL};

static char *networks[] = {(char *) "fc-12345678901a=10.1.3.3/24", (char *) "fc-12345678901z=10.1.4.3/24",
                           NULL};

static const KeeperOptions least = {
        .machine = (char *) "shop-1234-web",
        .container = (char *) "web",
        .nspawn = nspawn,
};

/* All but the ports. */
static const KeeperOptions most = {
        .machine = (char *) "shop-1234-web",
        .container = (char *) "web",
        .netns = (char *) "/libexec/netns",
        .address = (char *) "10.1.2.3/24",
        .mac = (char *) "02:00:00:00:00:01",
        .bridge = (char *) "fc-12345678901",
        .networks = networks,
        .bridge_lock = (char *) "/run/a b/%lock",
        .host_access = host_access,
        .proxy = (char *) "/libexec/proxy",
        .gate = true,
        .command = true,
        .restart = true,
        .stop_signal = 38,
        .nspawn = nspawn,
};

/* In a network of the host's. */
static const KeeperOptions attached = {
        .machine = (char *) "shop-1234-web",
        .container = (char *) "web",
        .netns = (char *) "/libexec/netns",
        .address = (char *) "192.168.1.20/24",
        .mac = (char *) "02:00:00:00:00:01",
        .attach = (char *) "eth0",
        .macvlan = true,
        .alone = true,
        .gateway = (char *) "192.168.1.1",
        .address6 = (char *) "fd00::20/64",
        .gateway6 = (char *) "fe80::1",
        .nspawn = nspawn,
};

static void assert_supervisor_reads(const SupervisorOptions *written) {
        _cleanup_(supervisor_options_done) SupervisorOptions read = {};
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_strv_ char **argv = NULL;

        supervisor_options_print(written, &argv);
        ASSERT_OK(supervisor_options_parse(argv, &read, &error), &error);
        assert_same_keeper(&read.keeper, &written->keeper);
        ASSERT_EQ(read.cgroup_fd, written->cgroup_fd);
        ASSERT_EQ(read.cgroup_mount_fd, written->cgroup_mount_fd);
        ASSERT_EQ(read.control_fd, written->control_fd);
        ASSERT_EQ(read.console_fd, written->console_fd);
        ASSERT_EQ(read.state_fd, written->state_fd);
        ASSERT_EQ(read.runtime_fd, written->runtime_fd);
        ASSERT_EQ(read.events_fd, written->events_fd);
        ASSERT_EQ(read.lock_fd, written->lock_fd);
        ASSERT_EQ(read.broker_fd, written->broker_fd);
        ASSERT_EQ(read.owner_fd, written->owner_fd);
        ASSERT_EQ(read.stop_timeout_usec, written->stop_timeout_usec);
        ASSERT_EQ(read.mounts.n, written->mounts.n);
        for (size_t i = 0; i < read.mounts.n; i++) {
                ASSERT_EQ(read.mounts.mounts[i].fd, written->mounts.mounts[i].fd);
                ASSERT_EQ(read.mounts.mounts[i].on_fd, written->mounts.mounts[i].on_fd);
                ASSERT_STREQ(read.mounts.mounts[i].name, written->mounts.mounts[i].name);
        }
}

static SupervisorOptions supervisor_least(void) {
        return (SupervisorOptions){
                .keeper = least,
                .cgroup_fd = fd_new(),
                .cgroup_mount_fd = fd_new(),
                .control_fd = -EBADF,
                .console_fd = fd_new(),
                .state_fd = fd_new(),
                .runtime_fd = fd_new(),
                .events_fd = -EBADF,
                .lock_fd = -EBADF,
                .broker_fd = -EBADF,
                .owner_fd = -EBADF,
        };
}

TEST(supervisor_reads_what_is_written) {
        SupervisorOptions o = supervisor_least();
        KeeperPort ports[] = {{(char *) "80", {fd_new(), -EBADF}}, {(char *) "443", {fd_new(), fd_new()}}};
        MachineMount mounts[] = {{fd_new(), (char *) "root", -EBADF},
                                 {fd_new(), (char *) "volume-0", -EBADF},
                                 {fd_new(), (char *) "volume-0/.containers", fd_new()}};

        assert_supervisor_reads(&o);
        o = supervisor_least();
        o.keeper = most;
        o.keeper.ports = (KeeperPorts){ports, ELEMENTSOF(ports)};
        o.control_fd = fd_new();
        o.events_fd = fd_new();
        o.lock_fd = fd_new();
        o.broker_fd = fd_new();
        o.owner_fd = fd_new();
        o.stop_timeout_usec = 3 * USEC_PER_SEC;
        o.mounts = (SupervisorMounts){mounts, ELEMENTSOF(mounts)};
        assert_supervisor_reads(&o);
}

TEST(supervisor_inherits_all_descriptors) {
        SupervisorOptions o = supervisor_least();
        KeeperPort port = {(char *) "443", {fd_new(), fd_new()}};
        MachineMount mount = {fd_new(), (char *) "root", fd_new()};
        int fds[] = {o.cgroup_fd, o.cgroup_mount_fd, o.console_fd, o.state_fd, o.runtime_fd,
                     port.fds[0], port.fds[1],       mount.fd,     mount.on_fd};

        o.keeper.ports = (KeeperPorts){&port, 1};
        o.mounts = (SupervisorMounts){&mount, 1};
        supervisor_options_inherit(&o);
        for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
                ASSERT_EQ(fcntl(fds[i], F_GETFD), 0);
                (void) close(fds[i]);
        }
}

/* 40 to 45 are open. */
#define FDS_BEGIN 40
#define FDS_END   46

#define LEAST     "--machine=m --container=c"
#define LEAST_FDS "--cgroup-fd=40 --cgroup-mount-fd=41 --console-fd=42 --state-fd=43 --runtime-fd=44"

typedef int (*Parse)(char *const *argv, Error *reterr);

static void refuse(Parse parse, const char *line, const char *message) {
        _cleanup_free_ char *copy = xstrdup(line);
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_strv_ char **argv = NULL;
        char *save = NULL;

        test_set_row("%s", line);
        for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
                strv_push(&argv, word);
        for (int fd = FDS_BEGIN; fd < FDS_END; fd++)
                ASSERT_OK(dup3(STDERR_FILENO, fd, O_CLOEXEC));
        ASSERT_ERROR(parse(argv, &error), &error, FC_EXIT_USAGE, message);
        for (int fd = FDS_BEGIN; fd < FDS_END; fd++)
                (void) close(fd);
}

static int parse_supervisor(char *const *argv, Error *reterr) {
        SupervisorOptions o;
        int r = supervisor_options_parse(argv, &o, reterr);

        if (r >= 0)
                supervisor_options_done(&o);
        return r;
}

static int parse_service(char *const *argv, Error *reterr) {
        ServiceOptions o;
        int r = service_options_parse(argv, &o, reterr);

        if (r >= 0)
                service_options_done(&o);
        return r;
}

TEST(supervisor_refuses) {
        static const char *const table[][2] = {
                {"", "option '--machine' is missing"},
                {"--machine=m " LEAST_FDS, "option '--container' is missing"},
                {LEAST " --cgroup-mount-fd=41 --console-fd=42 --state-fd=43 --runtime-fd=44",
                 "option '--cgroup-fd' is missing"},
                {LEAST " --cgroup-fd=40 --console-fd=42 --state-fd=43 --runtime-fd=44",
                 "option '--cgroup-mount-fd' is missing"},
                {LEAST " --cgroup-fd=40 --cgroup-mount-fd=41 --state-fd=43 --runtime-fd=44",
                 "option '--console-fd' is missing"},
                {LEAST " --cgroup-fd=40 --cgroup-mount-fd=41 --console-fd=42 --runtime-fd=44",
                 "option '--state-fd' is missing"},
                {LEAST " --cgroup-fd=40 --cgroup-mount-fd=41 --console-fd=42 --state-fd=43",
                 "option '--runtime-fd' is missing"},
                {LEAST " " LEAST_FDS, "no command"},
                {LEAST " " LEAST_FDS " --", "no command"},
                {LEAST " --cgroup-fd=x", "option '--cgroup-fd': 'x' is not an open file descriptor"},
                {LEAST " --control-fd=0", "option '--control-fd': '0' is not an open file descriptor"},
                {LEAST " --lock-fd=999", "option '--lock-fd': '999' is not an open file descriptor"},
                {LEAST " --events-fd=45x", "option '--events-fd': '45x' is not an open file descriptor"},
                {LEAST " " LEAST_FDS " --bridge=b --bridge-lock=/l -- a", "a bridge needs '--netns'"},
                {LEAST " " LEAST_FDS " --bridge=b --netns=/n -- a", "a bridge needs '--netns'"},
                {LEAST " " LEAST_FDS " --port=80:45 -- a", "ports need '--proxy'"},
                {LEAST " --port=80", "option '--port': port '80' has no socket"},
                {LEAST " --port=:45", "port ':45' has no socket"},
                {LEAST " --port=80:", "port '80:' names no open socket"},
                {LEAST " --port=80:999", "port '80:999' names no open socket"},
                {LEAST " --port=80:45:999", "port '80:45:999' names no open socket"},
                {LEAST " --port=80:45:44:43", "port '80:45:44:43' has trailing text"},
                {LEAST " --port=80:45x", "port '80:45x' has trailing text"},
                {LEAST " --mount=root", "option '--mount': 'root' begins with no open file descriptor"},
                {LEAST " --mount=999:root", "'999:root' begins with no open file descriptor"},
                {LEAST " --mount=45", "'45' has no name"},
                {LEAST " --mount=45:", "'45:' has no name"},
                {LEAST " --mount=45:/a", "'45:/a' has no name"},
                {LEAST " --mount=45@:a", "'45@:a' is on no open file descriptor"},
                {LEAST " --mount=45@999:a", "'45@999:a' is on no open file descriptor"},
                {LEAST " --mount=45@44", "'45@44' has no name"},
                {LEAST " " LEAST_FDS " --attach=br0 -- a",
                 "'--attach' needs '--netns' and '--mac', and no bridge"},
                {LEAST " " LEAST_FDS " --attach=br0 --netns=/n -- a",
                 "'--attach' needs '--netns' and '--mac'"},
                {LEAST " " LEAST_FDS " --attach=br0 --netns=/n --mac=m --bridge=b --bridge-lock=l -- a",
                 "and no bridge"},
                {LEAST " --macvlan=yes", "option '--macvlan=yes' takes no value"},
                {LEAST " --stop-signal=0", "option '--stop-signal': '0' is not the number of a signal"},
                {LEAST " --stop-signal=65", "'65' is not the number of a signal"},
                {LEAST " --stop-signal=-1", "'-1' is not the number of a signal"},
                {LEAST " --stop-signal=2x", "'2x' is not the number of a signal"},
                {LEAST " --stop-signal=INT", "'INT' is not the number of a signal"},
                {LEAST " --gate=yes", "option '--gate=yes' takes no value"},
                {LEAST " --machine", "option '--machine' needs a value"},
                {LEAST " --held-port=80:2", "unknown option '--held-port=80:2'"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                refuse(parse_supervisor, table[i][0], table[i][1]);
}

static void assert_service_reads(const ServiceOptions *written, const char *verb) {
        _cleanup_(service_options_done) ServiceOptions read = {};
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_strv_ char **argv = service_options_print(written, verb);

        ASSERT_STREQ(argv[0], written->program);
        ASSERT_STREQ(argv[1], verb);
        ASSERT_OK(service_options_parse(argv + 2, &read, &error), &error);
        assert_same_keeper(&read.keeper, &written->keeper);
        ASSERT_STREQ(read.runtime, written->runtime);
        assert_same_ports(&read.held_ports, &written->held_ports);
        ASSERT_EQ(read.nspawn_pid, written->nspawn_pid);
        ASSERT_EQ(read.nspawn_fd, written->nspawn_fd);
        ASSERT_EQ(read.notify_fd, written->notify_fd);
        ASSERT_EQ(read.lifeline_fd, written->lifeline_fd);
        ASSERT_EQ(read.lifeline_of_nspawn_fd, written->lifeline_of_nspawn_fd);
        ASSERT_EQ(read.owner_fd, written->owner_fd);
        ASSERT_EQ(read.leader_pid, written->leader_pid);
        ASSERT_EQ(read.publish_fd, written->publish_fd);
        ASSERT_TRUE(strv_equal(read.forget, written->forget));
}

TEST(service_reads_what_is_written) {
        KeeperPort held[] = {{(char *) "80", {2, -EBADF}}, {(char *) "443", {3, 4}}},
                   ports[] = {{(char *) "80", {fd_new(), -EBADF}}, {(char *) "443", {fd_new(), fd_new()}}},
                   published[] = {{(char *) "53/udp", {fd_new(), -EBADF}}};
        char *forget[] = {(char *) "80", (char *) "53/udp", NULL};
        ServiceOptions o = service_options_null();

        o.program = (char *) "/libexec/service";
        o.runtime = (char *) "/run/flake-containers/1/web";
        o.keeper = least;
        o.keeper.nspawn = NULL;
        assert_service_reads(&o, "console");

        o.keeper = attached;
        assert_service_reads(&o, "start");

        o.keeper = most;
        o.held_ports = (KeeperPorts){held, ELEMENTSOF(held)};
        assert_service_reads(&o, "start");

        o.keeper.nspawn = NULL;
        o.held_ports = (KeeperPorts){};
        o.keeper.ports = (KeeperPorts){ports, ELEMENTSOF(ports)};
        o.keeper.published = (KeeperPorts){published, ELEMENTSOF(published)};
        o.nspawn_pid = 4711;
        o.nspawn_fd = fd_new();
        o.notify_fd = fd_new();
        o.lifeline_fd = fd_new();
        o.lifeline_of_nspawn_fd = fd_new();
        o.keeper.shares = true;
        o.owner_fd = fd_new();
        service_options_inherit(&o);
        ASSERT_EQ(fcntl(ports[1].fds[1], F_GETFD), 0);
        ASSERT_EQ(fcntl(o.lifeline_fd, F_GETFD), 0);
        assert_service_reads(&o, "relay");

        o = service_options_null();
        o.program = (char *) "/libexec/service";
        o.runtime = (char *) "/run/flake-containers/1/web";
        o.keeper = least;
        o.keeper.nspawn = NULL;
        o.nspawn_pid = 4711;
        o.leader_pid = 4712;
        o.publish_fd = fd_new();
        o.forget = forget;
        assert_service_reads(&o, "publish");
}

TEST(publish_request_reads_what_is_written) {
        static const struct {
                bool publish;
                uint16_t port;
                bool udp;
                const char *address, *text;
        } table[] = {
                {true, 80, false, NULL, "publish 80"},
                {true, 65535, true, NULL, "publish 65535/udp"},
                {false, 8080, false, NULL, "unpublish 8080"},
                {false, 1, true, NULL, "unpublish 1/udp"},
                {false, 8080, false, "127.0.0.1", "unpublish 8080 127.0.0.1"},
                {false, 65535, true, "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
                 "unpublish 65535/udp ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255"},
        };
        static const char *const refused[] = {
                "",
                "publish",
                "publish ",
                "publish 0",
                "publish -1",
                "publish 65536",
                "publish 80/tcp",
                "publish 80/udp ",
                "publish 080",
                "publish /run/x",
                "unpublish 80x",
                "80",
                "unpublish 99999999999999999999",
                "unpublish 80 ",
                "unpublish 80 localhost",
                "unpublish 80 127.0.0.1 ",
                "unpublish 80/udp127.0.0.1",
                "publish 80 127.0.0.1",
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *text =
                        table[i].publish
                                ? publish_request_print(table[i].port, table[i].udp)
                                : publish_request_print_back(table[i].port, table[i].udp, table[i].address);
                _cleanup_(publish_request_done) PublishRequest read = {};
                _cleanup_(error_done) Error error = ERROR_NULL;

                ASSERT_STREQ(text, table[i].text);
                ASSERT_TRUE(strlen(text) < PUBLISH_REQUEST_MAX);
                ASSERT_OK(publish_request_parse(text, &read, &error), &error);
                ASSERT_EQ(read.port, table[i].port);
                ASSERT_EQ(read.udp, table[i].udp);
                ASSERT_STREQ(read.address, table[i].address);
                ASSERT_STREQ(read.container, table[i].publish ? strchr(text, ' ') + 1 : NULL);
        }
        for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;
                PublishRequest read = {};

                test_set_row("%s", refused[i]);
                ASSERT_ERROR(publish_request_parse(refused[i], &read, &error), &error, FC_EXIT_INTERNAL,
                             "is not a request");
                ASSERT_TRUE(!read.container && !read.address);
        }
}

TEST(service_refuses) {
        static const char *const table[][2] = {
                {"", "option '--machine' is missing"},
                {"--machine=m --runtime=/r", "option '--container' is missing"},
                {LEAST, "option '--runtime' is missing"},
                {LEAST " --runtime=/r --held-port=80:2", "ports need '--proxy'"},
                {LEAST " --runtime=/r --port=80:45", "ports need '--proxy'"},
                {LEAST " --runtime=/r --bridge=b --bridge-lock=/l", "a bridge needs '--netns'"},
                {LEAST " --held-port=80", "port '80' has no socket"},
                {LEAST " --held-port=80:x", "port '80:x' names no open socket"},
                {LEAST " --held-port=80:2:3:4", "port '80:2:3:4' has trailing text"},
                {LEAST " --nspawn-pid=0", "option '--nspawn-pid': '0' is not a process id"},
                {LEAST " --notify-fd=999", "option '--notify-fd': '999' is not an open file descriptor"},
                {LEAST " --cgroup-fd=40", "unknown option '--cgroup-fd=40'"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                refuse(parse_service, table[i][0], table[i][1]);
}

TEST(netns_reads_what_is_written) {
        const NetnsOptions table[] = {
                {.pid = 7},
                {.pid = 7, .interface = (char *) "host0", .address = (char *) "10.1.2.3/24"},
                {.bridge = (char *) "fc-1", .lock = (char *) "/run/a b", .machine = (char *) "m"},
                {.pid = 7, .ports = host_access},
                {.pid = 7, .interface = (char *) "host0", .attach = (char *) "br0", .machine = (char *) "m"},
                {.pid = 7, .address6 = (char *) "fd00::20/64", .gateway6 = (char *) "fe80::1"},
                {.pid = 7, .attach = (char *) "eth0", .macvlan = true, .alone = true},
                {.pid = 7, .attach = (char *) "eth0", .macvlan = true, .gateway = (char *) "10.1.2.1"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_strv_ char **argv = netns_options_print("/libexec/netns", "setup", &table[i]),
                                    **operands = NULL;
                _cleanup_(error_done) Error error = ERROR_NULL;
                NetnsOptions read = {};
                OptionTable rows = netns_options_table(&read);

                ASSERT_STREQ(argv[0], "/libexec/netns");
                ASSERT_STREQ(argv[1], "setup");
                ASSERT_OK(options_parse(&rows, 1, argv + 2, false, &operands, &error), &error);
                ASSERT_EQ(read.pid, table[i].pid);
                ASSERT_STREQ(read.interface, table[i].interface);
                ASSERT_STREQ(read.address, table[i].address);
                ASSERT_STREQ(read.attach, table[i].attach);
                ASSERT_EQ(read.macvlan, table[i].macvlan);
                ASSERT_EQ(read.alone, table[i].alone);
                ASSERT_STREQ(read.gateway, table[i].gateway);
                ASSERT_STREQ(read.address6, table[i].address6);
                ASSERT_STREQ(read.gateway6, table[i].gateway6);
                ASSERT_STREQ(read.bridge, table[i].bridge);
                ASSERT_STREQ(read.lock, table[i].lock);
                ASSERT_STREQ(read.machine, table[i].machine);
                ASSERT_TRUE(strv_equal(read.ports, table[i].ports));
                options_done(&rows);
        }
}

TEST(proxy_reads_what_is_written) {
        KeeperPort ports[] = {{(char *) "80", {fd_new(), fd_new()}}, {(char *) "443", {fd_new(), -EBADF}}};
        ProxyOptions written = {(char *) "m", (char *) "10.1.2.3", fd_new(), {ports, ELEMENTSOF(ports)}},
                     read = {};
        OptionTable from = proxy_options_table(&written), to = proxy_options_table(&read);
        _cleanup_strv_ char **argv = NULL, **operands = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;

        options_init(&to);
        options_print(&from, &argv);
        ASSERT_OK(options_parse(&to, 1, argv, true, &operands, &error), &error);
        ASSERT_STREQ(read.machine, written.machine);
        ASSERT_STREQ(read.address, written.address);
        ASSERT_EQ(read.network_fd, written.network_fd);
        assert_same_ports(&read.ports, &written.ports);
        options_done(&to);
}
