/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include "base/alloc.h"
#include "supervisor/isolate.h"

/* nspawn looks for its own cgroup at this path only. */
#define CGROUP_DIR "/sys/fs/cgroup"

static int mount_cgroup(const SupervisorOptions *o, Error *reterr) {
        struct statfs st;

        if (statfs(CGROUP_DIR, &st) >= 0 && st.f_type == CGROUP2_SUPER_MAGIC)
                return 0;
        /* A copy of the mount that is there: mount(2) of another one takes 15 ms. */
        if (syscall(SYS_move_mount, o->cgroup_mount_fd, "", AT_FDCWD, CGROUP_DIR, MOVE_MOUNT_F_EMPTY_PATH) <
            0)
                return error_set(reterr, errno, "attach cgroup2 to " CGROUP_DIR);
        return 0;
}

static int attach_mount(int dir_fd, const MountOption *m, Error *reterr) {
        _cleanup_close_ int target = -EBADF;
        struct stat st;

        if (fstat(m->fd, &st) < 0)
                return error_set(reterr, errno, "look at mount '%s'", m->name);
        if (S_ISDIR(st.st_mode)) {
                if (mkdirat(dir_fd, m->name, 0755) < 0)
                        return error_set(reterr, errno, "make '%s'", m->name);
        } else {
                target = openat(dir_fd, m->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
                if (target < 0)
                        return error_set(reterr, errno, "make '%s'", m->name);
        }
        if (syscall(SYS_move_mount, m->fd, "", dir_fd, m->name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return error_set(reterr, errno, "attach '%s'", m->name);
        return 0;
}

static int mount_private(const SupervisorOptions *o, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;

        if (mkdir(PRIVATE_DIR, 0755) < 0 && errno != EEXIST)
                return error_set(reterr, errno, "make '" PRIVATE_DIR "'");
        if (mount("tmpfs", PRIVATE_DIR, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755,size=1m") < 0)
                return error_set(reterr, errno, "mount a tmpfs on '" PRIVATE_DIR "'");
        fd = open(PRIVATE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return error_set(reterr, errno, "open '" PRIVATE_DIR "'");
        for (size_t i = 0; i < o->n_mounts; i++) {
                int r = attach_mount(fd, &o->mounts[i], reterr);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int set_up(const SupervisorOptions *o, Error *reterr) {
        int r;

        if (setsid() < 0)
                return error_set(reterr, errno, "start a session");
        /* Not the user's: it would keep a file system busy. */
        if (chdir("/") < 0)
                return error_set(reterr, errno, "change to '/'");
        r = mount_cgroup(o, reterr);
        if (r < 0)
                return r;
        r = mount_private(o, reterr);
        if (r < 0)
                return r;
        /* Last: the code above may want the host's. */
        if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
                return error_set(reterr, errno, "mount /proc");
        return 0;
}

int isolate(const SupervisorOptions *o, int *ret_host_proc, Error *reterr) {
        _cleanup_close_ int host_proc = -EBADF;
        pid_t pid;
        int r;

        host_proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (host_proc < 0)
                return error_set(reterr, errno, "open /proc");

        if (unshare(CLONE_NEWNS | CLONE_NEWPID) < 0)
                return error_set(reterr, errno, "make namespaces");
        /* Slave, not private: what the host mounts or unmounts later shows here too, so that nothing of the
         * host's is kept busy by a container. */
        if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
                return error_set(reterr, errno, "make the mounts slaves of the host's");

        pid = fork();
        if (pid < 0)
                return error_set(reterr, errno, "start the first process of a PID namespace");
        if (pid > 0)
                _exit(0);

        r = set_up(o, reterr);
        if (r < 0)
                return r;
        *ret_host_proc = TAKE_FD(host_proc);
        return 0;
}
