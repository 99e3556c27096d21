/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include "base/alloc.h"
#include "cgroup/cgroup.h"
#include "keeper/supervisor-isolate.h"

static int mount_cgroup(const SupervisorOptions *o, Error *reterr) {
        struct statfs st;

        if (statfs(CGROUP_MOUNT, &st) >= 0 && st.f_type == CGROUP2_SUPER_MAGIC)
                return 0;
        /* A copy of the mount that is there: mount(2) of another one takes 15 ms. */
        if (syscall(SYS_move_mount, o->cgroup_mount_fd, "", AT_FDCWD, CGROUP_MOUNT,
                    MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return error_set(reterr, errno, "attach cgroup2 to " CGROUP_MOUNT);
        return 0;
}

static int isolate_set_up(const SupervisorOptions *o, Error *reterr) {
        int r;

        if (setsid() < 0)
                return error_set(reterr, errno, "start a session");
        /* Not the user's: it would keep a file system busy. */
        if (chdir("/") < 0)
                return error_set(reterr, errno, "change to '/'");
        r = mount_cgroup(o, reterr);
        if (r < 0)
                return r;
        r = machine_dir_mount(o->mounts.mounts, o->mounts.n, o->keeper.gate, reterr);
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

        r = machine_dir_unshare(CLONE_NEWPID, reterr);
        if (r < 0)
                return r;
        pid = fork();
        if (pid < 0)
                return error_set(reterr, errno, "start the first process of a PID namespace");
        if (pid > 0)
                _exit(0);

        r = isolate_set_up(o, reterr);
        if (r < 0)
                return r;
        *ret_host_proc = TAKE_FD(host_proc);
        return 0;
}
