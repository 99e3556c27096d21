/* SPDX-License-Identifier: MIT */
#pragma once

/* A user as a container's /etc/passwd and /etc/group describe it. Only these files: the host's NSS knows
 * other users, and the container's own (of systemd-userdbd, say) only its manager can ask. */

#include "base/error.h"

typedef struct Account {
        bool known;   /* stands in the file */
        char *name;   /* as in the file, else as asked for */
        bool has_uid; /* known, or asked for by number */
        uint32_t uid; /* 0 without one */
        uint32_t gid;
        char *group;      /* that was asked for beside the user, as asked for; NULL: none, the user's own */
        bool has_gid;     /* that one stands in the file, or was asked for by number */
        char *home;       /* absolute; "/" when the file says nothing useful */
        char *shell;      /* absolute; "/bin/sh" likewise, or when it is one that refuses to work */
        uint32_t *groups; /* supplementary */
        size_t n_groups;
} Account;

void account_done(Account *account);

/**
 * account_find() - look a user up
 * @passwd, @group: the texts of the files; NULL: there is none
 * @user: name or number, maybe ":" and a group likewise, as chown(1) has it; NULL: uid 0
 *
 * Pure. Not being in the file is an expected outcome: `known` is false then. Malformed lines are skipped.
 */
void account_find(const char *passwd, const char *group, const char *user, Account *ret);

/* Refuses a user or a group that there is not (FC_EXIT_EXEC_OWN). @may_know_more: the container's manager
 * runs the program, which may know names that are not in the files. A number needs no name. */
int account_check(const Account *a, bool may_know_more, const char *container, Error *reterr);

/* account_find() in the files of a container. */
void account_find_in_root(int root_fd, const char *user, Account *ret);
