/* SPDX-License-Identifier: MIT */
#pragma once

/* Images whose service there is as a package of Debian's and as a module of NixOS: what they are told by
 * variables, arguments and files becomes settings of these. */

#include "import/service.h"

#define KNOWN_PORTS_MAX 3

struct KnownImage {
        const char *const *images;   /* names without registry, organisation or not; NULL-terminated */
        const char *const *prefixes; /* of its variables */
        const char *const *packages; /* Debian's; NULL: it has none */
        const char *config; /* the folder of its configuration in Debian, which settings are written to */
        const char *const *data_dirs; /* where the image keeps data */
        const char *data[_DRAFT_FORMAT_MAX];
        uint16_t ports[KNOWN_PORTS_MAX]; /* that it listens on when it is ready */
        unsigned stop_seconds;           /* that its end may take; 0: what any container has */
        void (*set[_DRAFT_FORMAT_MAX])(Service *s);
        /* Takes a file or directory that is mounted; return: whether it need not be mounted. May be NULL. */
        bool (*take_file)(Service *s, const char *source, const char *target, const char *place);
};

/* NULL: it is none of them. @image: without registry and tag. */
const KnownImage *known_image_find(const char *image);

bool known_image_has_variable(const KnownImage *k, const char *name);

/* Where the data lie that the image has at @target; NULL: no data lie there. */
const char *known_image_data(const KnownImage *k, DraftFormat format, const char *target);

bool known_image_take_file(Service *s, const char *source, const char *target, const char *place);

/* Of what a service has in common with others. */
char *sql_literal(const char *text, bool backslash); /* owned by the caller */
bool known_sql_file(Service *s, const char *source, const char *target, const char *place);
bool known_nginx_file(Service *s, const char *source, const char *target, const char *place);

void known_postgres_debian(Service *s);
void known_postgres_nixos(Service *s);
void known_mariadb_debian(Service *s);
void known_mariadb_nixos(Service *s);
void known_mysql_nixos(Service *s);
void known_redis_debian(Service *s);
void known_redis_nixos(Service *s);
void known_valkey_debian(Service *s);
void known_valkey_nixos(Service *s);
void known_memcached_debian(Service *s);
void known_memcached_nixos(Service *s);
void known_rabbitmq_debian(Service *s);
void known_rabbitmq_nixos(Service *s);
void known_nginx_debian(Service *s);
void known_nginx_nixos(Service *s);
void known_nats_debian(Service *s);
void known_nats_nixos(Service *s);
void known_traefik_nixos(Service *s);
void known_minio_nixos(Service *s);
void known_mailpit_nixos(Service *s);
void known_elasticsearch_nixos(Service *s);
void known_opensearch_nixos(Service *s);
void known_keycloak_nixos(Service *s);
void known_mongodb_nixos(Service *s);
