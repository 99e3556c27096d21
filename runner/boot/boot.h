/* SPDX-License-Identifier: MIT */
#pragma once

/* Units of systemd that start the containers of a project at boot: made by `enable`, removed by `disable`,
 * by `rm --all`, and by `gc` where the project is gone. The files are all there is to it; what they say is
 * in plan/boot-unit.h, and where they lie in boot/boot-place.h. */

#include "context/project.h"
#include "plan/boot-unit.h"

typedef struct BootEntry {
        char *id; /* of the project, when it was enabled */
        char *name;
        BootUnit unit;
        Checkout checkout;
} BootEntry;

typedef struct BootList {
        BootEntry *entries;
        size_t n;
} BootList;

void boot_entry_done(BootEntry *entry);
void boot_list_done(BootList *list);

/* Those in @directory, of boot_place_directory(). Files of such a name that are not ours are left out. Needs
 * no root. */
int boot_list_gather(const char *directory, BootList *ret, Error *reterr);

/* That of the directory, also when it has been renamed; NULL: it has none. */
const BootEntry *boot_list_find(const BootList *list, const Checkout *checkout);

/* For people: what starts them, and when. Nothing where there is no entry. */
void boot_entry_print(const BootEntry *entry, bool rootless);

/* "all", or the names of the containers; owned by the caller. */
char *boot_entry_names(const BootEntry *entry);

/* Adds "atBoot": {"unit", "containers", "user"}; null where there is no entry, or no name in it. */
void boot_json_add(Json *object, const BootEntry *entry);

/* @names: which containers, each with what it depends on; with @all these are all, and those that come
 * later count, too. Prints the unit and does nothing with --dry-run. Refuses where systemd does not manage
 * the host, or a program is not to change its units. Return: the exit status, or a negative errno. */
int boot_enable(Project *project, char *const *names, bool all, Error *reterr);

/* What runs goes on. @made: only a unit that `enable` has made; what NixOS has written is otherwise refused.
 * @ret_unit: what was removed, or with --dry-run would be; owned by the caller, NULL: it was not enabled. */
int boot_disable(Project *project, bool made, char **ret_unit, Error *reterr);

/* One whose project is gone. */
int boot_remove(const BootEntry *entry, bool rootless, Error *reterr);
