/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/process.h"
#include "context/project-open.h"
#include "plan/definition.h"
#include "resources/resources.h"
#include "running/running.h"
#include "state/runtime-dir.h"

int running_query(const Project *project, const char *container, MachineStatus *ret, Error *reterr) {
        _cleanup_free_ char *machine = project_machine(project, container);

        return machine_query(project->facts.cgroup_root, machine, ret, reterr);
}

/* A copy of a project remembers what runs of that. */
static bool is_of_another(const Project *project, const char *machine) {
        _cleanup_(checkout_done) Checkout owner = {};
        const char *container;

        return runtime_dir_find_owner(RUNTIME_DIR_BASE, machine, &owner, &container) && owner.known &&
               !checkout_is_same(&owner, &project->checkout);
}

int running_find_elsewhere(const Project *project, const char *container, const ContainerState *state,
                           char **ret_where, Error *reterr) {
        _cleanup_free_ char *machine = project_machine(project, container);
        MachineStatus status;
        int r;

        *ret_where = NULL;
        if (!state || streq(state->machine, machine) || !streq(state->boot_id, project->facts.boot_id) ||
            is_of_another(project, state->machine))
                return 0;
        r = machine_query(project->facts.cgroup_root, state->machine, &status, reterr);
        if (r < 0 || !status.running)
                return r;
        *ret_where = resources_describe_machine(state->machine, NULL);
        if (!*ret_where)
                *ret_where = xasprintf("machine '%s'", state->machine);
        return 0;
}

void running_add_elsewhere_hint(Error *reterr) {
        error_add_hint(reterr,
                       "the directory was renamed, or is mounted at two places: stop it by the path with "
                       "which it was started");
}

int running_refuse_elsewhere(const Project *project, const char *container, const ContainerState *state,
                             Error *reterr) {
        _cleanup_free_ char *where = NULL;
        int r = running_find_elsewhere(project, container, state, &where, reterr);

        if (r < 0 || !where)
                return r;
        r = error_raise(reterr, FC_EXIT_CONFLICT, "it runs already, as %s", where);
        (void) error_in_container(reterr, r, container);
        running_add_elsewhere_hint(reterr);
        return r;
}

int running_raise_not(const Project *project, const char *container, Error *reterr) {
        _cleanup_free_ char *command = project_command(project, "up", container), *where = NULL;
        _cleanup_(container_state_freep) ContainerState *state = NULL;
        int r;

        if (project_load_state(project, container, &state, NULL) >= 0 &&
            running_find_elsewhere(project, container, state, &where, NULL) >= 0 && where) {
                r = error_raise(reterr, FC_EXIT_NOT_RUNNING, "container '%s' runs as %s, not as one of '%s'",
                                container, where, project->root);
                running_add_elsewhere_hint(reterr);
                return error_about_container(reterr, r, container);
        }
        r = error_raise(reterr, FC_EXIT_NOT_RUNNING, "container '%s' is not running", container);
        error_add_hint(reterr, "start it: %s", command);
        return error_about_container(reterr, r, container);
}

int running_raise_paused(const Project *project, const char *container, Error *reterr) {
        _cleanup_free_ char *command = project_command(project, "unpause", container);
        int r = error_raise(reterr, FC_EXIT_CONFLICT, "it is paused");

        error_add_hint(reterr, "go on: %s", command);
        return error_in_container(reterr, r, container);
}

/* Return: the leader's process ID, or a negative errno. */
static int running_open(const Project *project, const char *container, int *ret_cgroup_fd, Error *reterr) {
        _cleanup_free_ char *machine = project_machine(project, container);
        const char *mount = project->facts.cgroup_root;
        MachineStatus status;
        int r;

        r = facts_require(&project->facts, FACTS_CGROUP, reterr);
        if (r < 0)
                return r;
        r = machine_query(mount, machine, &status, reterr);
        if (r < 0)
                return r;
        if (!status.running || status.leader == 0)
                return running_raise_not(project, container, reterr);
        if (status.frozen)
                return running_raise_paused(project, container, reterr);
        *ret_cgroup_fd = machine_open_payload_cgroup(&status, mount, machine, reterr);
        return *ret_cgroup_fd < 0 ? *ret_cgroup_fd : status.leader;
}

int running_enter(const Project *project, const char *container, EnterTarget *ret, Error *reterr) {
        MachineStatus status;
        int r;

        r = facts_require(&project->facts, FACTS_CGROUP, reterr);
        if (r >= 0)
                r = running_query(project, container, &status, reterr);
        if (r < 0)
                return r;
        if (!status.running || status.leader == 0)
                return running_raise_not(project, container, reterr);
        r = enter_target_open(status.leader, ret, reterr);
        return r < 0 ? error_prefix(reterr, r, "container '%s'", container) : 0;
}

int running_open_leader(const Project *project, const char *container, int *ret, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        MachineStatus before, after = {};
        int r;

        r = running_query(project, container, &before, reterr);
        if (r < 0)
                return r;
        fd = before.leader > 0 ? process_open(before.leader) : -ESRCH;
        if (fd < 0 && fd != -ESRCH)
                return error_set(reterr, fd, "open process %d", (int) before.leader);
        /* The number may have become that of another process before it was opened. */
        if (fd >= 0)
                r = running_query(project, container, &after, reterr);
        if (r < 0)
                return r;
        if (fd < 0 || after.leader != before.leader || process_wait(fd, 0) != 0)
                return running_raise_not(project, container, reterr);
        (void) safe_close(*ret);
        *ret = TAKE_FD(fd);
        return 0;
}

static int running_boots(const Project *project, const char *container, bool *ret, Error *reterr) {
        _cleanup_(container_state_freep) ContainerState *state = NULL;
        int r = project_load_state(project, container, &state, reterr);

        *ret = !state || !definition_runs_command(state->definition);
        return r;
}

int running_exec(const ProjectRequest *request, const char *container, ExecRequest *exec, Error *reterr) {
        char *const operands[] = {(char *) container, NULL};
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_strv_ char **names = NULL;
        _cleanup_close_ int cgroup_fd = -EBADF;
        bool stopped = false;
        int r;

        r = project_open_known(request, operands, &project, &names, reterr);
        if (r < 0)
                return r;
        r = running_open(&project, container, &cgroup_fd, reterr);
        if (r < 0)
                return r;
        exec->container = container;
        exec->leader = r;
        r = running_boots(&project, container, &exec->boots, reterr);
        if (r < 0)
                return r;
        exec->cgroup_fd = cgroup_fd;
        r = container_exec(exec, &stopped, reterr);
        if (r >= 0 && stopped)
                (void) fprintf(stderr, "container '%s' has stopped\n", container);
        return error_about_container(reterr, r, container);
}
