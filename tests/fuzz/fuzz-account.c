/* SPDX-License-Identifier: MIT */

#include "enter/account.h"
#include "fuzz.h"

/* A container's passwd, group and the user that is asked for: three parts, split at NUL bytes. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *all = xmalloc0(size + 3);
        const char *passwd = all, *group, *user;
        _cleanup_(account_done) Account account = {0};

        memcpy(all, data, size);
        group = passwd + strlen(passwd) + 1;
        if (group > all + size)
                group = all + size + 1;
        user = group + strlen(group) + 1;
        if (user > all + size)
                user = all + size + 1;
        account_find(passwd, group, *user ? user : NULL, &account);
        FUZZ_CHECK(account.name && account.home && account.shell);
        FUZZ_CHECK(account.home[0] == '/' && account.shell[0] == '/');
        FUZZ_CHECK(account.uid != UINT32_MAX && account.gid != UINT32_MAX);
        FUZZ_CHECK(account.known || account.n_groups == 0);
        for (size_t i = 0; i < account.n_groups; i++)
                FUZZ_CHECK(account.groups[i] != account.gid && account.groups[i] != UINT32_MAX);
        return 0;
}
