/* SPDX-License-Identifier: MIT */

#include <assert.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <string.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/process.h"
#include "net/netlink-request.h"

/* The kernel answers before a request returns, so none comes any more once one has to be waited for: without
 * a bound a message that was lost is waited for until the container's deadline. */
#define NETLINK_ANSWER_SECONDS 2

/* A host on which interfaces come and go all the time. */
#define NETLINK_DUMP_USEC (10 * USEC_PER_SEC)

struct Netlink {
        struct nl_sock *socket;
};

typedef struct Transaction {
        NetlinkHandler on_answer;
        void *userdata;
        bool done;
        int error; /* of the kernel, a negative errno; libnl's own codes merge too many of them */
} Transaction;

static int on_valid(struct nl_msg *message, void *userdata) {
        Transaction *t = userdata;

        if (t->on_answer)
                t->on_answer(nlmsg_hdr(message), t->userdata);
        return NL_OK;
}

static int on_done(struct nl_msg *message, void *userdata) {
        Transaction *t = userdata;

        t->done = true;
        return NL_STOP;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *error, void *userdata) {
        Transaction *t = userdata;

        t->done = true;
        t->error = error->error;
        return NL_STOP;
}

static void cb_putp(struct nl_cb **cb) {
        nl_cb_put(*cb);
}

int netlink_request(Netlink *netlink, struct nl_msg *message, NetlinkHandler on_answer, void *userdata) {
        Transaction t = {.on_answer = on_answer, .userdata = userdata};
        _cleanup_(cb_putp) struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);
        int r;

        if (!cb)
                abort();
        (void) nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, &t);
        (void) nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_done, &t);
        (void) nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_done, &t);
        (void) nl_cb_err(cb, NL_CB_CUSTOM, on_error, &t);

        r = nl_send_auto(netlink->socket, message);
        if (r < 0)
                return -EIO;
        while (!t.done) {
                r = nl_recvmsgs(netlink->socket, cb);
                if (r == -NLE_AGAIN)
                        return -ETIMEDOUT;
                if (r == -NLE_DUMP_INTR)
                        return -EINTR;
                if (r < 0 && !t.done) /* after on_error() it is the kernel's error in libnl's words */
                        return -EIO;
        }
        return t.error;
}

int netlink_dump(Netlink *netlink, int type, const void *header, size_t size,
                 void (*restart)(void *userdata), NetlinkHandler on_answer, void *userdata) {
        uint64_t end = now_usec() + NETLINK_DUMP_USEC;
        int r;

        do {
                _cleanup_message_ struct nl_msg *message =
                        netlink_message_new(type, NLM_F_DUMP, header, size);

                restart(userdata);
                r = netlink_request(netlink, message, on_answer, userdata);
        } while (r == -EINTR && now_usec() < end);
        return r == -EINTR ? -EBUSY : r;
}

/* Requests here are far smaller than the page that libnl allocates, so adding to them cannot fail; out of
 * memory aborts as in base/alloc.h. */
struct nl_msg *netlink_message_new(int type, int flags, const void *header, size_t size) {
        struct nl_msg *message = nlmsg_alloc_simple(type, flags);
        void *place;

        if (!message)
                abort();
        place = nlmsg_reserve(message, size, NLMSG_ALIGNTO);
        assert(place);
        (void) memcpy(place, header, size);
        return message;
}

void netlink_put(struct nl_msg *message, int type, const void *data, size_t size) {
        int r = nla_put(message, type, (int) size, data);

        assert(r >= 0);
        (void) r;
}

void netlink_put_u32(struct nl_msg *message, int type, uint32_t value) {
        netlink_put(message, type, &value, sizeof(value));
}

void netlink_put_string(struct nl_msg *message, int type, const char *value) {
        netlink_put(message, type, value, strlen(value) + 1);
}

Netlink *netlink_free(Netlink *netlink) {
        if (netlink) {
                nl_socket_free(netlink->socket);
                free(netlink);
        }
        return NULL;
}

int netlink_open(Netlink **ret, Error *reterr) {
        static const struct timeval timeout = {.tv_sec = NETLINK_ANSWER_SECONDS};
        _cleanup_(netlink_freep) Netlink *netlink = xnew0(Netlink, 1);
        int r;

        netlink->socket = nl_socket_alloc();
        if (!netlink->socket)
                abort();
        r = nl_connect(netlink->socket, NETLINK_ROUTE); /* makes it O_CLOEXEC */
        if (r < 0)
                return error_raise(reterr, FC_EXIT_HOST, "open a route netlink socket: %s", nl_geterror(r));
        if (setsockopt(nl_socket_get_fd(netlink->socket), SOL_SOCKET, SO_RCVTIMEO, &timeout,
                       sizeof(timeout)) < 0)
                return error_set(reterr, errno, "bound the wait for the kernel's answers");
        *ret = TAKE_PTR(netlink);
        return 0;
}
