/* SPDX-License-Identifier: MIT */
#pragma once

/* The key "owner" of a volume: a word, or an account of the container by its name or its numbers. */

#include "spec/key.h"

extern const JsonShape volume_owner_shape, account_name_shape;

/* Fills owner and account of a volume. */
int volume_owner_parse(const Json *value, const char *path, Volume *volume, Error *reterr);
void volume_owner_print(Json *json, const Volume *volume);

/* Accounts of a NixOS system have no names before it has booted. @path: the volume's, for messages. */
int volume_owner_check(const ContainerSpec *c, const Volume *volume, const char *path, Error *reterr);

/* Can an account be called so? */
bool volume_owner_is_name(const char *text);

/**
 * volume_owner_ids() - the numbers that an account is given by
 * @account: as in Volume
 * @ret_has_gid: "UID:GID"; for "UID" *ret_gid is the same number
 *
 * Return: false for a name.
 */
bool volume_owner_ids(const char *account, uint32_t *ret_uid, uint32_t *ret_gid, bool *ret_has_gid);
