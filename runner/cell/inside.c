/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/alloc.h"
#include "base/handshake.h"
#include "base/in-root.h"
#include "base/loopback.h"
#include "base/privilege.h"
#include "base/process.h"
#include "base/uuid.h"
#include "cell/inside.h"
#include "cell/rights.h"
#include "cell/stub.h"
#include "cell/tree.h"
#include "rootfs/mounts.h"

#define PATH_FHS "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

#define BOOT_ID "/run/host/boot-id"

/* journald tells boots apart by it. */
static int write_boot_id(Error *reterr) {
        _cleanup_free_ char *uuid = NULL, *line = NULL;
        char id[UUID_LENGTH + 1];
        int r = uuid_make(id, reterr);

        if (r < 0)
                return r;
        uuid = uuid_format(id);
        line = xasprintf("%s\n", uuid);
        return tree_write(BOOT_ID, line, reterr);
}

/* Binds what is at a path inside at another one, read-only. */
static int bind_protected(const char *source, const char *target, Error *reterr) {
        _cleanup_close_ int fd =
                mount_clone_path(source, /* recursive= */ false, TREE_NOTHING | MOUNT_ATTR_RDONLY, reterr);

        return fd < 0 ? fd : mount_attach(fd, target, reterr);
}

/* The kernel lets no user of the guest's change what is not its network's, and programs see it by this. */
static int protect_settings(Error *reterr) {
        _cleanup_close_ int net = mount_clone_path("/proc/sys/net", /* recursive= */ false, 0, reterr);
        int r = net;

        if (r >= 0)
                r = bind_protected("/proc/sys", "/proc/sys", reterr);
        if (r >= 0)
                r = mount_attach(net, "/proc/sys/net", reterr);
        if (r >= 0)
                r = write_boot_id(reterr);
        if (r >= 0)
                r = bind_protected(BOOT_ID, "/proc/sys/kernel/random/boot_id", reterr);
        if (r >= 0 && unlink(BOOT_ID) < 0)
                r = error_set(reterr, errno, "remove '" BOOT_ID "' in the container");
        return r;
}

static int mount_file_systems(const CellOptions *o, Error *reterr) {
        static const MountOption pts[] = {{"ptmxmode", "0666"}, {"mode", "620"}, {"gid", "5"}};
        const struct {
                const char *kind, *path;
                unsigned attributes;
                size_t n; /* of pts */
                bool left_out;
        } rows[] = {
                {"proc", "/proc", TREE_NOTHING},
                {"sysfs", "/sys", TREE_NOTHING | MOUNT_ATTR_RDONLY, .left_out = !o->private_network},
                {"cgroup2", "/sys/fs/cgroup", TREE_NOTHING},
                {"mqueue", "/dev/mqueue", TREE_NOTHING},
                {"devpts", "/dev/pts", MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC, ELEMENTSOF(pts)},
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(rows); i++)
                if (!rows[i].left_out)
                        r = mount_make_at(rows[i].kind, rows[i].path, pts, rows[i].n, rows[i].attributes,
                                          reterr);
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
        static const char *const fixed[] = {
                "PATH=" PATH_FHS,
                "container=systemd-nspawn",
                "NOTIFY_SOCKET=" TREE_NOTIFY,
                "HOME=/root",
                "USER=root",
                "LOGNAME=root",
        };
        _cleanup_free_ char *uuid = NULL;
        char id[UUID_LENGTH + 1];
        int r;

        r = find_machine_id(o, id, reterr);
        if (r < 0)
                return r;
        uuid = uuid_format(id);
        r = tree_write("/run/host/container-uuid", uuid, reterr);
        if (r < 0)
                return r;
        /* The first of a name counts. */
        strv_extend(ret, o->environment);
        for (size_t i = 0; i < ELEMENTSOF(fixed); i++)
                strv_push(ret, fixed[i]);
        if (o->credentials.n > 0)
                strv_push(ret, "CREDENTIALS_DIRECTORY=" TREE_CREDENTIALS);
        strv_pushf(ret, "container_uuid=%s", uuid);
        return 0;
}

static int become_root(Error *reterr) {
        int r = privilege_become_root();

        if (r < 0)
                return error_set(reterr, r, "become root");
        /* Afterwards: new credentials may reset both. */
        if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || setsid() < 0)
                return error_set(reterr, errno, "start a session");
        return 0;
}

static int wait_for_cell(int sync_fd, Error *reterr) {
        int r = handshake_await(sync_fd);

        return r > 0 ? 0 : error_set(reterr, r < 0 ? r : ECANCELED, "wait for the cell");
}

static int set_up(const CellOptions *o, int sync_fd, Error *reterr) {
        int r;

        r = wait_for_cell(sync_fd, reterr);
        if (r >= 0)
                r = become_root(reterr);
        if (r >= 0 && unshare(CLONE_NEWCGROUP) < 0)
                r = error_set(reterr, errno, "make a cgroup namespace");
        if (r >= 0)
                r = mount_file_systems(o, reterr);
        if (r >= 0 && o->private_network)
                r = loopback_set_up(reterr);
        if (r < 0)
                return r;
        r = handshake_tell(sync_fd);
        return r < 0 ? error_set(reterr, r, "tell the cell") : wait_for_cell(sync_fd, reterr);
}

/* From here on it has no more than the guest. */
static int give_up(const CellOptions *o, Error *reterr) {
        int r;

        if (mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
                return error_set(reterr, errno, "share the mounts in the container");
        if (sethostname(o->hostname, strlen(o->hostname)) < 0)
                return error_set(reterr, errno, "set the host name");
        r = set_limits(reterr);
        return r < 0 ? r : rights_keep(rights_of_guest(o), reterr);
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
