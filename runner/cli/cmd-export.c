/* SPDX-License-Identifier: MIT */

#include "cli/verbs.h"
#include "ops/export.h"

static const Option export_options[] = {
        {"format", 'f', OPTION_STRING, offsetof(ExportOptions, format), "ENGINE", EXPORT_FORMAT_WORDS},
        {"output", 'o', OPTION_STRING, offsetof(ExportOptions, output), "DIR",
         "Write to DIR, which is made or empty [standard output, but for oci]"},
        {"registry", 0, OPTION_STRING, offsetof(ExportOptions, registry), "PREFIX",
         "Images are called PREFIX/NAME:latest [localhost/PROJECT]"},
        {"without", 0, OPTION_STRINGS, offsetof(ExportOptions, without), "KEY",
         "Leave out what the format cannot say of a container's KEY; can be repeated"},
        {"host-paths", 0, OPTION_FLAG, offsetof(ExportOptions, host_paths), NULL,
         "kubernetes: nodes have the directories of this machine"},
};

static int export_run(const ProjectRequest *request, const void *target, char *const *operands,
                      Error *reterr) {
        return export_project(request, target, operands, reterr);
}

const Verb cmd_export = {
        .name = "export",
        .synopsis = "[NAME..]",
        .summary = "Write containers in the form of another engine",
        .options = export_options,
        .n_options = ELEMENTSOF(export_options),
        .target_size = sizeof(ExportOptions),
        .max_operands = SIZE_MAX,
        .has_dry_run = true,
        .builds = true,
        .needs_root_for = export_needs_root,
        .run = export_run,
};
