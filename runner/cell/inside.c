/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/alloc.h"
#include "base/detach.h"
#include "base/handshake.h"
#include "base/in-root.h"
#include "base/loopback.h"
#include "base/paths.h"
#include "base/privilege.h"
#include "base/process.h"
#include "base/uuid.h"
#include "cell/inside.h"
#include "cell/rights.h"
#include "cell/stub.h"
#include "cell/tree.h"

/* That of the root, if it has one; else a new one, from which systemd makes its own. */
static int find_machine_id(const CellOptions *o, char **ret, Error *reterr) {
        _cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        _cleanup_free_ char *text = root < 0 ? NULL : root_read(root, "/etc/machine-id", 64);
        const char *id = o->uuid ? o->uuid : text;

        if (!id || strspn(id, "0123456789abcdef") != UUID_LENGTH)
                return uuid_make(ret, reterr);
        *ret = uuid_format(id);
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
        _cleanup_free_ char *id = NULL;
        int r;

        r = find_machine_id(o, &id, reterr);
        if (r >= 0)
                r = tree_write("/run/host/container-uuid", id, reterr);
        if (r < 0)
                return r;
        /* The first of a name counts. */
        strv_extend(ret, o->environment);
        for (size_t i = 0; i < ELEMENTSOF(fixed); i++)
                strv_push(ret, fixed[i]);
        if (o->credentials.n > 0)
                strv_push(ret, "CREDENTIALS_DIRECTORY=" TREE_CREDENTIALS);
        strv_pushf(ret, "container_uuid=%s", id);
        return 0;
}

static int become_root(Error *reterr) {
        int r = privilege_become_root();

        if (r >= 0)
                r = privilege_leave_keyring();
        if (r < 0)
                return error_set(reterr, r, "become root, with keys of its own");
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
                r = tree_mount_inside(o, reterr);
        if (r >= 0 && o->private_network)
                r = loopback_set_up(reterr);
        if (r < 0)
                return r;
        r = handshake_tell(sync_fd);
        return r < 0 ? error_set(reterr, r, "tell the cell") : wait_for_cell(sync_fd, reterr);
}

/* What the kernel gives to the first process, as far as the caller's hard limit lets it. */
static int set_limit(__rlimit_resource_t resource, rlim_t soft, Error *reterr) {
        struct rlimit limit = {};
        int r = getrlimit(resource, &limit);

        limit.rlim_cur = soft < limit.rlim_max ? soft : limit.rlim_max;
        if (r >= 0)
                r = setrlimit(resource, &limit);
        return r < 0 ? error_set(reterr, errno, "set resource limit %d", (int) resource) : 0;
}

/* From here on it has no more than the guest. Standard output and error are the console. */
static int give_up(const CellOptions *o, Error *reterr) {
        _cleanup_close_ int null = -EBADF;
        int r;

        detach_close_all_but(NULL, 0);
        null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (null < 0 || dup2(null, STDIN_FILENO) < 0)
                return error_set(reterr, errno, "open '/dev/null'");
        if (mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) < 0)
                return error_set(reterr, errno, "share the mounts in the container");
        if (sethostname(o->hostname, strlen(o->hostname)) < 0)
                return error_set(reterr, errno, "set the host name");
        r = set_limit(RLIMIT_NOFILE, 1024, reterr);
        if (r >= 0)
                r = set_limit(RLIMIT_STACK, (rlim_t) 8 << 20, reterr);
        if (r >= 0)
                r = set_limit(RLIMIT_CORE, RLIM_INFINITY, reterr);
        return r < 0 ? r : rights_keep(rights_of_guest(o), reterr);
}

int inside_become(const CellOptions *o, int sync_fd, Error *reterr) {
        _cleanup_strv_ char **environment = NULL;
        int r;

        r = set_up(o, sync_fd, reterr);
        if (r >= 0)
                r = make_guest_environment(o, &environment, reterr);
        if (r >= 0)
                r = give_up(o, reterr);
        if (r < 0)
                return r;
        process_reset_signals();
        if (o->as_pid2)
                r = stub_run();
        if (r < 0)
                return error_set(reterr, r, "start PID 2");
        (void) execvpe(o->command[0], o->command, environment);
        return error_set(reterr, errno, "execute '%s'", o->command[0]);
}
