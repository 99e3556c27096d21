/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "plan/nspawn-argv.h"
#include "plan/plan.h"

/* systemd's range for containers: UIDS-GIDS.md in its documentation. */
#define IDS_FIRST  UINT32_C(0x00080000)
#define IDS_RANGES UINT32_C(0x6ff8)
#define IDS_SIZE   UINT32_C(0x00010000)

ContainerPlan *container_plan_free(ContainerPlan *p) {
        if (!p)
                return NULL;
        free(p->name);
        free(p->machine);
        free(p->image);
        free(p->build);
        free(p->toplevel);
        free(p->store);
        free(p->closure);
        strv_free(p->argv);
        for (size_t i = 0; i < p->n_mounts; i++) {
                free(p->mounts[i].name);
                free(p->mounts[i].source);
                free(p->mounts[i].place);
        }
        free(p->mounts);
        strv_free(p->mount_points);
        free(p->bridge);
        free(p->address);
        for (size_t i = 0; i < p->n_ports; i++)
                port_done(&p->ports[i]);
        free(p->ports);
        for (size_t i = 0; i < p->n_devices; i++)
                device_done(&p->devices[i]);
        free(p->devices);
        for (size_t i = 0; i < p->n_resources; i++)
                free(p->resources[i].value);
        free(p->resources);
        strv_free(p->definition);
        free(p);
        return NULL;
}

/* @ret_below: where a relative path begins in what is returned, otherwise NULL. */
static char *absolute(const char *root, const char *path, const char **ret_below) {
        char *whole = path[0] == '/' ? xstrdup(path)
                                     : xasprintf("%s%s%s", root, streq(root, "/") ? "" : "/", path);

        *ret_below = path[0] == '/' ? NULL : whole + strlen(whole) - strlen(path);
        return whole;
}

static PlanMount *add_mount(ContainerPlan *p, PlanMountKind kind, const char *name, bool idmapped) {
        PlanMount *m = XGROW(p->mounts, p->n_mounts);

        m->kind = kind;
        m->name = xstrdup(name);
        m->idmapped = idmapped;
        return m;
}

static void add_volumes(ContainerPlan *p, const ContainerSpec *c, const char *root) {
        for (size_t i = 0; i < c->n_volumes; i++) {
                const Volume *v = &c->volumes[i];
                _cleanup_free_ char *name = xasprintf("volume-%zu", i);
                PlanMount *m =
                        add_mount(p, v->source[0] == '@' ? PLAN_MOUNT_NAMED_VOLUME : PLAN_MOUNT_VOLUME, name,
                                  c->users == USERS_PRIVATE);

                m->source =
                        v->source[0] == '@' ? xstrdup(v->source + 1) : absolute(root, v->source, &m->below);
                m->writable = !v->read_only;
                m->writes_as_owner = m->idmapped && v->owner == VOLUME_OWNER_USER && !v->read_only;
                m->place = xasprintf("containers.%s.volumes[%zu]", c->name, i);
                strv_push(&p->mount_points, v->target);
        }
}

static void add_credentials(ContainerPlan *p, const ContainerSpec *c, const char *root) {
        for (size_t i = 0; i < c->n_credentials; i++) {
                _cleanup_free_ char *name = xasprintf("credential-%zu", i);
                PlanMount *m = add_mount(p, PLAN_MOUNT_CREDENTIAL, name, false);

                m->source = absolute(root, c->credentials[i].path, &m->below);
                m->place = xasprintf("containers.%s.credentials.%s", c->name, c->credentials[i].id);
        }
}

static void add_mounts(ContainerPlan *p, const ContainerSpec *c, const char *root) {
        (void) add_mount(p, PLAN_MOUNT_ROOT, "root", c->users == USERS_PRIVATE);
        if (p->toplevel)
                (void) add_mount(p, PLAN_MOUNT_STORE, "store", c->users == USERS_PRIVATE);
        if (p->toplevel && !p->has_init)
                (void) add_mount(p, PLAN_MOUNT_TOPLEVEL, "toplevel", c->users == USERS_PRIVATE);
        if (p->has_init)
                (void) add_mount(p, PLAN_MOUNT_JOURNAL, "journal", c->users == USERS_PRIVATE);
        if (p->bridge)
                (void) add_mount(p, PLAN_MOUNT_HOSTS, "hosts", false);
        if (p->gate)
                (void) add_mount(p, PLAN_MOUNT_GATE, "gate", false);
        if (p->n_devices > 0)
                add_mount(p, PLAN_MOUNT_DEVICES, "devices", false)->place =
                        xasprintf("containers.%s.devices", c->name);
        add_volumes(p, c, root);
        strv_extend(&p->mount_points, c->tmpfs);
        add_credentials(p, c, root);
}

/* For mounts that we map we must know the range of ids before systemd-nspawn starts. It is one of those that
 * nspawn picks from, and like its first choice a hash of the machine's name. */
static uint32_t choose_ids(const char *machine) {
        return IDS_FIRST + (uint32_t) (hash_text(machine) % IDS_RANGES) * IDS_SIZE;
}

static void add_ports(ContainerPlan *p, const ContainerSpec *c) {
        for (size_t i = 0; i < c->n_ports; i++) {
                Port *port = XGROW(p->ports, p->n_ports);

                *port = c->ports[i];
                port->address = xstrdup(c->ports[i].address);
        }
}

static void add_devices(ContainerPlan *p, const ContainerSpec *c) {
        for (size_t i = 0; i < c->n_devices; i++)
                *XGROW(p->devices, p->n_devices) =
                        (Device){xstrdup(c->devices[i].path), xstrdup(c->devices[i].permissions)};
}

static void add_resources(ContainerPlan *p, const ContainerSpec *c) {
        for (size_t i = 0; i < c->n_resources; i++)
                *XGROW(p->resources, p->n_resources) =
                        (Resource){c->resources[i].kind, xstrdup(c->resources[i].value)};
}

/* Everything that a running container cannot be given without a restart, and nothing that differs from one
 * machine or one release of ours to the next without meaning. */
static void define(ContainerPlan *p, const char *nspawn) {
        if (p->toplevel)
                strv_pushf(&p->definition, "toplevel %s", p->toplevel);
        else
                strv_pushf(&p->definition, "image %s", p->image);
        if (p->closure)
                strv_pushf(&p->definition, "closure %s", p->closure);
        if (p->address)
                strv_pushf(&p->definition, "address %s", p->address);
        for (size_t i = 0; i < p->n_mounts; i++)
                if (p->mounts[i].source)
                        strv_pushf(&p->definition, "%s %s", p->mounts[i].name, p->mounts[i].source);
        for (size_t i = 0; i < p->n_ports; i++)
                strv_pushf(&p->definition, "port %s:%u:%u",
                           p->ports[i].address ? p->ports[i].address : "localhost", p->ports[i].host,
                           p->ports[i].container);
        for (size_t i = 0; i < p->n_devices; i++)
                strv_pushf(&p->definition, "device %s %s", p->devices[i].path, p->devices[i].permissions);
        for (size_t i = 0; i < p->n_resources; i++)
                strv_pushf(&p->definition, "resource %s %s", resource_kind_to_string(p->resources[i].kind),
                           p->resources[i].value);
        if (p->ephemeral)
                strv_push(&p->definition, "ephemeral");
        if (p->restart != RESTART_NO)
                strv_pushf(&p->definition, "restart %s", restart_mode_to_string(p->restart));
        STRV_FOREACH (argument, p->argv)
                if (!streq(*argument, nspawn))
                        strv_pushf(&p->definition, "argument %s", *argument);
}

ContainerPlan *plan_container(const ContainerSpec *c, const PlanFacts *facts) {
        ContainerPlan *p = xmalloc0(sizeof(*p));

        p->name = xstrdup(c->name);
        p->machine = xstrdup(facts->machine);
        if (c->toplevel) {
                p->toplevel = xstrdup(c->toplevel);
                p->store = container_spec_store(c);
                p->closure = c->store == STORE_CLOSURE ? xstrdup(c->closure) : NULL;
        } else {
                p->image = absolute(facts->root, c->rootfs, &p->image_below);
                p->build = xstrdup(c->build);
        }
        p->has_init = c->init != NULL;
        p->restart = c->restart;
        p->ephemeral = c->ephemeral;
        if ((c->ephemeral || p->closure) && c->users == USERS_PRIVATE)
                p->ids_base = choose_ids(p->machine);
        p->notify = c->ready_notify;
        p->set_network = c->network != NETWORK_HOST;
        p->gate = !p->has_init;
        p->ready_timeout_usec = c->ready_timeout_usec;
        p->stop_timeout_usec = c->stop_timeout_usec;
        if (c->network == NETWORK_PRIVATE) {
                p->bridge = xstrdup(facts->bridge);
                p->address = xstrdup(facts->address);
        }
        add_ports(p, c);
        add_devices(p, c);
        add_resources(p, c);
        add_mounts(p, c, facts->root);
        p->argv = nspawn_argv(p, c, facts->nspawn);
        define(p, facts->nspawn);
        return p;
}

bool plan_definition_runs_command(char *const *definition) {
        return strv_contains(definition, "argument --as-pid2");
}

PlanAction plan_decide(const ContainerPlan *p, bool running, char *const *running_definition,
                       char ***ret_reasons) {
        char **reasons = NULL;
        PlanAction action;

        if (!running)
                action = PLAN_START;
        else if (!running_definition || strv_equal(p->definition, running_definition))
                action = PLAN_KEEP;
        else {
                action = PLAN_RESTART;
                STRV_FOREACH (line, running_definition)
                        if (!strv_contains(p->definition, *line))
                                strv_pushf(&reasons, "no longer: %s", *line);
                STRV_FOREACH (line, p->definition)
                        if (!strv_contains(running_definition, *line))
                                strv_pushf(&reasons, "new: %s", *line);
                if (!reasons)
                        strv_push(&reasons, "order of the definition changed");
        }
        if (ret_reasons)
                *ret_reasons = reasons;
        else
                strv_free(reasons);
        return action;
}

const char *plan_action_to_string(PlanAction action) {
        static const char *const table[] = {
                [PLAN_START] = "start",
                [PLAN_KEEP] = "nothing",
                [PLAN_RESTART] = "restart",
        };

        return table[action];
}
