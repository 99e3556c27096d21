/* SPDX-License-Identifier: MIT */

#include <stdlib.h>

#include "base/alloc.h"
#include "fleet/timings.h"
#include "screen/text.h"

static void spans_done(TimingSpan *spans, size_t n) {
        for (size_t i = 0; i < n; i++)
                free(spans[i].what);
        free(spans);
}

void timings_done(Timings *timings) {
        for (size_t i = 0; i < timings->n; i++) {
                ContainerTimings *c = &timings->containers[i];

                spans_done(c->steps, c->n_steps);
                spans_done(c->units, c->n_units);
                free(c->name);
        }
        free(timings->containers);
        *timings = (Timings){};
}

static ContainerTimings *timings_find(const Timings *timings, const char *name) {
        for (size_t i = 0; i < timings->n; i++)
                if (streq(timings->containers[i].name, name))
                        return &timings->containers[i];
        return NULL;
}

static void close_step(ContainerTimings *c, uint64_t now_usec) {
        if (c->open)
                c->steps[c->n_steps - 1].ended_usec = now_usec;
        c->open = false;
}

static void begin_step(ContainerTimings *c, char *what, uint64_t now_usec) {
        TimingSpan *last = c->open ? &c->steps[c->n_steps - 1] : NULL;

        if (last && streq(last->what, what)) {
                free(what);
                return;
        }
        close_step(c, now_usec);
        *XGROW(c->steps, c->n_steps) = (TimingSpan){.what = what, .began_usec = now_usec};
        c->open = true;
}

/* NULL: it is no step that takes time. */
static char *step_of(Phase phase, const char *rung, const char *detail) {
        switch (phase) {
        case PHASE_BUILDING:
                return xstrdup("build");
        case PHASE_IMAGE:
                return xstrdup("copy");
        case PHASE_VOLUME:
                return xstrdup("volume");
        case PHASE_STARTING:
                return xstrdup("start");
        case PHASE_BOOTING:
                return xstrdup("boot");
        case PHASE_WAITING:
                return rung ? text_safe(rung) : detail ? xasprintf("wait %s", detail) : xstrdup("wait");
        case PHASE_SEEDING:
                return xstrdup("seed");
        case PHASE_SWITCHING:
                return xstrdup("switch");
        case PHASE_STOPPING:
                return xstrdup("stop");
        case PHASE_RESTARTING:
                return xstrdup("start again");
        default:
                return NULL;
        }
}

void timings_note(Timings *timings, const char *container, Phase phase, const char *rung, const char *detail,
                  uint64_t now_usec) {
        ContainerTimings *c = timings_find(timings, container);
        char *what = step_of(phase, rung, detail);

        if (!c) {
                c = XGROW(timings->containers, timings->n);
                c->name = xstrdup(container);
        }
        if (c->started_usec == 0 && (phase == PHASE_BOOTING || (phase == PHASE_WAITING && rung)))
                c->started_usec = now_usec;
        if (c->done_usec == 0 && (phase == PHASE_READY || phase == PHASE_COMPLETED))
                c->done_usec = now_usec;
        if (what)
                begin_step(c, what, now_usec);
        else if (phase_is_final(phase))
                close_step(c, now_usec);
}

void timings_pause(Timings *timings, const char *container, uint64_t now_usec) {
        ContainerTimings *c = timings_find(timings, container);

        if (c)
                close_step(c, now_usec);
}

void timings_end(Timings *timings, uint64_t now_usec) {
        timings->ended_usec = now_usec;
        for (size_t i = 0; i < timings->n; i++)
                close_step(&timings->containers[i], now_usec);
}

static uint64_t span_length(const TimingSpan *span) {
        return span->ended_usec - span->began_usec;
}

static int compare_spans(const void *a, const void *b) {
        const TimingSpan *x = a, *y = b;

        return (x->began_usec > y->began_usec) - (x->began_usec < y->began_usec);
}

/* In the place of the shortest, once there are enough. */
static TimingSpan *find_room(ContainerTimings *c, uint64_t length) {
        TimingSpan *shortest = c->units;

        if (c->n_units < TIMING_UNITS_MAX)
                return XGROW(c->units, c->n_units);
        for (size_t i = 1; i < c->n_units; i++)
                if (span_length(&c->units[i]) < span_length(shortest))
                        shortest = &c->units[i];
        if (span_length(shortest) >= length)
                return NULL;
        free(shortest->what);
        return shortest;
}

void timings_add_unit(Timings *timings, const char *container, const char *unit, uint64_t began_usec,
                      uint64_t ended_usec) {
        ContainerTimings *c = timings_find(timings, container);
        uint64_t first = c && c->n_steps > 0 ? c->steps[0].began_usec : UINT64_MAX;
        TimingSpan *span;

        if (began_usec < first || ended_usec < began_usec || ended_usec - began_usec < TIMING_UNIT_USEC ||
            ended_usec > timings->ended_usec)
                return;
        span = find_room(c, ended_usec - began_usec);
        if (!span)
                return;
        *span = (TimingSpan){.what = text_safe(unit), .began_usec = began_usec, .ended_usec = ended_usec};
        qsort(c->units, c->n_units, sizeof(*c->units), compare_spans);
}

static uint64_t time_of_need(const ContainerTimings *c, DependencyNeed need) {
        return need == NEED_STARTED ? c->started_usec : c->done_usec;
}

/* What it waited for last: none, or what ran already, is a container of NULL. What came later than the step
 * itself is not what it waited for. */
static TimingPathStep find_cause(const Timings *timings, const Spec *spec, const TimingPathStep *step) {
        const ContainerSpec *s = spec_find(spec, step->container->name);
        TimingPathStep cause = {};

        for (size_t i = 0; s && i < s->n_dependencies; i++) {
                const ContainerTimings *other = timings_find(timings, s->dependencies[i].name);
                uint64_t usec = other ? time_of_need(other, s->dependencies[i].need) : 0;

                if (usec > cause.usec && usec <= step->usec)
                        cause = (TimingPathStep){other, usec};
        }
        return cause;
}

TimingPathStep *timings_critical_path(const Timings *timings, const Spec *spec, size_t *ret_n) {
        TimingPathStep *path = xnew0(TimingPathStep, timings->n), step = {};
        size_t n = 0;

        for (size_t i = 0; i < timings->n; i++)
                if (timings->containers[i].done_usec > step.usec)
                        step = (TimingPathStep){&timings->containers[i], timings->containers[i].done_usec};
        /* Dependencies form no circle. */
        for (; step.container; step = find_cause(timings, spec, &step))
                path[n++] = step;
        for (size_t i = 0; i < n / 2; i++) {
                TimingPathStep swapped = path[i];

                path[i] = path[n - 1 - i];
                path[n - 1 - i] = swapped;
        }
        *ret_n = n;
        return path;
}
