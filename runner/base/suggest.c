/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/macro.h"
#include "base/suggest.h"

/* What is longer is not a word that was mistyped. */
#define LENGTH_MAX 32

static size_t least(size_t a, size_t b) {
        return a < b ? a : b;
}

/* Of the first i bytes of one and the first j of the other, for all i and j. */
static size_t distance(const char *a, const char *b) {
        size_t d[LENGTH_MAX + 1][LENGTH_MAX + 1], m = strlen(a), n = strlen(b);

        if (m > LENGTH_MAX || n > LENGTH_MAX)
                return SIZE_MAX;
        for (size_t i = 0; i <= m; i++)
                for (size_t j = 0; j <= n; j++) {
                        if (i == 0 || j == 0) {
                                d[i][j] = i + j;
                                continue;
                        }
                        d[i][j] = least(d[i - 1][j], d[i][j - 1]) + 1;
                        d[i][j] = least(d[i][j], d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
                        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
                }
        return d[m][n];
}

const char *suggest_name(const char *word, char *const *names) {
        size_t length = strlen(word), limit = length <= 2 ? 1 : length <= 5 ? 2 : 3;
        const char *best = NULL;

        for (; names && *names; names++) {
                size_t d = distance(word, *names);

                if (d >= limit)
                        continue;
                limit = d;
                best = *names;
        }
        return best;
}
