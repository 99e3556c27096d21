/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "rootless/restrictions.h"

#define VALUE_MAX 64

static const struct {
        const char *path, *value, *hint;
} restrictions[] = {
        {"/proc/sys/kernel/unprivileged_userns_clone", "0",
         "sysctl -w kernel.unprivileged_userns_clone=1, and a line in /etc/sysctl.d/"},
        {"/proc/sys/user/max_user_namespaces", "0",
         "sysctl -w user.max_user_namespaces=15000, and a line in /etc/sysctl.d/"},
        {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1",
         "AppArmor restricts them: a profile of this program with 'userns,' in /etc/apparmor.d/, or "
         "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"},
};

const char *restrictions_hint(const char *path, const char *value) {
        size_t n = strcspn(value, "\n");

        for (size_t i = 0; i < ELEMENTSOF(restrictions); i++)
                if (streq(restrictions[i].path, path) && strlen(restrictions[i].value) == n &&
                    strncmp(restrictions[i].value, value, n) == 0)
                        return restrictions[i].hint;
        return NULL;
}

void restrictions_add_hints(Error *reterr) {
        bool seen = false;

        for (size_t i = 0; i < ELEMENTSOF(restrictions); i++) {
                _cleanup_close_ int fd = open(restrictions[i].path, O_RDONLY | O_CLOEXEC);
                _cleanup_free_ char *text = NULL;
                const char *hint;

                if (fd < 0 || fs_read_fd(fd, restrictions[i].path, VALUE_MAX, &text, NULL, NULL) < 0)
                        continue;
                hint = restrictions_hint(restrictions[i].path, text);
                if (hint)
                        error_add_hint(reterr, "%s", hint);
                seen = seen || hint;
        }
        if (!seen)
                error_add_hint(reterr,
                               "see user_namespaces(7); a sandbox or a security module may forbid them");
}

int restrictions_try(Error *reterr) {
        int status = 0, r;
        pid_t pid = fork();

        if (pid < 0)
                return error_set(reterr, errno, "try a user namespace");
        /* AppArmor lets one make it, and takes away what one has there. */
        if (pid == 0)
                _exit(unshare(CLONE_NEWUSER) < 0 || unshare(CLONE_NEWNET) < 0 ? errno : 0);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                ;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
                return 0;
        r = error_raise(reterr, FC_EXIT_HOST, "a user namespace cannot be made: %s",
                        WIFEXITED(status) ? strerror(WEXITSTATUS(status)) : "the attempt was killed");
        restrictions_add_hints(reterr);
        return r;
}
