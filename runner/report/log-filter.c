/* SPDX-License-Identifier: MIT */

#include <ctype.h>
#include <string.h>

#include "base/alloc.h"
#include "report/log-filter.h"
#include "report/text.h"

#define UNIT_NAME_MAX 255

/* How much of a wrong word is shown. */
#define QUOTE_WIDTH 60

static const char *const unit_types[] = {
        ".service", ".socket", ".target", ".timer", ".mount",  ".automount",
        ".path",    ".slice",  ".scope",  ".swap",  ".device",
};

static bool is_unit_char(char c) {
        return isalnum((unsigned char) c) || (c != '\0' && strchr(":-_.\\@", c));
}

int log_unit_name(const char *word, char **ret, Error *reterr) {
        size_t n = strlen(word);
        _cleanup_free_ char *quote = text_shorten(word, QUOTE_WIDTH, /* unicode= */ false);

        if (n == 0)
                return error_raise(reterr, FC_EXIT_USAGE, "the name of a unit is empty");
        if (n > UNIT_NAME_MAX - strlen(".service"))
                return error_raise(reterr, FC_EXIT_USAGE, "the name of a unit is longer than %d characters",
                                   UNIT_NAME_MAX);
        if (strpbrk(word, "*?["))
                return error_raise(reterr, FC_EXIT_USAGE, "unit '%s': patterns are not supported", quote);
        for (const char *p = word; *p; p++)
                if (!is_unit_char(*p))
                        return error_raise(reterr, FC_EXIT_USAGE, "'%s' is no name of a unit", quote);
        for (size_t i = 0; i < ELEMENTSOF(unit_types); i++) {
                size_t length = strlen(unit_types[i]);

                if (n > length && streq(word + n - length, unit_types[i])) {
                        *ret = xstrdup(word);
                        return 0;
                }
        }
        *ret = xasprintf("%s.service", word);
        return 0;
}

static bool find_priority(const char *word, size_t length, unsigned *ret) {
        static const struct {
                const char *name;
                unsigned value;
        } names[] = {
                {"0", 0},     {"1", 1},       {"2", 2},     {"3", 3},      {"4", 4},    {"5", 5},
                {"6", 6},     {"7", 7},       {"emerg", 0}, {"alert", 1},  {"crit", 2}, {"err", 3},
                {"error", 3}, {"warning", 4}, {"warn", 4},  {"notice", 5}, {"info", 6}, {"debug", 7},
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (strlen(names[i].name) == length && strncmp(names[i].name, word, length) == 0) {
                        *ret = names[i].value;
                        return true;
                }
        return false;
}

int log_priority_parse(const char *word, unsigned *ret_first, unsigned *ret_last, Error *reterr) {
        const char *dots = strstr(word, "..");
        size_t length = dots ? (size_t) (dots - word) : strlen(word);
        unsigned a, b = 0;

        if (!find_priority(word, length, &a) || (dots && !find_priority(dots + 2, strlen(dots + 2), &b))) {
                _cleanup_free_ char *quote = text_shorten(word, QUOTE_WIDTH, /* unicode= */ false);

                return error_raise(reterr, FC_EXIT_USAGE,
                                   "'%s' is no priority: emerg, alert, crit, err, warning, notice, info, "
                                   "debug, 0 to 7, or a range like warning..err",
                                   quote);
        }
        *ret_first = a < b ? a : b;
        *ret_last = a < b ? b : a;
        return 0;
}

int log_output_parse(const char *word, LogOutput *ret, Error *reterr) {
        static const char *const names[_LOG_OUTPUT_MAX] = {
                [LOG_OUTPUT_SHORT] = "short",
                [LOG_OUTPUT_JSON] = "json",
                [LOG_OUTPUT_CAT] = "cat",
        };
        _cleanup_free_ char *quote = NULL;

        for (LogOutput i = 0; i < _LOG_OUTPUT_MAX; i++)
                if (streq(word, names[i])) {
                        *ret = i;
                        return 0;
                }
        quote = text_shorten(word, QUOTE_WIDTH, /* unicode= */ false);
        return error_raise(reterr, FC_EXIT_USAGE, "'%s' is none of short, json, cat", quote);
}

int log_lines_parse(const char *word, uint64_t *ret, Error *reterr) {
        _cleanup_free_ char *quote = NULL;
        uint64_t value = 0;
        size_t n = strlen(word);

        if (streq(word, "all")) {
                *ret = LOG_LINES_ALL;
                return 0;
        }
        if (n > 0 && n <= 9 && strspn(word, "0123456789") == n) {
                for (const char *p = word; *p; p++)
                        value = value * 10 + (uint64_t) (*p - '0');
                *ret = value;
                return 0;
        }
        quote = text_shorten(word, QUOTE_WIDTH, /* unicode= */ false);
        return error_raise(reterr, FC_EXIT_USAGE, "'%s' is no number of lines: 0 to 999999999, or all",
                           quote);
}
