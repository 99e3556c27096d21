/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/privilege.h"

#define IDS_FIRST UINT32_C(0x78000000)
#define IDS_COUNT (UINT32_C(1) << 26)

/* For a host with 65536 ids, which is a container itself: ids that systemd's DynamicUser= takes. */
#define FEW_IDS_FIRST UINT32_C(61184)
#define FEW_IDS_COUNT UINT32_C(4336)

int privilege_keep(uint64_t kept) {
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

        if (syscall(SYS_capget, &header, data) < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(data); i++) {
                /* In a container that has fewer than we want, the rest cannot be had. */
                data[i].permitted &= (uint32_t) (kept >> 32 * i);
                data[i].effective = data[i].permitted;
                data[i].inheritable = 0;
        }
        return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

int privilege_bound(uint64_t kept) {
        /* EINVAL tells that the kernel knows no further ones. */
        for (unsigned long cap = 0; cap < 64 && prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
                if (!(kept & UINT64_C(1) << cap) && prctl(PR_CAPBSET_DROP, cap) < 0)
                        return -errno;
        return 0;
}

static int privilege_become(uint32_t id) {
        return setresgid(id, id, id) < 0 || setresuid(id, id, id) < 0 ? -errno : 0;
}

int privilege_become_own_user(const char *machine) {
        uint64_t hash = hash_text(machine);
        int r;

        if (setgroups(0, NULL) < 0)
                return -errno;
        r = privilege_become(IDS_FIRST + (uint32_t) (hash % IDS_COUNT));
        return r == -EINVAL ? privilege_become(FEW_IDS_FIRST + (uint32_t) (hash % FEW_IDS_COUNT)) : r;
}

int privilege_become_root(void) {
        return setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0 ? -errno : 0;
}

int privilege_leave_keyring(void) {
        if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL) >= 0)
                return 0;
        return errno == ENOSYS || errno == EPERM || errno == EACCES ? 0 : -errno;
}

void privilege_no_core(void) {
        (void) setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
}
