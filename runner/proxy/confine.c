/* SPDX-License-Identifier: MIT */

#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/privilege.h"
#include "proxy/confine.h"

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

int confine(const char *machine, Error *reterr) {
        int r;

        r = confine_set_limits(reterr);
        if (r < 0)
                return r;
        r = privilege_bound(0);
        if (r < 0)
                return error_set(reterr, r, "give up privileges");
        r = privilege_become_own_user(machine);
        if (r < 0)
                return error_set(reterr, r, "become another user");
        r = privilege_keep(0);
        if (r < 0)
                return error_set(reterr, r, "give up privileges");
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return error_set(reterr, errno, "refuse new privileges");
        return 0;
}
