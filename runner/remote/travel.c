/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "remote/travel.h"
#include "spec/path.h"

/* Below the project there; what else travels does not go there, where root writes. */
#define TRAVEL_IMAGES ".images"

void travel_done(Travel *travel) {
        for (size_t i = 0; i < travel->n_items; i++) {
                free(travel->items[i].from);
                free(travel->items[i].to);
        }
        free(travel->items);
        strv_free(travel->store);
        *travel = (Travel){};
}

static int travel_refuse(Error *reterr, const char *what, const char *name, const char *why) {
        return error_raise(reterr, FC_EXIT_USAGE, "%s '%s' cannot travel to another machine: %s", what, name,
                           why);
}

/* Where a copy of the same is already; NULL: nowhere. */
static const char *travel_find(const Travel *t, const char *from) {
        for (size_t i = 0; i < t->n_items; i++)
                if (streq(t->items[i].from, from))
                        return t->items[i].to;
        return NULL;
}

static void travel_add(Travel *t, const char *from, const char *to, bool image) {
        TravelItem *item = XGROW(t->items, t->n_items);

        item->from = xstrdup(from);
        item->to = xstrdup(to);
        item->image = image;
}

static void travel_add_image(Travel *t, ContainerSpec *c, const char *root) {
        _cleanup_free_ char *from =
                c->rootfs[0] == '/' ? path_normalise(c->rootfs) : path_join(root, c->rootfs, NULL);
        _cleanup_free_ char *to = xasprintf(TRAVEL_IMAGES "/%s", c->name);
        const char *there = travel_find(t, from);

        if (!there)
                travel_add(t, from, to, /* image= */ true);
        free(c->rootfs);
        c->rootfs = there ? xstrdup(there) : TAKE_PTR(to);
}

/* Of the project, at the same place there. */
static int travel_add_file(Travel *t, const char *what, const char *path, const char *root, Error *reterr) {
        _cleanup_free_ char *joined = path[0] == '/' ? NULL : path_join(root, path, NULL);
        _cleanup_free_ char *from = joined ? path_normalise(joined) : NULL;

        if (path[0] == '/')
                return travel_refuse(reterr, what, path, "its path is not relative to the project's root");
        if (!from || path_has_dotdot(path) || !path_is_within(from, root) || streq(from, root))
                return travel_refuse(reterr, what, path, "it is not below the project's root");
        if (path_begins_in(path, ".containers") || path_begins_in(path, TRAVEL_IMAGES))
                return travel_refuse(reterr, what, path, "it is in .containers or " TRAVEL_IMAGES);
        /* Also where it is given no shell, rsync there makes of a pattern all that fits. */
        if (strpbrk(path, "*?[\\"))
                return travel_refuse(reterr, what, path, "'*', '?', '[' and '\\' are a pattern for rsync");
        if (!travel_find(t, from))
                travel_add(t, from, from + strlen(root) + 1, /* image= */ false);
        return 0;
}

static int travel_add_volumes(Travel *t, const ContainerSpec *c, const char *root, Error *reterr) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < c->n_volumes; i++) {
                const Volume *v = &c->volumes[i];

                if (v->source[0] == '@')
                        continue;
                r = v->read_only || v->overlay
                            ? travel_add_file(t, "volume", v->source, root, reterr)
                            : travel_refuse(reterr, "volume", v->source,
                                            "what is written to it would be there and not here; it must be "
                                            "readOnly, an overlay or a volume '@NAME'");
        }
        return r;
}

static int travel_add_credentials(Travel *t, const ContainerSpec *c, const char *root, Error *reterr) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < c->n_credentials; i++)
                r = c->credentials[i].path
                            ? travel_add_file(t, "credential", c->credentials[i].path, root, reterr)
                            : travel_refuse(reterr, "credential", c->credentials[i].id,
                                            "its variable or command is one of this machine; it must be a "
                                            "file of the project");
        return r;
}

static int travel_add_files(Travel *t, const ContainerSpec *c, const char *root, Error *reterr) {
        int r = travel_add_volumes(t, c, root, reterr);

        if (r >= 0)
                r = travel_add_credentials(t, c, root, reterr);
        STRV_FOREACH (file, c->env_files)
                if (r >= 0)
                        r = travel_add_file(t, "environment file", *file, root, reterr);
        for (size_t i = 0; r >= 0 && i < c->n_seed; i++)
                if (c->seed[i].sql)
                        r = travel_add_file(t, "SQL", c->seed[i].sql, root, reterr);
        if (r >= 0 && c->oci)
                r = travel_add_file(t, "image", c->oci->path, root, reterr);
        return r;
}

/* Of the options of systemd-nspawn those that open something of the host. */
static const char *travel_find_opening(char *const *args) {
        static const char *const options[] = {"--bind", "--overlay", "--load-credential"};

        STRV_FOREACH (arg, args)
                for (size_t i = 0; i < ELEMENTSOF(options); i++)
                        if (startswith(*arg, options[i]))
                                return *arg;
        return NULL;
}

static int travel_check(const ContainerSpec *c, Error *reterr) {
        if (network_mode_is_attached(c->network))
                return travel_refuse(reterr, "interface", c->interface, "it is one of this machine");
        if (c->network == NETWORK_NAMESPACE)
                return travel_refuse(reterr, "network namespace", c->namespace, "it is one of this machine");
        if (travel_find_opening(c->nspawn_args))
                return travel_refuse(reterr, "option", travel_find_opening(c->nspawn_args),
                                     "it names a path of this machine");
        if (c->n_host_access > 0)
                return travel_refuse(reterr, "the key", "hostAccess",
                                     "localhost would be that of the other machine");
        if (c->hooks.n_after_ready > 0 || c->hooks.n_before_down > 0)
                return travel_refuse(reterr, "the key", "hooks", "its commands are for this machine");
        return 0;
}

int travel_plan(Spec *spec, const char *root, Travel *ret, Error *reterr) {
        *ret = (Travel){};
        for (size_t i = 0; i < spec->n_containers; i++) {
                ContainerSpec *c = &spec->containers[i];
                int r = travel_check(c, reterr);

                if (r >= 0)
                        r = travel_add_files(ret, c, root, reterr);
                if (r < 0)
                        return error_in_container(reterr, r, c->name);
                if (c->rootfs)
                        travel_add_image(ret, c, root);
                if (c->toplevel && !strv_contains(ret->store, c->toplevel))
                        strv_push(&ret->store, c->toplevel);
                if (c->toplevel && c->closure && !strv_contains(ret->store, c->closure))
                        strv_push(&ret->store, c->closure);
                /* There are no other work trees there. */
                c->shared = false;
        }
        return 0;
}
