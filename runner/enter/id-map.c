/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "enter/id-map.h"

void id_map_done(IdMap *map) {
        free(map->ranges);
        *map = (IdMap){0};
}

static int parse_range(const char *line, IdRange *ret) {
        uint32_t numbers[3];

        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                unsigned long long value;
                char *end;

                line += strspn(line, " \t");
                if (*line < '0' || *line > '9')
                        return -EINVAL;
                errno = 0;
                value = strtoull(line, &end, 10);
                if (errno != 0 || value > UINT32_MAX)
                        return -EINVAL;
                numbers[i] = (uint32_t) value;
                line = end;
        }
        if (line[strspn(line, " \t")] != '\0' || numbers[2] == 0)
                return -EINVAL;
        *ret = (IdRange){.inside = numbers[0], .outside = numbers[1], .count = numbers[2]};
        return 0;
}

int id_map_parse(const char *text, IdMap *ret, Error *reterr) {
        _cleanup_(id_map_done) IdMap map = {0};
        _cleanup_free_ char *copy = xstrdup(text);
        char *save = NULL;

        for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                IdRange range;

                if (parse_range(line, &range) < 0)
                        return error_raise(reterr, FC_EXIT_INTERNAL,
                                           "read the user namespace's map line '%s'", line);
                *XGROW(map.ranges, map.n) = range;
        }
        *ret = map;
        map = (IdMap){0};
        return 0;
}

bool id_map_to_outside(const IdMap *map, uint32_t inside, uint32_t *ret) {
        for (size_t i = 0; i < map->n; i++) {
                const IdRange *r = &map->ranges[i];

                if (inside >= r->inside && inside - r->inside < r->count) {
                        *ret = r->outside + (inside - r->inside);
                        return true;
                }
        }
        return false;
}
