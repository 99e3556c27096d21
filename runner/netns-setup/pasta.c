/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/alloc.h"
#include "base/host-exec.h"
#include "base/privilege.h"
#include "base/process.h"
#include "base/strv.h"
#include "keeper/netns-options.h"
#include "net/netlink.h"
#include "netns-setup/pasta.h"
#include "plan/address.h"

/* Its names for the host's loopback. */
#define LOOPBACK  "169.254.1.3"
#define LOOPBACK6 "fd66:632d:6f75:75::3"

#define TUN       "/dev/net/tun"
#define TUN_MAJOR 10
#define TUN_MINOR 200

/* Some machines keep the device for root: pasta gets a node of its own. */
static int open_tun_to_all(Error *reterr) {
        struct stat st;

        if (stat(TUN, &st) >= 0 && (st.st_mode & 0006) == 0006)
                return 0;
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
            mount("tmpfs", "/dev/net", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=0755") < 0 ||
            mknod(TUN, S_IFCHR | 0600, makedev(TUN_MAJOR, TUN_MINOR)) < 0 || chmod(TUN, 0666) < 0)
                return error_set(reterr, errno, "open '" TUN "' to the user of pasta");
        return 0;
}

/* pasta looks for the interfaces that default routes lead to, does without IPv6 where there is none for it,
 * and refuses to start where there is none at all. A host that has yet to connect must not keep a container
 * from starting: there it takes one that is always there, and leads on by IPv4 only. */
static int push_interface(char ***argv, Error *reterr) {
        _cleanup_(netlink_freep) Netlink *netlink = NULL;
        bool has_route;
        int r;

        r = netlink_open(&netlink, reterr);
        if (r < 0)
                return r;
        r = netlink_has_default_route(netlink, &has_route);
        if (r < 0)
                return error_set(reterr, r, "read the host's routes");
        if (!has_route)
                strv_push(argv, "--interface=lo");
        return 0;
}

/* Addresses are given, so that none of the host's is seen inside. Nothing is published by pasta, in either
 * direction. */
static char **pasta_argv(const PastaSettings *s) {
        static const char *const fixed[] = {
                "--foreground",
                "--quiet",
                "--no-netns-quit",
                "--ns-ifname=" PASTA_TAP,
                "--mac-addr=9a:55:9a:55:9a:55",
                "--netmask=32",
                "--gateway=" LOOPBACK,
                "--address=" PASTA_INSIDE6,
                "--gateway=" LOOPBACK6,
                "--dns-forward=" INTERNET_DNS,
                "--tcp-ports=none",
                "--udp-ports=none",
                "--tcp-ns=none",
                "--udp-ns=none",
        };
        _cleanup_free_ char *address = address_to_string(s->address);
        char **argv = NULL;

        strv_push(&argv, s->program);
        strv_pushf(&argv, "--address=%s", address);
        for (size_t i = 0; i < ELEMENTSOF(fixed); i++)
                strv_push(&argv, fixed[i]);
        return argv;
}

int pasta_exec(const PastaSettings *s, pid_t holder, Error *reterr) {
        _cleanup_strv_ char **argv = pasta_argv(s);
        char *const envp[] = {NULL};
        int r = push_interface(&argv, reterr);

        if (r >= 0)
                r = open_tun_to_all(reterr);
        if (r < 0)
                return r;
        strv_pushf(&argv, "%d", (int) holder);
        privilege_no_core();
        r = privilege_become_own_user(s->machine);
        if (r < 0)
                return error_set(reterr, r, "become another user");
        /* systemd's services ignore it, which pasta of 2023 takes for a failure to do so. */
        (void) signal(SIGPIPE, SIG_DFL);
        (void) execve(s->program, argv, envp);
        return error_set(reterr, errno, "execute '%s'", s->program);
}

/* ---- without root ---- */

/* This process stays: it is what the keeper knows as pasta. */
int pasta_exec_outside(const PastaSettings *s, pid_t holder, Error *reterr) {
        _cleanup_free_ char *address = address_to_string(s->address),
                            *with_prefix = xasprintf("%s/32", address),
                            *program = realpath("/proc/self/exe", NULL);
        const NetnsOptions options = {
                .address = with_prefix, .machine = (char *) s->machine, .pasta = (char *) s->program};
        _cleanup_strv_ char **argv = netns_options_print(program, "pasta", &options);
        _cleanup_close_ int pidfd = process_open(holder);
        char *const envp[] = {NULL};
        int r = pidfd;

        if (r >= 0)
                r = dup2(pidfd, STDIN_FILENO) < 0 ? -errno : host_exec(argv, envp, HOST_EXEC_ROOT);
        return error_set(reterr, r, "start '%s' in the host's network", s->program);
}

/* The number is that of the /proc that pasta will look into. */
int pasta_exec_inside(const PastaSettings *s, int holder_fd, Error *reterr) {
        _cleanup_close_ int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
                            null = open("/dev/null", O_RDWR | O_CLOEXEC);
        pid_t holder;
        int r = proc < 0 || null < 0 ? -errno : process_number(proc, holder_fd, &holder);

        if (r >= 0 && dup2(null, STDIN_FILENO) < 0)
                r = -errno;
        return r < 0 ? error_set(reterr, r, "look for the gateway") : pasta_exec(s, holder, reterr);
}
