/* SPDX-License-Identifier: MIT */

#include <signal.h>

#include "base/alloc.h"
#include "spec/stop.h"
#include "spec/value.h"

/* How many real-time signals have a name here; SIGRTMAX is the last one on every architecture of Linux. */
#define REALTIME_MAX 30

static const JsonShape signal_shape =
        JSON_STRING_LIKE("^SIG(RTMIN(\\+([1-9]|[12][0-9]|30))?|(?!(KILL|STOP|RTMIN.*)$)[A-Z0-9]+)$");

static int raise_name(const char *name, Error *reterr) {
        return error_raise(reterr, FC_EXIT_USAGE,
                           "'%.100s' is not a signal, they are written like SIGINT or SIGRTMIN+4", name);
}

/* "", "+1", ... "+30". */
static int parse_realtime(const char *name, const char *rest, int *ret, Error *reterr) {
        int n = 0;

        if (*rest) {
                if (rest[0] != '+' || rest[1] < '1' || rest[1] > '9')
                        return raise_name(name, reterr);
                for (const char *s = rest + 1; *s; s++) {
                        if (*s < '0' || *s > '9' || n > REALTIME_MAX)
                                return raise_name(name, reterr);
                        n = n * 10 + (*s - '0');
                }
        }
        if (n > REALTIME_MAX)
                return error_raise(reterr, FC_EXIT_USAGE, "'%.100s': the last one is SIGRTMIN+%d", name,
                                   REALTIME_MAX);
        *ret = SIGRTMIN + n;
        return 0;
}

int stop_signal_from_string(const char *name, int *ret, Error *reterr) {
        const char *realtime = startswith(name, "SIGRTMIN"), *rest = startswith(name, "SIG");

        if (realtime)
                return parse_realtime(name, realtime, ret, reterr);
        for (int i = 1; rest && i < _NSIG; i++) {
                if (!sigabbrev_np(i) || !streq(sigabbrev_np(i), rest))
                        continue;
                if (i == SIGKILL || i == SIGSTOP)
                        return error_raise(
                                reterr, FC_EXIT_USAGE,
                                "'%s' cannot be caught: 'stop.timeout' says when the container is "
                                "killed",
                                name);
                *ret = i;
                return 0;
        }
        return raise_name(name, reterr);
}

char *stop_signal_to_string(int signal) {
        if (signal == SIGRTMIN)
                return xstrdup("SIGRTMIN");
        return signal > SIGRTMIN ? xasprintf("SIGRTMIN+%d", signal - SIGRTMIN)
                                 : xasprintf("SIG%s", sigabbrev_np(signal));
}

static int stop_parse_timeout(const Json *value, const char *path, void *target, Error *reterr) {
        return value_parse_timeout(value, path, &((ContainerSpec *) target)->stop_timeout_usec, reterr);
}

static int stop_parse_signal(const Json *value, const char *path, void *target, Error *reterr) {
        int r;

        r = json_expect(value, JSON_STRING, path, reterr);
        if (r < 0)
                return r;
        r = stop_signal_from_string(json_string(value), &((ContainerSpec *) target)->stop_signal, reterr);
        return r < 0 ? error_prefix(reterr, r, "%s", path) : 0;
}

static const JsonField stop_fields[] = {
        {"timeout", stop_parse_timeout, .shape = &timeout_shape},
        {"signal", stop_parse_signal, .shape = &signal_shape},
};

static const JsonShape stop_shape = JSON_OBJECT_OF(stop_fields);

static int parse_stop(const Json *value, const char *path, void *target, Error *reterr) {
        return json_dispatch(value, path, stop_fields, ELEMENTSOF(stop_fields), target, reterr);
}

static Json *print_stop(const ContainerSpec *c) {
        _cleanup_free_ char *signal = c->stop_signal > 0 ? stop_signal_to_string(c->stop_signal) : NULL;
        Json *json = json_new_object();

        json_add_uint(json, "timeout", c->stop_timeout_usec / USEC_PER_SEC);
        json_add_string(json, "signal", signal);
        return json;
}

const SpecKey stop_key = {
        .name = "stop",
        .shape = &stop_shape,
        .parse = parse_stop,
        .print = print_stop,
};
