/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/json-scan.h"
#include "base/json.h"
#include "base/utf8.h"

/* Where the scanner is inside one object or array; only messages use the key and the index. */
typedef struct Frame {
        const char *key; /* in the text, with its escapes; NULL before the first key is complete */
        size_t key_size;
        size_t index;
        bool is_object;
} Frame;

typedef struct Scan {
        const char *text;
        const char *name;
        Error *reterr;
        size_t size;
        size_t at;
        size_t depth;
        Frame frames[JSON_DEPTH_MAX];
} Scan;

static char *scan_path_of(const Scan *s) {
        char *path = xstrdup("");

        for (size_t i = 0; i < s->depth; i++) {
                const Frame *f = &s->frames[i];
                _cleanup_free_ char *parent = path, *key = NULL;

                if (f->key)
                        key = xstrndup(f->key, f->key_size);
                path = !f->is_object ? json_path_index(parent, f->index)
                       : key         ? json_path_member(parent, key)
                                     : xstrdup(parent);
        }
        return path;
}

static int scan_fail(const Scan *s, const char *format, ...) _printf_(2, 3);
static int scan_fail(const Scan *s, const char *format, ...) {
        _cleanup_free_ char *what = NULL, *path = scan_path_of(s);
        size_t line = 1, column = 1;
        va_list ap;

        for (size_t i = 0; i < s->at; i++)
                if (s->text[i] == '\n') {
                        line++;
                        column = 1;
                } else if ((s->text[i] & 0xc0) != 0x80) /* each character counts once, by its first byte */
                        column++;
        va_start(ap, format);
        what = xvasprintf(format, ap);
        va_end(ap);
        return error_raise(s->reterr, FC_EXIT_USAGE, "%s%sline %zu, column %zu: %s%s%s",
                           s->name ? s->name : "", s->name ? ": " : "", line, column, path,
                           path[0] ? ": " : "", what);
}

/* The byte at hand, or -1 at the end. */
static int peek(const Scan *s) {
        return s->at < s->size ? (unsigned char) s->text[s->at] : -1;
}

static void skip_space(Scan *s) {
        while (s->at < s->size && memchr(" \t\n\r", s->text[s->at], 4))
                s->at++;
}

static bool scan_is_digit(int c) {
        return c >= '0' && c <= '9';
}

static int fail_unexpected(const Scan *s, const char *expected) {
        int c = peek(s);

        if (c < 0)
                return scan_fail(s, "the text ends, expected %s", expected);
        if (c == '/' || c == '#')
                return scan_fail(s, "expected %s; JSON has no comments", expected);
        if (c == '\'')
                return scan_fail(s, "expected %s; JSON has no strings in single quotes", expected);
        if (c > 0x20 && c < 0x7f)
                return scan_fail(s, "expected %s, found '%c'", expected, c);
        return scan_fail(s, "expected %s, found the byte 0x%02x", expected, (unsigned) c);
}

/* The four digits after "\u". Return: the code unit, or negative without an error when they are not
 * there. */
static int hex4(const Scan *s, size_t at) {
        int value = 0;

        for (size_t i = at; i < at + 4; i++) {
                int c = i < s->size ? (unsigned char) s->text[i] : -1;

                if (scan_is_digit(c))
                        value = value * 16 + c - '0';
                else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
                        value = value * 16 + (c | 0x20) - 'a' + 10;
                else
                        return -EINVAL;
        }
        return value;
}

static bool starts_low_surrogate(const Scan *s, size_t at) {
        return at + 6 <= s->size && s->text[at] == '\\' && s->text[at + 1] == 'u' &&
               (hex4(s, at + 2) & ~0x3ff) == 0xdc00;
}

/* At a backslash. */
static int scan_escape(Scan *s) {
        int c = s->at + 1 < s->size ? (unsigned char) s->text[s->at + 1] : -1;
        int unit;

        if (c > 0 && strchr("\"\\/bfnrt", c)) {
                s->at += 2;
                return 0;
        }
        if (c != 'u')
                return scan_fail(s, "a '\\' in a string must be written '\\\\'");

        unit = hex4(s, s->at + 2);
        if (unit < 0)
                return scan_fail(s, "'\\u' needs four hexadecimal digits");
        if (unit == 0)
                return scan_fail(s, "'\\u0000' cannot stand in a string here");
        if (unit >= 0xd800 && unit <= 0xdbff && starts_low_surrogate(s, s->at + 6)) {
                s->at += 12;
                return 0;
        }
        if (unit >= 0xd800 && unit <= 0xdfff)
                return scan_fail(s, "'\\u%04x' is half of a surrogate pair", (unsigned) unit);
        s->at += 6;
        return 0;
}

/* At the opening quote; ends behind the closing one. */
static int scan_string(Scan *s) {
        int r;

        s->at++;
        for (;;) {
                int c = peek(s);
                size_t n;

                if (c < 0)
                        return scan_fail(s, "the text ends within a string");
                if (c == '"') {
                        s->at++;
                        return 0;
                }
                if (c == '\\') {
                        r = scan_escape(s);
                        if (r < 0)
                                return r;
                        continue;
                }
                if (c < 0x20)
                        return scan_fail(s, "control character 0x%02x in a string, write it as '\\u%04x'",
                                         (unsigned) c, (unsigned) c);
                n = utf8_char_length(s->text + s->at, s->size - s->at);
                if (n == 0)
                        return scan_fail(s, "invalid UTF-8, byte 0x%02x", (unsigned) c);
                s->at += n;
        }
}

/* A number stays well below 2^64 while it is compared, because a longer one is refused at once. */
static int scan_number(Scan *s) {
        size_t start = s->at, end;
        uint64_t value = 0;

        if (peek(s) == '-')
                s->at++;
        if (!scan_is_digit(peek(s)))
                return fail_unexpected(s, "a digit");
        for (end = s->at;
             end < s->size && end - start < 40 && s->text[end] && strchr("0123456789.eE+-", s->text[end]);)
                end++;

        if (peek(s) == '0' && s->at + 1 < s->size && scan_is_digit((unsigned char) s->text[s->at + 1]))
                return scan_fail(s, "number %.*s starts with a zero", (int) (end - start), s->text + start);
        for (; scan_is_digit(peek(s)); s->at++) {
                value = value * 10 + (uint64_t) (peek(s) - '0');
                if (value > JSON_NUMBER_MAX) {
                        s->at = start;
                        return scan_fail(s, "number %.*s is out of range", (int) (end - start),
                                         s->text + start);
                }
        }
        if (peek(s) == '.' || peek(s) == 'e' || peek(s) == 'E') {
                s->at = start;
                return scan_fail(s, "number %.*s must be whole, written without fraction and exponent",
                                 (int) (end - start), s->text + start);
        }
        return 0;
}

static int scan_literal(Scan *s) {
        static const char *const literals[] = {"true", "false", "null"};

        for (size_t i = 0; i < ELEMENTSOF(literals); i++) {
                size_t n = strlen(literals[i]);

                if (s->size - s->at >= n && memcmp(s->text + s->at, literals[i], n) == 0) {
                        s->at += n;
                        return 0;
                }
        }
        return fail_unexpected(s, "a value");
}

/* The key of a member and its colon. */
static int scan_key(Scan *s) {
        Frame *f = &s->frames[s->depth - 1];
        size_t start;
        int r;

        f->key = NULL;
        skip_space(s);
        if (peek(s) != '"')
                return fail_unexpected(s, peek(s) == '}' ? "a key after ','" : "a key in double quotes");
        start = s->at + 1;
        r = scan_string(s);
        if (r < 0)
                return r;
        f->key = s->text + start;
        f->key_size = s->at - 1 - start;

        skip_space(s);
        if (peek(s) != ':')
                return fail_unexpected(s, "':'");
        s->at++;
        return 0;
}

/* At a bracket. Return: 1 when a first element follows, 0 when the object or array is empty. */
static int scan_open(Scan *s) {
        bool is_object = peek(s) == '{';
        int r;

        if (s->depth == JSON_DEPTH_MAX)
                return scan_fail(s, "more than %d objects and arrays within each other", JSON_DEPTH_MAX);
        s->at++;
        skip_space(s);
        if (peek(s) == (is_object ? '}' : ']')) {
                s->at++;
                return 0;
        }
        s->frames[s->depth++] = (Frame){.is_object = is_object};
        r = is_object ? scan_key(s) : 0;
        return r < 0 ? r : 1;
}

/* Return: 1 when it opened an object or array and stands at the first value in it, 0 when it is past a whole
 * value. */
static int scan_value(Scan *s) {
        skip_space(s);
        switch (peek(s)) {
        case '{':
        case '[':
                return scan_open(s);
        case '"':
                return scan_string(s);
        case '-':
        case '0' ... '9':
                return scan_number(s);
        default:
                return scan_literal(s);
        }
}

/* Behind a value. Return: 1 when it stands at the next value of the same object or array, 0 when that has
 * ended. */
static int scan_after_value(Scan *s) {
        Frame *f = &s->frames[s->depth - 1];
        int r;

        skip_space(s);
        if (peek(s) == (f->is_object ? '}' : ']')) {
                s->at++;
                s->depth--;
                return 0;
        }
        if (peek(s) != ',')
                return fail_unexpected(s, f->is_object ? "',' or '}'" : "',' or ']'");
        s->at++;
        if (f->is_object) {
                r = scan_key(s);
                return r < 0 ? r : 1;
        }
        f->index++;
        skip_space(s);
        return peek(s) == ']' ? fail_unexpected(s, "a value after ','") : 1;
}

int json_scan(const char *text, size_t size, const char *name, Error *reterr) {
        Scan s = {.text = text, .size = size, .name = name, .reterr = reterr};
        int r;

        if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
                return scan_fail(&s, "starts with a byte order mark, save it without one");
        for (;;) {
                r = scan_value(&s);
                if (r < 0)
                        return r;
                if (r > 0)
                        continue;
                while (s.depth > 0 && r == 0) {
                        r = scan_after_value(&s);
                        if (r < 0)
                                return r;
                }
                if (s.depth == 0)
                        break;
        }
        skip_space(&s);
        return s.at < s.size ? fail_unexpected(&s, "the end of the text") : 0;
}
