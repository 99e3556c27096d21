/* SPDX-License-Identifier: MIT */

/* What root of a guest may try to get out, or to see what it is not to see. Prints a line for each attempt:
 * its name and what it gave, "0" where it succeeded, else the error's name.
 *
 *     escapes VOLUME MASK      a read-only volume, and a directory whose content is hidden */

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <linux/mount.h>
#include <linux/netlink.h>
#include <linux/nsfs.h>
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

int main(int argc, char **argv) {
        if (argc != 3)
                return 2;
        try_mounts(argv[1], argv[2]);
        try_processes();
        try_devices();
        try_calls();
        return 0;
}
