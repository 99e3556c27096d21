/* SPDX-License-Identifier: MIT */

/* What of a service is mounted: volumes, tmpfs, secrets and configs. */

#include <string.h>

#include "base/alloc.h"
#include "import/known.h"
#include "import/service.h"

typedef struct Mount {
        const char *source; /* NULL: anonymous */
        const char *target;
        bool bind; /* of a path of the host's */
        bool read_only, create;
} Mount;

static void add_volume(Service *s, const char *source, const char *target, bool read_only, bool create,
                       const char *place) {
        Json *volume;

        if (!create && !strpbrk(source, ":\\") && !strpbrk(target, ":\\")) {
                _cleanup_free_ char *text = xasprintf("%s:%s%s", source, target, read_only ? ":ro" : "");

                draft_append(s->container, "volumes", json_new_string(text), place);
                return;
        }
        volume = json_new_object();
        json_add_string(volume, "source", source);
        json_add_string(volume, "target", target);
        if (read_only)
                json_add_bool(volume, "readOnly", true);
        if (create)
                json_add_bool(volume, "create", true);
        draft_append(s->container, "volumes", volume, place);
}

/* "@NAME"; of an anonymous one made of the container and the last part of its path. Owned by the caller. */
static char *volume_name(const Service *s, const char *name, const char *target) {
        const char *last = strrchr(target, '/');
        _cleanup_free_ char *whole = name ? xstrdup(name)
                                          : xasprintf("%s-%s", s->name, last ? last + 1 : target),
                            *tidy = tidy_name(whole);

        return xasprintf("@%s", tidy ? tidy : s->container->name);
}

static void take_data_volume(Service *s, const Mount *m, const char *data, const char *place) {
        _cleanup_free_ char *beside = m->bind ? xasprintf("%s-data", s->name) : NULL,
                            *name = volume_name(s, beside ? beside : m->source, m->target);

        if (m->bind)
                draft_note(&s->container->notes, place,
                           "'%s' holds data of the image's release and users: they are in the volume %s "
                           "here, which begins empty",
                           m->source, name);
        add_volume(s, name, data, m->read_only, false, place);
}

static void take_mount(Service *s, const Mount *m, const char *place) {
        const char *data = s->known ? known_image_data(s->known, s->draft->format, m->target) : NULL;
        _cleanup_free_ char *source = NULL;

        if (m->bind && m->source[0] == '~') {
                draft_note(&s->container->notes, place,
                           "not carried over: '~' is not expanded here, write the whole path");
                return;
        }
        if (m->source && strstr(m->source, "docker.sock")) {
                draft_note(&s->container->notes, place, "not carried over: there is no daemon of docker's");
                return;
        }
        if (data) {
                take_data_volume(s, m, data, place);
                return;
        }
        source = m->bind ? project_path(s, m->source) : volume_name(s, m->source, m->target);
        if (m->bind && s->known && known_image_take_file(s, source, m->target, place))
                return;
        add_volume(s, source, m->target, m->read_only, m->create, place);
        if (s->known && s->draft->format == DRAFT_FLAKE && m->bind)
                draft_note(&s->container->notes, place,
                           "it is mounted, but a NixOS module reads what is in its options");
}

/* Options that mean nothing here: labels of SELinux, caches of a virtual machine. */
static bool is_without_effect(const char *option) {
        static const char *const words[] = {"rw",        "z",          "Z",      "cached",
                                            "delegated", "consistent", "nocopy", ""};

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (streq(words[i], option))
                        return true;
        return false;
}

/* [SOURCE:]TARGET[:OPTION,..] */
static void take_short_volume(Service *s, const char *text, const char *place) {
        _cleanup_free_ char *copy = xstrdup(text);
        char *second = strchr(copy, ':'), *options = NULL, *state = NULL;
        Mount m = {.source = second && second > copy ? copy : NULL, .target = copy};

        m.bind = m.source && strchr("./~", m.source[0]);
        if (second) {
                *second++ = '\0';
                m.target = second;
                options = strchr(second, ':');
        }
        if (options)
                *options++ = '\0';
        for (char *o = options ? strtok_r(options, ",", &state) : NULL; o; o = strtok_r(NULL, ",", &state))
                if (streq(o, "ro"))
                        m.read_only = true;
                else if (!is_without_effect(o))
                        draft_note(&s->container->notes, place,
                                   "'%s' is not carried over: it has no effect here", o);
        take_mount(s, &m, place);
}

static void add_memory_mount(Service *s, const char *target, const char *size, const char *mode,
                             const char *place) {
        const char *data = s->known ? known_image_data(s->known, s->draft->format, target) : NULL;
        Json *tmpfs = json_new_object();
        _cleanup_free_ char *bytes = size ? xstrdup(size) : NULL;

        /* "64m", "64mb" */
        if (bytes && strlen(bytes) > 1 && strchr("bB", bytes[strlen(bytes) - 1]))
                bytes[strlen(bytes) - 1] = '\0';
        for (char *p = bytes; p && *p; p++)
                if (strchr("kmgt", *p))
                        *p = (char) (*p - 'a' + 'A');
        json_add_string(tmpfs, "target", data ? data : target);
        json_add_string(tmpfs, "size", bytes);
        json_add_string(tmpfs, "mode", mode);
        draft_append(s->container, "tmpfs", tmpfs, place);
}

static void take_long_volume(Service *s, const Json *volume, const char *place) {
        static const char *const keys[] = {"type", "source", "target", "read_only",
                                           "bind", "volume", "tmpfs",  "consistency"};
        const char *type = tree_text(tree_get(volume, "type")),
                   *target = tree_text(tree_get(volume, "target"));
        const Json *bind = tree_get(volume, "bind"), *details = tree_get(volume, "volume");
        Mount m = {.source = tree_text(tree_get(volume, "source")),
                   .target = target,
                   .read_only = tree_is_true(tree_get(volume, "read_only")),
                   .create = tree_is_true(tree_get(bind, "create_host_path"))};

        m.bind = type && streq(type, "bind");
        if (m.source && !*m.source)
                m.source = NULL;

        if (!type || !target || (!streq(type, "bind") && !streq(type, "volume") && !streq(type, "tmpfs"))) {
                draft_note(&s->container->notes, place,
                           "not carried over: 'type' and 'target' must be given, and a type of "
                           "'bind', 'volume' or 'tmpfs'");
                return;
        }
        if (m.bind && !m.source) {
                draft_note(&s->container->notes, place, "not carried over: it has no 'source'");
                return;
        }
        JSON_FOREACH (member, volume) {
                size_t i = 0;

                while (i < ELEMENTSOF(keys) && !streq(keys[i], json_key(member)))
                        i++;
                if (i == ELEMENTSOF(keys))
                        draft_note(&s->container->notes, place,
                                   "'%s' is not carried over: it has no effect here", json_key(member));
        }
        if (tree_get(bind, "propagation") || tree_get(bind, "selinux") || tree_get(details, "subpath"))
                draft_note(&s->container->notes, place,
                           "'propagation', 'selinux' and 'subpath' are not carried over: "
                           "a volume here has none");
        if (streq(type, "tmpfs"))
                add_memory_mount(s, target, tree_text(tree_get(tree_get(volume, "tmpfs"), "size")),
                                 tree_text(tree_get(tree_get(volume, "tmpfs"), "mode")), place);
        else
                take_mount(s, &m, place);
}

/* TARGET[:size=..,mode=..] */
static void take_tmpfs(Service *s, const char *text, const char *place) {
        _cleanup_free_ char *copy = xstrdup(text);
        char *options = strchr(copy, ':'), *state = NULL;
        const char *size = NULL, *mode = NULL;

        if (options)
                *options++ = '\0';
        for (char *o = options ? strtok_r(options, ",", &state) : NULL; o; o = strtok_r(NULL, ",", &state))
                if (startswith(o, "size="))
                        size = startswith(o, "size=");
                else if (startswith(o, "mode="))
                        mode = startswith(o, "mode=");
                else if (!is_without_effect(o))
                        draft_note(&s->container->notes, place,
                                   "'%s' is not carried over: a file system in memory here has size "
                                   "and mode",
                                   o);
        add_memory_mount(s, copy, size, mode, place);
}

/* A secret or a config is a file that is mounted, as docker compose does it, too. @where: the directory
 * of a name without a path. */
static void take_given(Service *s, const char *kind, const Json *item, const char *where,
                       const char *place) {
        const char *name = tree_text(item) ? tree_text(item) : tree_text(tree_get(item, "source")),
                   *target = tree_text(tree_get(item, "target")), *file, *variable;
        const Json *definition = name ? tree_get(tree_get(s->document, kind), name) : NULL;
        _cleanup_free_ char *path = NULL, *source = NULL;
        Json *credential;

        file = tree_text(tree_get(definition, "file"));
        variable = tree_text(tree_get(definition, "environment"));
        if (!name || (!file && !variable)) {
                draft_note(&s->container->notes, place,
                           "not carried over: no 'file' or 'environment' says what is in it");
                return;
        }
        if (tree_get(item, "uid") || tree_get(item, "gid") || tree_get(item, "mode"))
                draft_note(&s->container->notes, place,
                           "'uid', 'gid' and 'mode' are not carried over: it is as the file is");
        if (!target)
                target = name;
        path = *target == '/' ? xstrdup(target) : xasprintf("%s%s", where, target);
        if (file) {
                source = project_path(s, file);
                add_volume(s, source, path, /* read_only= */ true, false, place);
                return;
        }
        credential = json_new_object();
        json_add_string(credential, "environment", variable);
        draft_put(s->container, "credentials", name, credential, place);
        draft_note(&s->container->notes, place,
                   "it is a credential, not '%s': LoadCredential=%s, or $CREDENTIALS_DIRECTORY/%s", path,
                   name, name);
}

static void carry_secret(Service *s, const char *name, const Json *item, const char *place) {
        take_given(s, "secrets", item, "/run/secrets/", place);
}

static void carry_config(Service *s, const char *name, const Json *item, const char *place) {
        take_given(s, "configs", item, "/", place);
}

static void carry_tmpfs(Service *s, const char *name, const Json *item, const char *place) {
        if (tree_text(item))
                take_tmpfs(s, tree_text(item), place);
        else
                draft_note(&s->container->notes, place, "not carried over: it is not a path");
}

static void carry_volume(Service *s, const char *name, const Json *volume, const char *place) {
        if (tree_text(volume))
                take_short_volume(s, tree_text(volume), place);
        else
                take_long_volume(s, volume, place);
}

void service_carry_volumes(Service *s) {
        service_each(s, "volumes", carry_volume);
        service_each(s, "secrets", carry_secret);
        service_each(s, "configs", carry_config);
        service_each(s, "tmpfs", carry_tmpfs);
}
