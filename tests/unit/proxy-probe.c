/* SPDX-License-Identifier: MIT */

/* What test-proxy.c has executed in place of systemd-socket-proxyd: tries what a proxy must not be able to
 * do, and what the program and its C library do need, and prints "NAME errno" for each, 0 when it worked. */

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void tell(const char *name, long r) {
        (void) printf("%s %d\n", name, r < 0 ? errno : 0);
}

static void *thread(void *userdata) {
        *(int *) userdata = 1;
        return NULL;
}

static void try_thread(void) {
        pthread_t id;
        int ran = 0;

        errno = pthread_create(&id, NULL, thread, &ran);
        if (errno == 0)
                (void) pthread_join(id, NULL);
        tell("thread", ran ? 0 : -1);
}

/* By name, so that the C library reads its files: what a resolver does in a thread of the program. */
static void try_resolver(void) {
        struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *list = NULL;
        int r = getaddrinfo("localhost", "80", &hints, &list);

        errno = r;
        tell("resolver", r == 0 ? 0 : -1);
        if (list)
                freeaddrinfo(list);
}

static void try_processes(void) {
        pid_t pid = fork();

        if (pid == 0)
                _exit(0);
        tell("fork", pid);
        if (pid > 0)
                (void) waitpid(pid, NULL, 0);
        tell("kill", kill(getpid(), 0));
        tell("ptrace", ptrace(PTRACE_TRACEME, 0, NULL, NULL));
        tell("unshare", unshare(CLONE_NEWUSER));
        tell("pidfd", syscall(SYS_pidfd_open, getpid(), 0));
}

static void try_files(void) {
        tell("read", open("/etc/hosts", O_RDONLY | O_CLOEXEC));
        tell("write", open("/dev/null", O_WRONLY | O_CLOEXEC));
        tell("create", open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600));
        tell("mkdir", mkdir("/tmp/proxy-probe", 0700));
        tell("unlink", unlink("/tmp/proxy-probe"));
        tell("chmod", chmod("/tmp", 01777));
        tell("mount", mount(NULL, "/", NULL, MS_REMOUNT, NULL));
}

static void try_sockets(void) {
        static const struct {
                const char *name;
                int family;
        } families[] = {
                {"inet", AF_INET}, {"unix", AF_UNIX}, {"netlink", AF_NETLINK}, {"packet", AF_PACKET}};

        for (size_t i = 0; i < sizeof(families) / sizeof(*families); i++)
                tell(families[i].name, socket(families[i].family, SOCK_STREAM | SOCK_CLOEXEC, 0));
        tell("bind", bind(-1, NULL, 0));
        tell("keyctl", syscall(SYS_keyctl, 0, 0, 0, 0, 0));
        tell("bpf", syscall(SYS_bpf, 0, NULL, 0));
}

int main(int argc, char **argv) {
        (void) setvbuf(stdout, NULL, _IOLBF, 0);
        for (int i = 1; i < argc; i++)
                (void) printf("argument %s\n", argv[i]);
        (void) printf("listens %s\n", getenv("LISTEN_FDS"));
        (void) printf("for us %d\n", atoi(getenv("LISTEN_PID")) == getpid());
        tell("socket 3", fcntl(3, F_GETFD));
        tell("socket 4", fcntl(4, F_GETFD));
        tell("socket 5", fcntl(5, F_GETFD));
        try_thread();
        try_resolver();
        try_processes();
        try_files();
        try_sockets();
        return 0;
}
