/* SPDX-License-Identifier: MIT */
#pragma once

/* How a request goes to the kernel and its answers come back. For netlink.c only: the two are the only
 * files that include netlink headers, and they offer what is in netlink.h. */

#include <netlink/msg.h>

#include "net/netlink.h"

typedef void (*NetlinkHandler)(struct nlmsghdr *header, void *userdata);

/* A request with its fixed header. */
struct nl_msg *netlink_message_new(int type, int flags, const void *header, size_t size);

static inline void netlink_message_freep(struct nl_msg **message) {
        nlmsg_free(*message);
}
#define _cleanup_message_ _cleanup_(netlink_message_freep)

void netlink_put(struct nl_msg *message, int type, const void *data, size_t size);
void netlink_put_u32(struct nl_msg *message, int type, uint32_t value);
void netlink_put_string(struct nl_msg *message, int type, const char *value);

/* Sends a request and calls the handler, which may be NULL, for each answer until the kernel has
 * acknowledged. Return: 0 or the kernel's negative errno; -EINTR when what was listed changed meanwhile;
 * -ETIMEDOUT when an answer was lost. */
int netlink_request(Netlink *netlink, struct nl_msg *message, NetlinkHandler on_answer, void *userdata);

/* Lists all objects of a kind. `restart` is called before each attempt: one that was interrupted by a change
 * is repeated, and then all answers before are void. -EBUSY where that does not end. */
int netlink_dump(Netlink *netlink, int type, const void *header, size_t size,
                 void (*restart)(void *userdata), NetlinkHandler on_answer, void *userdata);
