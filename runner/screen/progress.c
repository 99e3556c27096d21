/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/json.h"
#include "base/process.h"
#include "base/strv.h"
#include "base/time-text.h"
#include "screen/buffer.h"
#include "screen/error-print.h"
#include "screen/output.h"
#include "screen/progress-live.h"
#include "screen/progress.h"
#include "screen/text.h"

#define DETAIL_INTERVAL (5 * USEC_PER_SEC)

struct Progress {
        ProgressMode mode;
        FILE *out;
        ProgressLive *live; /* NULL: not a terminal */
        ProgressItem **items;
        size_t n_items;
        bool finished;
        ProgressWatch watch;
        void *userdata;
};

static const char *const mode_names[_PROGRESS_MODE_MAX] = {
        [PROGRESS_AUTO] = "auto",
        [PROGRESS_PLAIN] = "plain",
        [PROGRESS_JSON] = "json",
        [PROGRESS_QUIET] = "quiet",
};

const char *progress_mode_to_string(ProgressMode mode) {
        return mode_names[mode];
}

int progress_mode_parse(const char *word, ProgressMode *ret, Error *reterr) {
        for (ProgressMode mode = 0; mode < _PROGRESS_MODE_MAX; mode++)
                if (streq(word, mode_names[mode])) {
                        *ret = mode;
                        return 0;
                }
        return error_raise(reterr, FC_EXIT_USAGE,
                           "--progress: '%s': must be one of auto, plain, json, quiet", word);
}

Progress *progress_new(ProgressMode mode, FILE *out, char *const *containers) {
        Progress *progress = xnew0(Progress, 1);

        progress->mode = mode;
        progress->out = out;
        if (mode == PROGRESS_AUTO)
                progress->live = progress_live_new(out, containers);
        return progress;
}

Progress *progress_free(Progress *progress) {
        if (!progress)
                return NULL;
        for (size_t i = 0; i < progress->n_items; i++) {
                free(progress->items[i]->container);
                free(progress->items[i]->detail);
                free(progress->items[i]);
        }
        free(progress->items);
        progress_live_free(progress->live);
        free(progress);
        return NULL;
}

static ProgressItem *find_item(Progress *progress, const char *container) {
        ProgressItem *item;

        for (size_t i = 0; i < progress->n_items; i++)
                if (streq(progress->items[i]->container, container))
                        return progress->items[i];
        item = xnew0(ProgressItem, 1);
        item->container = xstrdup(container);
        item->phase = _PHASE_INVALID;
        *XGROW(progress->items, progress->n_items) = item;
        return item;
}

/* Failing to write progress must not fail the work itself: the results of the writing functions below are
 * ignored, and the program's own output or exit status tells the rest. */
static void write_json(FILE *out, Json *json) {
        _cleanup_free_ char *text = json_print(json, /* pretty= */ false);
        _cleanup_buffer_ Buffer line = {0};

        buffer_append_text(&line, text);
        buffer_append_text(&line, "\n");
        (void) buffer_flush(&line, out);
}

static Json *new_event(void) {
        char time[TIMESTAMP_MAX];
        Json *json = json_new_object();

        json_add_string(json, "time", timestamp_format(time, realtime_usec()));
        return json;
}

static void progress_print_json(Progress *progress, const ProgressItem *item) {
        _cleanup_(json_freep) Json *json = new_event();

        json_add_string(json, "container", item->container);
        json_add_string(json, "phase", phase_to_string(item->phase));
        if (item->detail)
                json_add_string(json, "detail", item->detail);
        else
                json_add_null(json, "detail");
        write_json(progress->out, json);
}

/* "db: ready  127.0.0.1:5432  1.9s" */
static void print_plain(Progress *progress, ProgressItem *item, uint64_t now) {
        _cleanup_buffer_ Buffer line = {0};
        char elapsed[FORMAT_DURATION_MAX];

        buffer_appendf(&line, "%s: %s", item->container, phase_to_string(item->phase));
        if (item->detail)
                buffer_appendf(&line, "  %s", item->detail);
        if (item->final && phase_has_time(item->phase))
                buffer_appendf(&line, "  %s", format_duration(elapsed, now - item->since));
        buffer_append_text(&line, "\n");
        (void) buffer_flush(&line, progress->out);
        item->printed = now;
}

void progress_update(Progress *progress, const char *container, Phase phase, const char *detail) {
        _cleanup_free_ char *safe = text_safe(detail && detail[0] ? detail : NULL);
        ProgressItem *item = find_item(progress, container);
        uint64_t now = now_usec();
        bool new_phase = item->phase != phase;

        if (!new_phase && streq_ptr(item->detail, safe))
                return;
        /* What it waited for others is not its own time. */
        if (item->phase < 0 ||
            (new_phase && (item->final || (item->phase == PHASE_WAITING && phase == PHASE_STARTING))))
                item->since = now;
        free(item->detail);
        item->detail = TAKE_PTR(safe);
        if (new_phase) {
                item->phase = phase;
                item->final = phase_is_final(phase);
        }

        if (progress->watch)
                progress->watch(container, item->phase, item->detail, progress->userdata);
        if (progress->mode == PROGRESS_JSON)
                progress_print_json(progress, item);
        else if (phase == PHASE_UNCHANGED)
                progress_tick(progress);
        else if (progress->live)
                progress_live_update(progress->live, progress->items, progress->n_items, item);
        else if (progress->mode != PROGRESS_QUIET && (new_phase || item->final || phase_has_steps(phase) ||
                                                      now - item->printed >= DETAIL_INTERVAL))
                print_plain(progress, item, now);
}

void progress_watch(Progress *progress, ProgressWatch watch, void *userdata) {
        progress->watch = watch;
        progress->userdata = userdata;
}

void progress_note(Progress *progress, const char *text) {
        _cleanup_free_ char *safe = text_safe(text);

        if (progress->mode == PROGRESS_JSON) {
                _cleanup_(json_freep) Json *json = new_event();

                json_add_string(json, "note", safe);
                write_json(progress->out, json);
        } else if (progress->live)
                progress_live_note(progress->live, progress->items, progress->n_items, safe);
        else if (progress->mode != PROGRESS_QUIET) {
                (void) fprintf(progress->out, "%s\n", safe);
                (void) fflush(progress->out);
        }
}

bool progress_is_for_people(const Progress *progress) {
        return progress->mode != PROGRESS_JSON && progress->mode != PROGRESS_QUIET;
}

static void print_lines(Progress *progress, const char *text) {
        if (progress->live)
                progress_live_note(progress->live, progress->items, progress->n_items, text);
        else {
                (void) fprintf(progress->out, "%s\n", text);
                (void) fflush(progress->out);
        }
}

void progress_say(Progress *progress, const char *text) {
        _cleanup_free_ char *safe = text_safe(text);

        if (progress_is_for_people(progress))
                print_lines(progress, safe);
}

bool progress_error(Progress *progress, const Error *error) {
        _cleanup_free_ char *text = NULL;
        Output output;

        if (!progress_is_for_people(progress))
                return false;
        output_probe(fileno(progress->out), &output);
        text = error_to_text(error, output.colour);
        print_lines(progress, text);
        return true;
}

uint64_t progress_tick_interval(const Progress *progress) {
        if (progress->live)
                for (size_t i = 0; i < progress->n_items; i++)
                        if (!progress->items[i]->final)
                                return 100 * USEC_PER_MSEC;
        return UINT64_MAX;
}

void progress_tick(Progress *progress) {
        if (progress->live)
                progress_live_tick(progress->live, progress->items, progress->n_items);
}

static bool is_unchanged(const ProgressItem *item) {
        return item->phase == PHASE_UNCHANGED;
}

/* Nothing happened: "web, db: unchanged  already up". */
static void print_all_unchanged(Progress *progress) {
        const char *detail = progress->items[0]->detail;
        _cleanup_free_ char *names = NULL, *line = NULL;
        _cleanup_strv_ char **list = NULL;

        for (size_t i = 0; i < progress->n_items; i++)
                strv_push(&list, progress->items[i]->container);
        names = strv_join(list, ", ");
        line = xasprintf("%s: %s%s%s", names, phase_to_string(PHASE_UNCHANGED), detail ? "  " : "",
                         detail ? detail : "");
        print_lines(progress, line);
}

static void print_unchanged(Progress *progress) {
        size_t n = 0;

        for (size_t i = 0; i < progress->n_items; i++)
                n += is_unchanged(progress->items[i]);
        if (n > 0 && n == progress->n_items)
                print_all_unchanged(progress);
        else if (progress->live)
                for (size_t i = 0; i < progress->n_items; i++)
                        if (is_unchanged(progress->items[i]))
                                progress_live_update(progress->live, progress->items, progress->n_items,
                                                     progress->items[i]);
}

void progress_finish(Progress *progress) {
        if (progress_is_for_people(progress) && !progress->finished)
                print_unchanged(progress);
        progress->finished = true;
        if (progress->live)
                progress_live_finish(progress->live, progress->items, progress->n_items);
}
