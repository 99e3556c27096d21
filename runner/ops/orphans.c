/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/strv.h"
#include "context/shared-use.h"
#include "ops/orphans.h"
#include "running/running.h"

int orphans_find(const Project *project, char ***ret, Error *reterr) {
        _cleanup_strv_ char **known = NULL, **orphans = NULL;
        int r = project_known_names(project, &known, reterr);

        if (r < 0)
                return r;
        STRV_FOREACH (name, known) {
                bool of_others;

                if (spec_find(project->spec, *name))
                        continue;
                /* Another work tree's specification may have it. */
                r = shared_is_of_others(project, *name, &of_others, reterr);
                if (r < 0)
                        return r;
                if (!of_others)
                        strv_push(&orphans, *name);
        }
        *ret = TAKE_PTR(orphans);
        return 0;
}

int orphans_tell(const Project *project, char *const *orphans, Error *reterr) {
        _cleanup_(progress_freep) Progress *progress = NULL;
        _cleanup_free_ char *list = NULL, *command = NULL, *text = NULL;
        _cleanup_strv_ char **words = NULL;

        if (!orphans)
                return 0;
        STRV_FOREACH (name, orphans) {
                MachineStatus status;
                int r = running_query(project, *name, &status, reterr);

                if (r < 0)
                        return r;
                strv_pushf(&words, "'%s'%s", *name, status.running ? " (runs)" : "");
        }
        list = strv_join(words, ", ");
        command = project_command(project, "up --remove-orphans", NULL);
        text = xasprintf("%s %s not in the specification any more; to stop and remove %s: %s", list,
                         words[1] ? "are" : "is", words[1] ? "them" : "it", command);
        progress = progress_new(project->progress, stderr, NULL);
        progress_note(progress, text);
        return 0;
}
