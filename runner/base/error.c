/* SPDX-License-Identifier: MIT */

#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/strv.h"
#include "base/utf8.h"

/* File names, values of a spec and the lines of a guest's journal end up in messages: they must neither
 * break the line nor reach the terminal as escape sequences. */
char *error_make_printable(char *text) {
        size_t left = strlen(text);
        char *copy, *end;

        copy = end = xnew0(char, left * 4 + 1);
        for (const char *s = text; left > 0;) {
                size_t n = utf8_shown_length(s, left);

                if (n > 0)
                        end = mempcpy(end, s, n);
                else if (*s == '\n')
                        end = mempcpy(end, "\\n", 2);
                else
                        end += sprintf(end, "\\x%02x", (unsigned char) *s);
                n = n > 0 ? n : 1;
                s += n;
                left -= n;
        }
        free(text);
        return copy;
}

static char *format_printable(const char *format, va_list ap) _printf_(1, 0);
static char *format_printable(const char *format, va_list ap) {
        return error_make_printable(xvasprintf(format, ap));
}

static int errno_of_exit(ExitCode exit) {
        switch (exit) {
        case FC_EXIT_USAGE:
                return EINVAL;
        case FC_EXIT_TIMEOUT:
                return ETIMEDOUT;
        case FC_EXIT_CONFLICT:
                return EBUSY;
        case FC_EXIT_HOST:
                return EOPNOTSUPP;
        case FC_EXIT_NOT_RUNNING:
                return ESRCH;
        case FC_EXIT_INTERRUPTED:
                return EINTR;
        default:
                return EIO;
        }
}

void error_done(Error *e) {
        if (!e)
                return;
        free(e->message);
        free(e->container);
        strv_free(e->evidence);
        strv_free(e->hints);
        *e = ERROR_NULL;
}

/* Whether it is the host that lacks a permission, or room. */
static bool errno_is_of_host(int errnum) {
        switch (errnum) {
        case EPERM:
        case EACCES:
        case ENOSPC:
        case EDQUOT:
        case EROFS:
                return true;
        default:
                return false;
        }
}

int error_set(Error *reterr, int errnum, const char *format, ...) {
        va_list ap;

        errnum = errnum < 0 ? -errnum : errnum;
        if (errnum == 0)
                errnum = EIO;
        if (reterr) {
                _cleanup_free_ char *text = NULL;

                va_start(ap, format);
                text = format_printable(format, ap);
                va_end(ap);
                error_done(reterr);
                reterr->exit = errno_is_of_host(errnum) ? FC_EXIT_HOST : FC_EXIT_INTERNAL;
                reterr->message = xasprintf("%s: %s", text, strerror(errnum));
        }
        return -errnum;
}

int error_raise(Error *reterr, ExitCode exit, const char *format, ...) {
        va_list ap;

        if (reterr) {
                char *text;

                va_start(ap, format);
                text = format_printable(format, ap);
                va_end(ap);
                error_done(reterr);
                reterr->exit = exit;
                reterr->message = text;
        }
        return -errno_of_exit(exit);
}

int error_prefix(Error *reterr, int r, const char *format, ...) {
        va_list ap;

        if (error_is_set(reterr)) {
                _cleanup_free_ char *text = NULL, *old = reterr->message;

                va_start(ap, format);
                text = format_printable(format, ap);
                va_end(ap);
                reterr->message = xasprintf("%s: %s", text, old);
        }
        return r;
}

static int set_container(Error *reterr, int r, const char *container, bool named) {
        if (!error_is_set(reterr) || reterr->container)
                return r;
        reterr->container = error_make_printable(xstrdup(container));
        reterr->named = named;
        return r;
}

int error_in_container(Error *reterr, int r, const char *container) {
        return set_container(reterr, r, container, /* named= */ false);
}

int error_about_container(Error *reterr, int r, const char *container) {
        return set_container(reterr, r, container, /* named= */ true);
}

char *error_text(const Error *e) {
        if (!error_is_set(e))
                return NULL;
        if (!e->container || e->named)
                return xstrdup(e->message);
        return xasprintf("%s: %s", e->container, e->message);
}

static void add_line(char ***lines, const char *format, va_list ap) _printf_(2, 0);
static void add_line(char ***lines, const char *format, va_list ap) {
        strv_push_take(lines, format_printable(format, ap));
}

void error_add_evidence(Error *reterr, const char *format, ...) {
        va_list ap;

        if (!error_is_set(reterr))
                return;
        va_start(ap, format);
        add_line(&reterr->evidence, format, ap);
        va_end(ap);
}

void error_add_hint(Error *reterr, const char *format, ...) {
        va_list ap;

        if (!error_is_set(reterr))
                return;
        va_start(ap, format);
        add_line(&reterr->hints, format, ap);
        va_end(ap);
}

void error_move(Error *to, Error *from) {
        if (to) {
                error_done(to);
                *to = *from;
                *from = ERROR_NULL;
        } else
                error_done(from);
}
