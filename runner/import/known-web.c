/* SPDX-License-Identifier: MIT */

/* nginx and Traefik, and what only NixOS has a module of: MinIO, Mailpit, Elasticsearch, OpenSearch,
 * Keycloak, MongoDB. */

#include <string.h>

#include "base/alloc.h"
#include "import/known.h"
#include "import/tree-text.h"

/* "PREFIX NAME = VALUE;" in the module, of a value that is the user's. */
static void nix_set(Service *s, const char *name, const char *value) {
        _cleanup_free_ char *literal = nix_string(value);

        draft_nix(s->container, "%s = %s;", name, literal);
}

static void note_command(Service *s) {
        if (tree_get(s->tree, "command"))
                service_note(s, "command", "not carried over: the unit of the module has its own");
}

/* ---- nginx ---- */

#define NGINX_CONF   "/etc/nginx/nginx.conf"
#define NGINX_CONF_D "/etc/nginx/conf.d"
#define NGINX_ROOT   "/usr/share/nginx/html"

/* Whether a file of the project is mounted there, or something below it. */
static bool has_mount_at(const Service *s, const char *target) {
        const Json *volumes = tree_get(s->tree, "volumes");

        if (volumes && json_type(volumes) == JSON_ARRAY)
                JSON_FOREACH (volume, volumes) {
                        const char *text = tree_text(volume), *at = text ? strstr(text, target) : NULL,
                                   *whole = tree_text(tree_get(volume, "target"));

                        if ((at && at > text && at[-1] == ':') || (whole && startswith(whole, target)))
                                return true;
                }
        return false;
}

void known_nginx_debian(Service *s) {
        char **command = NULL;

        note_command(s);
        if (!has_mount_at(s, NGINX_CONF_D) && !has_mount_at(s, "/etc/nginx/templates"))
                return;
        /* Debian's own server would be the first that listens on port 80. */
        strv_push(&command, "sh");
        strv_push(&command, "-c");
        strv_push(&command, "rm -f /etc/nginx/sites-enabled/default && systemctl reload-or-restart nginx");
        service_seed(s, NULL, command);
}

void known_nginx_nixos(Service *s) {
        note_command(s);
        draft_nix(s->container, "services.nginx = {");
        draft_nix(s->container, "  enable = true;");
        if (has_mount_at(s, NGINX_CONF_D)) {
                draft_nix(s->container, "  appendHttpConfig = \"include %s/*.conf;\";", NGINX_CONF_D);
        } else if (!has_mount_at(s, NGINX_CONF)) {
                draft_nix(s->container, "  virtualHosts.localhost = {");
                draft_nix(s->container, "    default = true;");
                draft_nix(s->container, "    root = \"%s\";",
                          has_mount_at(s, NGINX_ROOT) ? NGINX_ROOT : "/var/www");
                draft_nix(s->container, "  };");
        }
        draft_nix(s->container, "};");
}

bool known_nginx_file(Service *s, const char *source, const char *target, const char *place) {
        bool flake = s->draft->format == DRAFT_FLAKE;

        if (streq(target, NGINX_CONF)) {
                draft_note(&s->container->notes, place,
                           flake ? "not carried over: what is in '%s' becomes services.nginx.config = "
                                   "builtins.readFile .."
                                 : "'%s' is mounted: Debian's user is www-data, not nginx",
                           source);
                return flake;
        }
        if (streq(target, NGINX_ROOT) && !flake && !has_mount_at(s, NGINX_CONF_D) &&
            !has_mount_at(s, NGINX_CONF)) {
                _cleanup_free_ char *volume = xasprintf("%s:/var/www/html:ro", source);

                draft_append(s->container, "volumes", json_new_string(volume), place);
                return true;
        }
        return false;
}

/* ---- Traefik ---- */

/* Of a whole, "--api", when others say something of its parts, "--api.dashboard"; or of what a later one
 * says again: an attribute has one value. */
static bool is_said_by_others(char *const *word, char *const *command, const char *name) {
        STRV_FOREACH (other, command) {
                const char *option = startswith(*other, "--"),
                           *rest = option ? startswith(option, name) : NULL;

                if (rest && (*rest == '.' || (other > word && (*rest == '=' || *rest == '\0'))))
                        return true;
        }
        return false;
}

/* "--entrypoints.web.address=:80" is entrypoints.web.address = ":80". */
void known_traefik_nixos(Service *s) {
        _cleanup_strv_ char **command = service_words(s, "command");

        draft_nix(s->container, "services.traefik.enable = true;");
        for (char **word = command; word && *word; word++) {
                const char *option = startswith(*word, "--"), *equals = option ? strchr(option, '=') : NULL;
                _cleanup_free_ char *name = option ? xstrndup(option, equals ? (size_t) (equals - option)
                                                                             : strlen(option))
                                                   : NULL,
                                    *literal = nix_string(equals ? equals + 1 : "true"), *path = NULL;

                if (!name || !*name) {
                        if (word > command || !streq(*word, "traefik"))
                                service_note(s, "command",
                                             "'%s' is not carried over: it is not --NAME=VALUE", *word);
                        continue;
                }
                if (startswith(name, "providers.docker")) {
                        service_note(s, "command",
                                     "'%s' is not carried over: there is no daemon of docker's. Routers are "
                                     "services.traefik.dynamicConfigOptions",
                                     *word);
                        continue;
                }
                if (is_said_by_others(word, command, name))
                        continue;
                for (char *state = NULL, *part = strtok_r(name, ".", &state); part;
                     part = strtok_r(NULL, ".", &state)) {
                        _cleanup_free_ char *attribute = nix_name(part);
                        char *longer = xasprintf(
                                "%s.%s", path ? path : "services.traefik.staticConfigOptions", attribute);

                        free(path);
                        path = longer;
                }
                if (!path)
                        continue;
                if (!equals || streq(equals + 1, "true") || streq(equals + 1, "false"))
                        draft_nix(s->container, "%s = %s;", path, equals ? equals + 1 : "true");
                else
                        draft_nix(s->container, "%s = %s;", path, literal);
        }
}

/* ---- only in NixOS ---- */

void known_minio_nixos(Service *s) {
        const char *user = service_variable(s, "MINIO_ROOT_USER"),
                   *password = service_variable(s, "MINIO_ROOT_PASSWORD");
        _cleanup_free_ char *text = NULL;

        note_command(s);
        draft_nix(s->container, "services.minio.enable = true;");
        if (!user || !password)
                return;
        text = xasprintf("MINIO_ROOT_USER=%s\nMINIO_ROOT_PASSWORD=%s\n", user, password);
        draft_nix(
                s->container,
                "# Whoever reads the store can read it: for more than development put it into credentials.");
        draft_nix(s->container, "services.minio.rootCredentialsFile = \"/etc/minio-root\";");
        nix_set(s, "environment.etc.minio-root.text", text);
}

void known_mailpit_nixos(Service *s) {
        note_command(s);
        draft_nix(s->container, "services.mailpit.instances.default = {");
        draft_nix(s->container, "  listen = \"0.0.0.0:8025\";");
        draft_nix(s->container, "  smtp = \"0.0.0.0:1025\";");
        draft_nix(s->container, "};");
}

static void note_unfree(Service *s) {
        service_note(s, "image",
                     "its license is not free: flake-containers.nixpkgs.config.allowUnfree = true");
}

void known_elasticsearch_nixos(Service *s) {
        note_command(s);
        note_unfree(s);
        draft_nix(s->container, "services.elasticsearch = {");
        draft_nix(s->container, "  enable = true;");
        draft_nix(s->container, "  listenAddress = \"0.0.0.0\";");
        draft_nix(s->container, "};");
}

void known_opensearch_nixos(Service *s) {
        note_command(s);
        draft_nix(s->container, "services.opensearch = {");
        draft_nix(s->container, "  enable = true;");
        draft_nix(s->container, "  settings.\"network.host\" = \"0.0.0.0\";");
        draft_nix(s->container, "  settings.\"discovery.type\" = \"single-node\";");
        draft_nix(s->container, "};");
}

void known_keycloak_nixos(Service *s) {
        const char *admin = service_variable(s, "KC_BOOTSTRAP_ADMIN_PASSWORD");

        if (!admin)
                admin = service_variable(s, "KEYCLOAK_ADMIN_PASSWORD");
        note_command(s);
        service_note(s, "image",
                     "its database is PostgreSQL in the same container, which the module makes: KC_DB and "
                     "its like name another");
        draft_nix(s->container, "services.keycloak = {");
        draft_nix(s->container, "  enable = true;");
        if (admin) {
                _cleanup_free_ char *literal = nix_string(admin);

                draft_nix(s->container, "  initialAdminPassword = %s;", literal);
        }
        draft_nix(s->container, "  database.passwordFile = \"/etc/keycloak-database\";");
        draft_nix(s->container, "  settings = {");
        draft_nix(s->container, "    http-enabled = true;");
        draft_nix(s->container, "    http-port = 8080;");
        draft_nix(s->container, "    hostname-strict = false;");
        draft_nix(s->container, "  };");
        draft_nix(s->container, "};");
        draft_nix(s->container, "environment.etc.keycloak-database.text = \"keycloak\";");
}

void known_mongodb_nixos(Service *s) {
        const char *password = service_variable(s, "MONGO_INITDB_ROOT_PASSWORD"),
                   *user = service_variable(s, "MONGO_INITDB_ROOT_USERNAME");

        note_command(s);
        note_unfree(s);
        draft_nix(s->container, "services.mongodb = {");
        draft_nix(s->container, "  enable = true;");
        draft_nix(s->container, "  bind_ip = \"0.0.0.0\";");
        if (password) {
                draft_nix(s->container, "  enableAuth = true;");
                draft_nix(s->container, "  initialRootPasswordFile = \"/etc/mongodb-root\";");
        }
        draft_nix(s->container, "};");
        if (password)
                nix_set(s, "environment.etc.mongodb-root.text", password);
        if (user && !streq(user, "root"))
                service_note(s, "environment", "the root user is called 'root', not '%s'", user);
}
