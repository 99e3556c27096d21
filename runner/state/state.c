/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "state/container-json.h"
#include "state/project-json.h"
#include "state/state.h"

char *bound_port_address(const BoundPort *port) {
        bool v6 = strchr(port->address, ':');

        return xasprintf("%s%s%s:%u", v6 ? "[" : "", port->address, v6 ? "]" : "", port->host);
}

const char *bound_port_suffix(const BoundPort *port) {
        return port->udp ? "/udp" : "";
}

ContainerState *container_state_new(void) {
        ContainerState *state = xmalloc0(sizeof(*state));

        state->phase = PHASE_STARTING;
        return state;
}

ContainerState *container_state_free(ContainerState *state) {
        if (!state)
                return NULL;
        for (size_t i = 0; i < state->n_ports; i++)
                free(state->ports[i].address);
        free(state->ports);
        for (size_t i = 0; i < state->n_sockets; i++) {
                free(state->sockets[i].name);
                free(state->sockets[i].host);
                free(state->sockets[i].container);
        }
        free(state->sockets);
        free(state->machine);
        free(state->boot_id);
        free(state->address);
        strv_free(state->definition);
        strv_free(state->volume_sources);
        free(state->result);
        free(state->switching);
        free(state);
        return NULL;
}

void container_state_add_port(ContainerState *state, const PublishedPort *port) {
        const char *addresses[PORT_ADDRESSES_MAX];
        size_t n = port_addresses(port->wanted, addresses);

        for (size_t i = 0; i < n; i++)
                if (port->fds[i] >= 0)
                        *XGROW(state->ports, state->n_ports) = (BoundPort){
                                .address = xstrdup(addresses[i]),
                                .host = port->host,
                                .container = port->wanted->container,
                                .udp = port->wanted->udp,
                        };
}

void container_state_add_port_once(ContainerState *state, const PublishedPort *port) {
        size_t first = state->n_ports;

        container_state_add_port(state, port);
        for (size_t i = first; i < state->n_ports; i++)
                state->ports[i].once = true;
}

bool bound_port_is(const BoundPort *b, const Port *port) {
        const char *addresses[PORT_ADDRESSES_MAX];
        size_t n = port_addresses(port, addresses);

        if (b->udp != port->udp || b->container != port->container ||
            (port->host > 0 && b->host != port->host))
                return false;
        for (size_t i = 0; i < n; i++)
                if (streq(b->address, addresses[i]))
                        return true;
        return false;
}

static bool is_once_of(const BoundPort *b, const Port *port) {
        return b->once && b->host == port->host && b->udp == port->udp;
}

static bool is_specified_of(const BoundPort *b, const Port *port) {
        return !b->once && bound_port_is(b, port);
}

static void remove_ports(ContainerState *state, const Port *port,
                         bool (*is_of)(const BoundPort *b, const Port *port)) {
        size_t n = 0;

        for (size_t i = 0; i < state->n_ports; i++) {
                BoundPort *p = &state->ports[i];

                if (is_of(p, port))
                        free(p->address);
                else
                        state->ports[n++] = *p;
        }
        state->n_ports = n;
}

void container_state_remove_port_once(ContainerState *state, uint16_t host, bool udp) {
        remove_ports(state, &(Port){.host = host, .udp = udp}, is_once_of);
}

void container_state_remove_port(ContainerState *state, const Port *port) {
        remove_ports(state, port, is_specified_of);
}

void container_state_add_socket(ContainerState *state, const UnixSocket *socket, const char *host) {
        *XGROW(state->sockets, state->n_sockets) = (BoundSocket){
                .name = xstrdup(socket->name),
                .host = xstrdup(host),
                .container = xstrdup(socket->path),
        };
}

uint16_t container_state_get_port(const ContainerState *state, const Port *wanted) {
        for (size_t i = 0; i < state->n_ports; i++)
                if (state->ports[i].container == wanted->container && state->ports[i].udp == wanted->udp)
                        return state->ports[i].host;
        return 0;
}

static bool bound_port_is_same(const BoundPort *a, const BoundPort *b) {
        return a->host == b->host && a->container == b->container && a->udp == b->udp;
}

size_t container_state_count_ports(const ContainerState *state) {
        size_t n = 0;

        for (size_t i = 0; i < state->n_ports; i++) {
                bool again = false;

                for (size_t k = 0; k < i; k++)
                        again = again || bound_port_is_same(&state->ports[i], &state->ports[k]);
                n += !again;
        }
        return n;
}

bool container_state_has_port(const ContainerState *state, const Port *wanted) {
        for (size_t i = 0; i < state->n_ports; i++) {
                const BoundPort *p = &state->ports[i];

                if (p->udp != wanted->udp)
                        continue;
                if (wanted->host == 0 ? p->container == wanted->container
                                      : p->host == wanted->host &&
                                                (!wanted->address || streq(p->address, wanted->address)))
                        return true;
        }
        return false;
}

ProjectState *project_state_new(void) {
        return xmalloc0(sizeof(ProjectState));
}

static void share_done(RememberedShare *share) {
        free(share->name);
        free(share->owner);
}

ProjectState *project_state_free(ProjectState *state) {
        if (!state)
                return NULL;
        for (size_t i = 0; i < state->n_addresses; i++) {
                free(state->addresses[i].name);
                strv_free(state->addresses[i].networks);
        }
        free(state->addresses);
        for (size_t i = 0; i < state->n_networks; i++) {
                free(state->networks[i].name);
                free(state->networks[i].subnet);
                free(state->networks[i].subnet6);
        }
        free(state->networks);
        for (size_t i = 0; i < state->n_shares; i++)
                share_done(&state->shares[i]);
        free(state->shares);
        free(state->id);
        free(state->subnet);
        free(state->subnet6);
        free(state->git_index);
        free(state);
        return NULL;
}

static RememberedAddress *find_address(const ProjectState *state, const char *name) {
        for (size_t i = 0; i < state->n_addresses; i++)
                if (streq(state->addresses[i].name, name))
                        return &state->addresses[i];
        return NULL;
}

uint8_t project_state_get_address(const ProjectState *state, const char *name) {
        const RememberedAddress *address = find_address(state, name);

        return address ? address->octet : 0;
}

void project_state_set_address(ProjectState *state, const char *name, uint8_t octet) {
        RememberedAddress *address = find_address(state, name);

        if (!address) {
                address = XGROW(state->addresses, state->n_addresses);
                address->name = xstrdup(name);
        }
        address->octet = octet;
}

void project_state_remove_address(ProjectState *state, const char *name) {
        RememberedAddress *address = find_address(state, name), *end = state->addresses + state->n_addresses;

        if (!address)
                return;
        free(address->name);
        strv_free(address->networks);
        memmove(address, address + 1, (size_t) ((char *) end - (char *) (address + 1)));
        state->n_addresses--;
}

void project_state_remove_network(ProjectState *state, size_t i) {
        free(state->networks[i].name);
        free(state->networks[i].subnet);
        free(state->networks[i].subnet6);
        state->n_networks--;
        memmove(&state->networks[i], &state->networks[i + 1],
                (state->n_networks - i) * sizeof(*state->networks));
}

bool project_state_set_networks(ProjectState *state, const char *name, char *const *networks) {
        RememberedAddress *address = find_address(state, name);

        if (!address || strv_equal(address->networks, networks))
                return false;
        strv_free(address->networks);
        address->networks = strv_copy(networks);
        return true;
}

static RememberedShare *find_share(const ProjectState *state, const char *name) {
        for (size_t i = 0; i < state->n_shares; i++)
                if (streq(state->shares[i].name, name))
                        return &state->shares[i];
        return NULL;
}

const char *project_state_get_share(const ProjectState *state, const char *name) {
        const RememberedShare *share = find_share(state, name);

        return share ? share->owner : NULL;
}

bool project_state_set_share(ProjectState *state, const char *name, const char *owner) {
        RememberedShare *share = find_share(state, name);

        if (streq_ptr(share ? share->owner : NULL, owner))
                return false;
        if (!share)
                share = XGROW(state->shares, state->n_shares);
        else
                share_done(share);
        if (owner)
                *share = (RememberedShare){xstrdup(name), xstrdup(owner)};
        else
                *share = state->shares[--state->n_shares];
        return true;
}

/* `*ret` NULL: no such file. */
static int state_read_state(int dir_fd, const char *label, const InvokingUser *user, char **ret,
                            size_t *ret_size, Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        int r;

        r = user_fs_enter(user, &guard, reterr);
        if (r < 0)
                return r;
        r = fs_open_file_beneath_optional(dir_fd, STATE_FILE_NAME, &fd, reterr);
        if (r == -EACCES && guard.entered) {
                user_fs_leave(&guard);
                r = fs_open_file_beneath_optional(dir_fd, STATE_FILE_NAME, &fd, reterr);
        }
        if (r < 0)
                return error_prefix(reterr, r, "state '%s'", label);
        if (fd < 0) {
                *ret = NULL;
                return 0;
        }
        if (fstat(fd, &st) < 0)
                return error_set(reterr, errno, "look at state '%s'", label);
        r = fs_read_fd(fd, label, STATE_SIZE_MAX, ret, ret_size, reterr);
        if (r < 0 && st.st_size > STATE_SIZE_MAX && reterr)
                reterr->exit = FC_EXIT_CONFLICT;
        return r;
}

static int write_state(int dir_fd, const char *label, const InvokingUser *user, const char *text,
                       Error *reterr) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;
        int r;

        r = user_fs_enter(user, &guard, reterr);
        if (r < 0)
                return r;
        r = fs_write_atomic(dir_fd, STATE_FILE_NAME, text, strlen(text), 0644, reterr);
        /* A directory that root made: better a file of root's than a container that cannot be stopped. */
        if (r == -EACCES && guard.entered) {
                user_fs_leave(&guard);
                r = fs_write_atomic(dir_fd, STATE_FILE_NAME, text, strlen(text), 0644, reterr);
        }
        return r < 0 ? error_prefix(reterr, r, "state '%s'", label) : 0;
}

static void hint_damaged(const char *label, const char *lost, Error *reterr) {
        error_add_hint(reterr, "remove '%s': %s", label, lost);
}

int container_state_load(int container_fd, const char *name, const InvokingUser *user, ContainerState **ret,
                         Error *reterr) {
        _cleanup_free_ char *label = xasprintf(".containers/%s/" STATE_FILE_NAME, name), *text = NULL;
        size_t size = 0;
        int r;

        r = state_read_state(container_fd, label, user, &text, &size, reterr);
        if (r >= 0 && !text) {
                *ret = NULL;
                return 0;
        }
        if (r >= 0)
                r = container_state_parse(text, size, label, ret, reterr);
        if (r < 0 && reterr && reterr->exit == FC_EXIT_CONFLICT)
                hint_damaged(
                        label,
                        "only what it was started with and its \"auto\" ports are lost, its files are not "
                        "touched",
                        reterr);
        return r < 0 ? r : 0;
}

int container_state_save(int container_fd, const char *name, const InvokingUser *user,
                         const ContainerState *state, Error *reterr) {
        _cleanup_free_ char *label = xasprintf(".containers/%s/" STATE_FILE_NAME, name);
        _cleanup_free_ char *text = container_state_print(state);

        return write_state(container_fd, label, user, text, reterr);
}

int project_state_load(int state_fd, const InvokingUser *user, ProjectState **ret, Error *reterr) {
        static const char label[] = ".containers/" STATE_FILE_NAME;
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        int r;

        r = state_read_state(state_fd, label, user, &text, &size, reterr);
        if (r >= 0 && !text) {
                *ret = NULL;
                return 0;
        }
        if (r >= 0)
                r = project_state_parse(text, size, label, ret, reterr);
        if (r < 0 && reterr && reterr->exit == FC_EXIT_CONFLICT)
                hint_damaged(
                        label,
                        "the containers may get other addresses at their next start, nothing else is lost",
                        reterr);
        return r < 0 ? r : 0;
}

int project_state_save(int state_fd, const InvokingUser *user, const ProjectState *state, Error *reterr) {
        _cleanup_free_ char *text = project_state_print(state);

        return write_state(state_fd, ".containers/" STATE_FILE_NAME, user, text, reterr);
}
