/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "record/event-health.h"
#include "base/strv.h"

static bool is_among(const char *const *words, const char *word, size_t size) {
        for (; *words; words++)
                if (strlen(*words) == size && strncmp(*words, word, size) == 0)
                        return true;
        return false;
}

/* These events end all that was wrong with it. */
static bool ends_degraded(const char *word, size_t size) {
        static const char *const words[] = {"starting",  "ready",   "completed", "stopping",  "stopped",
                                            "rebooting", "crashed", "ended",     "recovered", NULL};

        return is_among(words, word, size);
}

void event_health_read(const char *text, const char *key, char ***known) {
        _cleanup_free_ char *copy = xstrdup(text);
        char *save = NULL;

        for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                char *word = strstr(line, key), *detail;
                const char *end;

                word = word ? word + strlen(key) : NULL;
                end = word ? strchr(word, '"') : NULL;
                if (!end)
                        continue;
                if (ends_degraded(word, (size_t) (end - word)))
                        *known = strv_free(*known);
                detail = startswith(word, "degraded\",\"detail\":") ? strrchr(line, '}') : NULL;
                if (!detail)
                        continue;
                *detail = '\0';
                strv_push(known, startswith(word, "degraded\",\"detail\":"));
        }
}

void event_health_read_over(const char *text, const char *key, bool *over) {
        static const char *const ends[] = {"completed", "stopped", "skipped", "failed",
                                           "crashed",   "ended",   NULL};

        for (const char *word = strstr(text, key); word; word = strstr(word, key)) {
                const char *end;

                word += strlen(key);
                end = strpbrk(word, "\"\n");
                if (end && *end == '"')
                        *over = is_among(ends, word, (size_t) (end - word));
        }
}
