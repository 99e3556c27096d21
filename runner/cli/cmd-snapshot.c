/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "cli/verbs.h"
#include "ops/question.h"
#include "ops/snapshot-restore.h"

typedef struct RestoreOptions {
        bool move;
} RestoreOptions;

static const Option restore_options[] = {
        {"move", 0, OPTION_FLAG, offsetof(RestoreOptions, move), NULL,
         "Put the snapshot itself in place, without a copy: it is used up"},
};

typedef struct SnapshotRmOptions {
        bool yes;
} SnapshotRmOptions;

static const Option snapshot_rm_options[] = {
        {"yes", 'y', OPTION_FLAG, offsetof(SnapshotRmOptions, yes), NULL, "Do not ask"},
};

static int snapshot_save_run(const ProjectRequest *request, const void *target, char *const *operands,
                             Error *reterr) {
        return snapshot_save(request, operands, reterr);
}

static int snapshot_restore_run(const ProjectRequest *request, const void *target, char *const *operands,
                                Error *reterr) {
        const RestoreOptions *o = target;

        return snapshot_restore(request, operands, o->move, reterr);
}

static int snapshot_list_run(const ProjectRequest *request, const void *target, char *const *operands,
                             Error *reterr) {
        return snapshot_list(request, reterr);
}

static int snapshot_rm_ask(void *userdata, Error *reterr) {
        const bool *yes = userdata;

        return question_ask("remove this for good?", *yes, reterr);
}

static int snapshot_rm_run(const ProjectRequest *request, const void *target, char *const *operands,
                           Error *reterr) {
        bool yes = ((const SnapshotRmOptions *) target)->yes;

        return snapshot_remove(request, operands, snapshot_rm_ask, &yes, reterr);
}

const Verb cmd_snapshot_save = {
        .name = "snapshot save",
        .synopsis = "[NAME..] LABEL",
        .summary = "Keep what containers and their volumes have now",
        .min_operands = 1,
        .max_operands = SIZE_MAX,
        .has_dry_run = true,
        .needs_root = true,
        .run = snapshot_save_run,
};

const Verb cmd_snapshot_restore = {
        .name = "snapshot restore",
        .synopsis = "[NAME..] LABEL",
        .summary = "Put that back; what runs is stopped and started again",
        .options = restore_options,
        .n_options = ELEMENTSOF(restore_options),
        .target_size = sizeof(RestoreOptions),
        .min_operands = 1,
        .max_operands = SIZE_MAX,
        .has_dry_run = true,
        .needs_root = true,
        .run = snapshot_restore_run,
};

const Verb cmd_snapshot_list = {
        .name = "snapshot list",
        .synopsis = "",
        .summary = "Show which snapshots there are",
        .run = snapshot_list_run,
};

const Verb cmd_snapshot_rm = {
        .name = "snapshot rm",
        .synopsis = "LABEL..",
        .summary = "Remove snapshots",
        .options = snapshot_rm_options,
        .n_options = ELEMENTSOF(snapshot_rm_options),
        .target_size = sizeof(SnapshotRmOptions),
        .min_operands = 1,
        .max_operands = SIZE_MAX,
        .has_dry_run = true,
        .needs_root = true,
        .run = snapshot_rm_run,
};
