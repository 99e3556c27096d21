/* SPDX-License-Identifier: MIT */

#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/hash.h"
#include "base/privilege.h"
#include "proxy/confine.h"

#define IDS_FIRST UINT32_C(0x78000000)
#define IDS_COUNT (UINT32_C(1) << 26)

/* For a host with 65536 ids, which is a container itself: ids that systemd's DynamicUser= takes. */
#define FEW_IDS_FIRST UINT32_C(61184)
#define FEW_IDS_COUNT UINT32_C(4336)

static int limit(int resource, rlim_t value, Error *reterr) {
        if (setrlimit((__rlimit_resource_t) resource, &(struct rlimit){value, value}) < 0)
                return error_set(reterr, errno, "limit resource %d", resource);
        return 0;
}

static int confine_set_limits(Error *reterr) {
        int r;

        r = limit(RLIMIT_FSIZE, 0, reterr);
        if (r >= 0)
                r = limit(RLIMIT_MEMLOCK, 0, reterr);
        if (r >= 0)
                r = limit(RLIMIT_MSGQUEUE, 0, reterr);
        if (r >= 0)
                privilege_no_core();
        return r;
}

static int confine_become(uint32_t id) {
        return setresgid(id, id, id) < 0 || setresuid(id, id, id) < 0 ? -errno : 0;
}

int confine(const char *machine, Error *reterr) {
        uint64_t hash = hash_text(machine);
        int r;

        r = confine_set_limits(reterr);
        if (r < 0)
                return r;
        r = privilege_bound(0);
        if (r < 0)
                return error_set(reterr, r, "give up privileges");
        if (setgroups(0, NULL) < 0)
                return error_set(reterr, errno, "leave all groups");
        r = confine_become(IDS_FIRST + (uint32_t) (hash % IDS_COUNT));
        if (r == -EINVAL)
                r = confine_become(FEW_IDS_FIRST + (uint32_t) (hash % FEW_IDS_COUNT));
        if (r < 0)
                return error_set(reterr, r, "become another user");
        r = privilege_keep(0);
        if (r < 0)
                return error_set(reterr, r, "give up privileges");
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return error_set(reterr, errno, "refuse new privileges");
        return 0;
}
