/* SPDX-License-Identifier: MIT */

#include <ctype.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

#include "base/alloc.h"
#include "base/library.h"
#include "base/strv.h"
#include "base/unit-name.h"
#include "logs/log-filter.h"
#include "screen/text.h"

static Library pcre2_library = {
        .soname = FC_PCRE2_SONAME,
        .path = FC_PCRE2_PATH,
        .hint = "install " FC_PCRE2_SONAME " (Debian: libpcre2-8-0)",
};
LIBRARY_NOTE("pcre2", "required", FC_PCRE2_SONAME);

/* PCRE2's own macros lead to these names. */
#define pcre2_code_free_8            LIBRARY_FUNCTION(pcre2_library, pcre2_code_free_8)
#define pcre2_compile_8              LIBRARY_FUNCTION(pcre2_library, pcre2_compile_8)
#define pcre2_get_error_message_8    LIBRARY_FUNCTION(pcre2_library, pcre2_get_error_message_8)
#define pcre2_match_8                LIBRARY_FUNCTION(pcre2_library, pcre2_match_8)
#define pcre2_match_context_create_8 LIBRARY_FUNCTION(pcre2_library, pcre2_match_context_create_8)
#define pcre2_match_context_free_8   LIBRARY_FUNCTION(pcre2_library, pcre2_match_context_free_8)
#define pcre2_match_data_create_8    LIBRARY_FUNCTION(pcre2_library, pcre2_match_data_create_8)
#define pcre2_match_data_free_8      LIBRARY_FUNCTION(pcre2_library, pcre2_match_data_free_8)
#define pcre2_set_heap_limit_8       LIBRARY_FUNCTION(pcre2_library, pcre2_set_heap_limit_8)
#define pcre2_set_match_limit_8      LIBRARY_FUNCTION(pcre2_library, pcre2_set_match_limit_8)

/* Steps for one message, some 10 ms. (a+)+b would otherwise take years for one that has many a and no b. */
#define MATCH_LIMIT 1000000
#define HEAP_LIMIT  65536 /* KiB */

/* How much of a wrong word is shown. */
#define QUOTE_WIDTH 60

int log_unit_name(const char *word, char **ret, Error *reterr) {
        size_t n = strlen(word);
        _cleanup_free_ char *quote = text_shorten(word, QUOTE_WIDTH, /* unicode= */ false);
        bool typed;

        if (n == 0)
                return error_raise(reterr, FC_EXIT_USAGE, "the name of a unit is empty");
        if (strpbrk(word, "*?["))
                return error_raise(reterr, FC_EXIT_USAGE, "unit '%s': patterns are not supported", quote);
        if (word[strspn(word, UNIT_NAME_CHARACTERS)] != '\0')
                return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not the name of a unit", quote);
        typed = unit_name_has_type(word);
        if (n + (typed ? 0 : strlen(".service")) > UNIT_NAME_MAX)
                return error_raise(reterr, FC_EXIT_USAGE, "the name of a unit is longer than %d characters",
                                   UNIT_NAME_MAX);
        *ret = xasprintf("%s%s", word, typed ? "" : ".service");
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
                                   "'%s' is not a priority: emerg, alert, crit, err, warning, notice, info, "
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
        return error_raise(reterr, FC_EXIT_USAGE, "'%s': must be one of short, json, cat", quote);
}

static bool parse_boot_id(const char *word, char ret[static 33]) {
        size_t n = 0;

        for (const char *p = word; *p; p++) {
                size_t at = (size_t) (p - word);

                if (*p == '-' && strlen(word) == 36 && (at == 8 || at == 13 || at == 18 || at == 23))
                        continue;
                if (!isxdigit((unsigned char) *p) || n == 32)
                        return false;
                ret[n++] = (char) tolower((unsigned char) *p);
        }
        ret[n] = '\0';
        return n == 32;
}

int log_boot_parse(const char *word, LogBoot *ret, Error *reterr) {
        const char *digits = word[0] == '-' || word[0] == '+' ? word + 1 : word;
        size_t n = strlen(digits);
        LogBoot boot = {.kind = LOG_BOOT_OFFSET};
        _cleanup_free_ char *quote = NULL;

        if (streq(word, "all"))
                boot.kind = LOG_BOOT_ANY;
        else if (parse_boot_id(word, boot.id))
                boot.kind = LOG_BOOT_ID;
        else if (n > 0 && n <= 9 && strspn(digits, "0123456789") == n)
                boot.offset = word[0] == '-' ? -atol(digits) : atol(digits);
        else if (word[0] != '\0') {
                quote = text_shorten(word, QUOTE_WIDTH, /* unicode= */ false);
                return error_raise(
                        reterr, FC_EXIT_USAGE,
                        "'%s' is not a boot: 0 (the newest), -1 (the one before), 1 (the first), an "
                        "id, or all",
                        quote);
        }
        *ret = boot;
        return 0;
}

int log_case_parse(const char *word, LogCase *ret, Error *reterr) {
        static const char *const yes[] = {"", "yes", "true", "on", "1", "y", "t", NULL},
                                 *const no[] = {"no", "false", "off", "0", "n", "f", NULL};

        if (strv_contains((char *const *) yes, word))
                *ret = LOG_CASE_SENSITIVE;
        else if (strv_contains((char *const *) no, word))
                *ret = LOG_CASE_INSENSITIVE;
        else {
                _cleanup_free_ char *quote = text_shorten(word, QUOTE_WIDTH, /* unicode= */ false);

                return error_raise(reterr, FC_EXIT_USAGE, "'%s': must be yes or no", quote);
        }
        return 0;
}

struct LogPattern {
        char *quote; /* for messages */
        pcre2_code *code;
        pcre2_match_data *data;
        pcre2_match_context *context;
};

static bool has_upper(const char *word) {
        for (const char *p = word; *p; p++)
                if (isupper((unsigned char) *p))
                        return true;
        return false;
}

static int compile(const char *word, uint32_t flags, const char *quote, pcre2_code **ret, Error *reterr) {
        unsigned char text[128];
        PCRE2_SIZE offset = 0;
        int code = 0;

        *ret = pcre2_compile((PCRE2_SPTR) word, PCRE2_ZERO_TERMINATED, flags, &code, &offset, NULL);
        if (*ret)
                return 0;
        (void) pcre2_get_error_message(code, text, sizeof(text));
        return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not a regular expression: %s, at offset %zu",
                           quote, text, (size_t) offset);
}

int log_pattern_new(const char *word, LogCase what, LogPattern **ret, Error *reterr) {
        _cleanup_(log_pattern_freep) LogPattern *pattern = xnew0(LogPattern, 1);
        bool sensitive = what == LOG_CASE_AUTO ? has_upper(word) : what == LOG_CASE_SENSITIVE;
        /* Messages need not be UTF-8; nothing matches one that is not. */
        uint32_t flags = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | (sensitive ? 0 : PCRE2_CASELESS);
        int r;

        pattern->quote = text_shorten(word, QUOTE_WIDTH, /* unicode= */ false);
        r = compile(word, flags, pattern->quote, &pattern->code, reterr);
        if (r < 0)
                return r;
        pattern->data = pcre2_match_data_create(1, NULL);
        pattern->context = pcre2_match_context_create(NULL);
        if (!pattern->data || !pattern->context)
                return error_set(reterr, ENOMEM, "prepare a search");
        (void) pcre2_set_match_limit(pattern->context, MATCH_LIMIT);
        (void) pcre2_set_heap_limit(pattern->context, HEAP_LIMIT);
        *ret = TAKE_PTR(pattern);
        return 0;
}

LogPattern *log_pattern_free(LogPattern *pattern) {
        if (!pattern)
                return NULL;
        pcre2_code_free(pattern->code);
        pcre2_match_data_free(pattern->data);
        pcre2_match_context_free(pattern->context);
        free(pattern->quote);
        free(pattern);
        return NULL;
}

int log_pattern_match(LogPattern *pattern, const char *text, size_t size, Error *reterr) {
        unsigned char why[128];
        int r;

        r = pcre2_match(pattern->code, (PCRE2_SPTR) (text ? text : ""), size, 0, 0, pattern->data,
                        pattern->context);
        /* 0: without the places of the groups. */
        if (r >= 0)
                return 1;
        if (r == PCRE2_ERROR_NOMATCH)
                return 0;
        (void) pcre2_get_error_message(r, why, sizeof(why));
        return error_raise(reterr, FC_EXIT_USAGE, "'%s' is too much work for a message of %zu bytes: %s",
                           pattern->quote, size, why);
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
        return error_raise(reterr, FC_EXIT_USAGE, "'%s' is not a number of lines: 0 to 999999999, or all",
                           quote);
}
