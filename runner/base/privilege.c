/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/privilege.h"

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

void privilege_no_core(void) {
        (void) setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
}
