/* SPDX-License-Identifier: MIT */
#pragma once

/* A service of a compose file that becomes a container, for what carries its keys over. */

#include "import/compose.h"

typedef struct KnownImage KnownImage;

typedef struct Service {
        const ComposeInput *input;
        const Json *document; /* all of it */
        const Json *tree;
        const char *name; /* as there */
        Draft *draft;
        DraftContainer *container;
        char *image, *tag;       /* without registry and digest; NULL: it is built, or there is none */
        const KnownImage *known; /* NULL: a program of its own */
        char **variables;        /* "NAME=VALUE": of `environment` and, of a known image, `env_file` */
        char **used;             /* names of variables that became settings */
        bool one_shot;
        bool host_network;
} Service;

/* In the order in which they are called. */
void service_carry_system(Service *s);
void service_carry_environment(Service *s);
void service_carry_network(Service *s);
void service_carry_ports(Service *s);
void service_carry_volumes(Service *s);
void service_carry_settings(Service *s); /* of a known image */
void service_keep_settings(Service *s);
void service_carry_life(Service *s);
void service_carry_limits(Service *s);
void service_carry_rights(Service *s);
void service_note_rest(Service *s);

/* A member of an object; NULL also when @tree is none. */
const Json *tree_get(const Json *tree, const char *key);

/* The text of a scalar; NULL: it is none, or null. */
const char *tree_text(const Json *tree);

/* "true", "yes" and "on", as YAML 1.1 has them. */
bool tree_is_true(const Json *tree);

/* null or "false": it says nothing that has to be noted. */
bool tree_is_unset(const Json *tree);

/* "services.NAME.KEY"; owned by the caller. */
char *service_place(const Service *s, const char *key);

void service_note(Service *s, const char *key, const char *format, ...) _printf_(3, 4);

/* The value of a key, if it has a form that the key may have; else NULL, and service_note_rest() says so. */
const Json *service_get(const Service *s, const char *key);

/* Called for each item of a list, each member of a mapping, or a single value. @name: the member's key,
 * or NULL. */
typedef void (*ServiceItem)(Service *s, const char *name, const Json *item, const char *place);
void service_each(Service *s, const char *key, ServiceItem take);

/* A list of words, or a string of which a shell would make words; NULL: it is neither, or empty. */
char **service_words(Service *s, const char *key);

/* As Docker writes durations, "1m30s"; rounded up. Return: false when it is not one. */
bool duration_seconds(const char *text, uint64_t *ret);

/* A name of ours: of "my_DB" "my-db". Owned by the caller; NULL: there is nothing to make one of. */
char *tidy_name(const char *name);

/* A path beside the compose file as one of the project; owned by the caller. */
char *project_path(const Service *s, const char *path);

/* The value of a variable that becomes a setting, or NULL. */
const char *service_variable(Service *s, const char *name);

/* A step of the seed: a command, which is freed, as that user (NULL: root). */
void service_seed(Service *s, const char *user, char **command);
