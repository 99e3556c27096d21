/* SPDX-License-Identifier: MIT */

#include <fcntl.h>

#include "base/alloc.h"
#include "base/host-socket.h"
#include "context/project-spec.h"
#include "context/project-way.h"
#include "context/shared.h"

/* A root that cannot be opened is told of by the verb. */
static int look_at_root(const char *root, KeptWay *ret, Error *reterr) {
        _cleanup_close_ int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        *ret = KEPT_NOTHING;
        return fd < 0 ? 0 : way_look(fd, ret, reterr);
}

int project_way_look(ProjectFound *found, WayFacts *facts, Error *reterr) {
        _cleanup_free_ char *home = NULL;
        int r;

        if (!found->root || way_is_told(facts))
                return 0;
        r = project_spec_look(found->spec_path, &found->spec, reterr);
        if (r >= 0)
                r = look_at_root(found->root, &facts->kept, reterr);
        if (r < 0 || !found->spec)
                return r;
        facts->declared = found->spec->rootless;
        if (facts->declared || facts->kept != KEPT_NOTHING)
                return 0;
        r = shared_find_home(found->spec, found->root, &home, reterr);
        return r < 0 || !home ? r : look_at_root(home, &facts->kept, reterr);
}

/* An instance's was made in one that has been looked at. */
int project_way_check(const Project *project, Error *reterr) {
        return geteuid() == 0 && !project->state.instance
                       ? way_check(&project->state, host_socket_is_brokered(), reterr)
                       : 0;
}

int project_way_check_first(const ProjectRequest *request, const Project *project, Error *reterr) {
        KeptWay kept;
        int r;

        if (!request->keeps || request->handed.cwd || !project->spec->rootless || geteuid() != 0 ||
            project->user.uid == 0 || host_socket_is_brokered())
                return 0;
        r = way_look(project->state.root_fd, &kept, reterr);
        if (r < 0 || kept != KEPT_NOTHING)
                return r;
        r = error_raise(reterr, FC_EXIT_CONFLICT,
                        "'%s' says that its containers run without root, and this is root",
                        project->spec_path);
        error_add_hint(reterr, "as its user, without sudo");
        error_add_hint(reterr,
                       "with root all the same, from now on: FC_ELEVATE=sudo, set for the user's command");
        return r;
}
