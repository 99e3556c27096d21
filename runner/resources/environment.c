/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "enter/environment.h"
#include "plan/environment-file.h"
#include "resources/environment.h"
#include "resources/resource-sources.h"
#include "spec/env-file.h"

static int add_variables(const Sources *sources, const ContainerPlan *plan, const PlanEnvFile *file,
                         char ***environment, Error *reterr) {
        _cleanup_(strv_free_secretp) char **variables = NULL;
        _cleanup_(secret_done) Secret text = {};
        int r;

        r = resource_read(sources, "", file->source, file->below, ENV_FILE_SIZE_MAX, &text.data, &text.size,
                          reterr);
        if (r < 0)
                return r;
        r = env_file_parse(text.data, text.size, plan->spec->init, &variables, reterr);
        if (r < 0)
                return error_prefix(reterr, r, "'%s'", file->source);
        STRV_FOREACH (variable, variables) {
                _cleanup_free_ char *name = xstrndup(*variable, strcspn(*variable, "="));

                if (!environment_get(plan->spec->environment, name))
                        environment_set(environment, *variable);
        }
        return 0;
}

int environment_obtain(const Sources *sources, const ContainerPlan *plan, Secret *ret, Error *reterr) {
        _cleanup_(strv_free_secretp) char **environment =
                plan->spec->environment_units ? strv_copy(plan->spec->environment) : NULL;
        _cleanup_(secret_done) Secret secret = {};

        for (size_t i = 0; i < plan->n_env_files; i++) {
                int r = add_variables(sources, plan, &plan->env_files[i], &environment, reterr);

                if (r < 0)
                        return error_prefix(reterr, r, "%s", plan->env_files[i].place);
        }
        if (plan->spec->init) {
                secret.data = environment_file_print(environment);
                secret.size = strlen(secret.data);
        } else
                secret.data = environment_file_print_plain(environment, &secret.size);
        if (secret.size > SECRET_SIZE_MAX)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "containers.%s.envFile: the variables are larger than %d bytes together",
                                   plan->spec->name, SECRET_SIZE_MAX);
        *ret = secret;
        secret = (Secret){};
        return 0;
}
