/* SPDX-License-Identifier: MIT */

#include <linux/netlink.h>
#include <sys/socket.h>

#include "base/call-filter.h"
#include "base/common-calls.h"
#include "base/privilege.h"
#include "cell/rights.h"

/* Capabilities. */
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

/* What else a guest may call that has the capability. */
static const struct {
        uint64_t capability;
        const char *names;
} privileged_calls[] = {
        /* clang-format off */
        {PRIVILEGE(SYS_TIME), "adjtimex clock_adjtime clock_settime settimeofday"},
        {PRIVILEGE(SYS_MODULE), "delete_module finit_module init_module"},
        {PRIVILEGE(SYS_RAWIO), "ioperm iopl pciconfig_iobase pciconfig_read pciconfig_write"},
        {PRIVILEGE(IPC_LOCK), "mlock mlock2 mlockall munlock munlockall"},
        {PRIVILEGE(SYS_PACCT), "acct"},
        {PRIVILEGE(SYS_PTRACE), "process_vm_readv process_vm_writev ptrace"},
        {PRIVILEGE(SYS_BOOT), "reboot"},
        {PRIVILEGE(SYSLOG), "syslog"},
        {PRIVILEGE(SYS_TTY_CONFIG), "vhangup"},
        /* clang-format on */
};

/* Calls that are known, and refused. Programs take ENOSYS, which all others give, for a kernel that is older
 * than they are. */
static const char refused[] = "add_key bpf fanotify_init fanotify_mark kexec_file_load kexec_load keyctl "
                              "lookup_dcookie modify_ldt nfsservctl open_by_handle_at perf_event_open "
                              "pkey_alloc pkey_free pkey_mprotect quotactl quotactl_fd request_key swapoff "
                              "swapon";

/* Programs of 32 bits run where the kernel runs them. Without "no new privileges", which CAP_SYS_ADMIN is
 * needed for, programs inside still gain by their set-user-id bits. */
static int fit_to_guests(scmp_filter_ctx filter) {
        int r = 0;

#if defined(__x86_64__)
        r = seccomp_arch_add(filter, SCMP_ARCH_X86);
#elif defined(__aarch64__)
        r = seccomp_arch_add(filter, SCMP_ARCH_ARM);
#endif
        if (r >= 0)
                r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
        return r < 0 ? r : seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS));
}

/* There is no audit: what asks for it believes this error and no other. */
static int refuse_audit(scmp_filter_ctx filter, const void *unused) {
        int r = fit_to_guests(filter);

        return r < 0 ? r
                     : seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAFNOSUPPORT), SCMP_SYS(socket), 2,
                                        SCMP_A0(SCMP_CMP_EQ, AF_NETLINK),
                                        SCMP_A2(SCMP_CMP_EQ, NETLINK_AUDIT));
}

static int allow_calls(scmp_filter_ctx filter, const void *kept) {
        int r = fit_to_guests(filter);

        /* A tree instead of a list of 300. */
        if (r >= 0)
                r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
        if (r >= 0)
                r = call_filter_add(filter, SCMP_ACT_ALLOW, common_calls);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(privileged_calls); i++)
                if (*(const uint64_t *) kept & privileged_calls[i].capability)
                        r = call_filter_add(filter, SCMP_ACT_ALLOW, privileged_calls[i].names);
        return r < 0 ? r : call_filter_add(filter, SCMP_ACT_ERRNO(EPERM), refused);
}

int rights_keep(uint64_t kept, Error *reterr) {
        int r;

        /* Two filters, since each has one answer to what it does not name. */
        r = call_filter_load(SCMP_ACT_ALLOW, refuse_audit, NULL, reterr);
        if (r >= 0)
                r = call_filter_load(SCMP_ACT_ERRNO(ENOSYS), allow_calls, &kept, reterr);
        if (r < 0)
                return r;
        r = privilege_bound(kept);
        if (r >= 0)
                r = privilege_keep(kept);
        return r < 0 ? error_set(reterr, r, "give up privileges") : 0;
}
