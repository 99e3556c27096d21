/* SPDX-License-Identifier: MIT */

#include <assert.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/fsuid.h>

#include "base/alloc.h"
#include "host/user.h"

/* A uid or gid as the tools write it: decimal digits and nothing else. (uid_t) -1 means "unchanged" to every
 * system call and is not a user's. */
static bool user_parse_id(const char *text, uint32_t *ret) {
        uint64_t value = 0;

        if (text[0] == '\0' || strlen(text) > 10 || (text[0] == '0' && text[1] != '\0'))
                return false;
        for (const char *p = text; *p; p++) {
                if (*p < '0' || *p > '9')
                        return false;
                value = value * 10 + (uint64_t) (*p - '0');
        }
        if (value >= UINT32_MAX)
                return false;
        *ret = (uint32_t) value;
        return true;
}

static int id_from_environment(const char *variable, const char *what, uint32_t *ret, Error *reterr) {
        const char *value = getenv(variable);

        if (!user_parse_id(value, ret))
                return error_raise(reterr, FC_EXIT_USAGE, "the environment's %s='%s' is not a %s", variable,
                                   value, what);
        return 0;
}

static int gid_of_uid(uid_t uid, const char *variable, gid_t *ret, Error *reterr) {
        const struct passwd *pw = getpwuid(uid);

        if (!pw)
                return error_raise(
                        reterr, FC_EXIT_USAGE,
                        "the environment's %s=%u is not a user of this system, so its group is unknown",
                        variable, (unsigned) uid);
        *ret = pw->pw_gid;
        return 0;
}

static void fill_groups(InvokingUser *user) {
        const struct passwd *pw = getpwuid(user->uid);
        int n = USER_GROUPS_MAX;

        /* When there are more, getgrouplist(3) returns -1 after filling the array. */
        if (pw && (getgrouplist(pw->pw_name, user->gid, user->groups, &n) >= 0 || n > USER_GROUPS_MAX)) {
                user->n_groups = n < USER_GROUPS_MAX ? (size_t) n : USER_GROUPS_MAX;
                return;
        }
        user->groups[0] = user->gid;
        user->n_groups = 1;
}

int user_invoking(InvokingUser *ret, Error *reterr) {
        InvokingUser user = {.uid = geteuid(), .gid = getegid()};
        int r;

        if (user.uid != 0) {
                *ret = user;
                return 0;
        }

        if (getenv("SUDO_UID")) {
                r = id_from_environment("SUDO_UID", "user id", &user.uid, reterr);
                if (r < 0)
                        return r;
                if (getenv("SUDO_GID"))
                        r = id_from_environment("SUDO_GID", "group id", &user.gid, reterr);
                else
                        r = gid_of_uid(user.uid, "SUDO_UID", &user.gid, reterr);
        } else if (getenv("PKEXEC_UID")) {
                r = id_from_environment("PKEXEC_UID", "user id", &user.uid, reterr);
                if (r < 0)
                        return r;
                r = gid_of_uid(user.uid, "PKEXEC_UID", &user.gid, reterr);
        } else if (getenv("DOAS_USER")) {
                const struct passwd *pw = getpwnam(getenv("DOAS_USER"));

                if (!pw)
                        return error_raise(reterr, FC_EXIT_USAGE,
                                           "the environment's DOAS_USER='%s' is not a user of this system",
                                           getenv("DOAS_USER"));
                user.uid = pw->pw_uid;
                user.gid = pw->pw_gid;
                r = 0;
        } else
                r = 0;
        if (r < 0)
                return r;

        if (user.uid != 0)
                fill_groups(&user);
        *ret = user;
        return 0;
}

void user_for_owner(const InvokingUser *invoking, uid_t uid, gid_t gid, InvokingUser *ret) {
        InvokingUser user = *invoking;

        if (geteuid() == 0 && invoking->uid != uid && (invoking->uid == 0 || uid == 0)) {
                user = (InvokingUser){.uid = uid, .gid = gid};
                if (uid != 0)
                        fill_groups(&user);
        }
        *ret = user;
}

char *user_name(uid_t uid) {
        const struct passwd *pw = getpwuid(uid);

        return pw ? xstrdup(pw->pw_name) : xasprintf("uid %u", (unsigned) uid);
}

/* Neither call reports failure; the only way to know is to ask by a call that cannot succeed,
 * setfsuid(2). */
static bool fs_ids_are(uid_t uid, gid_t gid) {
        return (uid_t) setfsuid((uid_t) -1) == uid && (gid_t) setfsgid((gid_t) -1) == gid;
}

bool user_become(const InvokingUser *user) {
        if (geteuid() == user->uid)
                return true;
        return setgroups(user->n_groups, user->groups) >= 0 &&
               setresgid(user->gid, user->gid, user->gid) >= 0 &&
               setresuid(user->uid, user->uid, user->uid) >= 0;
}

int user_fs_enter(const InvokingUser *user, UserFs *guard, Error *reterr) {
        int n;

        assert(!guard->entered);
        if (geteuid() != 0 || user->uid == 0)
                return 0;

        n = getgroups(USER_GROUPS_MAX, guard->groups);
        if (n < 0)
                return error_set(reterr, errno, "remember our own groups");
        guard->n_groups = n;

        /* Without this, root's groups would count instead of the user's: files would be readable that must
         * not be, and others not writable that must be. */
        if (setgroups(user->n_groups > 0 ? user->n_groups : 1,
                      user->n_groups > 0 ? user->groups : &user->gid) < 0)
                return error_set(reterr, errno, "access files as uid %u", (unsigned) user->uid);
        guard->entered = true;
        (void) setfsgid(user->gid);
        (void) setfsuid(user->uid);
        if (!fs_ids_are(user->uid, user->gid)) {
                user_fs_leave(guard);
                return error_raise(reterr, FC_EXIT_HOST,
                                   "access files as uid %u, gid %u: the kernel does not allow it here",
                                   (unsigned) user->uid, (unsigned) user->gid);
        }
        return 0;
}

void user_fs_leave(UserFs *guard) {
        int saved = errno, r;

        if (!guard->entered)
                return;
        (void) setfsuid(geteuid());
        (void) setfsgid(getegid());
        r = setgroups((size_t) guard->n_groups, guard->groups);
        /* Root may always go back; going on as another user would be a bug with consequences. */
        if (r < 0 || !fs_ids_are(geteuid(), getegid()))
                abort();
        guard->entered = false;
        errno = saved;
}
