/* SPDX-License-Identifier: MIT */

/* When a service is started, is ready, ends and is started again. */

#include <string.h>

#include "base/alloc.h"
#include "import/known.h"
#include "import/service.h"

#define READY_SECONDS 60 /* what `up` waits without being told */

/* ---- healthcheck ---- */

/* The command of a healthcheck; NULL: it has none. Owned by the caller. */
static Json *test_command(Service *s, const Json *test) {
        const Json *first = test && json_type(test) == JSON_ARRAY ? json_first(test) : NULL;
        const char *kind = tree_text(first), *script = tree_text(test);
        Json *command = json_new_array();

        if (kind && streq(kind, "CMD-SHELL"))
                script = tree_text(json_next(first));
        if (script) {
                json_append_string(command, "/bin/sh");
                json_append_string(command, "-c");
                json_append_string(command, script);
        } else if (kind && streq(kind, "CMD")) {
                for (const Json *word = json_next(first); word; word = json_next(word))
                        if (tree_text(word))
                                json_append_string(command, tree_text(word));
        } else if (!kind || !streq(kind, "NONE"))
                service_note(s, "healthcheck",
                             "'test' is not carried over: it must be a string, or a list that begins with "
                             "CMD, CMD-SHELL or NONE");
        if (json_length(command) > 0)
                return command;
        return json_free(command);
}

/* How long `up` waits: as long as compose would until it gave up. */
static uint64_t patience(Service *s, const Json *check) {
        static const char *const keys[] = {"start_period", "interval", "timeout", "start_interval"};
        uint64_t seconds[ELEMENTSOF(keys)] = {0, 30, 30, 0}, retries = 3, sum;
        const char *text = tree_text(tree_get(check, "retries"));

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                const char *value = tree_text(tree_get(check, keys[i]));

                if (value && !duration_seconds(value, &seconds[i]))
                        service_note(s, "healthcheck", "'%s' is not carried over: it is not a duration",
                                     keys[i]);
        }
        if (text && *text && strlen(text) < 4 && !text[strspn(text, "0123456789")])
                retries = strtoull(text, NULL, 10);
        sum = seconds[0] + retries * (seconds[1] + seconds[2]);
        return sum > 86400 ? 86400 : sum;
}

static void note_check(Service *s, const Json *check) {
        static const char *const keys[] = {"test",         "interval",       "timeout", "retries",
                                           "start_period", "start_interval", "disable"};

        if (tree_get(check, "interval") || tree_get(check, "start_interval"))
                service_note(
                        s, "healthcheck",
                        "how often is not carried over: it is asked at once, and again until it succeeds");
        JSON_FOREACH (member, check) {
                size_t i = 0;

                while (i < ELEMENTSOF(keys) && !streq(keys[i], json_key(member)))
                        i++;
                if (i == ELEMENTSOF(keys) && !startswith(json_key(member), "x-"))
                        service_note(s, "healthcheck", "'%s' is not carried over: compose has no such key",
                                     json_key(member));
        }
}

static void carry_healthcheck(Service *s, Json *ready) {
        const Json *check = service_get(s, "healthcheck");
        Json *command, *commands;
        uint64_t seconds;

        if (!check || tree_is_true(tree_get(check, "disable")))
                return;
        note_check(s, check);
        seconds = patience(s, check);
        if (seconds > READY_SECONDS)
                json_add_uint(ready, "timeout", seconds);
        if (s->one_shot) {
                service_note(s, "healthcheck",
                             "not carried over: it is expected to end, and then it is completed");
                return;
        }
        command = tree_get(check, "test") ? test_command(s, tree_get(check, "test")) : NULL;
        if (!command)
                return;
        if (s->known || s->draft->format == DRAFT_FLAKE) {
                service_note(
                        s, "healthcheck",
                        s->known ? "'test' is not carried over: its port is asked, since a command may need "
                                   "what the seed makes, which runs when it is ready"
                                 : "'test' is not carried over: say it when the program is there: "
                                   "ready.exec, ready.http or ready.tcp");
                (void) json_free(command);
                return;
        }
        commands = json_new_array();
        json_append(commands, command);
        json_add(ready, "exec", commands);
}

static void carry_ready(Service *s) {
        _cleanup_free_ char *place = service_place(s, "healthcheck");
        Json *ready = json_new_object(), *tcp = json_new_array();

        carry_healthcheck(s, ready);
        for (size_t i = 0; s->known && !s->one_shot && i < KNOWN_PORTS_MAX && s->known->ports[i] > 0; i++)
                json_append_uint(tcp, s->known->ports[i]);
        if (json_length(tcp) > 0)
                json_add(ready, "tcp", tcp);
        else
                (void) json_free(tcp);
        draft_set(s->container, "ready", ready, place);
}

/* ---- depends_on ---- */

/* A name of a list, or a member of a mapping. */
static void carry_dependency(Service *s, const char *key, const Json *details, const char *place) {
        const char *name = key ? key : tree_text(details);
        _cleanup_free_ char *ours = name ? tidy_name(name) : NULL;
        const char *condition = tree_text(tree_get(details, "condition")), *word = "started";

        if (!ours || !draft_find(s->draft, ours)) {
                draft_note(&s->container->notes, place, "not carried over: there is no such service");
                return;
        }
        if (condition && streq(condition, "service_healthy"))
                word = "ready";
        else if (condition && streq(condition, "service_completed_successfully"))
                word = "completed";
        else if (condition && !streq(condition, "service_started"))
                draft_note(&s->container->notes, place, "the condition '%s' is not known: started",
                           condition);
        if (tree_get(details, "restart"))
                draft_note(&s->container->notes, place,
                           "'restart' is not carried over: one that runs is left alone when this one is "
                           "started again");
        if (tree_get(details, "required") && !tree_is_true(tree_get(details, "required")))
                draft_note(&s->container->notes, place,
                           "'required: false' is not carried over: what is there is required");
        draft_depend(s->container, ours, word);
}

/* ---- profiles ---- */

static void carry_profile(Service *s, const char *key, const Json *item, const char *place) {
        const char *name = tree_text(item);

        if (!key && name)
                draft_append(s->container, "profiles", json_new_string(name), place);
}

/* ---- its end ---- */

static void carry_restart(Service *s) {
        const char *word = tree_text(tree_get(s->tree, "restart")),
                   *policy = tree_text(
                           tree_get(tree_get(tree_get(s->tree, "deploy"), "restart_policy"), "condition"));
        _cleanup_free_ char *place = service_place(s, "restart");

        if (!word && policy)
                word = streq(policy, "any") ? "always" : policy;
        if (!word || streq(word, "no") || streq(word, "none") || streq(word, "false"))
                return;
        if (s->one_shot) {
                draft_note(&s->container->notes, place, "not carried over: it is expected to end");
                return;
        }
        if (streq(word, "always") || streq(word, "unless-stopped"))
                draft_note(&s->container->notes, place,
                           "'%s' is \"on-failure\" here; flake-containers enable starts it when the "
                           "machine boots",
                           word);
        else if (!startswith(word, "on-failure")) {
                draft_note(&s->container->notes, place, "not carried over: '%.64s' is not known", word);
                return;
        } else if (!streq(word, "on-failure"))
                draft_note(&s->container->notes, place,
                           "how often is not carried over: five times in five minutes");
        draft_set(s->container, "restart", json_new_string("on-failure"), place);
}

static void carry_stop(Service *s) {
        const char *signal = tree_text(tree_get(s->tree, "stop_signal")),
                   *grace = tree_text(tree_get(s->tree, "stop_grace_period"));
        _cleanup_free_ char *place = service_place(s, "stop_grace_period");
        Json *stop = json_new_object();
        uint64_t seconds;

        if (signal && (s->known || s->draft->format == DRAFT_FLAKE))
                service_note(s, "stop_signal",
                             "not carried over: an init is asked to end, and that ends its services");
        else if (signal)
                json_add_string(stop, "signal", signal);
        if (grace && duration_seconds(grace, &seconds))
                json_add_uint(stop, "timeout", seconds > 0 ? seconds : 1);
        else if (grace)
                draft_note(&s->container->notes, place,
                           "not carried over: it is not a duration of up to a day");
        else if (s->known && s->known->stop_seconds > 0)
                json_add_uint(stop, "timeout", s->known->stop_seconds);
        draft_set(s->container, "stop", stop, place);
}

void service_carry_life(Service *s) {
        _cleanup_free_ char *place = service_place(s, "depends_on");

        if (s->one_shot)
                draft_set(s->container, "oneShot", json_new_bool(true), place);
        carry_ready(s);
        service_each(s, "depends_on", carry_dependency);
        service_each(s, "profiles", carry_profile);
        carry_restart(s);
        carry_stop(s);
}
