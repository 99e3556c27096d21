/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/process.h"
#include "netns-setup/interface.h"

/* The interface may be moved into the namespace or get its name after we came. The monitor is open before
 * the first look, so that nothing is missed in between. */
int interface_wait(Netlink *netlink, int pidfd, const char *name, uint64_t wait_usec, int *ret_index,
                   Error *reterr) {
        _cleanup_close_ int monitor = netlink_monitor_open();
        uint64_t deadline = now_usec() + wait_usec;
        int r;

        if (monitor < 0)
                return error_set(reterr, monitor, "watch for interface '%s'", name);
        for (;;) {
                Link link;

                r = netlink_link_find(netlink, name, &link);
                if (r < 0)
                        return error_set(reterr, r, "look up interface '%s'", name);
                if (link.index > 0) {
                        *ret_index = link.index;
                        return 0;
                }
                r = netlink_monitor_wait(monitor, pidfd, deadline);
                if (r == 0)
                        return error_raise(reterr, FC_EXIT_TIMEOUT,
                                           "interface '%s' did not appear within %.1f s", name,
                                           (double) wait_usec / USEC_PER_SEC);
                if (r < 0)
                        return error_set(reterr, r, "watch for interface '%s'", name);
        }
}
