/* SPDX-License-Identifier: MIT */

#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/privilege.h"
#include "test.h"

#define USER     65123
#define KEYS_MAX 100000
#define REFUSED  2

static bool fill_keyring(void) {
        char name[32];

        for (int i = 0; i < KEYS_MAX; i++) {
                (void) snprintf(name, sizeof(name), "key%d", i);
                if (syscall(SYS_add_key, "user", name, "x", (size_t) 1, KEY_SPEC_SESSION_KEYRING) < 0)
                        return errno == EDQUOT;
        }
        return false;
}

/* In a child, as a user whose keys go with it. */
static int leave_with_too_many_keys(void) {
        if (setresgid(USER, USER, USER) < 0 || setresuid(USER, USER, USER) < 0 ||
            privilege_leave_keyring() < 0)
                return EXIT_FAILURE;
        if (!fill_keyring())
                return REFUSED;
        return privilege_leave_keyring() == -EDQUOT ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The session's keyring must not stay in what is executed because a guest has used up what its user may
 * have. */
TEST(keyring_without_room) {
        int status;
        pid_t pid;

        if (geteuid() != 0)
                SKIP("needs root");
        pid = fork();
        if (pid == 0)
                _exit(leave_with_too_many_keys());
        ASSERT_TRUE(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
        if (WEXITSTATUS(status) == REFUSED)
                SKIP("this host lets no process have keys");
        ASSERT_EQ(WEXITSTATUS(status), EXIT_SUCCESS);
}
