/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <grp.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/alloc.h"
#include "base/in-root.h"
#include "base/loopback.h"
#include "base/privilege.h"
#include "base/process.h"
#include "base/uuid.h"
#include "cell/filter.h"
#include "cell/inside.h"
#include "cell/rights.h"
#include "cell/stub.h"
#include "cell/tree.h"
#include "rootfs/mounts.h"

#define NOTHING (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)

#define PATH_FHS "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

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
        return r < 0 ? r : mount_attach(tree, path, reterr);
}

/* journald tells boots apart by it. */
static int mount_boot_id(Error *reterr) {
        static const char place[] = "/run/host/boot-id";
        _cleanup_free_ char *uuid = NULL, *line = NULL;
        char id[UUID_LENGTH + 1];
        int r;

        r = uuid_make(id, reterr);
        if (r < 0)
                return r;
        uuid = uuid_format(id);
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
                r = mount_attach(tree, "/proc/sys/net", reterr);
        return r < 0 ? r : mount_boot_id(reterr);
}

static int mount_file_systems(const CellOptions *o, Error *reterr) {
        static const MountOption pts[] = {{"ptmxmode", "0666"}, {"mode", "620"}, {"gid", "5"}};
        int r;

        r = mount_make_at("proc", "/proc", NULL, 0, NOTHING, reterr);
        if (r >= 0 && o->private_network)
                r = mount_make_at("sysfs", "/sys", NULL, 0, NOTHING | MOUNT_ATTR_RDONLY, reterr);
        if (r >= 0)
                r = mount_make_at("cgroup2", "/sys/fs/cgroup", NULL, 0, NOTHING, reterr);
        if (r >= 0)
                r = mount_make_at("mqueue", "/dev/mqueue", NULL, 0, NOTHING, reterr);
        if (r >= 0)
                r = mount_make_at("devpts", "/dev/pts", pts, ELEMENTSOF(pts),
                                  MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, reterr);
        return r < 0 ? r : protect_settings(reterr);
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
static int find_machine_id(const CellOptions *o, char ret[UUID_LENGTH + 1], Error *reterr) {
        _cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_free_ char *text = root < 0 ? NULL : root_read(root, "/etc/machine-id", 64);
        const char *id = o->uuid ? o->uuid : text;

        if (!id || strspn(id, "0123456789abcdef") != UUID_LENGTH)
                return uuid_make(ret, reterr);
        (void) memcpy(ret, id, UUID_LENGTH);
        ret[UUID_LENGTH] = '\0';
        return 0;
}

static int make_guest_environment(const CellOptions *o, char ***ret, Error *reterr) {
        _cleanup_free_ char *uuid = NULL;
        char id[UUID_LENGTH + 1];
        int r;

        r = find_machine_id(o, id, reterr);
        if (r < 0)
                return r;
        uuid = uuid_format(id);
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
                r = loopback_set_up(reterr);
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
