/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "context/locks.h"
#include "machine/publish.h"
#include "net/port-conflicts.h"
#include "net/ports.h"
#include "ops/publish.h"
#include "resources/publish-mend.h"
#include "resources/resources.h"
#include "running/running.h"
#include "spec/port.h"
#include "state/runtime-dir.h"

/* A container that runs, and that no other command starts or stops meanwhile. */
typedef struct Publishing {
        const Project *project;
        const char *name;
        Progress *progress;
        Lock *lock;
        ContainerState *state;
        int container_fd; /* .containers/NAME */
        char *machine, *runtime;
        PublishPlace place;
        Port *ports; /* wanted */
        size_t n_ports;
        PublishedPort *bound; /* as many */
        size_t n_published;   /* of these, by now */
} Publishing;

#define PUBLISHING_NULL ((Publishing){.container_fd = -EBADF, .place.runtime_fd = -EBADF})

static void publishing_done(Publishing *p) {
        for (size_t i = 0; i < p->n_ports; i++) {
                if (p->bound)
                        published_port_done(&p->bound[i]);
                port_done(&p->ports[i]);
        }
        free(p->bound);
        free(p->ports);
        free(p->machine);
        free(p->runtime);
        (void) safe_close(p->place.runtime_fd);
        (void) safe_close(p->container_fd);
        (void) container_state_free(p->state);
        (void) locks_free(p->lock, p->lock ? 1 : 0);
        (void) progress_free(p->progress);
}

static int publishing_lock(Publishing *p, const char *verb, Error *reterr) {
        char *const names[] = {(char *) p->name, NULL};
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = runtime_dir_open(RUNTIME_DIR_BASE, p->project->id, &fd, reterr);
        if (r >= 0 && fd < 0)
                return running_raise_not(p->project, p->name, reterr);
        if (r >= 0)
                r = locks_take(
                        &(LocksRequest){
                                .runtime_fd = fd, .verb = verb, .names = names, .progress = p->progress},
                        &p->lock, reterr);
        return r < 0 ? r : runtime_dir_container_open(fd, p->name, &p->place.runtime_fd, reterr);
}

static int publishing_find(Publishing *p, Error *reterr) {
        const Project *project = p->project;
        int r;

        p->machine = project_machine(project, p->name);
        p->runtime = xasprintf(RUNTIME_DIR_BASE "/%s/%s", project->id, p->name);
        r = running_query(project, p->name, &p->place.status, reterr);
        if (r >= 0)
                r = state_dir_container_open(&project->state, p->name, &p->container_fd, reterr);
        if (r >= 0 && p->container_fd >= 0)
                r = container_state_load(p->container_fd, p->name, &project->state.user, &p->state, reterr);
        if (r >= 0 && p->state)
                r = running_refuse_elsewhere(project, p->name, p->state, reterr);
        if (r < 0)
                return r;
        if (!p->place.status.running || p->place.status.leader == 0 || p->place.runtime_fd < 0 || !p->state)
                return running_raise_not(project, p->name, reterr);
        /* Its keeper stands still as well. */
        if (p->place.status.frozen)
                return running_raise_paused(project, p->name, reterr);
        if (!p->state->address)
                return error_raise(reterr, FC_EXIT_USAGE,
                                   "container '%s' is not in a network of the project: what is published of "
                                   "it stands in the specification",
                                   p->name);
        p->place.cgroup_mount = project->facts.cgroup_root;
        p->place.machine = p->machine;
        p->place.container = p->name;
        p->place.address = p->state->address;
        p->place.runtime = p->runtime;
        return 0;
}

static int publishing_open(Publishing *p, const Project *project, const char *name, const char *verb,
                           Error *reterr) {
        int r;

        p->project = project;
        p->name = name;
        p->progress = progress_new(project->progress, stderr, NULL);
        r = publishing_lock(p, verb, reterr);
        return r < 0 ? r : publishing_find(p, reterr);
}

static int publishing_save(const Publishing *p, Error *reterr) {
        return container_state_save(p->container_fd, p->name, &p->project->state.user, p->state, reterr);
}

/* ---- publish ---- */

static int publishing_parse(Publishing *p, char *const *texts, Error *reterr) {
        STRV_FOREACH (text, texts) {
                PortRange range = {};
                int r = port_range_parse(*text, &range, reterr);

                if (r < 0)
                        return r;
                for (unsigned k = 0; k < range.n && p->n_ports <= PORTS_MAX; k++) {
                        Port port = port_range_get(&range, k);

                        *XGROW(p->ports, p->n_ports) = port;
                }
                port_done(&range.first);
        }
        if (p->n_ports > PORTS_MAX)
                return error_raise(reterr, FC_EXIT_USAGE, "a container publishes at most %d ports",
                                   PORTS_MAX);
        return 0;
}

static int publishing_bind(Publishing *p, Error *reterr) {
        PortConflicts conflicts = PORT_CONFLICTS_NULL;
        int r = 0;

        p->bound = xnew0(PublishedPort, p->n_ports);
        for (size_t i = 0; i < p->n_ports; i++)
                p->bound[i] = PUBLISHED_PORT_NULL;
        for (size_t i = 0; r >= 0 && i < p->n_ports; i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                r = port_bind(&p->ports[i], container_state_get_port(p->state, &p->ports[i]),
                              resources_describe_machine, NULL, &p->bound[i], &error);
                if (r < 0 && error.exit == FC_EXIT_CONFLICT) {
                        port_conflicts_add(&conflicts, p->name, &p->ports[i], &error);
                        r = 0;
                } else if (r < 0)
                        error_move(reterr, &error);
        }
        if (r >= 0)
                r = port_conflicts_raise(&conflicts, reterr);
        port_conflicts_done(&conflicts);
        return r;
}

/* What is told to the keeper first, so that a port that is remembered is served. */
static int publishing_begin(Publishing *p, Error *reterr) {
        for (size_t i = 0; i < p->n_ports; i++, p->n_published++) {
                int r = publish_serve(&p->place, &p->bound[i], reterr);

                if (r < 0)
                        return r;
                container_state_add_port_once(p->state, &p->bound[i]);
        }
        return publishing_save(p, reterr);
}

static void publishing_undo(const Publishing *p) {
        for (size_t i = 0; i < p->n_published; i++)
                (void) publish_take_back(&p->place, &p->bound[i], NULL);
}

static void publishing_tell(const Publishing *p) {
        for (size_t i = 0; i < p->state->n_ports; i++) {
                const BoundPort *b = &p->state->ports[i];
                bool is_ours = false;

                for (size_t k = 0; k < p->n_published; k++)
                        is_ours = is_ours || (p->bound[k].host == b->host && p->ports[k].udp == b->udp);
                if (is_ours && b->once) {
                        _cleanup_free_ char *address = bound_port_address(b);

                        (void) printf("%u%s -> %s\n", b->container, bound_port_suffix(b), address);
                }
        }
}

int publish_ports(const Project *project, const char *container, char *const *texts, Error *reterr) {
        _cleanup_(publishing_done) Publishing p = PUBLISHING_NULL;
        int r;

        r = publishing_parse(&p, texts, reterr);
        if (r >= 0)
                r = publishing_open(&p, project, container, "publish", reterr);
        if (r >= 0)
                r = publish_mend(&p.place, p.state, reterr);
        if (r >= 0 && container_state_count_ports(p.state) + p.n_ports > PORTS_MAX)
                return error_raise(reterr, FC_EXIT_USAGE, "a container publishes at most %d ports",
                                   PORTS_MAX);
        if (r >= 0)
                r = publishing_bind(&p, reterr);
        if (r < 0)
                return r;
        r = publishing_begin(&p, reterr);
        if (r < 0) {
                publishing_undo(&p);
                return error_in_container(reterr, r, container);
        }
        publishing_tell(&p);
        return FC_EXIT_OK;
}

/* ---- unpublish ---- */

static int unpublish_parse(const char *text, Port *ret, Error *reterr) {
        const char *slash = strchr(text, '/');

        ret->udp = slash && streq(slash, "/udp");
        if (slash && !ret->udp && !streq(slash, "/tcp"))
                return error_raise(reterr, FC_EXIT_USAGE, "'%.100s': a protocol is 'tcp' or 'udp'", text);
        return port_number_parse(text, slash ? (size_t) (slash - text) : strlen(text), text, &ret->host,
                                 reterr);
}

/* @ret_once: it is one that can be taken back. */
static bool publishing_has(const Publishing *p, const Port *wanted, bool *ret_once) {
        bool found = false;

        *ret_once = false;
        for (size_t i = 0; i < p->state->n_ports; i++) {
                const BoundPort *b = &p->state->ports[i];

                if (b->host != wanted->host || b->udp != wanted->udp)
                        continue;
                found = true;
                *ret_once = *ret_once || b->once;
        }
        return found;
}

static int unpublish_check(const Publishing *p, const Port *wanted, Error *reterr) {
        bool once;
        int r;

        /* One that is not known may be of a command that was killed: the keeper knows. */
        if (!publishing_has(p, wanted, &once) || once)
                return 0;
        r = error_raise(reterr, FC_EXIT_USAGE, "port %u%s is published by the specification of '%s'",
                        wanted->host, wanted->udp ? "/udp" : "", p->name);
        error_add_hint(reterr, "remove it there and run: flake-containers up %s", p->name);
        return r;
}

/* Not what the specification has at the same port of another address. One that is not known is asked for by
 * its number. */
static int unpublish_one(const Publishing *p, const Port *wanted, Error *reterr) {
        const ContainerState *state = p->state;
        bool known = false;

        for (size_t i = 0; i < state->n_ports; i++) {
                const BoundPort *b = &state->ports[i];
                int r;

                if (!b->once || b->host != wanted->host || b->udp != wanted->udp)
                        continue;
                known = true;
                r = publish_take_back_bound(&p->place, b, reterr);
                if (r < 0)
                        return r;
        }
        return known ? 0
                     : machine_unpublish(&p->place, /* address= */ NULL, wanted->host, wanted->udp, reterr);
}

static int unpublish_all(Publishing *p, char *const *texts, Error *reterr) {
        int r = 0;

        STRV_FOREACH (text, texts) {
                Port wanted = {};

                if (r >= 0)
                        r = unpublish_parse(*text, &wanted, reterr);
                if (r >= 0)
                        r = unpublish_check(p, &wanted, reterr);
                if (r < 0)
                        return r;
        }
        STRV_FOREACH (text, texts) {
                Port wanted = {};

                (void) unpublish_parse(*text, &wanted, NULL);
                r = unpublish_one(p, &wanted, reterr);
                if (r < 0)
                        return error_in_container(reterr, r, p->name);
                container_state_remove_port_once(p->state, wanted.host, wanted.udp);
                r = publishing_save(p, reterr);
                if (r < 0)
                        return r;
        }
        return FC_EXIT_OK;
}

int unpublish_ports(const Project *project, const char *container, char *const *texts, Error *reterr) {
        _cleanup_(publishing_done) Publishing p = PUBLISHING_NULL;
        int r = publishing_open(&p, project, container, "unpublish", reterr);

        if (r >= 0)
                r = publish_mend(&p.place, p.state, reterr);
        return r < 0 ? r : unpublish_all(&p, texts, reterr);
}
