/* SPDX-License-Identifier: MIT */

/* What root of a guest may try to get out, or to see what it is not to see. Prints a line for each attempt:
 * its name and what it gave, "0" where it succeeded, else the error's name.
 *
 *     escapes VOLUME MASK      a read-only volume, and a directory whose content is hidden
 *     escapes                  what a guest in the host's network may try with that */

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <linux/netlink.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <net/route.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

static void report(const char *name, long r) {
        (void) printf("%s %s\n", name, r >= 0 ? "0" : strerrorname_np(errno));
        (void) fflush(stdout);
}

static long open_path(const char *path, int flags) {
        return open(path, flags | O_CLOEXEC);
}

static void try_mounts(const char *volume, const char *mask) {
        struct mount_attr writable = {.attr_clr = MOUNT_ATTR_RDONLY};
        long fd;

        report("remount", mount(NULL, volume, NULL, MS_BIND | MS_REMOUNT, NULL));
        report("mount_setattr",
               syscall(SYS_mount_setattr, AT_FDCWD, volume, 0, &writable, sizeof(writable)));
        report("unmount-volume", umount2(volume, MNT_DETACH));
        report("unmount-mask", umount2(mask, MNT_DETACH));
        report("unmount-device", umount2("/dev/null", MNT_DETACH));
        report("move-mask", mount(mask, "/tmp", NULL, MS_MOVE, NULL));
        /* A copy of what the mask lies in, without the mask. */
        report("clone-below-mask", syscall(SYS_open_tree, AT_FDCWD, volume, OPEN_TREE_CLONE));
        fd = syscall(SYS_open_tree, AT_FDCWD, volume, OPEN_TREE_CLONE | AT_RECURSIVE);
        report("clone-writable", fd < 0 ? fd
                                        : syscall(SYS_mount_setattr, (int) fd, "", AT_EMPTY_PATH, &writable,
                                                  sizeof(writable)));
        report("unmount-proc-sight", umount2("/run/host/.proc", MNT_DETACH));
        report("sysfs-writable", mount(NULL, "/sys", NULL, MS_BIND | MS_REMOUNT, NULL) < 0
                                         ? -1
                                         : open_path("/sys/kernel/uevent_helper", O_WRONLY));
}

static void try_processes(void) {
        long fd;

        report("ptrace-init", ptrace(PTRACE_ATTACH, 1, NULL, NULL));
        report("init-root", open_path("/proc/1/root/", O_RDONLY | O_DIRECTORY));
        report("init-environ", open_path("/proc/1/environ", O_RDONLY));
        report("init-program", open_path("/proc/1/exe", O_RDONLY));
        report("init-memory", open_path("/proc/1/mem", O_RDWR));
        fd = open("/proc/1/ns/user", O_RDONLY | O_CLOEXEC);
        report("parent-userns", fd < 0 ? fd : ioctl((int) fd, NS_GET_PARENT));
}

static void try_devices(void) {
        report("disk-node", mknod("/tmp/disk", S_IFBLK | 0600, makedev(8, 0)));
        report("memory-node", mknod("/tmp/mem", S_IFCHR | 0600, makedev(1, 1)));
        report("sysrq", open_path("/proc/sysrq-trigger", O_WRONLY));
        report("kcore", open_path("/proc/kcore", O_RDONLY));
        report("keys", open_path("/proc/keys", O_RDONLY));
        report("kallsyms", open_path("/proc/kallsyms", O_RDONLY));
        report("core-pattern", open_path("/proc/sys/kernel/core_pattern", O_WRONLY));
        report("core-pattern-again",
               umount2("/proc/sys/net", MNT_DETACH) < 0 || umount2("/proc/sys", MNT_DETACH) < 0
                       ? -1
                       : open_path("/proc/sys/kernel/core_pattern", O_WRONLY));
}

static void try_calls(void) {
        report("bpf", syscall(SYS_bpf, 0, NULL, 0));
        report("keyctl", syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0));
        report("perf", syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
        report("by-handle", syscall(SYS_open_by_handle_at, AT_FDCWD, NULL, 0));
        report("kexec", syscall(SYS_kexec_load, 0, 0, NULL, 0));
        report("swap", syscall(SYS_swapon, "/x", 0));
        report("module", syscall(SYS_init_module, NULL, 0, ""));
        report("clock", syscall(SYS_settimeofday, NULL, NULL));
        report("unknown", syscall(1023));
        report("audit", socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_AUDIT));
        report("route", socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
}

/* Port 79, which is below what any user may have. */
static long bind_low_port(void) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(79)};

        return bind(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), (struct sockaddr *) &address,
                    sizeof(address));
}

/* @NAME of the host's, or one of its own. */
static long connect_abstract(const char *name, int own) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        socklen_t size = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
        int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void) stpcpy(address.sun_path + 1, name);
        if (own && (bind(server, (struct sockaddr *) &address, size) < 0 || listen(server, 1) < 0))
                return -1;
        return connect(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), (struct sockaddr *) &address, size);
}

static long open_tap(void) {
        struct ifreq tap = {.ifr_name = "tap7", .ifr_flags = IFF_TAP | IFF_NO_PI};
        long tun = open_path("/dev/net/tun", O_RDWR);

        return tun < 0 ? tun : ioctl((int) tun, TUNSETIFF, &tap);
}

static void try_network(void) {
        int inet = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct ifreq down = {.ifr_name = "lo"};
        struct rtentry route = {
                .rt_dst.sa_family = AF_INET,
                .rt_genmask.sa_family = AF_INET,
                .rt_flags = RTF_UP,
                .rt_dev = (char *) "lo",
        };

        report("raw-socket", socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP));
        report("packet-socket", socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
        report("interface-down", ioctl(inet, SIOCSIFFLAGS, &down));
        report("route", ioctl(inet, SIOCADDRT, &route));
        report("tap", open_tap());
        report("low-port", bind_low_port());
        report("abstract-socket", connect_abstract("fc-host", 0));
        report("abstract-socket-own", connect_abstract("fc-guest", 1));
        report("forwarding", open_path("/proc/sys/net/ipv4/ip_forward", O_WRONLY));
        report("interface-file", open_path("/sys/class/net/lo/mtu", O_WRONLY));
        report("sysfs-writable", mount(NULL, "/sys", NULL, MS_BIND | MS_REMOUNT, NULL));
        report("sysfs-new", mount("sysfs", "/mnt", "sysfs", 0, NULL));
        report("unmount-sys", umount2("/sys", MNT_DETACH));
}

int main(int argc, char **argv) {
        if (argc == 1)
                try_network();
        if (argc != 3)
                return argc == 1 ? 0 : 2;
        try_mounts(argv[1], argv[2]);
        try_processes();
        try_devices();
        try_calls();
        return 0;
}
