/* SPDX-License-Identifier: MIT */

#include "base/privilege.h"
#include "keeper/service-privileges.h"

/* This process writes to the event log as its owner and ends the proxy. Its children need the rest: they
 * set the network and enter it, and the proxy gives its privileges up. */
int service_give_up_privileges(const KeeperOptions *o, Error *reterr) {
        const uint64_t own = PRIVILEGE(DAC_READ_SEARCH) | PRIVILEGE(KILL) | PRIVILEGE(SETGID) |
                             PRIVILEGE(SETUID),
                       executed = PRIVILEGE(NET_ADMIN) | PRIVILEGE(SETPCAP) | PRIVILEGE(SYS_ADMIN) |
                                  PRIVILEGE(SYS_PTRACE) | PRIVILEGE(SYS_RESOURCE),
                       /* to take the container's root */
                paths = keeper_ports_have_path(&o->ports) ? PRIVILEGE(SYS_CHROOT) : 0,
                       /* to make a node of /dev/net/tun for pasta, where that is kept for root */
                tun = o->pasta ? PRIVILEGE(MKNOD) : 0,
                       /* to listen inside on ports that are root's there */
                low_ports = o->host_access ? PRIVILEGE(NET_BIND_SERVICE) : 0;
        int r = privilege_bound(own | executed | paths | tun | low_ports);

        if (r >= 0)
                r = privilege_keep(own);
        privilege_no_core();
        return r < 0 ? error_set(reterr, r, "give up privileges") : 0;
}
