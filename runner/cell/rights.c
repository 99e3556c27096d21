/* SPDX-License-Identifier: MIT */

#include "base/privilege.h"
#include "cell/rights.h"

#define RIGHTS                                                                                              \
        (PRIVILEGE(AUDIT_CONTROL) | PRIVILEGE(AUDIT_WRITE) | PRIVILEGE(CHOWN) | PRIVILEGE(DAC_OVERRIDE) |   \
         PRIVILEGE(DAC_READ_SEARCH) | PRIVILEGE(FOWNER) | PRIVILEGE(FSETID) | PRIVILEGE(IPC_OWNER) |        \
         PRIVILEGE(KILL) | PRIVILEGE(LEASE) | PRIVILEGE(LINUX_IMMUTABLE) | PRIVILEGE(MKNOD) |               \
         PRIVILEGE(NET_BIND_SERVICE) | PRIVILEGE(NET_BROADCAST) | PRIVILEGE(NET_RAW) | PRIVILEGE(SETFCAP) | \
         PRIVILEGE(SETGID) | PRIVILEGE(SETPCAP) | PRIVILEGE(SETUID) | PRIVILEGE(SYS_ADMIN) |                \
         PRIVILEGE(SYS_BOOT) | PRIVILEGE(SYS_CHROOT) | PRIVILEGE(SYS_NICE) | PRIVILEGE(SYS_PTRACE) |        \
         PRIVILEGE(SYS_RESOURCE) | PRIVILEGE(SYS_TTY_CONFIG))

uint64_t rights_of_guest(const CellOptions *o) {
        uint64_t rights = RIGHTS | o->capabilities_add;

        if (o->private_network)
                rights |= PRIVILEGE(NET_ADMIN);
        return rights & ~o->capabilities_drop;
}
