/* SPDX-License-Identifier: MIT */

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "base/alloc.h"
#include "logs/time-spec.h"
#include "screen/text.h"

/* How much of a wrong word is shown. */
#define TIME_QUOTE_WIDTH 60

/* 9999-12-31 23:59:59 UTC: RFC 3339 has no later year. */
#define TIME_MAX_SEC  INT64_C(253402300799)
#define TIME_MAX_USEC ((uint64_t) (TIME_MAX_SEC + 1) * USEC_PER_SEC - 1)

static bool time_spec_is_digit(char c) {
        return c >= '0' && c <= '9';
}

static const char *skip_blanks(const char *s) {
        return s + strspn(s, " \t");
}

/* "113" as the fraction behind a point, in millionths; digits beyond the sixth are dropped. */
static const char *parse_fraction(const char *s, uint64_t *ret) {
        uint64_t value = 0, weight = 100000;

        for (; time_spec_is_digit(*s); s++) {
                value += (uint64_t) (*s - '0') * weight;
                weight /= 10;
        }
        *ret = value;
        return s;
}

/* A whole number of at most @max. NULL: none, or too large. */
static const char *time_spec_parse_number(const char *s, uint64_t max, uint64_t *ret) {
        uint64_t value = 0;

        if (!time_spec_is_digit(*s))
                return NULL;
        for (; time_spec_is_digit(*s); s++) {
                value = value * 10 + (uint64_t) (*s - '0');
                if (value > max)
                        return NULL;
        }
        *ret = value;
        return s;
}

/* Exactly two digits, as in dates and times. */
static const char *time_spec_parse_pair(const char *s, int *ret) {
        if (!time_spec_is_digit(s[0]) || !time_spec_is_digit(s[1]))
                return NULL;
        *ret = (s[0] - '0') * 10 + (s[1] - '0');
        return s + 2;
}

typedef struct Unit {
        const char *names; /* each followed by a blank */
        uint64_t usec;
} Unit;

#define MINUTE (60 * USEC_PER_SEC)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define YEAR   (UINT64_C(31557600) * USEC_PER_SEC) /* 365.25 days, as systemd.time(7) */

static const Unit units[] = {
        {"us usec ", 1},
        {"ms msec ", USEC_PER_MSEC},
        {"s sec second seconds ", USEC_PER_SEC},
        {"m min minute minutes ", MINUTE},
        {"h hr hour hours ", HOUR},
        {"d day days ", DAY},
        {"w week weeks ", 7 * DAY},
        {"M month months ", YEAR / 12},
        {"y year years ", YEAR},
};

static uint64_t time_spec_find_unit(const char *word, size_t length) {
        for (size_t i = 0; length > 0 && i < ELEMENTSOF(units); i++)
                for (const char *name = units[i].names; *name; name += strcspn(name, " ") + 1)
                        if (strcspn(name, " ") == length && strncmp(name, word, length) == 0)
                                return units[i].usec;
        return 0;
}

/* "1h 30min": a sum of numbers with units, up to the end or to @ret_end. False: it is not a span. */
static bool parse_span(const char *s, uint64_t *ret, const char **ret_end) {
        uint64_t sum = 0;

        do {
                uint64_t number, fraction = 0, unit;
                size_t length;

                s = time_spec_parse_number(s, TIME_MAX_USEC, &number);
                if (s && *s == '.')
                        s = time_spec_is_digit(s[1]) ? parse_fraction(s + 1, &fraction) : NULL;
                if (!s)
                        return false;
                s = skip_blanks(s);
                for (length = 0; isalpha((unsigned char) s[length]);)
                        length++;
                unit = time_spec_find_unit(s, length);
                if (unit == 0 || number > TIME_MAX_USEC / unit)
                        return false;
                /* The fraction is in millionths of the unit; the order of operations avoids overflow. */
                sum += number * unit + (unit >= USEC_PER_SEC ? unit / USEC_PER_SEC * fraction
                                                             : unit * fraction / USEC_PER_SEC);
                if (sum > TIME_MAX_USEC)
                        return false;
                s = skip_blanks(s + length);
        } while (time_spec_is_digit(*s));
        *ret = sum;
        *ret_end = s;
        return true;
}

/* "5m", "-5m", "5 min ago", "+5m". */
static bool parse_relative(const char *s, uint64_t now_usec, uint64_t *ret) {
        char sign = *s == '-' || *s == '+' ? *s++ : '\0';
        uint64_t span;

        if (!parse_span(s, &span, &s))
                return false;
        if (streq(s, "ago")) {
                if (sign != '\0')
                        return false;
        } else if (*s)
                return false;
        if (sign == '+')
                *ret = now_usec + span;
        else if (span <= now_usec)
                *ret = now_usec - span;
        else
                return false;
        return true;
}

/* "@1795341880.5" */
static bool parse_epoch(const char *s, uint64_t *ret) {
        uint64_t seconds, fraction = 0;

        s = time_spec_parse_number(s + 1, (uint64_t) TIME_MAX_SEC, &seconds);
        if (s && *s == '.')
                s = time_spec_is_digit(s[1]) ? parse_fraction(s + 1, &fraction) : NULL;
        if (!s || *s)
                return false;
        *ret = seconds * USEC_PER_SEC + fraction;
        return true;
}

/* "10:00", "10:00:30", "10:00:30.113" into @tm and @ret_usec. Return: what follows, or NULL. */
static const char *parse_clock(const char *s, struct tm *tm, uint64_t *ret_usec) {
        s = time_spec_parse_pair(s, &tm->tm_hour);
        if (!s || *s != ':')
                return NULL;
        s = time_spec_parse_pair(s + 1, &tm->tm_min);
        if (s && *s == ':') {
                s = time_spec_parse_pair(s + 1, &tm->tm_sec);
                if (s && *s == '.')
                        s = time_spec_is_digit(s[1]) ? parse_fraction(s + 1, ret_usec) : NULL;
        }
        /* No leap second: the kernel's clock has none. */
        return s && tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec < 60 ? s : NULL;
}

/* "2026-11-22" */
static const char *parse_date(const char *s, struct tm *tm) {
        int century, year, month;

        s = time_spec_parse_pair(s, &century);
        s = s ? time_spec_parse_pair(s, &year) : NULL;
        s = s && *s == '-' ? time_spec_parse_pair(s + 1, &month) : NULL;
        s = s && *s == '-' ? time_spec_parse_pair(s + 1, &tm->tm_mday) : NULL;
        if (!s)
                return NULL;
        tm->tm_year = century * 100 + year - 1900;
        tm->tm_mon = month - 1;
        return s;
}

/* "Z", " UTC", "+01:00", "-0830", or nothing (*ret_local). Seconds east of UTC. */
static bool parse_zone(const char *s, bool *ret_local, int64_t *ret_offset) {
        int hours, minutes, sign;

        s = skip_blanks(s);
        *ret_local = *s == '\0';
        *ret_offset = 0;
        if (*ret_local || streq(s, "Z") || streq(s, "UTC"))
                return true;
        if (*s != '+' && *s != '-')
                return false;
        sign = *s == '-' ? -1 : 1;
        s = time_spec_parse_pair(s + 1, &hours);
        if (s && *s == ':')
                s++;
        s = s ? time_spec_parse_pair(s, &minutes) : NULL;
        if (!s || *s || hours > 23 || minutes > 59)
                return false;
        *ret_offset = sign * (hours * 60 + minutes) * 60;
        return true;
}

/* From broken-down time; refuses dates that mktime(3) would silently make another day of. */
static bool from_calendar(struct tm *tm, bool local, int64_t offset, uint64_t usec, uint64_t *ret) {
        struct tm normal = *tm;
        int64_t seconds;

        normal.tm_isdst = -1;
        seconds = local ? (int64_t) mktime(&normal) : (int64_t) timegm(&normal) - offset;
        if (normal.tm_mday != tm->tm_mday || normal.tm_mon != tm->tm_mon || normal.tm_year != tm->tm_year)
                return false;
        if (seconds < 0 || seconds > TIME_MAX_SEC)
                return false;
        *ret = (uint64_t) seconds * USEC_PER_SEC + usec;
        return true;
}

/* The midnight that began the present day. */
static bool local_day(uint64_t now_usec, struct tm *ret) {
        time_t now = (time_t) (now_usec / USEC_PER_SEC);
        struct tm tm;

        if (!localtime_r(&now, &tm))
                return false;
        *ret = (struct tm){.tm_year = tm.tm_year, .tm_mon = tm.tm_mon, .tm_mday = tm.tm_mday};
        return true;
}

static bool parse_calendar(const char *s, uint64_t now_usec, uint64_t *ret) {
        uint64_t usec = 0;
        struct tm tm = {0};
        const char *rest;
        int64_t offset;
        bool local;

        rest = parse_date(s, &tm);
        if (rest) {
                if (*rest == 'T' || (*rest == ' ' && time_spec_is_digit(*skip_blanks(rest))))
                        rest = parse_clock(*rest == 'T' ? rest + 1 : skip_blanks(rest), &tm, &usec);
                else if (*rest == '+' || *rest == '-')
                        return false; /* "2026-11-22-0830" is a slip of the keyboard, not a zone */
        } else if (local_day(now_usec, &tm))
                rest = parse_clock(s, &tm, &usec);
        return rest && parse_zone(rest, &local, &offset) && from_calendar(&tm, local, offset, usec, ret);
}

/* "today" and its neighbours. The day is counted in the calendar: a day may have 23 or 25 hours. */
static bool parse_day(const char *s, uint64_t now_usec, uint64_t *ret) {
        static const char *const names[] = {"yesterday", "today", "tomorrow"};
        int64_t seconds;
        struct tm tm;

        for (int i = 0; i < (int) ELEMENTSOF(names); i++) {
                if (!streq(s, names[i]) || !local_day(now_usec, &tm))
                        continue;
                tm.tm_mday += i - 1;
                tm.tm_isdst = -1;
                seconds = (int64_t) mktime(&tm);
                if (seconds < 0)
                        return false;
                *ret = (uint64_t) seconds * USEC_PER_SEC;
                return true;
        }
        return false;
}

int time_spec_parse(const char *text, uint64_t now_usec, uint64_t *ret, Error *reterr) {
        _cleanup_free_ char *copy = xstrdup(skip_blanks(text)), *quote = NULL;
        uint64_t value = 0;
        size_t n = strlen(copy);
        bool ok;
        int r;

        while (n > 0 && strchr(" \t", copy[n - 1]))
                copy[--n] = '\0';
        if (copy[0] == '@')
                ok = parse_epoch(copy, &value);
        else if (streq(copy, "now")) {
                value = now_usec;
                ok = true;
        } else
                ok = parse_day(copy, now_usec, &value) || parse_calendar(copy, now_usec, &value) ||
                     parse_relative(copy, now_usec, &value);
        if (!ok || value > TIME_MAX_USEC) {
                quote = text_shorten(text, TIME_QUOTE_WIDTH, /* unicode= */ false);
                r = error_raise(reterr, FC_EXIT_USAGE, "'%s' is not a point in time", quote);
                error_add_hint(reterr, "for example: 5m, \"2 hours ago\", 10:30, today, yesterday, "
                                       "\"2026-11-22 10:00\", @1795341880");
                return r;
        }
        *ret = value;
        return 0;
}
