/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <grp.h>
#include <linux/mount.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/alloc.h"
#include "base/in-root.h"
#include "base/privilege.h"
#include "base/process.h"
#include "cell/filter.h"
#include "cell/inside.h"
#include "cell/rights.h"
#include "cell/stub.h"
#include "cell/tree.h"
#include "rootfs/mounts.h"

#define NOTHING (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

#define PATH_FHS "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

#define ID_LENGTH 32

static int mount_on(const char *kind, const char *path, const MountOption *options, size_t n,
                    unsigned attributes, Error *reterr) {
        _cleanup_close_ int fd = mount_make(kind, options, n, attributes, reterr);

        return fd < 0 ? fd : tree_attach(fd, path, reterr);
}

/* @ret: as in machine-id(5). */
static int make_id(char ret[ID_LENGTH + 1], Error *reterr) {
        uint8_t bytes[ID_LENGTH / 2];

        if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t) sizeof(bytes))
                return error_set(reterr, errno, "get random bytes");
        bytes[6] = (bytes[6] & 0x0f) | 0x40; /* RFC 9562, version 4 */
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        for (size_t i = 0; i < sizeof(bytes); i++)
                (void) sprintf(ret + 2 * i, "%02x", bytes[i]);
        return 0;
}

static char *format_uuid(const char *id) {
        return xasprintf("%.8s-%.4s-%.4s-%.4s-%.12s", id, id + 8, id + 12, id + 16, id + 20);
}

/* Binds a file or directory of the guest on a path. */
static int bind_inside(const char *source, const char *path, bool read_only, Error *reterr) {
        _cleanup_close_ int fd = open(source, O_PATH | O_CLOEXEC), tree = -EBADF;
        int r;

        if (fd < 0)
                return error_set(reterr, errno, "open '%s' in the container", source);
        tree = mount_clone(fd, /* recursive= */ false, reterr);
        r = tree;
        if (r >= 0 && read_only)
                r = mount_protect(tree, reterr);
        return r < 0 ? r : tree_attach(tree, path, reterr);
}

/* journald tells boots apart by it. */
static int mount_boot_id(Error *reterr) {
        static const char place[] = "/run/host/boot-id";
        _cleanup_free_ char *uuid = NULL, *line = NULL;
        char id[ID_LENGTH + 1];
        int r;

        r = make_id(id, reterr);
        if (r < 0)
                return r;
        uuid = format_uuid(id);
        line = xasprintf("%s\n", uuid);
        r = tree_write(place, line, 0444, reterr);
        if (r >= 0)
                r = bind_inside(place, "/proc/sys/kernel/random/boot_id", /* read_only= */ true, reterr);
        if (r >= 0 && unlink(place) < 0)
                r = error_set(reterr, errno, "remove '%s' in the container", place);
        return r;
}

/* The kernel lets no user of the guest's change what is not its network's, and programs see it by this. */
static int protect_settings(Error *reterr) {
        _cleanup_close_ int net = open("/proc/sys/net", O_PATH | O_DIRECTORY | O_CLOEXEC), tree = -EBADF;
        int r;

        if (net < 0)
                return error_set(reterr, errno, "open '/proc/sys/net'");
        tree = mount_clone(net, /* recursive= */ false, reterr);
        if (tree < 0)
                return tree;
        r = bind_inside("/proc/sys", "/proc/sys", /* read_only= */ true, reterr);
        if (r >= 0)
                r = tree_attach(tree, "/proc/sys/net", reterr);
        return r < 0 ? r : mount_boot_id(reterr);
}

static int mount_file_systems(const CellOptions *o, Error *reterr) {
        static const MountOption pts[] = {{"ptmxmode", "0666"}, {"mode", "620"}, {"gid", "5"}};
        int r;

        r = mount_on("proc", "/proc", NULL, 0, NOTHING, reterr);
        if (r >= 0 && o->private_network)
                r = mount_on("sysfs", "/sys", NULL, 0, NOTHING | MOUNT_ATTR_RDONLY, reterr);
        if (r >= 0)
                r = mount_on("cgroup2", "/sys/fs/cgroup", NULL, 0, NOTHING, reterr);
        if (r >= 0)
                r = mount_on("mqueue", "/dev/mqueue", NULL, 0, NOTHING, reterr);
        if (r >= 0)
                r = mount_on("devpts", "/dev/pts", pts, ELEMENTSOF(pts),
                             MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, reterr);
        return r < 0 ? r : protect_settings(reterr);
}

static int set_loopback_up(Error *reterr) {
        _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct ifreq request = {.ifr_name = "lo"};

        if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
                return error_set(reterr, errno, "look at the loopback interface");
        request.ifr_flags |= IFF_UP;
        if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
                return error_set(reterr, errno, "set the loopback interface up");
        return 0;
}

/* Those that the kernel gives to the first process, as far as the caller's hard limits let it. */
static int set_limits(Error *reterr) {
        static const struct {
                int resource;
                rlim_t soft;
        } limits[] = {
                {RLIMIT_NOFILE, 1024},
                {RLIMIT_STACK, (rlim_t) 8 << 20},
                {RLIMIT_CORE, RLIM_INFINITY},
        };

        for (size_t i = 0; i < ELEMENTSOF(limits); i++) {
                struct rlimit limit;

                if (getrlimit((__rlimit_resource_t) limits[i].resource, &limit) < 0)
                        return error_set(reterr, errno, "look at resource limit %d", limits[i].resource);
                limit.rlim_cur = limits[i].soft < limit.rlim_max ? limits[i].soft : limit.rlim_max;
                if (setrlimit((__rlimit_resource_t) limits[i].resource, &limit) < 0)
                        return error_set(reterr, errno, "set resource limit %d", limits[i].resource);
        }
        return 0;
}

/* That of the root, if it has one; else a new one, from which systemd makes its own. */
static int find_machine_id(const CellOptions *o, char ret[ID_LENGTH + 1], Error *reterr) {
        _cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_free_ char *text = root < 0 ? NULL : root_read(root, "/etc/machine-id", 64);
        const char *id = o->uuid ? o->uuid : text;

        if (!id || strspn(id, "0123456789abcdef") != ID_LENGTH)
                return make_id(ret, reterr);
        (void) memcpy(ret, id, ID_LENGTH);
        ret[ID_LENGTH] = '\0';
        return 0;
}

static int make_guest_environment(const CellOptions *o, char ***ret, Error *reterr) {
        _cleanup_free_ char *uuid = NULL;
        char id[ID_LENGTH + 1];
        int r;

        r = find_machine_id(o, id, reterr);
        if (r < 0)
                return r;
        uuid = format_uuid(id);
        r = tree_write("/run/host/container-uuid", uuid, 0444, reterr);
        if (r < 0)
                return r;
        /* The first of a name counts. */
        strv_extend(ret, o->environment);
        strv_push(ret, "PATH=" PATH_FHS);
        strv_push(ret, "container=systemd-nspawn");
        strv_pushf(ret, "container_uuid=%s", uuid);
        strv_push(ret, "NOTIFY_SOCKET=" TREE_NOTIFY);
        if (o->credentials.n > 0)
                strv_push(ret, "CREDENTIALS_DIRECTORY=" TREE_CREDENTIALS);
        strv_push(ret, "HOME=/root");
        strv_push(ret, "USER=root");
        strv_push(ret, "LOGNAME=root");
        return 0;
}

static int become_root(Error *reterr) {
        /* In this order: new credentials may reset the signal. */
        if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
                return error_set(reterr, errno, "become root");
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || setsid() < 0)
                return error_set(reterr, errno, "start a session");
        return 0;
}

static int inside_wait_for(int sync_fd, Error *reterr) {
        char byte;
        ssize_t n;

        do
                n = read(sync_fd, &byte, 1);
        while (n < 0 && errno == EINTR);
        return n == 1 ? 0 : error_set(reterr, ECANCELED, "wait for the cell");
}

static int set_up(const CellOptions *o, int sync_fd, Error *reterr) {
        int r;

        r = inside_wait_for(sync_fd, reterr);
        if (r >= 0)
                r = become_root(reterr);
        if (r >= 0 && unshare(CLONE_NEWCGROUP) < 0)
                r = error_set(reterr, errno, "make a cgroup namespace");
        if (r >= 0)
                r = mount_file_systems(o, reterr);
        if (r >= 0 && o->private_network)
                r = set_loopback_up(reterr);
        if (r >= 0 && write(sync_fd, "", 1) != 1)
                r = error_set(reterr, errno, "tell the cell");
        return r < 0 ? r : inside_wait_for(sync_fd, reterr);
}

/* From here on it has no more than the guest. */
static int give_up(const CellOptions *o, Error *reterr) {
        uint64_t kept = rights_of_guest(o);
        int r;

        if (mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
                return error_set(reterr, errno, "share the mounts in the container");
        if (sethostname(o->hostname, strlen(o->hostname)) < 0)
                return error_set(reterr, errno, "set the host name");
        r = set_limits(reterr);
        if (r >= 0)
                r = filter_load_for_guest(kept, reterr);
        if (r < 0)
                return r;
        r = privilege_bound(kept);
        if (r >= 0)
                r = privilege_keep(kept);
        return r < 0 ? error_set(reterr, r, "give up privileges") : 0;
}

/* Standard output and error are the console. */
static int clear_descriptors(Error *reterr) {
        _cleanup_close_ int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

        if (null < 0 || dup2(null, STDIN_FILENO) < 0)
                return error_set(reterr, errno, "open '/dev/null'");
        if (syscall(SYS_close_range, STDERR_FILENO + 1, ~0U, 0) < 0)
                return error_set(reterr, errno, "close descriptors");
        return 0;
}

int inside_become(const CellOptions *o, int sync_fd, Error *reterr) {
        _cleanup_strv_ char **environment = NULL;
        int r;

        r = set_up(o, sync_fd, reterr);
        if (r >= 0)
                r = make_guest_environment(o, &environment, reterr);
        if (r >= 0)
                r = clear_descriptors(reterr);
        if (r >= 0)
                r = give_up(o, reterr);
        if (r < 0)
                return r;
        (void) umask(022);
        for (int i = 1; i < NSIG; i++)
                (void) signal(i, SIG_DFL);
        process_unblock_signals();
        if (o->as_pid2)
                r = stub_run();
        if (r < 0)
                return error_set(reterr, r, "start PID 2");
        (void) execvpe(o->command[0], o->command, environment);
        return error_set(reterr, errno, "execute '%s'", o->command[0]);
}
