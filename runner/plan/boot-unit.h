/* SPDX-License-Identifier: MIT */
#pragma once

/* The unit file by which systemd starts the containers of a project at boot and stops them in order at
 * shutdown: the host's, or that of a user who has no root. Pure: the text, and what is read from it
 * again. */

#include <sys/types.h>

#include "base/error.h"
#include "spec/spec.h"

typedef struct BootUnit {
        char *root;     /* of the project, a real path */
        char *checkout; /* the same directory as state/checkout.h prints it, without the line's end */
        char **names;   /* which containers; NULL: all */
        char *program;  /* ours, an absolute path */
        char *home;     /* of a linked work tree: the main one, which has what is shared; NULL: itself */
        char *spec;     /* what `--spec` named, an absolute path; NULL: the project's own */
        bool rootless;  /* it is the user's own systemd */
        uid_t uid;      /* on whose behalf; 0: root's own */
        gid_t gid;
        char *user;  /* the same, as it was read: a number or a name */
        bool online; /* a container needs the host's network at its start */
        uint64_t stop_usec;
} BootUnit;

void boot_unit_done(BootUnit *unit);

/* The target that wants it, "multi-user.target". */
const char *boot_unit_target(bool rootless);

/* "flake-containers@ID.service". No machine's unit has an '@' in its name. Owned by the caller. */
char *boot_unit_name(const char *id);

/* The id of such a name; owned by the caller, NULL: it is not one. */
char *boot_unit_id(const char *name);

/* What the host's network and a shutdown have to do with these containers: sets `online` and `stop_usec`. */
void boot_unit_ask_spec(BootUnit *unit, const Spec *spec, char *const *names);

/* Owned by the caller. FC_EXIT_USAGE for a path that a unit file cannot hold. */
int boot_unit_print(const BootUnit *unit, char **ret, Error *reterr);

/* Reads `checkout`, `names` and `user`, also of a unit that NixOS has written
 * (flake-module/nixos-projects.nix). @ret: to be emptied by boot_unit_done(). Return: false when it has not
 * all of them. */
bool boot_unit_parse(const char *text, size_t size, BootUnit *ret);
