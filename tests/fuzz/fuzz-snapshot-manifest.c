/* SPDX-License-Identifier: MIT */

/* What a snapshot says that it holds: its names become paths that root exchanges. */

#include "fuzz.h"
#include "spec/name.h"
#include "state/snapshot-manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(snapshot_manifest_freep) SnapshotManifest *m = NULL, *again = NULL;
        _cleanup_free_ char *printed = NULL, *printed_again = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        int r;

        r = snapshot_manifest_parse((const char *) data, size, "manifest.json", &m, &error);
        FUZZ_CHECK(r >= 0 || error.exit == FC_EXIT_CONFLICT);
        error.exit = FC_EXIT_USAGE;
        fuzz_check_result(r, &error);
        if (r < 0)
                return 0;
        for (size_t i = 0; i < m->n_containers; i++)
                FUZZ_CHECK(name_check_container(m->containers[i].name, NULL) >= 0 &&
                           snapshot_manifest_container(m, m->containers[i].name) == &m->containers[i]);
        for (size_t i = 0; i < m->n_volumes; i++)
                FUZZ_CHECK(name_check(m->volumes[i].name, "volume", NULL) >= 0);
        /* What is accepted is written in one way only. */
        printed = snapshot_manifest_print(m);
        FUZZ_CHECK(snapshot_manifest_parse(printed, strlen(printed), "again", &again, NULL) >= 0);
        printed_again = snapshot_manifest_print(again);
        FUZZ_CHECK(streq(printed, printed_again));
        return 0;
}
