/* SPDX-License-Identifier: MIT */

/* container_exec() in a container without a manager: a process that sleeps in user, mount, PID, network, UTS
 * and IPC namespaces of its own. What goes through a guest's systemd needs one that is booted: see
 * tests/live. */

#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <pty.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "enter/exec.h"
#include "enter/manager.h"
#include "test.h"

/* The container's root is this uid of the host. */
enum { SHIFT = 100000 };

static pid_t leader;

static void write_to(const char *path, const char *text) {
        int fd = open(path, O_WRONLY | O_CLOEXEC);

        if (fd < 0 || write(fd, text, strlen(text)) < 0)
                test_fail(__FILE__, __LINE__, "write '%s': %s", path, strerror(errno));
        (void) close(fd);
}

/* PID 1 of the container: reaps, as one must, and lives until we do not. */
static _Noreturn void container_init(int ready_fd) {
        if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
            mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 || sethostname("inside", 6) < 0 ||
            mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=0666,mode=0620") < 0)
                _exit(1);
        (void) !write(ready_fd, "1", 1);
        for (;;)
                if (waitpid(-1, NULL, 0) < 0)
                        (void) poll(NULL, 0, 20);
}

/* Return: the leader's pid in our numbers, 0 when it cannot be made here. No process changes user and PID
 * namespace in between, so the numbers are those that fork() gives. */
static pid_t start_container(void) {
        int map_ready[2], mapped[2], ready[2];
        char path[64], byte;
        pid_t outer, inner = 0;

        ASSERT_OK(pipe2(map_ready, O_CLOEXEC));
        ASSERT_OK(pipe2(mapped, O_CLOEXEC));
        ASSERT_OK(pipe2(ready, O_CLOEXEC));
        outer = fork();
        ASSERT_TRUE(outer >= 0);
        if (outer == 0) {
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS |
                            CLONE_NEWIPC) < 0)
                        _exit(1);
                (void) !write(map_ready[1], "1", 1);
                (void) close(mapped[1]);
                (void) !read(mapped[0], &byte, 1);
                inner = fork();
                if (inner == 0)
                        container_init(ready[1]);
                (void) close(ready[1]);
                (void) !write(map_ready[1], &inner, sizeof(inner));
                (void) waitpid(inner, NULL, 0);
                _exit(0);
        }
        (void) close(map_ready[1]);
        (void) close(ready[1]);
        if (read(map_ready[0], &byte, 1) == 1) {
                _cleanup_free_ char *map = xasprintf("0 %d 65536\n", SHIFT);

                (void) snprintf(path, sizeof(path), "/proc/%d/uid_map", (int) outer);
                write_to(path, map);
                (void) snprintf(path, sizeof(path), "/proc/%d/gid_map", (int) outer);
                write_to(path, map);
                (void) close(mapped[1]);
                if (read(map_ready[0], &inner, sizeof(inner)) != sizeof(inner) ||
                    read(ready[0], &byte, 1) != 1)
                        inner = 0;
        }
        (void) close(map_ready[0]);
        (void) close(mapped[0]);
        (void) close(ready[0]);
        return inner;
}

static const char *cannot_run(void) {
        if (geteuid() != 0)
                return "needs root";
        if (leader == 0)
                leader = start_container();
        return leader == 0 ? "cannot make a container of namespaces here" : NULL;
}

#define NEED_CONTAINER()                                                                                    \
        do {                                                                                                \
                const char *reason = cannot_run();                                                          \
                if (reason)                                                                                 \
                        SKIP(reason);                                                                       \
        } while (0)

typedef struct Run {
        int status;
        char *output; /* standard output */
        char *errors; /* standard error; then the error's message */
} Run;

static void run_done(Run *r) {
        free(r->output);
        free(r->errors);
        *r = (Run){0};
}

static int exec_here(const ExecRequest *request) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        ExecRequest q = *request;
        bool stopped = false;
        int r;

        q.container = "box";
        q.leader = leader;
        r = container_exec(&q, &stopped, &error);
        if (r >= 0)
                return r;
        (void) fprintf(stderr, "%s\n", error.message);
        return (int) error.exit;
}

/* In a child, with these as standard streams. */
static pid_t start(const ExecRequest *request, int stdin_fd, int stdout_fd, int stderr_fd) {
        pid_t pid = fork();

        if (pid == 0) {
                (void) dup2(stdin_fd, 0);
                (void) dup2(stdout_fd, 1);
                (void) dup2(stderr_fd, 2);
                (void) close_range(3, ~0U, 0);
                (void) open("/etc/passwd", O_RDONLY); /* see nothing_leaks_in */
                _exit(exec_here(request));
        }
        ASSERT_TRUE(pid > 0);
        return pid;
}

static int wait_status(pid_t pid) {
        int status = 0;

        ASSERT_EQ(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static Run run(const ExecRequest *request, const char *input) {
        int in[2], out[2], err[2];
        Run result = {0};
        pid_t pid;

        ASSERT_OK(pipe2(in, O_CLOEXEC));
        ASSERT_OK(pipe2(out, O_CLOEXEC));
        ASSERT_OK(pipe2(err, O_CLOEXEC));
        if (input)
                ASSERT_EQ(write(in[1], input, strlen(input)), (ssize_t) strlen(input));
        (void) close(in[1]);
        pid = start(request, in[0], out[1], err[1]);
        (void) close(in[0]);
        (void) close(out[1]);
        (void) close(err[1]);
        ASSERT_OK(fs_read_fd(out[0], "output", 1024 * 1024, &result.output, NULL, NULL));
        ASSERT_OK(fs_read_fd(err[0], "errors", 1024 * 1024, &result.errors, NULL, NULL));
        (void) close(out[0]);
        (void) close(err[0]);
        result.status = wait_status(pid);
        return result;
}

#define ARGV(...) .argv = (char *const *) (const char *const[]){__VA_ARGS__, NULL}, .cgroup_fd = -EBADF

static Run run_shell(const char *script, const char *input) {
        ExecRequest q = {ARGV("sh", "-c", script)};

        return run(&q, input);
}

TEST(gives_the_programs_status) {
        static const struct {
                const char *script;
                int status;
        } table[] = {
                {"true", 0},
                {"exit 7", 7},
                {"exit 203", 203},
                {"exit 255", 255},
                {"kill -KILL $$", 137},
                {"kill -TERM $$", 143},
                {"kill -PIPE $$", 141},
        };

        NEED_CONTAINER();
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(run_done) Run r = run_shell(table[i].script, NULL);

                test_set_row("%s", table[i].script);
                ASSERT_EQ(r.status, table[i].status);
                ASSERT_STREQ(r.errors, "");
        }
}

TEST(refuses_with_a_line_and_a_code) {
        const struct {
                ExecRequest request;
                int status;
                const char *message;
        } table[] = {
                {{ARGV("no-such-program")}, 127, "'no-such-program': not found in container 'box'\n"},
                {{ARGV("/no/such")}, 127, "'/no/such': not found in container 'box'\n"},
                {{ARGV("")}, 127, "'': not found in container 'box'\n"},
                {{ARGV("/etc/passwd")}, 126, "'/etc/passwd' in container 'box' is not executable\n"},
                {{ARGV("/etc")}, 126, "'/etc' in container 'box' is not executable\n"},
                {{ARGV("true"), .user = "no-such-user"},
                 125,
                 "container 'box' has no user 'no-such-user'\n"},
                {{ARGV("true"), .user = "root:no-such-group"},
                 125,
                 "container 'box' has no group 'no-such-group'\n"},
                {{ARGV("true"), .directory = "/no/such"},
                 125,
                 "working directory '/no/such': no such directory in container 'box'\n"},
                {{ARGV("true"), .directory = "etc"}, 2, "working directory 'etc' is not absolute\n"},
                {{ARGV("true"), .environment = (char *const *) (const char *const[]){"1=2", NULL}},
                 2,
                 "environment variable '1=2': a name has letters, digits and '_', and does not begin with a "
                 "digit\n"},
                {{.argv = NULL, .cgroup_fd = -EBADF}, 2, "no command is given\n"},
        };

        NEED_CONTAINER();
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(run_done) Run r = run(&table[i].request, NULL);

                test_set_row("%zu", i);
                ASSERT_STREQ(r.errors, table[i].message);
                ASSERT_EQ(r.status, table[i].status);
                ASSERT_STREQ(r.output, "");
        }
}

TEST(is_inside) {
        ExecRequest q = {ARGV("sh", "-c", "hostname; id -u; id -g; pwd; cat /proc/self/uid_map")};
        _cleanup_(run_done) Run r = {0};

        NEED_CONTAINER();
        r = run(&q, NULL);
        ASSERT_TRUE(strncmp(r.output, "inside\n0\n0\n/\n", 13) == 0);
        ASSERT_TRUE(strstr(r.output, "100000") != NULL);
        ASSERT_EQ(r.status, 0);
}

/* As nspawn's filter of system calls has it for what is started inside. */
TEST(opens_nothing_by_a_handle) {
        ExecRequest q = {ARGV("sh", "-c", "grep CapEff /proc/self/status")};
        _cleanup_(run_done) Run r = {0};
        const char *value;

        NEED_CONTAINER();
        r = run(&q, NULL);
        value = strstr(r.output, "CapEff:\t");
        ASSERT_TRUE(value != NULL);
        value += strlen("CapEff:\t");
        ASSERT_TRUE((strtoull(value, NULL, 16) & (1U << CAP_DAC_OVERRIDE)) != 0);
        ASSERT_EQ(strtoull(value, NULL, 16) & (1U << CAP_DAC_READ_SEARCH), 0);
}

TEST(becomes_the_user) {
        ExecRequest q = {ARGV("sh", "-c",
                              "id -un; id -G; echo $HOME; grep CapEff /proc/self/status; "
                              "echo out >/dev/stdout; cat /root/x 2>/dev/null || echo denied"),
                         .user = "nobody"};
        _cleanup_(run_done) Run r = {0};

        NEED_CONTAINER();
        r = run(&q, NULL);
        ASSERT_TRUE(strncmp(r.output, "nobody\n65534\n", 13) == 0);
        ASSERT_TRUE(strstr(r.output, "CapEff:\t0000000000000000\n") != NULL);
        ASSERT_TRUE(strstr(r.output, "out\ndenied\n") != NULL);
        ASSERT_STREQ(r.errors, "");
}

/* On the way to another user, too: the working directory is entered with that user's rights. */
TEST(a_user_gets_no_further_than_allowed) {
        char directory[] = "/tmp/test-exec-XXXXXX";
        ExecRequest q = {ARGV("pwd"), .user = "nobody", .directory = directory};
        _cleanup_(run_done) Run r = {0};

        NEED_CONTAINER();
        ASSERT_TRUE(mkdtemp(directory) != NULL);
        ASSERT_OK(chown(directory, SHIFT, SHIFT));
        ASSERT_OK(chmod(directory, 0700));
        r = run(&q, NULL);
        (void) rmdir(directory);
        ASSERT_EQ(r.status, 125);
        ASSERT_TRUE(strstr(r.errors, "Permission denied") != NULL);
}

TEST(streams_are_three) {
        _cleanup_(run_done) Run r = {0};

        NEED_CONTAINER();
        r = run_shell("cat; echo out >/dev/stdout; echo err >/dev/stderr; cat /dev/stdin; exit 4",
                      "input\n");
        ASSERT_STREQ(r.output, "input\nout\n");
        ASSERT_STREQ(r.errors, "err\n");
        ASSERT_EQ(r.status, 4);
}

TEST(one_place_for_both_keeps_the_order) {
        ExecRequest q = {ARGV("sh", "-c", "for i in 1 2 3; do echo o$i; echo e$i >&2; done")};
        _cleanup_free_ char *text = NULL;
        int pipe_fd[2], null;
        pid_t pid;

        NEED_CONTAINER();
        null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        ASSERT_OK(pipe2(pipe_fd, O_CLOEXEC));
        pid = start(&q, null, pipe_fd[1], pipe_fd[1]);
        (void) close(pipe_fd[1]);
        ASSERT_OK(fs_read_fd(pipe_fd[0], "output", 1000, &text, NULL, NULL));
        ASSERT_STREQ(text, "o1\ne1\no2\ne2\no3\ne3\n");
        ASSERT_EQ(wait_status(pid), 0);
        (void) close(pipe_fd[0]);
        (void) close(null);
}

TEST(a_closed_output_ends_the_program) {
        ExecRequest q = {ARGV("yes")};
        int pipe_fd[2], null;
        char text[2];
        pid_t pid;

        NEED_CONTAINER();
        null = open("/dev/null", O_RDWR | O_CLOEXEC);
        ASSERT_OK(pipe2(pipe_fd, O_CLOEXEC));
        pid = start(&q, null, pipe_fd[1], null);
        (void) close(pipe_fd[1]);
        ASSERT_EQ(read(pipe_fd[0], text, sizeof(text)), 2);
        (void) close(pipe_fd[0]);
        ASSERT_EQ(wait_status(pid), 128 + SIGPIPE);
        (void) close(null);
}

TEST(output_that_is_lost_is_an_error) {
        ExecRequest q = {ARGV("echo", "hello")};
        _cleanup_free_ char *text = NULL;
        int err[2], full, null;
        pid_t pid;

        NEED_CONTAINER();
        full = open("/dev/full", O_WRONLY | O_CLOEXEC);
        null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        ASSERT_OK(pipe2(err, O_CLOEXEC));
        pid = start(&q, null, full, err[1]);
        (void) close(err[1]);
        ASSERT_OK(fs_read_fd(err[0], "errors", 1000, &text, NULL, NULL));
        ASSERT_STREQ(text, "write to standard output: No space left on device\n");
        ASSERT_EQ(wait_status(pid), 125);
        (void) close(err[0]);
        (void) close(full);
        (void) close(null);
}

/* start() leaves a descriptor without O_CLOEXEC to us. */
TEST(nothing_leaks_in) {
        _cleanup_(run_done) Run r = {0};

        NEED_CONTAINER();
        r = run_shell("ls /proc/self/fd | wc -l", NULL);
        ASSERT_STREQ(r.output, "4\n"); /* three, and the one of ls */
}

static char *read_until(int fd, const char *what, char *text, size_t size) {
        size_t n = strlen(text);
        uint64_t deadline = now_usec() + 10 * USEC_PER_SEC;

        while (!strstr(text, what) && now_usec() < deadline) {
                struct pollfd p = {.fd = fd, .events = POLLIN};
                ssize_t k;

                if (poll(&p, 1, 100) <= 0)
                        continue;
                k = read(fd, text + n, size - n - 1);
                if (k <= 0)
                        break;
                n += (size_t) k;
                text[n] = '\0';
        }
        return strstr(text, what);
}

/* Starts it on a new terminal of its own. */
static pid_t start_on_terminal(const ExecRequest *request, const struct winsize *size, int *ret_master) {
        pid_t pid = forkpty(ret_master, NULL, NULL, size);

        if (pid == 0) {
                (void) close_range(3, ~0U, 0);
                _exit(exec_here(request));
        }
        ASSERT_TRUE(pid > 0);
        return pid;
}

TEST(a_terminal_of_its_own) {
        ExecRequest q = {ARGV("sh", "-c",
                              "stty size; tty; trap 'stty size; exit 9' WINCH; echo ready; "
                              "while :; do sleep 0.05; done")};
        struct winsize size = {.ws_row = 33, .ws_col = 101};
        char text[4096] = "";
        int master;
        pid_t pid;

        NEED_CONTAINER();
        pid = start_on_terminal(&q, &size, &master);
        ASSERT_TRUE(read_until(master, "ready", text, sizeof(text)) != NULL);
        ASSERT_TRUE(strstr(text, "33 101") != NULL);
        ASSERT_TRUE(strstr(text, "/dev/pts/0") != NULL);
        size = (struct winsize){.ws_row = 50, .ws_col = 120};
        ASSERT_OK(ioctl(master, TIOCSWINSZ, &size));
        ASSERT_TRUE(read_until(master, "50 120", text, sizeof(text)) != NULL);
        ASSERT_EQ(wait_status(pid), 9);
        (void) close(master);
}

/* A line first, which comes back from the terminal and from the program: so it is the program that gets the
 * key. */
TEST(keys_reach_the_program) {
        static const struct {
                const char *key;
                int status;
        } table[] = {
                {"\004", 0},             /* Ctrl-D */
                {"\003", 128 + SIGINT},  /* Ctrl-C */
                {"\034", 128 + SIGQUIT}, /* Ctrl-\\ */
        };

        NEED_CONTAINER();
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                ExecRequest q = {ARGV("sh", "-c", "echo ready; exec cat")};
                char text[4096] = "";
                int master;
                pid_t pid;

                test_set_row("%zu", i);
                pid = start_on_terminal(&q, NULL, &master);
                ASSERT_TRUE(read_until(master, "ready", text, sizeof(text)) != NULL);
                ASSERT_EQ(write(master, "typed\n", 6), 6);
                ASSERT_TRUE(read_until(master, "typed\r\ntyped\r\n", text, sizeof(text)) != NULL);
                ASSERT_EQ(write(master, table[i].key, 1), 1);
                ASSERT_EQ(wait_status(pid), table[i].status);
                (void) close(master);
        }
}

TEST(escape_ends_what_does_not_listen) {
        ExecRequest q = {
                ARGV("sh", "-c", "trap '' INT QUIT TERM HUP; echo ready; while :; do sleep 1; done")};
        char text[4096] = "";
        int master;
        pid_t pid;

        NEED_CONTAINER();
        pid = start_on_terminal(&q, NULL, &master);
        ASSERT_TRUE(read_until(master, "ready", text, sizeof(text)) != NULL);
        ASSERT_EQ(write(master, "\x1d\x1d\x1d", 3), 3);
        ASSERT_EQ(wait_status(pid), 128 + SIGKILL);
        (void) close(master);
}

TEST(login_shell_reads_commands) {
        ExecRequest q = {.cgroup_fd = -EBADF, .login_shell = true};
        _cleanup_(run_done) Run r = {0};

        NEED_CONTAINER();
        r = run(&q, "echo $0 in $PWD; exit 5\n");
        ASSERT_EQ(r.output[0], '-');
        ASSERT_TRUE(strstr(r.output, "sh in /") != NULL);
        ASSERT_EQ(r.status, 5);
}

/* Starts a program that says when it runs; gives the read end of its output, which ends with its last
 * process. */
static pid_t start_ready(const char *script, int *ret_output) {
        ExecRequest q = {ARGV("sh", "-c", script)};
        int pipe_fd[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
        char text[64] = "";
        pid_t pid;

        ASSERT_OK(pipe2(pipe_fd, O_CLOEXEC));
        pid = start(&q, null, pipe_fd[1], null);
        (void) close(pipe_fd[1]);
        (void) close(null);
        ASSERT_TRUE(read_until(pipe_fd[0], "ready", text, sizeof(text)) != NULL);
        *ret_output = pipe_fd[0];
        return pid;
}

TEST(signals_are_passed_on) {
        static const int signals[] = {SIGTERM, SIGHUP, SIGINT, SIGQUIT};

        NEED_CONTAINER();
        for (size_t i = 0; i < ELEMENTSOF(signals); i++) {
                int output;
                pid_t pid = start_ready("echo ready; exec sleep 100", &output);

                test_set_row("signal %d", signals[i]);
                ASSERT_OK(kill(pid, signals[i]));
                ASSERT_EQ(wait_status(pid), 128 + signals[i]);
                (void) close(output);
        }
}

TEST(a_program_may_handle_its_signal) {
        int output;
        pid_t pid;

        NEED_CONTAINER();
        pid = start_ready("trap 'exit 5' TERM; echo ready; while :; do sleep 0.05; done", &output);
        ASSERT_OK(kill(pid, SIGTERM));
        ASSERT_EQ(wait_status(pid), 5);
        (void) close(output);
}

/* Whether a "sleep" with that argument runs anywhere. */
static bool runs(const char *argument) {
        _cleanup_free_ char *script = xasprintf("pgrep -f '^sleep %s$' >/dev/null", argument);

        return system(script) == 0;
}

TEST(nothing_is_left_when_we_are_killed) {
        _cleanup_free_ char *first = xasprintf("1000.1%d", getpid()),
                            *second = xasprintf("1000.2%d", getpid());
        _cleanup_free_ char *script = xasprintf("sleep %s & echo ready; sleep %s", first, second);
        uint64_t deadline;
        int output;
        pid_t pid;

        NEED_CONTAINER();
        pid = start_ready(script, &output);
        ASSERT_TRUE(runs(first));
        ASSERT_OK(kill(pid, SIGKILL));
        ASSERT_EQ(wait_status(pid), -SIGKILL);
        deadline = now_usec() + 5 * USEC_PER_SEC;
        while ((runs(first) || runs(second)) && now_usec() < deadline)
                (void) poll(NULL, 0, 10);
        ASSERT_TRUE(!runs(first));
        ASSERT_TRUE(!runs(second));
        (void) close(output);
}

TEST(there_is_no_manager) {
        _cleanup_(enter_target_done) EnterTarget target = ENTER_TARGET_NULL;
        GuestBus *bus = NULL;

        NEED_CONTAINER();
        /* The host's may listen at that path: it is the same file system here. */
        if (access(GUEST_BUS_SOCKET, F_OK) == 0)
                SKIP("this host is managed by systemd");
        ASSERT_OK(enter_target_open(leader, &target, NULL));
        ASSERT_OK(manager_open(&target, USEC_PER_SEC, &bus, NULL));
        ASSERT_TRUE(bus == NULL);
}

/* The last: it takes the container away. */
TEST(the_container_stops) {
        _cleanup_(enter_target_done) EnterTarget target = ENTER_TARGET_NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        GuestBus *bus = NULL;
        int output;
        pid_t pid;

        NEED_CONTAINER();
        pid = start_ready("echo ready; sleep 100", &output);
        ASSERT_OK(enter_target_open(leader, &target, NULL));
        ASSERT_OK(kill(leader, SIGKILL));
        ASSERT_EQ(wait_status(pid), 128 + SIGKILL);
        (void) close(output);
        ASSERT_ERROR(manager_open(&target, USEC_PER_SEC, &bus, &error), &error, FC_EXIT_NOT_RUNNING,
                     "stopped");
        enter_target_done(&target);
        ASSERT_ERROR(enter_target_open(leader, &target, &error), &error, FC_EXIT_NOT_RUNNING, "has ended");
        ASSERT_ERROR(enter_target_open(0, &target, &error), &error, FC_EXIT_NOT_RUNNING, "has ended");
}
