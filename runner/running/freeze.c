/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "cgroup/cgroup.h"
#include "machine/machine.h"
#include "record/record.h"
#include "running/freeze.h"
#include "running/running.h"
#include "state/runtime-dir.h"

#define RECORD "frozen"

static void freeze_done(Freeze *f) {
        for (size_t i = 0; i < f->n; i++) {
                (void) safe_close(f->frozen[i].cgroup_fd);
                (void) safe_close(f->frozen[i].runtime_fd);
        }
        free(f->frozen);
        *f = FREEZE_NULL;
}

/* In the guard: the records are left to the next command. */
static void guard_thaw(void *userdata) {
        const Freeze *f = userdata;

        for (size_t i = 0; i < f->n; i++) {
                int fd = openat(f->frozen[i].cgroup_fd, "cgroup.freeze", O_WRONLY | O_CLOEXEC);

                (void) !write(fd, "0", 1);
        }
}

static int frozen_open(const Watched *at, int project_runtime_fd, Freeze *f, Error *reterr) {
        const char *mount = at->watch->project->facts.cgroup_root;
        Frozen *frozen = XGROW(f->frozen, f->n);
        int r;

        *frozen = (Frozen){-EBADF, -EBADF};
        if (at->status.frozen)
                return running_raise_paused(at->watch->project, at->name, reterr);
        frozen->cgroup_fd = machine_open_payload_cgroup(&at->status, mount, at->machine, reterr);
        if (frozen->cgroup_fd == -ENOENT)
                return error_raise(reterr, FC_EXIT_CONFLICT, "it is just being started or stopped");
        if (frozen->cgroup_fd < 0)
                return frozen->cgroup_fd;
        r = runtime_dir_container_open(project_runtime_fd, at->name, &frozen->runtime_fd, reterr);
        if (r >= 0 && frozen->runtime_fd < 0)
                return error_raise(reterr, FC_EXIT_CONFLICT, "it is just being started or stopped");
        return r < 0 ? r : record_write(frozen->runtime_fd, RECORD, "", reterr);
}

static int freeze_open(const MachineWatch *watch, int project_runtime_fd, Freeze *f, Error *reterr) {
        for (size_t i = 0; i < watch->n; i++) {
                int r;

                if (!watch->entries[i].status.running)
                        continue;
                r = frozen_open(&watch->entries[i], project_runtime_fd, f, reterr);
                if (r < 0)
                        return error_in_container(reterr, r, watch->entries[i].name);
        }
        return 0;
}

static int freeze_all(Freeze *f, Error *reterr) {
        _cleanup_free_ int *fds = xnew0(int, f->n);
        int r;

        for (size_t i = 0; i < f->n; i++)
                fds[i] = f->frozen[i].cgroup_fd;
        r = guard_start(guard_thaw, f, fds, f->n, &f->guard, reterr);
        for (size_t i = 0; r >= 0 && i < f->n; i++) {
                r = cgroup_freeze(f->frozen[i].cgroup_fd, CGROUP_FREEZE_USEC, reterr);
                if (r == -ENODEV)
                        r = error_raise(reterr, FC_EXIT_CONFLICT,
                                        "a container is just being restarted or stopped");
                else if (r == 0)
                        r = error_raise(reterr, FC_EXIT_INTERNAL,
                                        "a container does not stand still: it waits for a disk");
        }
        return r;
}

int freeze_begin(const MachineWatch *watch, int project_runtime_fd, Freeze *ret, Error *reterr) {
        Freeze f = FREEZE_NULL;
        int r;

        r = freeze_open(watch, project_runtime_fd, &f, reterr);
        if (r >= 0 && f.n > 0)
                r = freeze_all(&f, reterr);
        if (r < 0) {
                (void) freeze_end(&f, NULL);
                return r;
        }
        *ret = f;
        return 0;
}

static int thaw(const Frozen *frozen, Error *reterr) {
        int r = cgroup_thaw(frozen->cgroup_fd, CGROUP_THAW_USEC, reterr);

        return r < 0 ? r : record_remove(frozen->runtime_fd, RECORD, reterr);
}

int freeze_end(Freeze *f, Error *reterr) {
        int r = 0;

        for (size_t i = 0; i < f->n; i++) {
                int k;

                /* One that could not be opened was not frozen either. */
                if (f->frozen[i].runtime_fd < 0)
                        continue;
                k = thaw(&f->frozen[i], r < 0 ? NULL : reterr);
                r = r < 0 ? r : k;
        }
        guard_done(&f->guard);
        freeze_done(f);
        return r;
}

int freeze_recover(const Project *project, const char *name, const MachineStatus *status,
                   int project_runtime_fd, Error *reterr) {
        _cleanup_free_ char *path = xasprintf("%s/" RECORD, name), *machine = project_machine(project, name);
        Frozen frozen = {-EBADF, -EBADF};
        bool recorded;
        int r;

        r = fs_is_there(project_runtime_fd, path, &recorded, reterr);
        if (r < 0 || !recorded)
                return r;
        r = runtime_dir_container_open(project_runtime_fd, name, &frozen.runtime_fd, reterr);
        if (r < 0 || frozen.runtime_fd < 0)
                return r;
        if (status->running)
                frozen.cgroup_fd =
                        machine_open_payload_cgroup(status, project->facts.cgroup_root, machine, NULL);
        r = frozen.cgroup_fd >= 0 ? thaw(&frozen, reterr) : record_remove(frozen.runtime_fd, RECORD, reterr);
        (void) safe_close(frozen.cgroup_fd);
        (void) safe_close(frozen.runtime_fd);
        return r < 0 ? error_in_container(reterr, r, name) : 1;
}

int freeze_is_recorded(int runtime_fd, bool *ret, Error *reterr) {
        return fs_is_there(runtime_fd, RECORD, ret, reterr);
}
