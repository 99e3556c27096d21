/* SPDX-License-Identifier: MIT */

/* What a container is made of: a known service, an image that is unpacked, or a NixOS system without the
 * program yet; and what it runs. */

#include <string.h>

#include "base/alloc.h"
#include "import/known.h"
#include "import/service.h"
#include "import/tree-text.h"

#define SUITE "trixie"

/* ---- known ---- */

static bool has_data_volume(const Service *s) {
        const Json *volumes = json_get(s->container->spec, "volumes");

        if (volumes)
                JSON_FOREACH (volume, volumes)
                        if (tree_text(volume) && *tree_text(volume) == '@')
                                return true;
        return false;
}

static void known_debian_system(Service *s) {
        Json *system = json_new_object(), *debian = json_new_object(), *packages = json_new_array();

        for (const char *const *package = s->known->packages; *package; package++)
                json_append_string(packages, *package);
        json_add_string(debian, "suite", SUITE);
        json_add(debian, "packages", packages);
        json_add(system, "debian", debian);
        s->container->system = system;
}

void service_carry_settings(Service *s) {
        _cleanup_free_ char *place = service_place(s, "environment");

        if (!s->known)
                return;
        if (s->draft->format == DRAFT_JSON)
                known_debian_system(s);
        s->known->set[s->draft->format](s);
        if (tree_get(s->tree, "entrypoint"))
                service_note(s, "entrypoint", "not carried over: the service's unit has its own");
        STRV_FOREACH (v, s->variables) {
                _cleanup_free_ char *name = xstrndup(*v, strcspn(*v, "=")),
                                    *where = json_path_member(place, name);

                if (known_image_has_variable(s->known, name) && !strv_contains(s->used, name))
                        draft_note(&s->container->notes, where,
                                   "not carried over: it is the image's own, and no setting here stands for "
                                   "it");
        }
}

/* What the seed writes to /etc has to last as long as what remembers that it has run, which is the data. */
void service_keep_settings(Service *s) {
        _cleanup_free_ char *name = NULL, *volume = NULL, *place = NULL;

        if (!s->known || s->draft->format != DRAFT_JSON || !has_data_volume(s))
                return;
        if (!s->known->config) {
                if (!json_get(s->container->spec, "seed"))
                        return;
                service_note(s, "volumes",
                             "with them reset does not run the seed again, which writes to /etc: reset "
                             "--volumes does");
                return;
        }
        place = service_place(s, "volumes");
        name = xasprintf("%s-config", s->container->name);
        if (strlen(name) > 63)
                name[63] = '\0';
        volume = xasprintf("@%s:%s", name, s->known->config);
        draft_append(s->container, "volumes", json_new_string(volume), place);
}

/* ---- programs of the project's own ---- */

static void oci_system(Service *s, char **command) {
        const char *image = tree_text(tree_get(s->tree, "image"));
        _cleanup_free_ char *path = xasprintf("images/%s", s->container->name),
                            *place = service_place(s, "command");
        Json *system = json_new_object();

        json_add_string(system, "oci", path);
        s->container->system = system;
        if (tree_get(s->tree, "build"))
                service_note(s, "build",
                             "a Dockerfile is not read: build it, and then: skopeo copy docker-daemon:IMAGE "
                             "oci:%s",
                             path);
        if (image)
                service_note(s, "image", "nothing is fetched by us: skopeo copy docker://%s oci:%s", image,
                             path);
        if (!tree_get(s->tree, "entrypoint") && command)
                service_note(s, "command",
                             "an ENTRYPOINT of the image has to stand before it, if it has one");
        if (command)
                draft_set(s->container, "command", json_new_strv(command), place);
        else
                service_note(s, "command",
                             "there is none: flake-containers up says what the image runs, in the words of "
                             "this file");
}

static void unit_stub(Service *s, char **command) {
        _cleanup_free_ char *joined = command ? strv_join(command, " ") : xstrdup("..."),
                            *literal = nix_string(joined), *name = nix_name(s->container->name);

        draft_nix(s->container, "# What the image runs becomes a unit, and the program a package:");
        draft_nix(s->container, "# systemd.services.%s = {", name);
        draft_nix(s->container, "#   wantedBy = [ \"multi-user.target\" ];");
        draft_nix(s->container, "#   serviceConfig.ExecStart = %s;", literal);
        draft_nix(s->container, "# };");
}

static void nixos_system(Service *s, char **command) {
        _cleanup_free_ char *place = service_place(s, "command");

        if (tree_get(s->tree, "build"))
                service_note(s, "build", "a Dockerfile is not read: the program becomes a package of Nix");
        if (s->image)
                service_note(
                        s, "image",
                        "'%s' is not one that a NixOS module is known of here: its program becomes a unit",
                        s->image);
        if (s->one_shot && command) {
                draft_nix(s->container, "# environment.systemPackages = [ what the command is in ];");
                draft_set(s->container, "command", json_new_strv(command), place);
        } else
                unit_stub(s, command);
}

void service_carry_system(Service *s) {
        _cleanup_strv_ char **command = NULL, **more = NULL;

        if (s->known) {
                if (tree_get(s->tree, "build"))
                        service_note(s, "build", "a Dockerfile is not read: what it adds to '%s' is missing",
                                     s->image);
                return;
        }
        command = service_words(s, "entrypoint");
        more = service_words(s, "command");
        strv_extend(&command, more);
        if (s->draft->format == DRAFT_JSON)
                oci_system(s, command);
        else
                nixos_system(s, command);
}
