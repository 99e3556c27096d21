/* SPDX-License-Identifier: MIT */

/* PostgreSQL, MariaDB and MySQL. Users, passwords and databases are made by the seed, in Debian as in
 * NixOS: as in the images they are made once, when there are no data. */

#include <stdarg.h>
#include <string.h>

#include "base/alloc.h"
#include "import/interpolate.h"
#include "import/known.h"
#include "import/tree-text.h"

#define INITDB "/docker-entrypoint-initdb.d"

static char *quoted(const char *text, char quote, bool backslash) {
        char *result = xmalloc0(2 * strlen(text) + 3), *to = result;

        *to++ = quote;
        for (const char *s = text; *s; s++) {
                if (*s == quote || (backslash && *s == '\\'))
                        *to++ = *s;
                *to++ = *s;
        }
        *to = quote;
        return result;
}

char *sql_literal(const char *text, bool backslash) {
        return quoted(text, '\'', backslash);
}

static char **words(const char *first, ...) {
        va_list ap;
        char **v = NULL;

        va_start(ap, first);
        for (const char *word = first; word; word = va_arg(ap, const char *))
                strv_push(&v, word);
        va_end(ap);
        return v;
}

/* A statement with a password in it, which a variable gives, or a file inside that a variable names. */
static void seed_password(Service *s, const char *client, const char *user, const char *before,
                          const char *password, const char *file, const char *after) {
        bool psql = streq(client, "psql");
        _cleanup_free_ char *literal = sql_literal(password ? password : "", !psql),
                            *statement = xasprintf("%s%s%s", before, literal, after),
                            *run = psql ? xstrdup("runuser -u postgres -- psql -qc")
                                        : xasprintf("%s -e", client),
                            *script = xasprintf("p=$(sed \"s/%s/&&/g\" \"$1\") && %s \"$2'$p'$3\"",
                                                psql ? "'" : "['\\\\]", run);

        if (file)
                service_seed(s, NULL, words("sh", "-c", script, "sh", file, before, after, NULL));
        else if (psql)
                service_seed(s, user, words("psql", "-qc", statement, NULL));
        else
                service_seed(s, user, words(client, "-e", statement, NULL));
}

static const char *first_variable(Service *s, const char *a, const char *b) {
        const char *value = service_variable(s, a);

        return value ? value : service_variable(s, b);
}

/* ---- PostgreSQL ---- */

static const char *postgres_user(Service *s) {
        const char *user = first_variable(s, "POSTGRES_USER", "POSTGRESQL_USERNAME");

        return user && *user ? user : "postgres";
}

static const char *postgres_database(Service *s) {
        const char *database = first_variable(s, "POSTGRES_DB", "POSTGRESQL_DATABASE");

        return database && *database ? database : postgres_user(s);
}

static void postgres_seed(Service *s) {
        const char *user = postgres_user(s), *database = postgres_database(s),
                   *password = first_variable(s, "POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD"),
                   *file = first_variable(s, "POSTGRES_PASSWORD_FILE", "POSTGRESQL_PASSWORD_FILE");
        bool own = !streq(user, "postgres");
        _cleanup_free_ char *name = quoted(user, '"', false),
                            *before = xasprintf("%s ROLE %s%s PASSWORD ", own ? "CREATE" : "ALTER", name,
                                                own ? " SUPERUSER LOGIN" : "");

        (void) service_variable(s, "PGDATA");
        if (own || password || file)
                seed_password(s, "psql", "postgres", before, password, file, "");
        if (!streq(database, "postgres"))
                service_seed(s, "postgres", words("createdb", "-O", user, "--", database, NULL));
}

/* "scram-sha-256", or what POSTGRES_HOST_AUTH_METHOD says. */
static const char *postgres_method(Service *s) {
        const char *method = service_variable(s, "POSTGRES_HOST_AUTH_METHOD");

        return method && *method && !method[strspn(method, "abcdefghijklmnopqrstuvwxyz0123456789-")]
                       ? method
                       : "scram-sha-256";
}

typedef void (*Setting)(Service *s, const char *name, const char *value);

/* "-c NAME=VALUE" and "--NAME=VALUE" of the server; the rest of the command is noted. */
static void server_settings(Service *s, const char *program, Setting set) {
        _cleanup_strv_ char **command = service_words(s, "command"), **settings = NULL;

        for (char **word = command; word && *word; word++) {
                const char *setting = startswith(*word, "--");
                _cleanup_free_ char *name = NULL;

                if (word == command && streq(*word, program))
                        continue;
                if (streq(*word, "-c") && word[1])
                        setting = *++word;
                if (!setting || !strchr(setting, '=') || *setting == '=') {
                        service_note(s, "command", "'%s' is not carried over: it is not NAME=VALUE", *word);
                        continue;
                }
                name = xstrndup(setting, strcspn(setting, "="));
                for (char *p = name; *p; p++)
                        if (*p == '-')
                                *p = '_';
                if (name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_.")])
                        service_note(s, "command", "'%s' is not carried over: it names no setting", *word);
                else
                        strv_pushf(&settings, "%s%s", name, strchr(setting, '='));
        }
        STRV_FOREACH (setting, settings) {
                size_t length = strcspn(*setting, "=");
                _cleanup_free_ char *name = xstrndup(*setting, length);
                const char *value = *setting + length + 1;

                if (interpolate_get(settings, name, length) == value)
                        set(s, name, value);
                else
                        service_note(s, "command", "'%s' is given twice: the last counts", name);
        }
}

/* Of settings whose items are names one literal would be one name, comma and all. Owned by the caller. */
static char *postgres_literals(const char *name, const char *value) {
        static const char *const lists[] = {"shared_preload_libraries", "session_preload_libraries",
                                            "local_preload_libraries",  "search_path",
                                            "temp_tablespaces",         "unix_socket_directories"};
        _cleanup_strv_ char **items = NULL;
        bool is_list = false;

        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                is_list = is_list || streq(lists[i], name);
        for (const char *p = value; is_list && *p;) {
                size_t length = strcspn(p, ", ");
                _cleanup_free_ char *item = xstrndup(p, length);

                if (length > 0)
                        strv_push_take(&items, sql_literal(item, false));
                p += length + strspn(p + length, ", ");
        }
        return items ? strv_join(items, ", ") : sql_literal(value, false);
}

static void postgres_set_debian(Service *s, const char *name, const char *value) {
        _cleanup_free_ char *literal = postgres_literals(name, value),
                            *statement = xasprintf("ALTER SYSTEM SET %s TO %s", name, literal);

        service_seed(s, "postgres", words("psql", "-qc", statement, NULL));
}

void known_postgres_debian(Service *s) {
        _cleanup_free_ char *script =
                xasprintf("sed -i '1i host all all samenet %s' /etc/postgresql/*/main/pg_hba.conf && "
                          "systemctl restart 'postgresql@*'",
                          postgres_method(s));

        if (s->tag && *s->tag >= '0' && *s->tag <= '9' && !startswith(s->tag, "17"))
                service_note(s, "image", "Debian trixie has PostgreSQL 17, not '%s'", s->tag);
        if (!streq(s->image, "postgres") && !streq(s->image, "bitnami/postgresql"))
                service_note(
                        s, "image",
                        "its extensions are packages: postgresql-17-postgis-3, postgresql-17-pgvector, ..");
        postgres_seed(s);
        postgres_set_debian(s, "listen_addresses", "*");
        server_settings(s, "postgres", postgres_set_debian);
        service_seed(s, NULL, words("sh", "-c", script, NULL));
}

static void postgres_set_nixos(Service *s, const char *name, const char *value) {
        _cleanup_free_ char *literal = nix_string(value), *key = nix_name(name);

        draft_nix(s->container, "  settings.%s = lib.mkForce %s;", key, literal);
}

void known_postgres_nixos(Service *s) {
        unsigned major = s->tag ? (unsigned) strtoul(s->tag, NULL, 10) : 0;

        draft_nix(s->container, "services.postgresql = {");
        draft_nix(s->container, "  enable = true;");
        if (major >= 14 && major <= 18)
                draft_nix(s->container, "  package = pkgs.postgresql_%u;", major);
        else if (s->tag && *s->tag >= '0' && *s->tag <= '9')
                service_note(s, "image",
                             "the release '%s' is not carried over: it is that of system.stateVersion",
                             s->tag);
        if (strstr(s->image, "postgis"))
                draft_nix(s->container, "  extensions = extensions: [ extensions.postgis ];");
        else if (strstr(s->image, "pgvector"))
                draft_nix(s->container, "  extensions = extensions: [ extensions.pgvector ];");
        draft_nix(s->container, "  enableTCPIP = true;");
        draft_nix(s->container, "  # samenet: the network of the project.");
        draft_nix(s->container, "  authentication = lib.mkBefore \"host all all samenet %s\";",
                  postgres_method(s));
        server_settings(s, "postgres", postgres_set_nixos);
        draft_nix(s->container, "};");
        postgres_seed(s);
}

/* ---- MariaDB and MySQL ---- */

static void mysql_seed(Service *s, const char *client) {
        const char *user = first_variable(s, "MARIADB_USER", "MYSQL_USER"),
                   *database = first_variable(s, "MARIADB_DATABASE", "MYSQL_DATABASE"),
                   *password = first_variable(s, "MARIADB_PASSWORD", "MYSQL_PASSWORD"),
                   *file = first_variable(s, "MARIADB_PASSWORD_FILE", "MYSQL_PASSWORD_FILE"),
                   *root = first_variable(s, "MARIADB_ROOT_PASSWORD", "MYSQL_ROOT_PASSWORD"),
                   *root_file = first_variable(s, "MARIADB_ROOT_PASSWORD_FILE", "MYSQL_ROOT_PASSWORD_FILE");
        _cleanup_free_ char *db = database ? quoted(database, '`', false) : NULL,
                            *account = user ? sql_literal(user, true) : NULL;

        if (db) {
                _cleanup_free_ char *statement = xasprintf("CREATE DATABASE %s", db);

                service_seed(s, NULL, words(client, "-e", statement, NULL));
        }
        if (account) {
                _cleanup_free_ char *before = xasprintf("CREATE USER %s@'%%' IDENTIFIED BY ", account),
                                    *grant = xasprintf("GRANT ALL ON %s.* TO %s@'%%'", db ? db : "*",
                                                       account);

                seed_password(s, client, NULL, before, password, file, "");
                if (db)
                        service_seed(s, NULL, words(client, "-e", grant, NULL));
        }
        if (!root && !root_file)
                return;
        /* Before root@localhost has the password, too: the next step would need it. */
        seed_password(s, client, NULL, "CREATE USER root@'%' IDENTIFIED BY ", root, root_file, "");
        service_seed(s, NULL, words(client, "-e", "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION", NULL));
        if (streq(client, "mariadb"))
                seed_password(s, client, NULL,
                              "ALTER USER root@localhost IDENTIFIED VIA unix_socket OR "
                              "mysql_native_password USING PASSWORD(",
                              root, root_file, ")");
}

/* What is an option of MySQL's may be unknown to MariaDB, and to a later MySQL: a warning, then, and no
 * reason not to start. */
static const char *loose(const Service *s) {
        return strstr(s->image, "mariadb") ? "" : "loose_";
}

static void mysql_set_debian(Service *s, const char *name, const char *value) {
        _cleanup_free_ char *line = xasprintf("%s%s = %s", loose(s), name, value);

        service_seed(s, NULL,
                     words("sh", "-c", "echo \"$1\" >>/etc/mysql/mariadb.conf.d/99-import.cnf", "sh", line,
                           NULL));
}

void known_mariadb_debian(Service *s) {
        if (!strstr(s->image, "mariadb"))
                service_note(s, "image", "Debian has no MySQL: it is MariaDB");
        else if (s->tag && !streq(s->tag, "latest"))
                service_note(s, "image", "Debian trixie has MariaDB 11.8, not '%s'", s->tag);
        service_seed(
                s, NULL,
                words("sh", "-c",
                      "printf '[mysqld]\\nbind-address = *\\n' >/etc/mysql/mariadb.conf.d/99-import.cnf",
                      NULL));
        server_settings(s, strstr(s->image, "mariadb") ? "mariadbd" : "mysqld", mysql_set_debian);
        service_seed(s, NULL, words("systemctl", "restart", "mariadb", NULL));
        mysql_seed(s, "mariadb");
}

static void mysql_set_nixos(Service *s, const char *name, const char *value) {
        _cleanup_free_ char *literal = nix_string(value), *whole = xasprintf("%s%s", loose(s), name),
                            *key = nix_name(whole);

        draft_nix(s->container, "  settings.mysqld.%s = %s;", key, literal);
}

static void mysql_nixos(Service *s, const char *package, const char *program, const char *client) {
        if (s->tag && !streq(s->tag, "latest"))
                service_note(s, "image", "the release '%s' is not carried over: it is that of nixpkgs",
                             s->tag);
        draft_nix(s->container, "services.mysql = {");
        draft_nix(s->container, "  enable = true;");
        draft_nix(s->container, "  package = pkgs.%s;", package);
        draft_nix(s->container, "  settings.mysqld.bind-address = \"*\";");
        server_settings(s, program, mysql_set_nixos);
        draft_nix(s->container, "};");
        mysql_seed(s, client);
}

void known_mariadb_nixos(Service *s) {
        mysql_nixos(s, "mariadb", "mariadbd", "mariadb");
}

void known_mysql_nixos(Service *s) {
        mysql_nixos(s, "mysql84", "mysqld", "mysql");
}

/* ---- what the images run of a folder ---- */

static void seed_folder(Service *s) {
        static const char postgres[] =
                "for f in " INITDB "/*; do case $f in *.sql) psql -qv ON_ERROR_STOP=1 <\"$f\" ;; *.sql.gz) "
                "gunzip -c \"$f\" | psql -qv ON_ERROR_STOP=1 ;; *.sh) bash \"$f\" ;; esac || exit 1; done";
        static const char mysql[] =
                "for f in " INITDB "/*; do case $f in *.sql) mysql \"$@\" <\"$f\" ;; *.sql.gz) gunzip -c "
                "\"$f\" | mysql \"$@\" ;; *.sh) bash \"$f\" ;; esac || exit 1; done";

        if (strv_contains(s->used, INITDB))
                return;
        strv_push(&s->used, INITDB);
        if (s->known->ports[0] == 5432) {
                _cleanup_free_ char *user = xasprintf("POSTGRES_USER=%s", postgres_user(s)),
                                    *database = xasprintf("POSTGRES_DB=%s", postgres_database(s)),
                                    *connects = xasprintf("PGDATABASE=%s", postgres_database(s));

                service_seed(s, "postgres",
                             words("env", user, database, connects, "bash", "-c", postgres, NULL));
        } else
                service_seed(s, NULL,
                             words("bash", "-c", mysql, "bash",
                                   first_variable(s, "MARIADB_DATABASE", "MYSQL_DATABASE"), NULL));
}

bool known_sql_file(Service *s, const char *source, const char *target, const char *place) {
        const char *file = startswith(target, INITDB);
        size_t length = strlen(source);
        Json *step;

        if (!file || (*file && *file != '/'))
                return false;
        if (*file != '/' || length < 5 || !streq(source + length - 4, ".sql")) {
                seed_folder(s);
                return false;
        }
        step = json_new_object();
        json_add_string(step, "sql", source);
        json_add_string(step, "database",
                        s->known->ports[0] == 5432
                                ? postgres_database(s)
                                : first_variable(s, "MARIADB_DATABASE", "MYSQL_DATABASE"));
        draft_append(s->container, "seed", step, place);
        return true;
}
