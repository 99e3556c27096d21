/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/paths.h"
#include "plan/address.h"
#include "plan/definition.h"
#include "plan/environment-file.h"
#include "plan/ids.h"
#include "plan/in-place.h"
#include "plan/made-image.h"
#include "plan/manager-conf.h"
#include "plan/nspawn-argv.h"
#include "plan/plan.h"
#include "plan/switch.h"
#include "spec/path.h"
#include "spec/volume.h"

/* Where PLAN_MOUNT_FILES is attached, as the beginning of what is in it. */
#define FILES_DIR "files/"

ContainerPlan *container_plan_free(ContainerPlan *p) {
        if (!p)
                return NULL;
        free(p->machine);
        free(p->image);
        free(p->oci);
        free(p->store);
        strv_free(p->argv);
        for (size_t i = 0; i < p->n_mounts; i++) {
                free(p->mounts[i].name);
                free(p->mounts[i].source);
                free(p->mounts[i].upper);
                free(p->mounts[i].target);
                free(p->mounts[i].place);
        }
        free(p->mounts);
        for (size_t i = 0; i < p->n_files; i++)
                free(p->files[i].text);
        free(p->files);
        for (size_t i = 0; i < p->n_env_files; i++) {
                free(p->env_files[i].source);
                free(p->env_files[i].place);
        }
        free(p->env_files);
        strv_free(p->mount_points);
        free(p->bridge);
        free(p->address);
        free(p->subnet6);
        for (size_t i = 0; i < p->n_more; i++) {
                free(p->more[i].name);
                free(p->more[i].bridge);
                free(p->more[i].address);
                free(p->more[i].subnet6);
        }
        free(p->more);
        strv_free(p->definition);
        free(p);
        return NULL;
}

bool plan_mount_is_volume(const PlanMount *m) {
        return m->kind == PLAN_MOUNT_VOLUME || m->kind == PLAN_MOUNT_NAMED_VOLUME ||
               plan_mount_is_overlay(m);
}

bool plan_mount_is_overlay(const PlanMount *m) {
        return m->kind == PLAN_MOUNT_OVERLAY || m->kind == PLAN_MOUNT_LAYERED;
}

bool plan_sets_network(const ContainerPlan *p) {
        return p->spec->network == NETWORK_PRIVATE || p->spec->network == NETWORK_NONE ||
               network_mode_is_attached(p->spec->network);
}

/* @ret_below: where a relative path begins in what is returned, otherwise NULL. */
static char *absolute(const char *root, const char *path, const char **ret_below) {
        char *whole = path[0] == '/' ? xstrdup(path)
                                     : xasprintf("%s%s%s", root, streq(root, "/") ? "" : "/", path);

        *ret_below = path[0] == '/' ? NULL : whole + strlen(whole) - strlen(path);
        return whole;
}

/* @source: taken. */
static PlanMount *add_mount(ContainerPlan *p, PlanMountKind kind, const char *name, char *source,
                            const char *target) {
        PlanMount *m = XGROW(p->mounts, p->n_mounts);

        *m = (PlanMount){
                .kind = kind,
                .name = xstrdup(name),
                .source = source,
                .target = xstrdup(target),
        };
        return m;
}

/* One that the container cannot write to. */
static PlanMount *add_read_only(ContainerPlan *p, PlanMountKind kind, const char *name, char *source,
                                const char *target) {
        PlanMount *m = add_mount(p, kind, name, source, target);

        m->read_only = true;
        return m;
}

static PlanMapping map_ids(const ContainerPlan *p) {
        return p->ids_base > 0 ? PLAN_MAP_CONTAINER : PLAN_MAP_NONE;
}

static const char *facts_kept(const PlanFacts *facts) {
        return facts->kept ? facts->kept : facts->state;
}

static void add_system(ContainerPlan *p, const PlanFacts *facts) {
        const ContainerSpec *c = p->spec;
        bool closure = container_spec_closure(c);
        char *root = xasprintf("%s/%s/%s", facts_kept(facts), c->name, c->ephemeral ? "ephemeral" : "root");

        add_mount(p, PLAN_MOUNT_ROOT, "root", root, "/")->mapping = map_ids(p);
        if (p->store)
                add_read_only(p, closure ? PLAN_MOUNT_CLOSURE : PLAN_MOUNT_STORE, "store", xstrdup(p->store),
                              p->store)
                        ->mapping = map_ids(p);
        if (p->store && !c->init)
                add_read_only(p, PLAN_MOUNT_TOPLEVEL, "toplevel", xstrdup(c->toplevel), CURRENT_SYSTEM)
                        ->mapping = map_ids(p);
        if (c->init)
                add_mount(p, PLAN_MOUNT_JOURNAL, "journal",
                          xasprintf("%s/%s/journal", facts_kept(facts), c->name), "/var/log/journal")
                        ->mapping = map_ids(p);
        if (p->bridge)
                (void) add_read_only(p, PLAN_MOUNT_HOSTS, "hosts", xstrdup(facts->hosts), "/etc/hosts");
        if (plan_has_gate(p)) {
                (void) add_read_only(p, PLAN_MOUNT_GATE, "gate", NULL, GATE_PROGRAM);
                (void) add_read_only(p, PLAN_MOUNT_THERE, "fifo", NULL, GATE_FIFO);
        }
        if (plan_hears_command(p))
                (void) add_read_only(p, PLAN_MOUNT_THERE, MACHINE_COMMAND_NOTIFY, NULL, COMMAND_NOTIFY);
}

/* Where `.containers` would be seen in a volume, and with it what is believed at the next start, and the
 * files of other containers. */
static void add_mask(ContainerPlan *p, const PlanFacts *facts, size_t volume) {
        PlanMount *m = &p->mounts[volume];
        _cleanup_free_ char *source = path_normalise(m->source), *name = NULL;

        if (!path_is_within(facts->state, source))
                return;
        m->masked = true;
        name = xasprintf("%s%s", m->name, facts->state + (streq(source, "/") ? 0 : strlen(source)));
        add_mount(p, PLAN_MOUNT_MASK, name, NULL, NULL);
}

static PlanMapping map_volume(const ContainerPlan *p, const Volume *v) {
        if (v->owner == VOLUME_OWNER_HOST)
                return PLAN_MAP_NONE;
        return v->owner == VOLUME_OWNER_CONTAINER || p->ids_base == 0 ? map_ids(p) : PLAN_MAP_OWNER;
}

static void add_volumes(ContainerPlan *p, const PlanFacts *facts) {
        const ContainerSpec *c = p->spec;

        for (size_t i = 0; i < c->n_volumes; i++) {
                const Volume *v = &c->volumes[i];
                _cleanup_free_ char *name = xasprintf("volume-%zu", i);
                bool named = v->source[0] == '@',
                     layered = named && strv_contains(facts->layered, v->source + 1);
                const char *below = NULL;
                char *source = named ? xasprintf("%s/volumes/%s", facts_kept(facts), v->source + 1)
                                     : absolute(facts->root, v->source, &below);
                PlanMountKind kind = layered      ? PLAN_MOUNT_LAYERED
                                     : named      ? PLAN_MOUNT_NAMED_VOLUME
                                     : v->overlay ? PLAN_MOUNT_OVERLAY
                                                  : PLAN_MOUNT_VOLUME;
                PlanMount *m = add_mount(p, kind, name, source, v->target);

                m->upper = v->overlay ? volume_overlay_name(c->name, v->target)
                           : layered  ? xstrdup(v->source + 1)
                                      : NULL;
                m->fleeting = facts->fleeting;
                m->below = below;
                m->read_only = v->read_only;
                m->create = v->create;
                m->mapping = map_volume(p, v);
                m->account = v->account;
                m->place =
                        v->once ? xstrdup("--volume") : xasprintf("containers.%s.volumes[%zu]", c->name, i);
                strv_push(&p->mount_points, v->target);
                if (!named)
                        add_mask(p, facts, p->n_mounts - 1);
        }
}

static void add_tmpfs(ContainerPlan *p) {
        const ContainerSpec *c = p->spec;

        for (size_t i = 0; i < c->n_tmpfs; i++) {
                _cleanup_free_ char *name = xasprintf(MACHINE_TMPFS "%zu", i);
                PlanMount *m = add_mount(p, PLAN_MOUNT_TMPFS, name, NULL, c->tmpfs[i].target);

                m->tmpfs = &c->tmpfs[i];
                m->place = xasprintf("containers.%s.tmpfs[%zu]", c->name, i);
                strv_push(&p->mount_points, m->target);
        }
}

/* Nodes of ours, not the host's: see rootfs/devices.h. */
static void add_devices(ContainerPlan *p) {
        const ContainerSpec *c = p->spec;

        if (c->n_devices > 0)
                add_mount(p, PLAN_MOUNT_DEVICES, "devices", NULL, NULL)->place =
                        xasprintf("containers.%s.devices", c->name);
        for (size_t i = 0; i < c->n_devices; i++) {
                _cleanup_free_ char *name = xasprintf("devices/%zu", i);

                (void) add_mount(p, PLAN_MOUNT_THERE, name, NULL, c->devices[i].path);
        }
}

/* @text: taken. */
static void add_file(ContainerPlan *p, const char *name, char *text) {
        *XGROW(p->files, p->n_files) = (PlanFile){.name = name, .text = text};
}

/* @target: where a file is inside. */
static void bind_file(ContainerPlan *p, const char *name, const char *target) {
        _cleanup_free_ char *path = xasprintf(FILES_DIR "%s", name);

        (void) add_read_only(p, PLAN_MOUNT_THERE, path, NULL, target);
        strv_push(&p->mount_points, target);
}

/* Which services read the variables of the file: all but systemd's own, or those that are named; and what is
 * run by `exec`. */
static void add_drop_ins(ContainerPlan *p) {
        char *const *units = p->spec->environment_units;

        add_file(p, "unit.conf", xstrdup(UNIT_CONF_ENVIRONMENT));
        if (units) {
                bind_file(p, "unit.conf", UNIT_CONF_TARGET(GUEST_EXEC_PREFIX ".service"));
                STRV_FOREACH (unit, units) {
                        _cleanup_free_ char *target = xasprintf(UNIT_CONF_TARGET("%s"), *unit);

                        bind_file(p, "unit.conf", target);
                }
                return;
        }
        add_file(p, "nothing.conf", xstrdup(""));
        bind_file(p, "unit.conf", UNIT_CONF_TARGET("service"));
        bind_file(p, "nothing.conf", UNIT_CONF_TARGET("systemd-.service"));
}

static void add_env_files(ContainerPlan *p, const PlanFacts *facts) {
        size_t i = 0;

        STRV_FOREACH (path, p->spec->env_files) {
                PlanEnvFile *file = XGROW(p->env_files, p->n_env_files);

                file->source = absolute(facts->root, *path, &file->below);
                file->place = xasprintf("containers.%s.envFile[%zu]", p->spec->name, i++);
        }
        add_read_only(p, PLAN_MOUNT_SECRET, FILES_DIR "environment", NULL, ENVIRONMENT_CREDENTIAL)->place =
                xasprintf("containers.%s.envFile", p->spec->name);
        if (p->spec->init)
                add_drop_ins(p);
}

/* nspawn sets the variables for PID 1, and systemd hands none of its own on to services. */
static void add_files(ContainerPlan *p, const PlanFacts *facts) {
        const ContainerSpec *c = p->spec;
        bool all = c->init && c->environment && !c->environment_units,
             some = c->env_files || c->environment_units, secrets = some,
             internet = facts->owner ? facts->owner->internet : c->internet;

        for (size_t i = 0; i < c->n_credentials; i++)
                secrets = secrets || !c->credentials[i].path;
        if (secrets || all || internet || facts->resolv_conf)
                add_mount(p, PLAN_MOUNT_FILES, "files", NULL, NULL)->place =
                        xasprintf("containers.%s", c->name);
        if (all) {
                add_file(p, "manager.conf", manager_conf_print(c->environment));
                bind_file(p, "manager.conf", MANAGER_CONF_TARGET);
        }
        if (some)
                add_env_files(p, facts);
        if (internet || facts->resolv_conf) {
                add_file(p, "resolv.conf",
                         xstrdup(internet ? "nameserver " INTERNET_DNS "\n" : facts->resolv_conf));
                bind_file(p, "resolv.conf", RESOLV_CONF_TARGET);
        }
}

static void add_credentials(ContainerPlan *p, const PlanFacts *facts) {
        const ContainerSpec *c = p->spec;

        for (size_t i = 0; i < c->n_credentials; i++) {
                const Credential *credential = &c->credentials[i];
                bool file = credential->path;
                _cleanup_free_ char *name = xasprintf("%scredential-%zu", file ? "" : FILES_DIR, i);
                const char *below = NULL;
                char *source = file ? absolute(facts->root, credential->path, &below) : NULL;
                PlanMount *m = add_read_only(p, file ? PLAN_MOUNT_CREDENTIAL : PLAN_MOUNT_SECRET, name,
                                             source, credential->id);

                m->below = below;
                m->credential = credential;
                m->place = xasprintf("containers.%s.credentials.%s", c->name, credential->id);
        }
}

static void set_networks(ContainerPlan *p, const PlanFacts *facts) {
        const ContainerSpec *owner = facts->owner ? facts->owner : p->spec;

        if (owner->network != NETWORK_PRIVATE || facts->n_networks == 0)
                return;
        p->bridge = xstrdup(facts->networks[0].bridge);
        if (facts->owner)
                return;
        p->address = xstrdup(facts->networks[0].address);
        p->subnet6 = xstrdup(facts->networks[0].subnet6);
        for (size_t i = 1; i < facts->n_networks; i++) {
                const PlanNetwork *n = &facts->networks[i];

                *XGROW(p->more, p->n_more) = (PlanNetwork){xstrdup(n->name), xstrdup(n->bridge),
                                                           xstrdup(n->address), xstrdup(n->subnet6)};
        }
}

ContainerPlan *plan_container(const ContainerSpec *c, const PlanFacts *facts) {
        ContainerPlan *p = xmalloc0(sizeof(*p));

        p->spec = c;
        p->machine = xstrdup(facts->machine);
        if (c->toplevel)
                p->store = container_spec_store(c);
        else if (made_image_word(c))
                p->image = made_image_path(c, facts->image_cache ? facts->image_cache : IMAGE_CACHE_OF_ROOT);
        else
                p->image = absolute(facts->root, c->rootfs, &p->image_below);
        if (c->oci)
                p->oci = absolute(facts->root, c->oci->path, &p->oci_below);
        if (c->users == USERS_PRIVATE && !facts->rootless)
                p->ids_base = ids_choose(p->machine);
        set_networks(p, facts);
        add_system(p, facts);
        add_volumes(p, facts);
        add_tmpfs(p);
        add_devices(p);
        add_files(p, facts);
        add_credentials(p, facts);
        p->argv = nspawn_argv(p, facts->nspawn);
        p->definition =
                definition_make(p, facts->root, facts->started_root ? facts->started_root : facts->root);
        return p;
}

/* What the definitions differ in. */
static char **describe_changes(const ContainerPlan *p, char *const *running) {
        char **reasons = NULL;

        STRV_FOREACH (line, running)
                if (streq(*line, IN_PLACE_UNFINISHED))
                        strv_push(&reasons, "its last change of ports was interrupted");
                else if (streq(*line, IN_PLACE_LIMITS_UNFINISHED))
                        strv_push(&reasons, "its last change of limits was interrupted");
                else if (!strv_contains(p->definition, *line))
                        strv_pushf(&reasons, "no longer: %s", *line);
        STRV_FOREACH (line, p->definition)
                if (!strv_contains(running, *line))
                        strv_pushf(&reasons, "new: %s", *line);
        return reasons;
}

/* Each line names its place, so their order says nothing: a change in place leaves another one. */
static bool definition_is_same(char *const *a, char *const *b) {
        STRV_FOREACH (line, a)
                if (!strv_contains(b, *line))
                        return false;
        return strv_length(a) == strv_length(b);
}

/* What becomes of an OCI image once a root is a copy of what was in it does not matter to what runs, and an
 * image that cannot be looked at says nothing. Return: the definition as if it were of the image that is
 * there now, owned by the caller; NULL: it counts as it is. */
static char **as_of_this_image(const ContainerPlan *p, char *const *running) {
        const char *image = definition_get(running, DEFINITION_IMAGE),
                   *now = definition_get(p->definition, DEFINITION_IMAGE);
        _cleanup_free_ char *cache = image ? made_image_cache(image) : NULL;
        char **copy;

        if (!p->spec->oci || !now || !cache ||
            (p->spec->oci->input && definition_get(running, DEFINITION_EPHEMERAL)))
                return NULL;
        copy = strv_copy(running);
        definition_set_image(copy, now);
        return copy;
}

PlanAction plan_decide(const ContainerPlan *p, bool running, char *const *running_definition,
                       char ***ret_reasons) {
        _cleanup_strv_ char **as_now = as_of_this_image(p, running_definition);
        char **reasons = NULL;
        PlanAction action;

        if (as_now)
                running_definition = as_now;
        if (!running)
                action = PLAN_START;
        else if (!running_definition || definition_is_same(p->definition, running_definition))
                action = PLAN_KEEP;
        else {
                _cleanup_free_ char *obstacle = NULL;
                bool another = switch_is_another_system(p, running_definition);

                reasons = describe_changes(p, running_definition);
                if (another) {
                        _cleanup_strv_ char **adjusted = in_place_adjusted(p, running_definition);

                        obstacle = switch_describe_obstacle(p, adjusted);
                }
                action = another && !obstacle                       ? PLAN_SWITCH
                         : in_place_suffices(p, running_definition) ? PLAN_ADJUST
                                                                    : PLAN_RESTART;
                if (obstacle)
                        strv_pushf(&reasons, PLAN_NOT_IN_PLACE "%s", obstacle);
        }
        if (ret_reasons)
                *ret_reasons = reasons;
        else
                strv_free(reasons);
        return action;
}

const char *plan_action_to_string(PlanAction action) {
        static const char *const table[] = {
                [PLAN_START] = "start",   [PLAN_KEEP] = "nothing",    [PLAN_ADJUST] = "adjust",
                [PLAN_SWITCH] = "switch", [PLAN_RESTART] = "restart",
        };

        return table[action];
}
