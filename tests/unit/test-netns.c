/* SPDX-License-Identifier: MIT */

#include "test.h"

#include <arpa/inet.h>
#include <sys/file.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include "base/fs.h"
#include "base/scm.h"
#include "netns-setup/setup.h"
#include "netns-util.h"

/* The program as the supervisor runs it; `ret_stderr` is owned by the caller, or NULL. */
static pid_t start(const char *line, int *ret_stderr) {
        _cleanup_free_ char *copy = xstrdup(line);
        _cleanup_strv_ char **argv = NULL;
        char *save = NULL;
        int fds[2];
        pid_t pid;

        strv_push(&argv, "netns");
        for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
                strv_push(&argv, word);
        ASSERT_OK(pipe2(fds, O_CLOEXEC));
        pid = fork();
        ASSERT_TRUE(pid >= 0);
        if (pid == 0) {
                if (dup2(fds[1], STDERR_FILENO) >= 0)
                        (void) execv(NETNS_PROGRAM, argv);
                _exit(127);
        }
        (void) close(fds[1]);
        *ret_stderr = fds[0];
        return pid;
}

static void finish(pid_t pid, int fd, int status, const char *message) {
        _cleanup_close_ int owned = fd;
        _cleanup_free_ char *text = NULL;

        ASSERT_OK(fs_read_fd(owned, "stderr", 65536, &text, NULL, NULL));
        if (!message)
                ASSERT_STREQ(text, "");
        ASSERT_EQ(wait_status(pid), status);
        if (!message)
                return;
        if (!strstr(text, message))
                test_fail(__FILE__, __LINE__, "stderr is '%s', expected '%s' in it", text, message);
        /* One line. */
        ASSERT_TRUE(startswith(text, "flake-containers-netns: "));
        ASSERT_TRUE(strchr(text, '\n') == text + strlen(text) - 1);
}

_printf_(3, 4) static void netns(int status, const char *message, const char *format, ...) {
        _cleanup_free_ char *line = NULL;
        va_list ap;
        int fd;
        pid_t pid;

        va_start(ap, format);
        line = xvasprintf(format, ap);
        va_end(ap);
        test_set_row("%s", line);
        pid = start(line, &fd);
        finish(pid, fd, status, message);
}

/* `wanted` NULL: nothing is printed. */
static void assert_inside(pid_t pid, const char *line, const char *wanted) {
        _cleanup_free_ char *inside = xasprintf("nsenter -t %d -n %s", (int) pid, line);

        if (wanted)
                assert_output(inside, wanted);
        else
                assert_no_output(inside);
}

static void add_veth(pid_t pid) {
        run("ip link add fc-test type bridge");
        run("ip address add 10.29.40.1/24 dev fc-test");
        run("ip link set fc-test up");
        free(command("ip link add fc-port type veth peer name host0 netns %d", (int) pid));
        run("ip link set fc-port master fc-test up");
}

static void check_setup(int flags) {
        pid_t pid = holder_new(flags);

        add_veth(pid);
        netns(0, NULL, "setup --pid %d --interface host0 --address 10.29.40.7/24", (int) pid);
        assert_inside(pid, "ip link show dev lo up", "LOOPBACK");
        assert_inside(pid, "ip link show dev host0 up", "LOWER_UP");
        assert_inside(pid, "ip -4 address show dev host0",
                      "inet 10.29.40.7/24 brd 10.29.40.255 scope global");
        assert_inside(pid, "ip route show 10.29.40.0/24", "dev host0");
        assert_inside(pid, "ip route show default", NULL);
        /* Our own namespace has not changed. */
        assert_output("ip link show dev lo", "state DOWN");

        /* Again, as after a reboot that kept the namespace, with another address. */
        netns(0, NULL, "setup --pid %d --interface host0 --address 10.29.40.8/24", (int) pid);
        assert_inside(pid, "ip -4 address show dev host0", "inet 10.29.40.8/24");
        assert_inside(pid, "ip -4 address show dev host0 to 10.29.40.7/32", NULL);
        assert_inside(pid, "ip route show default", NULL);
        netns(0, NULL, "setup --pid %d --interface host0 --address 10.29.40.8/24", (int) pid);
        holder_end(pid);
}

IN_NETNS(setup) {
        check_setup(CLONE_NEWNET);
}

/* Private users: the namespace belongs to the container's own user namespace. */
IN_NETNS(setup_with_private_users) {
        check_setup(CLONE_NEWNET | CLONE_NEWUSER);
}

IN_NETNS(packets_pass) {
        pid_t pid = holder_new(CLONE_NEWNET);
        struct sockaddr_in in = {
                .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(0x0a1d2807)};
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        /* A refused connection: the answer came from the container's side. */
        add_veth(pid);
        netns(0, NULL, "setup --pid %d --interface host0 --address 10.29.40.7/24", (int) pid);
        ASSERT_TRUE(connect(fd, (struct sockaddr *) &in, sizeof(in)) < 0);
        ASSERT_EQ(errno, ECONNREFUSED);
        holder_end(pid);
}

/* Until the program sleeps: there is no event for that, so its state is looked at, with a deadline. Where it
 * sleeps for another reason the test only tests less. */
static void await_sleep(pid_t pid) {
        uint64_t deadline = now_usec() + 10 * USEC_PER_SEC;
        _cleanup_free_ char *path = xasprintf("/proc/%d/stat", (int) pid);
        char state = '?';

        while (state != 'S' && state != 'Z') {
                _cleanup_fclose_ FILE *f = fopen(path, "re");

                ASSERT_TRUE(f && fscanf(f, "%*d %*s %c", &state) == 1);
                ASSERT_TRUE(now_usec() < deadline);
                (void) sched_yield();
        }
}

/* The first child of a process, by our PID namespace; likewise without an event. */
static pid_t await_child(pid_t pid) {
        uint64_t deadline = now_usec() + 10 * USEC_PER_SEC;
        _cleanup_free_ char *path = xasprintf("/proc/%d/task/%d/children", (int) pid, (int) pid);
        int child = 0;

        while (child == 0) {
                _cleanup_fclose_ FILE *f = fopen(path, "re");

                ASSERT_TRUE(f && now_usec() < deadline);
                if (fscanf(f, "%d", &child) != 1)
                        (void) sched_yield();
        }
        return child;
}

IN_NETNS(waits_for_the_interface) {
        pid_t pid = holder_new(CLONE_NEWNET);
        _cleanup_free_ char *line =
                xasprintf("setup --pid %d --interface host0 --address 10.29.40.7/24", (int) pid);
        int fd, status;
        pid_t program = start(line, &fd);

        await_sleep(program);
        ASSERT_EQ(waitpid(program, &status, WNOHANG), 0);
        add_veth(pid);
        finish(program, fd, 0, NULL);
        assert_inside(pid, "ip -4 address show dev host0", "inet 10.29.40.7/24");
        holder_end(pid);
}

IN_NETNS(waits_for_the_name) {
        pid_t pid = holder_new(CLONE_NEWNET);
        _cleanup_free_ char *line =
                xasprintf("setup --pid %d --interface eth0 --address 10.29.40.7/24", (int) pid);
        int fd;
        pid_t program;

        add_veth(pid);
        program = start(line, &fd);
        await_sleep(program);
        free(command("nsenter -t %d -n ip link set host0 name eth0", (int) pid));
        finish(program, fd, 0, NULL);
        assert_inside(pid, "ip -4 address show dev eth0", "inet 10.29.40.7/24");
        holder_end(pid);
}

IN_NETNS(ends_with_the_container) {
        pid_t pid = holder_new(CLONE_NEWNET);
        _cleanup_free_ char *line =
                xasprintf("setup --pid %d --interface host0 --address 10.29.40.7/24", (int) pid);
        int fd;
        pid_t program = start(line, &fd);

        await_sleep(program);
        ASSERT_OK(kill(pid, SIGKILL));
        finish(program, fd, FC_EXIT_NOT_RUNNING, NULL);
        ASSERT_EQ(wait_status(pid), 128 + SIGKILL);
}

IN_NETNS(gives_up_in_time) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        InterfaceSettings settings = {.name = "host0", .address = 0x0a1d2807, .prefix = 24};
        pid_t pid = holder_new(CLONE_NEWNET);

        ASSERT_ERROR(netns_setup(pid, &settings, 1, 20 * USEC_PER_MSEC, &error), &error, FC_EXIT_TIMEOUT,
                     "interface 'host0' did not appear within 0.0 s");
        holder_end(pid);
}

IN_NETNS(loopback) {
        pid_t pid = holder_new(CLONE_NEWNET | CLONE_NEWUSER);

        assert_inside(pid, "ip link show dev lo up", NULL);
        netns(0, NULL, "loopback --pid %d", (int) pid);
        assert_inside(pid, "ip link show dev lo up", "LOOPBACK");
        netns(0, NULL, "loopback --pid %d", (int) pid);
        holder_end(pid);
}

/* As a container's first process that nspawn has put into a namespace of its own. */
IN_NETNS(setup_makes_the_interface) {
        pid_t pid = holder_new(CLONE_NEWNET | CLONE_NEWUSER);
        _cleanup_free_ char *line = xasprintf("setup --pid %d --interface host0 --address 10.29.40.7/24 "
                                              "--bridge fc-test --machine shop-db",
                                              (int) pid);
        _cleanup_free_ char *first = NULL, *second = NULL;

        own_run();
        netns(0, NULL, "ensure --bridge fc-test --address 10.29.40.7/24");
        assert_output("ip -4 address show dev fc-test", "inet 10.29.40.1/24");
        netns(0, NULL, "%s", line);
        assert_inside(pid, "ip link show dev host0 up", "LOWER_UP");
        assert_inside(pid, "ip -4 address show dev host0", "inet 10.29.40.7/24");
        first = command("nsenter -t %d -n ip -o link show dev host0", (int) pid);
        /* Once is enough: with the internet it is called again. */
        netns(0, NULL, "%s", line);
        second = command("nsenter -t %d -n ip -o link show dev host0", (int) pid);
        ASSERT_STREQ(second, first);
        holder_end(pid);
}

/* In a network of the host's: what it is attached to keeps its packet size, and the container has it. */
IN_NETNS(attaches_to_a_bridge) {
        pid_t pid = holder_new(CLONE_NEWNET | CLONE_NEWUSER);
        _cleanup_free_ char *line =
                xasprintf("setup --pid %d --interface host0 --attach lan0 --machine shop-db "
                          "--mac 02:00:00:00:00:0b --address 10.29.40.7/24 --gateway "
                          "10.29.40.1",
                          (int) pid);

        netns(1, "the host has no network interface 'lan0'", "%s", line);
        run("ip link add lan0 mtu 9000 type bridge");
        netns(0, NULL, "%s", line);
        assert_inside(pid, "ip -o link show dev host0", "mtu 9000");
        assert_inside(pid, "ip -o link show dev host0", "02:00:00:00:00:0b");
        assert_inside(pid, "ip -4 address show dev host0", "inet 10.29.40.7/24");
        assert_inside(pid, "ip route show default", "via 10.29.40.1 dev host0");
        assert_output("ip -o link show dev lan0", "mtu 9000");
        assert_output("ip -o link show master lan0 up", ": fc-");
        netns(0, NULL, "%s", line);
        if (access("/proc/sys/net/ipv6", F_OK) >= 0) {
                _cleanup_free_ char *both = xasprintf("%s --address6 fd00::7/64 --gateway6 fe80::1", line);

                netns(0, NULL, "%s", both);
                assert_inside(pid, "ip -6 -o address show dev host0 -tentative", "inet6 fd00::7/64");
                assert_inside(pid, "ip -6 route show default", "via fe80::1 dev host0");
        }
        holder_end(pid);
}

/* Without an address the system inside asks for one. The port of the last boot is in the way of none. */
IN_NETNS(attaches_again) {
        pid_t first = holder_new(CLONE_NEWNET), second = holder_new(CLONE_NEWNET);
        static const char format[] =
                "setup --pid %d --interface host0 --attach lan0 --machine shop-db --mac "
                "02:00:00:00:00:0b";

        run("ip link add lan0 type bridge");
        netns(0, NULL, format, (int) first);
        assert_inside(first, "ip -o link show dev host0 up", "LOWER_UP");
        assert_inside(first, "ip -4 -o address show dev host0", NULL);
        netns(0, NULL, format, (int) second);
        assert_inside(first, "ip -o link show type veth", NULL);
        assert_inside(second, "ip -o link show type veth", "host0");
        holder_end(first);
        holder_end(second);
}

IN_NETNS(makes_a_macvlan) {
        pid_t pid = holder_new(CLONE_NEWNET | CLONE_NEWUSER);

        run("ip link add lan0 mtu 1300 type veth peer name lan1");
        netns(1, "the host's network interface 'lan0' is not a bridge",
              "setup --pid %d --interface host0 --attach lan0 --machine m --mac 02:00:00:00:00:0b",
              (int) pid);
        netns(1, "the host's network interface 'lo' has no wire that a container could be on",
              "setup --pid %d --interface host0 --attach lo --macvlan --alone --machine m --mac "
              "02:00:00:00:00:0b",
              (int) pid);
        netns(0, NULL,
              "setup --pid %d --interface host0 --attach lan0 --macvlan --machine m --mac 02:00:00:00:00:0b "
              "--address 10.29.40.7/24",
              (int) pid);
        assert_inside(pid, "ip -d -o link show dev host0", "macvlan mode bridge");
        assert_inside(pid, "ip -o link show dev host0", "mtu 1300");
        assert_inside(pid, "ip route show default", NULL);
        holder_end(pid);
}

/* @ends: or one that shares its network lets it go */
static void wait_for_the_last(const char *options, const char *mode, bool ends) {
        static const char format[] =
                "setup --pid %d --interface host0 --attach lan0 --macvlan %s --machine m "
                "--mac 02:00:00:00:00:0b";
        pid_t last = holder_new(CLONE_NEWNET), pid = holder_new(CLONE_NEWNET), program;
        _cleanup_free_ char *line = xasprintf(format, (int) pid, options);
        int fd, status;

        run("ip link add lan0 type veth peer name lan1");
        run("ip link set lan0 up");
        run("ip link set lan1 up");
        netns(0, NULL, format, (int) last, options);
        program = start(line, &fd);
        await_sleep(program);
        ASSERT_EQ(waitpid(program, &status, WNOHANG), 0);
        if (ends)
                holder_end(last);
        else
                netns(0, NULL, "let-go --pid %d --interface host0", (int) last);
        finish(program, fd, 0, NULL);
        assert_inside(pid, "ip -o link show dev host0 up", "LOWER_UP");
        assert_inside(pid, "ip -d -o link show dev host0", mode);
        if (!ends)
                holder_end(last);
        holder_end(pid);
}

/* The macvlan of the last boot is still there: its MAC address is one of a kind on the wire. */
IN_NETNS(waits_for_the_last_macvlan) {
        wait_for_the_last("", "macvlan mode bridge", /* ends= */ true);
        run("ip link delete lan0");
        wait_for_the_last("", "macvlan mode bridge", /* ends= */ false);
}

IN_NETNS(waits_for_an_interface_of_its_own) {
        wait_for_the_last("--alone", "macvlan mode passthru", /* ends= */ true);
        run("ip link delete lan0");
        wait_for_the_last("--alone", "macvlan mode passthru", /* ends= */ false);
}

/* What is not the host's goes with its router. */
IN_NETNS(lets_go_of_nothing_else) {
        static const char line[] = "let-go --pid %d --interface host0";
        pid_t pid = holder_new(CLONE_NEWNET);
        _cleanup_free_ char *make =
                xasprintf("nsenter -t %d -n ip link add host0 type veth peer name host1", (int) pid);

        netns(0, NULL, line, (int) pid);
        run(make);
        netns(0, NULL, line, (int) pid);
        assert_inside(pid, "ip -o link show dev host0", "host0");
        holder_end(pid);
        netns(FC_EXIT_NOT_RUNNING, NULL, line, (int) pid);
}

IN_NETNS(release) {
        char path[] = "/tmp/test-netns-XXXXXX";
        int lock = mkstemp(path);

        ASSERT_OK(lock);
        own_run();
        netns(0, NULL, "ensure --bridge fc-test --address 10.29.40.7/24");

        /* While a process holds the network it stays. */
        ASSERT_OK(flock(lock, LOCK_SH));
        netns(0, NULL, "release --bridge fc-test --lock %s", path);
        run("ip link show dev fc-test");
        ASSERT_OK(flock(lock, LOCK_UN));
        netns(0, NULL, "release --bridge fc-test --lock %s", path);
        ASSERT_TRUE(access("/run/flake-containers/netns", F_OK) < 0);

        /* A missing one is fine, and so is a missing lock file. */
        ASSERT_OK(unlink(path));
        netns(0, NULL, "release --bridge fc-test --lock %s", path);
        netns(0, NULL, "release --bridge lo --lock %s", path);
        ASSERT_OK(unlink(path));
        (void) close(lock);
}

/* Of an older release: one container of two has ended: its port goes, the bridge stays. */
IN_NETNS(release_names_the_machine) {
        char path[] = "/tmp/test-netns-XXXXXX";
        int lock = mkstemp(path);
        pid_t other = holder_new(CLONE_NEWNET), ended = holder_new(CLONE_NEWNET);

        ASSERT_OK(lock);
        own_run();
        add_veth(other);
        free(command("ip link add vb-shop-db type veth peer name host0 netns %d", (int) ended));
        run("ip link set vb-shop-db master fc-test up");
        netns(0, NULL, "release --bridge fc-test --lock %s --machine shop-db", path);
        assert_output("ip -o link show master fc-test", "fc-port");
        assert_no_output("ip -o link show dev fc-test type veth");
        holder_end(other);
        holder_end(ended);
        ASSERT_OK(unlink(path));
        (void) close(lock);
}

/* Before the loopback interface is up, on ports that are root's inside, and on no others. */
IN_NETNS(listens_for_the_host) {
        pid_t holder = holder_new(CLONE_NEWNET);
        _cleanup_free_ char *taken = NULL;
        ScmMessage message;
        int pair[2], saved = dup(STDIN_FILENO);
        char byte;

        ASSERT_OK(saved);
        ASSERT_OK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair));
        ASSERT_OK(dup2(pair[1], STDIN_FILENO));
        netns(0, NULL, "listen --pid %d --port 5432 --port 80", (int) holder);
        ASSERT_OK(scm_receive(pair[0], MSG_DONTWAIT, &byte, 1, &message));
        ASSERT_EQ(message.n_fds, 2);
        for (size_t i = 0; i < message.n_fds; i++) {
                struct sockaddr_in in;
                socklen_t n = sizeof(in);

                ASSERT_OK(getsockname(message.fds[i], (struct sockaddr *) &in, &n));
                ASSERT_EQ(ntohl(in.sin_addr.s_addr), 0x7f666301);
                ASSERT_EQ(ntohs(in.sin_port), i == 0 ? 5432 : 80);
        }
        assert_no_output("ss -Hlnt");
        taken = xasprintf("listen on 127.102.99.1:80 inside: %s", strerror(EADDRINUSE));
        netns(1, taken, "listen --pid %d --port 81 --port 80", (int) holder);
        netns(1, "--port: '0' is not a port", "listen --pid %d --port 0", (int) holder);
        netns(1, "--port: '65536' is not a port", "listen --pid %d --port 65536", (int) holder);
        scm_done(&message);
        assert_inside(holder, "ss -Hlnt", NULL);
        ASSERT_OK(dup2(saved, STDIN_FILENO));
        (void) close(saved);
        (void) close(pair[0]);
        (void) close(pair[1]);
        holder_end(holder);
}

TEST(refusals) {
        static const struct {
                const char *line, *message;
        } rows[] = {
                {"", "which of setup, internet, pasta, join, loopback, let-go, listen, ensure, release?"},
                {"set", "which of setup, internet, pasta, join, loopback, let-go, listen, ensure, release?"},
                {"--help",
                 "which of setup, internet, pasta, join, loopback, let-go, listen, ensure, release?"},
                {"join --namespace vpn", "join needs a program"},
                {"join", "join needs a program"},
                {"join --namespace no-such -- /bin/true",
                 "join the network namespace '/run/netns/no-such': No such file or directory"},
                {"setup", "setup needs --pid, --interface and --address"},
                {"setup --pid 1 --interface host0", "setup needs"},
                {"setup --pid 1 --address 10.1.1.1/24", "setup needs"},
                {"setup --interface host0 --address 10.1.1.1/24", "setup needs"},
                {"setup --pid 0 --interface host0 --address 10.1.1.1/24", "'0' is not a process id"},
                {"setup --pid -1", "option '--pid': '-1' is not a process id"},
                {"setup --pid x", "option '--pid': 'x' is not a process id"},
                {"setup --pid 1x", "'1x' is not a process id"},
                {"setup --pid 4294967297", "'4294967297' is not a process id"},
                {"setup --pid 99999999999999999999", "is not a process id"},
                {"setup --pid", "option '--pid' needs a value: PID"},
                {"setup --colour red", "unknown option '--colour'"},
                {"setup host0", "unexpected argument 'host0'"},
                {"setup --address 10.1.1.1", "has no prefix length, such as /24"},
                {"setup --address 10.1.1.1/33", "--address: '33' is not a number from 0 to 32"},
                {"setup --address 10.1.1.1/", "--address: '' is not a number"},
                {"setup --address 10.1.1/24", "--address: '10.1.1' is not an IPv4 address"},
                {"setup --address fe80::1/24", "--address: 'fe80::1' is not an IPv4 address"},
                {"setup --pid 1 --interface host0 --address 10.1.1.1/24 --bridge b",
                 "--bridge and --machine, or"},
                {"setup --pid 1 --interface host0 --address 10.1.1.1/24 --machine m",
                 "--bridge and --machine, or"},
                {"setup --pid 1 --interface host0 --attach br0",
                 "--attach needs --machine and --mac, and no --bridge"},
                {"setup --pid 1 --interface host0 --attach br0 --machine m", "needs --machine and --mac"},
                {"setup --pid 1 --interface host0 --attach br0 --machine m --mac 02:00:00:00:00:01 --bridge "
                 "b",
                 "and no --bridge"},
                {"setup --pid 1 --interface host0 --attach br0 --machine m --mac 02:00:00:00:00:01 "
                 "--address "
                 "10.1.1.2/24 --gateway 10.1.1",
                 "--gateway: '10.1.1' is not an IPv4 address"},
                {"setup --address 10.1.1.1/24,fd00::7/64", "'fd00::7/64' is not an IPv6 network"},
                {"ensure --bridge fc-none --address 10.1.1.1/24,", "'' is not an IPv6 network"},
                {"ensure --bridge fc-none --address 10.1.1.1/2x,fd00::/64", "'2x' is not a number"},
                {"setup --address6 fd00::7", "--address6: 'fd00::7' is not an address with a prefix"},
                {"setup --address6 fd00::7/129", "--address6: 'fd00::7/129' is not an address"},
                {"setup --address6 fd00::7/6x", "--address6: 'fd00::7/6x' is not an address"},
                {"setup --gateway6 10.1.1.1", "--gateway6: '10.1.1.1' is not an IPv6 address"},
                {"loopback", "loopback needs --pid"},
                {"let-go --pid 1", "let-go needs --pid and --interface"},
                {"let-go --interface host0", "let-go needs --pid and --interface"},
                {"listen --pid 1", "listen needs --pid and --port"},
                {"listen --port 80", "listen needs --pid and --port"},
                {"release --bridge fc-none", "release needs --bridge and --lock"},
                {"release --lock /tmp/none", "release needs --bridge and --lock"},
                {"release --bridge fc-none --lock /tmp/none/none", "open lock file '/tmp/none/none'"},
                {"release --bridge fc-none --lock /proc/self/exe", "open lock file '/proc/self/exe'"},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                netns(1, rows[i].message, "%s", rows[i].line);
}

TEST(process_has_ended) {
        pid_t pid = fork();

        if (pid == 0)
                _exit(0);
        ASSERT_EQ(wait_status(pid), 0);
        netns(FC_EXIT_NOT_RUNNING, NULL, "loopback --pid %d", (int) pid);
        netns(FC_EXIT_NOT_RUNNING, NULL, "listen --pid %d --port 80", (int) pid);
        netns(FC_EXIT_NOT_RUNNING, NULL, "setup --pid %d --interface host0 --address 10.29.40.7/24",
              (int) pid);
}

IN_NETNS(ended_but_not_reaped) {
        pid_t pid = holder_new(CLONE_NEWNET);

        ASSERT_OK(kill(pid, SIGKILL));
        ASSERT_OK(waitid(P_PID, (id_t) pid, &(siginfo_t){0}, WEXITED | WNOWAIT));
        netns(FC_EXIT_NOT_RUNNING, NULL, "loopback --pid %d", (int) pid);
        netns(FC_EXIT_NOT_RUNNING, NULL, "listen --pid %d --port 80", (int) pid);
        (void) wait_status(pid);
}

/* It has left its namespaces, but the kernel lets a PID 1 end only after all of its PID namespace, and one
 * of these is kept by its tracer. */
IN_NETNS(ends_meanwhile) {
        pid_t init = (pid_t) syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNET | SIGCHLD, NULL, NULL, NULL,
                                     NULL),
              child, program;
        _cleanup_free_ char *line = xasprintf("loopback --pid %d", (int) init);
        int fd;

        ASSERT_TRUE(init >= 0);
        if (init == 0) {
                if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || fork() < 0)
                        _exit(1);
                for (;;)
                        (void) pause();
        }
        child = await_child(init);
        ASSERT_OK(ptrace(PTRACE_SEIZE, child, NULL, NULL));
        ASSERT_OK(kill(init, SIGKILL));
        ASSERT_OK(waitid(P_PID, (id_t) child, &(siginfo_t){0}, WEXITED | WNOWAIT | __WALL));
        program = start(line, &fd);
        await_sleep(program);
        ASSERT_EQ(waitpid(child, NULL, __WALL), child);
        finish(program, fd, FC_EXIT_NOT_RUNNING, NULL);
        ASSERT_EQ(wait_status(init), 128 + SIGKILL);
}

IN_NETNS(needs_privileges) {
        _cleanup_(error_done) Error error = ERROR_NULL;

        become_unprivileged();
        ASSERT_ERROR(netns_loopback(1, &error), &error, FC_EXIT_HOST,
                     "enter the network namespace of process 1");
}
