/* SPDX-License-Identifier: MIT */

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/scm.h"
#include "keeper/port-proxy.h"
#include "keeper/publish-request.h"
#include "keeper/publish.h"

typedef struct Item {
        KeeperPorts ports; /* one, none when it was taken back */
        PortProxy *proxy;
} Item;

struct Publisher {
        sd_event *event;
        const KeeperOptions *options;
        PortProxy *specified;
        PublisherStore store;
        sd_event_source *listener; /* off while a command is being heard */
        int command_fd;
        sd_event_source *command;
        Item **items;
        size_t n_items;
        bool enabled;
        int leader_fd;
};

static Item *item_free(Item *i) {
        if (!i)
                return NULL;
        (void) port_proxy_free(i->proxy);
        keeper_ports_kind.done(&i->ports);
        free(i);
        return NULL;
}

/* @fds: taken over in any case. */
static int publisher_add(Publisher *p, const char *container, const int fds[2], Error *reterr) {
        Item *i = xmalloc0(sizeof(*i));
        int r;

        *XGROW(i->ports.ports, i->ports.n) =
                (KeeperPort){.container = xstrdup(container), .fds = {fds[0], fds[1]}};
        r = port_proxy_new(p->event, p->options, &i->ports, &i->proxy, reterr);
        if (r < 0) {
                (void) item_free(i);
                return r;
        }
        if (p->enabled)
                port_proxy_enable(i->proxy, p->leader_fd);
        *XGROW(p->items, p->n_items) = i;
        return 0;
}

static void publisher_remove(Publisher *p, size_t index) {
        (void) item_free(p->items[index]);
        p->items[index] = p->items[--p->n_items];
}

/* ---- requests ---- */

static bool item_is(const Item *i, const PublishRequest *request) {
        return i->ports.n > 0 &&
               keeper_port_is_at(&i->ports.ports[0], request->address, request->port, request->udp);
}

static int publisher_publish(Publisher *p, const PublishRequest *request, ScmMessage *message,
                             Error *reterr) {
        int fds[2] = {-EBADF, -EBADF}, r;

        if (message->n_fds == 0 || message->n_fds > ELEMENTSOF(fds))
                return error_raise(reterr, FC_EXIT_INTERNAL, "%zu sockets came with a port", message->n_fds);
        memcpy(fds, message->fds, message->n_fds * sizeof(int));
        message->n_fds = 0;
        r = publisher_add(p, request->container, fds, reterr);
        if (r >= 0 && p->store)
                p->store(&p->items[p->n_items - 1]->ports.ports[0]);
        return r;
}

/* Connections that were accepted go on. */
static void item_take_back(Item *i) {
        const KeeperPort *port = &i->ports.ports[0];

        port_proxy_retire(i->proxy);
        for (size_t k = 0; k < keeper_port_sockets(port); k++)
                (void) shutdown(port->fds[k], SHUT_RDWR);
        keeper_ports_kind.done(&i->ports);
}

static int publisher_unpublish(Publisher *p, const PublishRequest *request, Error *reterr) {
        bool found = p->specified &&
                     port_proxy_take_back(p->specified, request->address, request->port, request->udp);

        for (size_t i = p->n_items; i-- > 0;) {
                if (!item_is(p->items[i], request))
                        continue;
                found = true;
                item_take_back(p->items[i]);
                if (!port_proxy_runs(p->items[i]->proxy))
                        publisher_remove(p, i);
        }
        return found ? 0
                     : error_raise(reterr, FC_EXIT_USAGE, "port %u%s was not published", request->port,
                                   request->udp ? KEEPER_PORT_UDP : "");
}

static int publisher_obey(Publisher *p, const char *text, ScmMessage *message, Error *reterr) {
        _cleanup_(publish_request_done) PublishRequest request = {};
        int r;

        r = publish_request_parse(text, &request, reterr);
        if (r < 0)
                return r;
        return request.container ? publisher_publish(p, &request, message, reterr)
                                 : publisher_unpublish(p, &request, reterr);
}

/* ---- commands ---- */

static void publisher_hang_up(Publisher *p) {
        p->command = sd_event_source_disable_unref(p->command);
        p->command_fd = safe_close(p->command_fd);
        (void) sd_event_source_set_enabled(p->listener, SD_EVENT_ON);
}

static int publisher_on_request(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_(scm_done) ScmMessage message = {};
        Publisher *p = userdata;
        char text[PUBLISH_REQUEST_MAX + 1];
        const char *answer;

        if (scm_receive(fd, MSG_DONTWAIT, text, sizeof(text) - 1, &message) >= 0 && message.size > 0) {
                text[message.size] = '\0';
                (void) publisher_obey(p, text, &message, &error);
                answer = error_is_set(&error) ? error.message : PUBLISH_DONE;
                (void) scm_send(fd, answer, strlen(answer), NULL, 0);
        }
        publisher_hang_up(p);
        return 0;
}

static bool is_root(int fd) {
        struct ucred peer;
        socklen_t n = sizeof(peer);

        return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) >= 0 && peer.uid == 0;
}

/* One after another. */
static int publisher_on_command(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        _cleanup_close_ int command = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        Publisher *p = userdata;

        if (command < 0 || !is_root(command))
                return 0;
        if (sd_event_add_io(p->event, &p->command, command, EPOLLIN, publisher_on_request, p) < 0)
                return 0;
        p->command_fd = TAKE_FD(command);
        (void) sd_event_source_set_enabled(p->listener, SD_EVENT_OFF);
        return 0;
}

static int publisher_take_over(Publisher *p, Error *reterr) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < p->options->published.n; i++) {
                KeeperPort *port = &p->options->published.ports[i];

                r = publisher_add(p, port->container, port->fds, reterr);
                port->fds[0] = port->fds[1] = -EBADF;
        }
        return r;
}

int publisher_new(sd_event *event, const KeeperOptions *o, PortProxy *specified, int listener_fd,
                  PublisherStore store, Publisher **ret, Error *reterr) {
        _cleanup_(publisher_freep) Publisher *p = xmalloc0(sizeof(*p));
        int r;

        *p = (Publisher){
                .event = event,
                .options = o,
                .specified = specified,
                .store = store,
                .command_fd = -EBADF,
                .leader_fd = -EBADF,
        };
        r = sd_event_add_io(event, &p->listener, listener_fd, EPOLLIN, publisher_on_command, p);
        if (r < 0)
                return error_set(reterr, r, "listen for ports to publish");
        r = publisher_take_over(p, reterr);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(p);
        return 0;
}

Publisher *publisher_free(Publisher *p) {
        if (!p)
                return NULL;
        while (p->n_items > 0)
                publisher_remove(p, p->n_items - 1);
        free(p->items);
        sd_event_source_disable_unref(p->command);
        sd_event_source_disable_unref(p->listener);
        (void) safe_close(p->command_fd);
        free(p);
        return NULL;
}

void publisher_enable(Publisher *p, int leader_fd) {
        p->enabled = true;
        p->leader_fd = leader_fd;
        for (size_t i = 0; i < p->n_items; i++)
                port_proxy_enable(p->items[i]->proxy, leader_fd);
}

void publisher_disable(Publisher *p) {
        p->enabled = false;
        p->leader_fd = -EBADF;
        for (size_t i = 0; i < p->n_items; i++)
                port_proxy_disable(p->items[i]->proxy);
}

bool publisher_reaped(Publisher *p, pid_t pid, int status) {
        for (size_t i = 0; i < p->n_items; i++) {
                if (!port_proxy_reaped(p->items[i]->proxy, pid, status))
                        continue;
                if (p->items[i]->ports.n == 0)
                        publisher_remove(p, i);
                return true;
        }
        return false;
}

bool publisher_is_used(const Publisher *p) {
        return p->n_items > 0;
}
