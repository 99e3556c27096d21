/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/host-socket.h"
#include "net/port-holder.h"

#define TCP_STATE_LISTEN 0x0a

/* Sockets that stand in the way: first the listening ones, then the others, which hold a local port as
 * well. */
typedef struct Inodes {
        unsigned long *listening;
        size_t n_listening;
        unsigned long *other;
        size_t n_other;
} Inodes;

static void inodes_done(Inodes *inodes) {
        free(inodes->listening);
        free(inodes->other);
}

void port_holder_done(PortHolder *holder) {
        free(holder->command);
        free(holder->machine);
        *holder = PORT_HOLDER_NULL;
}

/* The kernel prints the words of the address in the byte order of the machine. */
bool port_holder_parse_line(const char *line, struct in6_addr *ret_address, uint16_t *ret_port,
                            unsigned *ret_state, unsigned long *ret_inode) {
        struct in6_addr address = {0};
        char hex[33];
        unsigned port;
        size_t n;

        if (sscanf(line, " %*u: %32[0-9A-F]:%4x %*[0-9A-F:] %2x %*x:%*x %*x:%*x %*x %*u %*u %lu", hex, &port,
                   ret_state, ret_inode) != 4)
                return false;
        n = strlen(hex) / 8;
        if (n != 1 && n != 4)
                return false;
        if (n == 1)
                address.s6_addr32[2] = htonl(0xffff);
        for (size_t i = 0; i < n; i++) {
                unsigned word;

                if (sscanf(hex + 8 * i, "%8x", &word) != 1)
                        return false;
                address.s6_addr32[4 - n + i] = word;
        }
        *ret_address = address;
        *ret_port = (uint16_t) port;
        return true;
}

static bool is_wildcard(const struct in6_addr *a) {
        return IN6_IS_ADDR_UNSPECIFIED(a) || (IN6_IS_ADDR_V4MAPPED(a) && a->s6_addr32[3] == 0);
}

/* Does a socket on `held` keep us from `wanted`? [::] may stand for IPv4 as well; whether it does
 * (IPV6_V6ONLY) is not shown, but we are only asked when something stands in the way. */
static bool conflicts(const struct in6_addr *held, const struct in6_addr *wanted) {
        if (IN6_IS_ADDR_UNSPECIFIED(held) || IN6_ARE_ADDR_EQUAL(held, wanted))
                return true;
        return IN6_IS_ADDR_V4MAPPED(held) == IN6_IS_ADDR_V4MAPPED(wanted) &&
               (is_wildcard(held) || is_wildcard(wanted));
}

static void collect(const char *name, const struct in6_addr *wanted, uint16_t wanted_port, Inodes *inodes) {
        _cleanup_free_ char *path = host_socket_proc_path(name);
        _cleanup_fclose_ FILE *f = fopen(path, "re");
        _cleanup_free_ char *line = NULL;
        size_t room = 0;

        while (f && getline(&line, &room, f) > 0) {
                struct in6_addr address;
                unsigned long inode;
                unsigned state;
                uint16_t port;

                /* Without an inode it is in TIME_WAIT and belongs to no process. */
                if (!port_holder_parse_line(line, &address, &port, &state, &inode) || port != wanted_port ||
                    inode == 0 || !conflicts(&address, wanted))
                        continue;
                if (state == TCP_STATE_LISTEN)
                        *XGROW(inodes->listening, inodes->n_listening) = inode;
                else
                        *XGROW(inodes->other, inodes->n_other) = inode;
        }
}

/* Does the process with the directory `proc_fd` have one of these sockets open? */
static bool port_holder_has_socket(int proc_fd, const unsigned long *inodes, size_t n_inodes) {
        _cleanup_(closedirp) DIR *d = NULL;
        struct dirent *entry;
        int fd = openat(proc_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        d = fd < 0 ? NULL : fdopendir(fd);
        if (!d) {
                (void) safe_close(fd);
                return false;
        }
        while ((entry = readdir(d))) {
                char target[64];
                unsigned long inode;
                ssize_t n = readlinkat(fd, entry->d_name, target, sizeof(target) - 1);

                if (n < 0)
                        continue;
                target[n] = '\0';
                if (sscanf(target, "socket:[%lu]", &inode) != 1)
                        continue;
                for (size_t i = 0; i < n_inodes; i++)
                        if (inodes[i] == inode)
                                return true;
        }
        return false;
}

static char *read_proc(int proc_fd, const char *name) {
        _cleanup_close_ int fd = openat(proc_fd, name, O_RDONLY | O_CLOEXEC);
        char *text;

        if (fd < 0 || fs_read_fd(fd, name, 65536, &text, NULL, NULL) < 0)
                return NULL;
        return text;
}

/* "0::/flake-containers/MACHINE/..", or of a unit
 * "0::/machine.slice/flake-containers-MACHINE.service/..". */
char *port_holder_parse_cgroup(const char *text) {
        static const struct {
                const char *top, *suffix;
        } places[] = {{"/flake-containers/", ""}, {"/flake-containers-", ".service"}};

        for (const char *line = text; line; line = strchr(line, '\n')) {
                const char *path;

                line += *line == '\n';
                path = startswith(line, "0::");
                if (!path)
                        continue;
                for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                        size_t suffix = strlen(places[i].suffix), n;
                        const char *machine = strstr(path, places[i].top);

                        if (!machine || machine > path + strcspn(path, "\n"))
                                continue;
                        machine += strlen(places[i].top);
                        n = strcspn(machine, "/\n");
                        if (n > suffix && strncmp(machine + n - suffix, places[i].suffix, suffix) == 0)
                                return xstrndup(machine, n - suffix);
                }
                return NULL;
        }
        return NULL;
}

static char *read_command(int proc_fd) {
        char *command = read_proc(proc_fd, "comm");

        if (command)
                command[strcspn(command, "\n")] = '\0';
        return command;
}

static bool port_holder_find_process(const unsigned long *inodes, size_t n_inodes, PortHolder *holder) {
        _cleanup_(closedirp) DIR *d = opendir("/proc");
        struct dirent *entry;

        while (d && n_inodes > 0 && (entry = readdir(d))) {
                _cleanup_close_ int proc_fd = -EBADF;
                _cleanup_free_ char *cgroup = NULL, *machine = NULL;

                if (!isdigit((unsigned char) entry->d_name[0]))
                        continue;
                proc_fd = openat(dirfd(d), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (proc_fd < 0 || !port_holder_has_socket(proc_fd, inodes, n_inodes))
                        continue;
                cgroup = read_proc(proc_fd, "cgroup");
                machine = cgroup ? port_holder_parse_cgroup(cgroup) : NULL;
                if (holder->pid > 0 && !machine)
                        continue;
                port_holder_done(holder);
                holder->pid = (pid_t) strtol(entry->d_name, NULL, 10);
                holder->command = read_command(proc_fd);
                holder->machine = TAKE_PTR(machine);
                if (holder->machine)
                        break;
        }
        return holder->pid > 0;
}

void port_holder_find(const struct sockaddr *address, bool udp, PortHolder *ret) {
        _cleanup_(inodes_done) Inodes inodes = {0};
        struct in6_addr wanted = {0};
        PortHolder holder = PORT_HOLDER_NULL;
        uint16_t port;

        if (address->sa_family == AF_INET) {
                const struct sockaddr_in *in = (const struct sockaddr_in *) (const void *) address;

                wanted.s6_addr32[2] = htonl(0xffff);
                wanted.s6_addr32[3] = in->sin_addr.s_addr;
                port = ntohs(in->sin_port);
        } else {
                const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *) (const void *) address;

                wanted = in6->sin6_addr;
                port = ntohs(in6->sin6_port);
        }

        collect(udp ? "udp" : "tcp", &wanted, port, &inodes);
        collect(udp ? "udp6" : "tcp6", &wanted, port, &inodes);
        if (!port_holder_find_process(inodes.listening, inodes.n_listening, &holder))
                (void) port_holder_find_process(inodes.other, inodes.n_other, &holder);
        *ret = holder;
}
