/* SPDX-License-Identifier: MIT */
#pragma once

/* Telling a service who its client is, by the first line of the PROXY protocol (version 1 of HAProxy's
 * proxy-protocol.txt, which servers that take the second version take, too). Its own peer is the proxy. */

#include "base/macro.h"

/* Return: 0, or a negative errno: one of them is gone. */
int introduce(int client_fd, int service_fd);
