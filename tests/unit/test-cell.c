/* SPDX-License-Identifier: MIT */

#include "base/privilege.h"
#include "cell/rights.h"
#include "test.h"

/* Those of systemd-nspawn(1). */
TEST(rights) {
        CellOptions o = {};

        ASSERT_EQ(rights_of_guest(&o), UINT64_C(0xfdecafff));
        o.private_network = true;
        ASSERT_EQ(rights_of_guest(&o), UINT64_C(0xfdecbfff));
        o.capabilities_add = PRIVILEGE(SYS_TIME) | PRIVILEGE(MKNOD);
        o.capabilities_drop = PRIVILEGE(MKNOD) | PRIVILEGE(NET_ADMIN);
        ASSERT_EQ(rights_of_guest(&o), (UINT64_C(0xfdecafff) | PRIVILEGE(SYS_TIME)) & ~PRIVILEGE(MKNOD));
}
