/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "import/known.h"

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* clang-format off */
static const KnownImage known_images[] = {
        {
                .images = WORDS("postgres", "bitnami/postgresql", "postgis/postgis", "pgvector/pgvector"),
                .prefixes = WORDS("POSTGRES_", "POSTGRESQL_", "PGDATA"),
                .packages = WORDS("postgresql"),
                .config = "/etc/postgresql",
                .data_dirs = WORDS("/var/lib/postgresql", "/bitnami/postgresql"),
                .data = {"/var/lib/postgresql", "/var/lib/postgresql"},
                .ports = {5432},
                .set = {known_postgres_nixos, known_postgres_debian},
                .take_file = known_sql_file,
        },
        {
                .images = WORDS("mariadb", "bitnami/mariadb"),
                .prefixes = WORDS("MYSQL_", "MARIADB_"),
                .packages = WORDS("mariadb-server"),
                .config = "/etc/mysql",
                .data_dirs = WORDS("/var/lib/mysql", "/bitnami/mariadb"),
                .data = {"/var/lib/mysql", "/var/lib/mysql"},
                .ports = {3306},
                .set = {known_mariadb_nixos, known_mariadb_debian},
                .take_file = known_sql_file,
        },
        {
                .images = WORDS("mysql", "mysql/mysql-server", "bitnami/mysql"),
                .prefixes = WORDS("MYSQL_"),
                .packages = WORDS("mariadb-server"),
                .config = "/etc/mysql",
                .data_dirs = WORDS("/var/lib/mysql", "/bitnami/mysql"),
                .data = {"/var/lib/mysql", "/var/lib/mysql"},
                .ports = {3306},
                .set = {known_mysql_nixos, known_mariadb_debian},
                .take_file = known_sql_file,
        },
        {
                .images = WORDS("redis", "bitnami/redis", "redis/redis-stack-server"),
                .prefixes = WORDS("REDIS_"),
                .packages = WORDS("redis-server"),
                .config = "/etc/redis",
                .data_dirs = WORDS("/data", "/bitnami/redis"),
                .data = {"/var/lib/redis", "/var/lib/redis"},
                .ports = {6379},
                .set = {known_redis_nixos, known_redis_debian},
        },
        {
                .images = WORDS("valkey/valkey", "valkey", "bitnami/valkey"),
                .prefixes = WORDS("VALKEY_"),
                .packages = WORDS("valkey-server"),
                .config = "/etc/valkey",
                .data_dirs = WORDS("/data", "/bitnami/valkey"),
                .data = {"/var/lib/redis", "/var/lib/valkey"},
                .ports = {6379},
                .set = {known_valkey_nixos, known_valkey_debian},
        },
        {
                .images = WORDS("memcached", "bitnami/memcached"),
                .prefixes = WORDS("MEMCACHED_"),
                .packages = WORDS("memcached"),
                .data_dirs = WORDS(NULL),
                .ports = {11211},
                .set = {known_memcached_nixos, known_memcached_debian},
        },
        {
                .images = WORDS("rabbitmq", "bitnami/rabbitmq"),
                .prefixes = WORDS("RABBITMQ_"),
                .packages = WORDS("rabbitmq-server"),
                .config = "/etc/rabbitmq",
                .data_dirs = WORDS("/var/lib/rabbitmq", "/bitnami/rabbitmq"),
                .data = {"/var/lib/rabbitmq", "/var/lib/rabbitmq"},
                .ports = {5672},
                .stop_seconds = 60,
                .set = {known_rabbitmq_nixos, known_rabbitmq_debian},
        },
        {
                .images = WORDS("nginx", "nginxinc/nginx-unprivileged", "bitnami/nginx"),
                .prefixes = WORDS("NGINX_"),
                .packages = WORDS("nginx"),
                .data_dirs = WORDS(NULL),
                .ports = {80},
                .set = {known_nginx_nixos, known_nginx_debian},
                .take_file = known_nginx_file,
        },
        {
                .images = WORDS("nats", "bitnami/nats"),
                .prefixes = WORDS("NATS_"),
                .packages = WORDS("nats-server"),
                .data_dirs = WORDS("/data", "/tmp/nats"),
                .data = {"/var/lib/nats", "/var/lib/nats"},
                .ports = {4222},
                .set = {known_nats_nixos, known_nats_debian},
        },
        {
                .images = WORDS("traefik"),
                .prefixes = WORDS("TRAEFIK_"),
                .data_dirs = WORDS("/letsencrypt"),
                .data = {"/var/lib/traefik"},
                .ports = {80},
                .set = {known_traefik_nixos},
        },
        {
                .images = WORDS("minio/minio", "bitnami/minio"),
                .prefixes = WORDS("MINIO_"),
                .data_dirs = WORDS("/data", "/bitnami/minio/data"),
                .data = {"/var/lib/minio"},
                .ports = {9000, 9001},
                .set = {known_minio_nixos},
        },
        {
                .images = WORDS("axllent/mailpit", "mailhog/mailhog"),
                .prefixes = WORDS("MP_", "MH_"),
                .data_dirs = WORDS("/data", "/maildir"),
                .data = {"/var/lib/mailpit"},
                .ports = {1025, 8025},
                .set = {known_mailpit_nixos},
        },
        {
                .images = WORDS("elasticsearch", "elasticsearch/elasticsearch"),
                .prefixes = WORDS("ES_", "ELASTIC_", "discovery.", "xpack.", "cluster.", "node.", "bootstrap."),
                .data_dirs = WORDS("/usr/share/elasticsearch/data"),
                .data = {"/var/lib/elasticsearch"},
                .ports = {9200},
                .set = {known_elasticsearch_nixos},
        },
        {
                .images = WORDS("opensearchproject/opensearch"),
                .prefixes = WORDS("OPENSEARCH_", "DISABLE_", "discovery.", "plugins.", "cluster.", "node.", "bootstrap."),
                .data_dirs = WORDS("/usr/share/opensearch/data"),
                .data = {"/var/lib/opensearch"},
                .ports = {9200},
                .set = {known_opensearch_nixos},
        },
        {
                .images = WORDS("keycloak/keycloak", "bitnami/keycloak"),
                .prefixes = WORDS("KC_", "KEYCLOAK_"),
                .data_dirs = WORDS(NULL),
                .ports = {8080},
                .set = {known_keycloak_nixos},
        },
        {
                .images = WORDS("mongo", "mongodb/mongodb-community-server", "bitnami/mongodb"),
                .prefixes = WORDS("MONGO_", "MONGODB_"),
                .data_dirs = WORDS("/data/db", "/bitnami/mongodb"),
                .data = {"/var/db/mongodb"},
                .ports = {27017},
                .set = {known_mongodb_nixos},
        },
};
/* clang-format on */

/* By its whole name, or that without an organisation which is a registry's ("library/postgres",
 * "docker.elastic.co/elasticsearch/elasticsearch"). */
const KnownImage *known_image_find(const char *image) {
        const char *rest = startswith(image, "library/");

        if (rest)
                image = rest;
        for (size_t i = 0; i < ELEMENTSOF(known_images); i++)
                for (const char *const *name = known_images[i].images; *name; name++)
                        if (streq(*name, image))
                                return &known_images[i];
        return NULL;
}

bool known_image_has_variable(const KnownImage *k, const char *name) {
        for (const char *const *prefix = k->prefixes; *prefix; prefix++)
                if (startswith(name, *prefix))
                        return true;
        return false;
}

const char *known_image_data(const KnownImage *k, DraftFormat format, const char *target) {
        for (const char *const *dir = k->data_dirs; *dir; dir++) {
                const char *rest = startswith(target, *dir);

                if (rest && (*rest == '\0' || *rest == '/'))
                        return k->data[format];
        }
        return NULL;
}

bool known_image_take_file(Service *s, const char *source, const char *target, const char *place) {
        return s->known->take_file && s->known->take_file(s, source, target, place);
}
