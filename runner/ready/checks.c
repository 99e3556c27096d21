/* SPDX-License-Identifier: MIT */

#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "base/process.h"
#include "ready/check.h"

#define PAUSE_MIN_USEC (10 * USEC_PER_MSEC)
#define PAUSE_MAX_USEC (500 * USEC_PER_MSEC)

/* Of a command line on the screen. */
#define COMMAND_SHOWN_MAX 60

struct Checks {
        ChecksRequest request;
        Check *checks; /* does not move */
        size_t n_checks;
        char *waiting;
};

const ChecksRequest *check_request(const Check *c) {
        return &c->all->request;
}

Checks *checks_free(Checks *all) {
        if (!all)
                return NULL;
        for (size_t i = 0; i < all->n_checks; i++) {
                Check *c = &all->checks[i];

                c->kind->stop(c);
                sd_event_source_disable_unref(c->timer);
                free(c->name);
                free(c->error);
        }
        free(all->checks);
        free(all->waiting);
        free(all);
        return NULL;
}

ReadyProgress checks_progress(const Checks *all) {
        for (size_t i = 0; i < all->n_checks; i++) {
                const Check *c = &all->checks[i];

                if (!c->succeeded)
                        return (ReadyProgress){.rung = RUNG_CHECKS, .check = c->name, .text = c->error};
        }
        return (ReadyProgress){.rung = RUNG_CHECKS};
}

static void set_timer(Check *c, uint64_t usec) {
        if (usec != UINT64_MAX)
                (void) sd_event_source_set_time_relative(c->timer, usec);
        (void) sd_event_source_set_enabled(c->timer, usec == UINT64_MAX ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

static void tell(Checks *all) {
        ReadyProgress progress = checks_progress(all);
        _cleanup_free_ char *waiting = progress.check ? ready_progress_to_string(&progress) : NULL;

        if (streq_ptr(waiting, all->waiting))
                return;
        free(all->waiting);
        all->waiting = TAKE_PTR(waiting);
        all->request.changed(all->request.userdata);
}

void check_succeed(Check *c) {
        Checks *all = c->all;

        c->kind->stop(c);
        c->running = false;
        c->succeeded = true;
        set_timer(c, UINT64_MAX);
        for (size_t i = 0; i < all->n_checks; i++)
                if (!all->checks[i].succeeded) {
                        tell(all);
                        return;
                }
        all->request.done(all->request.userdata);
}

void check_fail(Check *c, const char *format, ...) {
        va_list ap;

        c->kind->stop(c);
        c->running = false;
        free(c->error);
        va_start(ap, format);
        c->error = xvasprintf(format, ap);
        va_end(ap);
        set_timer(c, c->pause_usec);
        c->pause_usec += c->pause_usec * c->kind->growth / 100;
        if (c->pause_usec > PAUSE_MAX_USEC)
                c->pause_usec = PAUSE_MAX_USEC;
        tell(c->all);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *userdata) {
        Check *c = userdata;

        if (c->running) {
                check_fail(c, "no answer within %u s", (unsigned) (c->kind->timeout_usec / USEC_PER_SEC));
                return 0;
        }
        c->running = true;
        set_timer(c, c->kind->timeout_usec);
        c->kind->start(c);
        return 0;
}

static int add(Checks *all, Check check) {
        Check *c = &all->checks[all->n_checks++];

        *c = check;
        c->all = all;
        c->fd = -EBADF;
        c->pause_usec = PAUSE_MIN_USEC;
        return sd_event_add_time(all->request.event, &c->timer, CLOCK_MONOTONIC, now_usec(), 1, on_timer, c);
}

static char *command_name(char *const *argv) {
        _cleanup_free_ char *line = strv_join(argv, " ");
        bool cut = strlen(line) > COMMAND_SHOWN_MAX;

        return xasprintf("exec %.*s%s", COMMAND_SHOWN_MAX, line, cut ? "..." : "");
}

static int add_all(Checks *all, const ReadyChecks *what) {
        int r = 0;

        for (size_t i = 0; i < what->n_tcp && r >= 0; i++)
                r = add(all, (Check){.kind = &check_tcp,
                                     .name = xasprintf("tcp %u", what->tcp[i]),
                                     .port = what->tcp[i]});
        for (size_t i = 0; i < what->n_http && r >= 0; i++)
                r = add(all, (Check){.kind = &check_tcp,
                                     .name = xasprintf("http %u %s", what->http[i].port, what->http[i].path),
                                     .port = what->http[i].port,
                                     .http = &what->http[i]});
        for (size_t i = 0; i < what->n_exec && r >= 0; i++)
                r = add(all, (Check){.kind = &check_exec,
                                     .name = command_name(what->exec[i]),
                                     .argv = what->exec[i]});
        STRV_FOREACH (path, what->sockets)
                if (r >= 0)
                        r = add(all, (Check){.kind = &check_unix,
                                             .name = xasprintf("unix %s", *path),
                                             .path = *path});
        return r;
}

int checks_new(const ChecksRequest *request, Checks **ret, Error *reterr) {
        _cleanup_(checks_freep) Checks *all = xmalloc0(sizeof(*all));
        const ReadyChecks *what = request->checks;
        int r;

        all->request = *request;
        all->checks = xnew0(Check, what->n_tcp + what->n_http + what->n_exec + strv_length(what->sockets));
        r = add_all(all, what);
        if (r < 0)
                return error_set(reterr, r, "check container '%s'", request->container);
        *ret = TAKE_PTR(all);
        return 0;
}
