/* SPDX-License-Identifier: MIT */
#pragma once

/* The key "sockets": Unix sockets of the container that the project's owner can connect to on the host,
 * "NAME:PATH" each. */

#include "spec/key.h"

extern const SpecKey sockets_key;

/* Each is a descriptor in a message that has those of PORTS_MAX ports already. */
#define SOCKETS_MAX 8

/* Of sockaddr_un, without the NUL at the end. */
#define SOCKET_PATH_MAX 107

/* @ret: owned by the caller, see unix_socket_done(). */
int unix_socket_parse(const char *text, UnixSocket *ret, Error *reterr);

/* What it is called on the host, in a folder NAME: as inside, since clients look for that (PostgreSQL's). */
const char *unix_socket_basename(const UnixSocket *socket);
