/* SPDX-License-Identifier: MIT */

#include "enter/id-map.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_string(data, size);
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(id_map_done) IdMap map = {0};
        uint32_t outside;
        int r = id_map_parse(text, &map, &error);

        FUZZ_CHECK((r < 0) == error_is_set(&error));
        FUZZ_CHECK(r >= 0 || map.n == 0);
        for (size_t i = 0; i < map.n; i++) {
                FUZZ_CHECK(map.ranges[i].count > 0);
                FUZZ_CHECK(id_map_to_outside(&map, map.ranges[i].inside, &outside));
        }
        (void) id_map_to_outside(&map, UINT32_MAX, &outside);
        return 0;
}
