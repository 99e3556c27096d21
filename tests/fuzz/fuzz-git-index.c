/* SPDX-License-Identifier: MIT */

/* Root reads this file of the user's. */

#include "fuzz.h"
#include "project/git-index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_fclose_ FILE *f = NULL;
        GitIndexAnswer answer;

        if (size == 0)
                return 0;
        f = fmemopen((void *) data, size, "r");
        FUZZ_CHECK(f != NULL);
        answer = git_index_look_up(f, ".containers");
        FUZZ_CHECK(answer == GIT_INDEX_UNTRACKED || answer == GIT_INDEX_TRACKED ||
                   answer == GIT_INDEX_UNKNOWN);
        if (answer == GIT_INDEX_TRACKED)
                FUZZ_CHECK(size >= 12 && memcmp(data, "DIRC", 4) == 0);
        return 0;
}
