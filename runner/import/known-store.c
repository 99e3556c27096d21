/* SPDX-License-Identifier: MIT */

/* Redis, Valkey, memcached, RabbitMQ and NATS. */

#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "import/known.h"
#include "import/tree-text.h"

/* A step that appends lines to a file of /etc and restarts what reads it. Consumes @lines. */
static void seed_lines(Service *s, const char *file, const char *unit, char **lines) {
        _cleanup_free_ char *script =
                xasprintf("printf '%%s\\n' \"$@\" >>%s && systemctl restart %s", file, unit);
        char **command = NULL;

        strv_push(&command, "sh");
        strv_push(&command, "-c");
        strv_push(&command, script);
        strv_push(&command, "sh");
        strv_extend(&command, lines);
        (void) strv_free(lines);
        service_seed(s, NULL, command);
}

static void seed_command(Service *s, const char *program, ...) {
        char **command = NULL;
        va_list ap;

        strv_push(&command, program);
        va_start(ap, program);
        for (const char *word = va_arg(ap, const char *); word; word = va_arg(ap, const char *))
                strv_push(&command, word);
        va_end(ap);
        service_seed(s, NULL, command);
}

/* ---- Redis and Valkey ---- */

/* A word of redis.conf; owned by the caller. */
static char *redis_word(const char *text) {
        char *word = xmalloc0(2 * strlen(text) + 3), *to = word;

        if (!strpbrk(text, " \t\r\n'\"\\"))
                return strcpy(word, text);
        *to++ = '"';
        for (const char *s = text; *s; s++) {
                if (strchr("\"\\\r\n", *s))
                        *to++ = '\\';
                *to++ = *s == '\r' ? 'r' : *s == '\n' ? 'n' : *s;
        }
        *to = '"';
        return word;
}

/* "NAME VALUE" of each "--NAME VALUE.." of the command, and of the password that a variable gives. */
static char **redis_settings(Service *s, const char *program, const char *password) {
        _cleanup_strv_ char **command = service_words(s, "command");
        char **settings = NULL;
        const char *value = service_variable(s, password);

        if (value && *value) {
                _cleanup_free_ char *word = redis_word(value);

                strv_pushf(&settings, "requirepass %s", word);
        }
        for (char **word = command; word && *word; word++) {
                const char *name = startswith(*word, "--");
                char *line;

                if (word == command && streq(*word, program))
                        continue;
                if (!name || !*name || name[strspn(name, "abcdefghijklmnopqrstuvwxyz-")]) {
                        service_note(s, "command", "'%s' is not carried over: it is not --NAME VALUE",
                                     *word);
                        continue;
                }
                line = xstrdup(name);
                while (word[1] && !startswith(word[1], "--")) {
                        char *longer = xasprintf("%s %s", line, *word[1] ? *(word + 1) : "\"\"");

                        free(line);
                        line = longer;
                        word++;
                }
                strv_push_take(&settings, line);
        }
        return settings;
}

static void redis_debian(Service *s, const char *name, const char *password) {
        _cleanup_free_ char *file = xasprintf("/etc/%s/%s.conf", name, name),
                            *unit = xasprintf("%s-server", name);
        _cleanup_strv_ char **settings = redis_settings(s, unit, password);
        char **lines = NULL;

        strv_push(&lines, "bind * -::*");
        strv_push(&lines, "protected-mode no");
        strv_extend(&lines, settings);
        seed_lines(s, file, unit, lines);
}

void known_redis_debian(Service *s) {
        redis_debian(s, "redis", "REDIS_PASSWORD");
}

void known_valkey_debian(Service *s) {
        redis_debian(s, "valkey", "VALKEY_PASSWORD");
}

/* In Nix: of a name that is given more than once, such as `save`, a list. Owned by the caller. */
static char *redis_values(char *const *settings, const char *name) {
        _cleanup_strv_ char **values = NULL;
        _cleanup_free_ char *joined = NULL;

        STRV_FOREACH (setting, settings) {
                const char *rest = startswith(*setting, name);

                if (rest && (*rest == ' ' || *rest == '\0'))
                        strv_push_take(&values, nix_string(*rest ? rest + 1 : ""));
        }
        joined = strv_join(values, " ");
        return values[1] ? xasprintf("[ %s ]", joined) : TAKE_PTR(joined);
}

static void redis_nixos(Service *s, const char *program, const char *password) {
        _cleanup_strv_ char **given = redis_settings(s, program, password), **settings = NULL, **seen = NULL;

        strv_push(&settings, "protected-mode no");
        strv_extend(&settings, given);
        if (streq(program, "valkey-server"))
                draft_nix(s->container, "services.redis.package = pkgs.valkey;");
        draft_nix(s->container, "services.redis.servers.\"\" = {");
        draft_nix(s->container, "  enable = true;");
        draft_nix(s->container, "  port = 6379;");
        draft_nix(s->container, "  bind = null;");
        STRV_FOREACH (setting, settings) {
                _cleanup_free_ char *name = xstrndup(*setting, strcspn(*setting, " ")),
                                    *key = nix_name(name), *values = redis_values(settings, name);

                if (strv_contains(seen, name))
                        continue;
                strv_push(&seen, name);
                draft_nix(s->container, "  settings.%s = lib.mkForce %s;", key, values);
        }
        draft_nix(s->container, "};");
}

void known_redis_nixos(Service *s) {
        redis_nixos(s, "redis-server", "REDIS_PASSWORD");
}

void known_valkey_nixos(Service *s) {
        redis_nixos(s, "valkey-server", "VALKEY_PASSWORD");
}

/* ---- memcached ---- */

/* The megabytes of "-m N"; 0: as it comes. */
static unsigned memcached_memory(Service *s) {
        _cleanup_strv_ char **command = service_words(s, "command");
        unsigned memory = 0;

        for (char **word = command; word && *word; word++)
                if (streq(*word, "-m") && word[1])
                        memory = (unsigned) strtoul(*++word, NULL, 10);
                else if (startswith(*word, "--memory-limit="))
                        memory = (unsigned) strtoul(startswith(*word, "--memory-limit="), NULL, 10);
                else if (word > command || !streq(*word, "memcached"))
                        service_note(s, "command", "'%s' is not carried over: of memcached's options -m is",
                                     *word);
        return memory > 1000000 ? 0 : memory;
}

void known_memcached_debian(Service *s) {
        unsigned memory = memcached_memory(s);
        char **lines = NULL;

        seed_command(s, "sed", "-i", "/^-l /d", "/etc/memcached.conf", NULL);
        strv_push(&lines, "-l 0.0.0.0");
        if (memory > 0)
                strv_pushf(&lines, "-m %u", memory);
        seed_lines(s, "/etc/memcached.conf", "memcached", lines);
}

void known_memcached_nixos(Service *s) {
        unsigned memory = memcached_memory(s);

        draft_nix(s->container, "services.memcached = {");
        draft_nix(s->container, "  enable = true;");
        draft_nix(s->container, "  listen = \"0.0.0.0\";");
        if (memory > 0)
                draft_nix(s->container, "  maxMemory = %u;", memory);
        draft_nix(s->container, "};");
}

/* ---- RabbitMQ ---- */

static const char *rabbitmq_variable(Service *s, const char *a, const char *b, const char *fallback) {
        const char *value = service_variable(s, a);

        if (!value)
                value = service_variable(s, b);
        return value && *value ? value : fallback;
}

static bool rabbitmq_has_management(const Service *s) {
        return s->tag && strstr(s->tag, "management");
}

void known_rabbitmq_debian(Service *s) {
        const char *user = rabbitmq_variable(s, "RABBITMQ_DEFAULT_USER", "RABBITMQ_USERNAME", "guest"),
                   *password = rabbitmq_variable(s, "RABBITMQ_DEFAULT_PASS", "RABBITMQ_PASSWORD", "guest"),
                   *vhost = rabbitmq_variable(s, "RABBITMQ_DEFAULT_VHOST", "RABBITMQ_VHOST", "/");
        char **lines = NULL;

        if (rabbitmq_has_management(s))
                seed_command(s, "rabbitmq-plugins", "--offline", "enable", "rabbitmq_management", NULL);
        /* As in the image, any user may come from elsewhere. */
        strv_push(&lines, "loopback_users = none");
        seed_lines(s, "/etc/rabbitmq/rabbitmq.conf", "rabbitmq-server", lines);
        if (!streq(vhost, "/"))
                seed_command(s, "rabbitmqctl", "-q", "add_vhost", vhost, NULL);
        if (streq(user, "guest"))
                seed_command(s, "rabbitmqctl", "-q", "change_password", user, password, NULL);
        else {
                seed_command(s, "rabbitmqctl", "-q", "add_user", user, password, NULL);
                /* All know its password, and the image has it only where there is no other. */
                seed_command(s, "rabbitmqctl", "-q", "delete_user", "guest", NULL);
        }
        seed_command(s, "rabbitmqctl", "-q", "set_user_tags", user, "administrator", NULL);
        seed_command(s, "rabbitmqctl", "-q", "set_permissions", "-p", vhost, user, ".*", ".*", ".*", NULL);
}

void known_rabbitmq_nixos(Service *s) {
        static const char *const keys[][3] = {
                {"default_user", "RABBITMQ_DEFAULT_USER", "RABBITMQ_USERNAME"},
                {"default_pass", "RABBITMQ_DEFAULT_PASS", "RABBITMQ_PASSWORD"},
                {"default_vhost", "RABBITMQ_DEFAULT_VHOST", "RABBITMQ_VHOST"},
        };

        draft_nix(s->container, "services.rabbitmq = {");
        draft_nix(s->container, "  enable = true;");
        draft_nix(s->container, "  listenAddress = \"0.0.0.0\";");
        draft_nix(s->container, "  configItems.loopback_users = \"none\";");
        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                const char *value = rabbitmq_variable(s, keys[i][1], keys[i][2], NULL);
                _cleanup_free_ char *literal = value ? nix_string(value) : NULL;

                if (value)
                        draft_nix(s->container, "  configItems.%s = %s;", keys[i][0], literal);
        }
        if (rabbitmq_has_management(s))
                draft_nix(s->container, "  managementPlugin.enable = true;");
        draft_nix(s->container, "};");
}

/* ---- NATS ---- */

/* Options of its command, with one '-' or two, that are settings of its configuration. */
static const struct {
        const char *names[2];
        const char *setting, *block;
        bool is_port;
} nats_options[] = {
        {{"m", "http_port"}, "http_port", NULL, true},
        {{"user"}, "user", "authorization", false},
        {{"pass"}, "password", "authorization", false},
        {{"auth"}, "token", "authorization", false},
};

typedef struct NatsSettings {
        bool jetstream;
        char *values[ELEMENTSOF(nats_options)]; /* NULL: it is not given */
} NatsSettings;

static void nats_settings_done(NatsSettings *settings) {
        for (size_t i = 0; i < ELEMENTSOF(nats_options); i++)
                free(settings->values[i]);
}

/* Return: ELEMENTSOF(nats_options): it is not one of these. */
static size_t nats_find_option(const char *word) {
        const char *name = startswith(word, "--");
        size_t i = 0, length;

        name = name ? name : startswith(word, "-");
        length = name ? strcspn(name, "=") : 0;
        for (; length > 0 && i < ELEMENTSOF(nats_options); i++)
                for (size_t k = 0; k < ELEMENTSOF(nats_options[i].names) && nats_options[i].names[k]; k++)
                        if (strlen(nats_options[i].names[k]) == length &&
                            strncmp(nats_options[i].names[k], name, length) == 0)
                                return i;
        return ELEMENTSOF(nats_options);
}

/* As its configuration takes it, NULL: it does not. Of characters that a string there has to escape it knows
 * few. Owned by the caller. */
static char *nats_value(size_t option, const char *value) {
        unsigned long port;

        if (!nats_options[option].is_port) {
                for (const char *c = value; *c; c++)
                        if ((unsigned char) *c < ' ')
                                return NULL;
                return xstrdup(value);
        }
        if (value[strspn(value, "0123456789")])
                return NULL;
        port = strtoul(value, NULL, 10);
        return port > 0 && port <= UINT16_MAX ? xasprintf("%lu", port) : NULL;
}

/* Of an option that is given twice the last one counts. */
static void nats_read(Service *s, NatsSettings *ret) {
        _cleanup_strv_ char **command = service_words(s, "command");

        for (char **word = command; word && *word; word++) {
                static const char *const jetstream[] = {"-js", "--js", "-jetstream", "--jetstream", NULL};
                size_t option = nats_find_option(*word);
                const char *equals = strchr(*word, '='), *given = equals ? equals + 1 : word[1];
                char *value = NULL;

                if (word == command && strstr(*word, "nats-server"))
                        continue;
                if (strv_contains((char *const *) jetstream, *word)) {
                        ret->jetstream = true;
                        continue;
                }
                if (option < ELEMENTSOF(nats_options) && given)
                        value = nats_value(option, given);
                if (!value) {
                        service_note(s, "command",
                                     "'%s' is not carried over: of the options of NATS these are: "
                                     "--jetstream, --http_port, --user, --pass, --auth",
                                     *word);
                        continue;
                }
                word += !equals;
                free(ret->values[option]);
                ret->values[option] = value;
        }
}

/* "SETTING: VALUE" of those in a block, or in none. */
static char **nats_print(const NatsSettings *settings, const char *block) {
        char **lines = NULL;

        for (size_t i = 0; i < ELEMENTSOF(nats_options); i++)
                if (settings->values[i] && streq_ptr(nats_options[i].block, block)) {
                        Json *json = json_new_string(settings->values[i]);
                        _cleanup_free_ char *text = json_print(json, false);

                        strv_pushf(&lines, "%s: %s", nats_options[i].setting,
                                   nats_options[i].is_port ? settings->values[i] : text);
                        (void) json_free(json);
                }
        return lines;
}

void known_nats_debian(Service *s) {
        _cleanup_(nats_settings_done) NatsSettings settings = {};
        _cleanup_strv_ char **plain = NULL, **authorization = NULL;
        char **lines = NULL;

        nats_read(s, &settings);
        plain = nats_print(&settings, NULL);
        authorization = nats_print(&settings, "authorization");
        /* The signal of Debian's unit lets it wait for its clients to leave, 10 s at least. */
        seed_command(s, "sh", "-c",
                     "mkdir -p /etc/systemd/system/nats-server.service.d && "
                     "printf '[Service]\\nKillSignal=SIGTERM\\n' "
                     ">/etc/systemd/system/nats-server.service.d/import.conf && systemctl daemon-reload",
                     NULL);
        strv_push(&lines, "host: 0.0.0.0");
        if (settings.jetstream) {
                seed_command(s, "install", "-d", "-o", "nats", "-g", "nats", "/var/lib/nats", NULL);
                strv_push(&lines, "jetstream { store_dir: /var/lib/nats }");
        }
        strv_extend(&lines, plain);
        if (authorization) {
                _cleanup_free_ char *joined = strv_join(authorization, ", ");

                strv_pushf(&lines, "authorization { %s }", joined);
        }
        seed_lines(s, "/etc/nats-server.conf", "nats-server", lines);
}

void known_nats_nixos(Service *s) {
        _cleanup_(nats_settings_done) NatsSettings settings = {};

        nats_read(s, &settings);
        draft_nix(s->container, "services.nats.enable = true;");
        for (size_t i = 0; i < ELEMENTSOF(nats_options); i++)
                if (settings.values[i]) {
                        _cleanup_free_ char *text = nix_string(settings.values[i]);
                        const char *block = nats_options[i].block;

                        draft_nix(s->container, "services.nats.settings.%s%s%s = %s;", block ? block : "",
                                  block ? "." : "", nats_options[i].setting,
                                  nats_options[i].is_port ? settings.values[i] : text);
                }
        if (settings.jetstream)
                draft_nix(s->container, "services.nats.jetstream = true;");
}
