/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "record/event-health.h"
#include "record/phase.h"
#include "base/strv.h"

/* The word that begins a line's rest and ends at its quote. _PHASE_INVALID: a word of a later release. */
static Phase phase_of(const char *word, const char *end) {
        _cleanup_free_ char *copy = xstrndup(word, (size_t) (end - word));

        return phase_from_string(copy);
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
                if (phase_begins_anew(phase_of(word, end)))
                        *known = strv_free(*known);
                detail = startswith(word, "degraded\",\"detail\":") ? strrchr(line, '}') : NULL;
                if (!detail)
                        continue;
                *detail = '\0';
                strv_push(known, startswith(word, "degraded\",\"detail\":"));
        }
}

void event_health_read_over(const char *text, const char *key, bool *over) {
        for (const char *word = strstr(text, key); word; word = strstr(word, key)) {
                const char *end;

                word += strlen(key);
                end = strpbrk(word, "\"\n");
                if (end && *end == '"')
                        *over = phase_is_end(phase_of(word, end));
        }
}
