/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/strv.h"
#include "storage/snapshot-text.h"

char *snapshot_describe(const SnapshotManifest *m) {
        _cleanup_strv_ char **containers = NULL, **volumes = NULL;
        _cleanup_free_ char *left = NULL, *right = NULL;

        for (size_t i = 0; i < m->n_containers; i++)
                strv_push(&containers, m->containers[i].name);
        for (size_t i = 0; i < m->n_volumes; i++)
                strv_push(&volumes, m->volumes[i].name);
        left = strv_join(containers, ", ");
        right = strv_join(volumes, ", ");
        return volumes ? xasprintf("%s; volume%s %s", left, volumes[1] ? "s" : "", right) : TAKE_PTR(left);
}

int snapshot_raise_without(const SnapshotManifest *m, const char *label, const char *name, Error *reterr) {
        _cleanup_free_ char *what = snapshot_describe(m);

        (void) error_raise(reterr, FC_EXIT_USAGE, "snapshot '%s' has no container '%s'", label, name);
        error_add_hint(reterr, "it has: %s", what);
        return -EINVAL;
}
