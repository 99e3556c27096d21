/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/json.h"
#include "drift/decide.h"
#include "drift/switch-check.h"
#include "plan/definition.h"
#include "plan/switch.h"
#include "record/ephemeral.h"
#include "resources/resource-sources.h"
#include "rootfs/skeleton.h"

#define PROGRAM        "bin/switch-to-configuration"
#define INTERFACE      "init-interface-version"
#define INTERFACE_MAX  4096
#define INHIBITORS     "switch-inhibitors"
#define INHIBITORS_MAX (64 * 1024)

/* Return: an fd, or a negative errno. */
static int open_system(const Project *project, const char *toplevel) {
        return source_open(&project->sources, "toplevel", toplevel, NULL, /* reads= */ true, NULL);
}

static bool has_program(int fd) {
        struct stat st;

        /* Where it leads is seen inside. */
        return fstatat(fd, PROGRAM, &st, AT_SYMLINK_NOFOLLOW) >= 0;
}

/* What says whether the inits of two systems can take over from each other; owned by the caller, NULL: it
 * says nothing. */
static char *read_interface(int fd) {
        _cleanup_close_ int file_fd = -EBADF;
        char *text = NULL;

        if (fs_open_file_beneath_optional(fd, INTERFACE, &file_fd, NULL) < 0 || file_fd < 0)
                return NULL;
        return fs_read_fd(file_fd, INTERFACE, INTERFACE_MAX, &text, NULL, NULL) < 0 ? NULL : text;
}

static char *compare_systems(int old_fd, int new_fd) {
        _cleanup_free_ char *before = NULL, *after = NULL;

        if (!has_program(new_fd))
                return xstrdup("the new system has no " PROGRAM);
        if (!has_program(old_fd))
                return xstrdup("the system that runs has no " PROGRAM ", so there would be no way back");
        before = read_interface(old_fd);
        after = read_interface(new_fd);
        return streq_ptr(before, after) ? NULL : xstrdup("the new system has another " INTERFACE);
}

/* Owned by the caller; NULL: it names none. */
static char *read_inhibitors(const Project *project, const char *toplevel) {
        _cleanup_free_ char *path = xasprintf("%s/" INHIBITORS, toplevel);
        char *text = NULL;

        /* It is a link to elsewhere in the store. */
        (void) resource_read(&project->sources, "", path, NULL, INHIBITORS_MAX, &text, NULL, NULL);
        return text;
}

/* The new system's switch-to-configuration would refuse as well, but a restart is what it asks for. */
static char *compare_inhibitors(const Project *project, const char *old, const char *new) {
        _cleanup_free_ char *before = read_inhibitors(project, old), *after = read_inhibitors(project, new),
                            *key = before && after ? switch_find_inhibitor(before, after) : NULL,
                            *option = key ? json_path_member("system.switch.inhibitors", key) : NULL;

        return option ? xasprintf("the new system has another %s", option) : NULL;
}

int switch_open_root(const ContainerSpec *spec, int container_fd, int *ret_fd, Error *reterr) {
        return fs_open_beneath_optional(container_fd, spec->ephemeral ? EPHEMERAL_DIR "/root" : "root",
                                        O_RDONLY | O_DIRECTORY, ret_fd, reterr);
}

/* One that an earlier release has started would boot its old system again. */
static bool boots_what_it_should(const Project *project, const ContainerPlan *plan, char *const *running) {
        const char *init = definition_get(running, DEFINITION_INIT);
        _cleanup_close_ int container_fd = -EBADF, root_fd = -EBADF;

        /* A user who may not look there is not the one who switches. */
        if (!init || state_dir_container_open(&project->state, plan->spec->name, &container_fd, NULL) < 0 ||
            container_fd < 0 || switch_open_root(plan->spec, container_fd, &root_fd, NULL) < 0 ||
            root_fd < 0)
                return true;
        return skeleton_leads_to_init(root_fd, init);
}

char *switch_find_obstacle(Project *project, const ContainerPlan *plan, const ContainerState *state,
                           const MachineStatus *status) {
        bool known = status->running && decide_is_known(state, plan->machine, project->facts.boot_id);
        _cleanup_close_ int old_fd = -EBADF, new_fd = -EBADF;
        const char *old;
        char *why;

        if (!known || (!state->switching &&
                       plan_decide(plan, /* running= */ true, state->definition, NULL) != PLAN_SWITCH))
                return NULL;
        old = definition_get(state->definition, DEFINITION_TOPLEVEL);
        if (!old || !plan->spec->toplevel || project_open_sources(project, NULL) < 0)
                return NULL;
        new_fd = open_system(project, plan->spec->toplevel);
        old_fd = open_system(project, old);
        if (old_fd < 0)
                return xstrdup("the system that runs is not in the store any more");
        /* What is wrong with the new one a start says. */
        if (new_fd < 0)
                return xstrdup("the new system cannot be opened");
        if (!boots_what_it_should(project, plan, state->definition))
                return xstrdup("it does not boot by way of '/init'");
        why = compare_systems(old_fd, new_fd);
        return why ? why : compare_inhibitors(project, old, plan->spec->toplevel);
}
