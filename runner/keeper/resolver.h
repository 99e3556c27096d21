/* SPDX-License-Identifier: MIT */
#pragma once

/* The resolver that pasta(1) asks for a container: the first IPv4 one of the host's resolv.conf(5), which
 * pasta reads when it starts, and never again. A VPN or another network changes it. */

#include <netinet/in.h>

#include "base/error.h"
#include "base/systemd.h"

#define RESOLV_CONF "/etc/resolv.conf"

/* @text: a resolv.conf. Return: whether it has one. Pure. */
bool resolver_parse(const char *text, struct in_addr *ret);

typedef struct ResolverWatch ResolverWatch;

/* @on_change: there is another one than resolver_watch_take() has seen. Return: owned by the caller; NULL:
 * the host has no room for a watch, so nothing is followed. */
ResolverWatch *resolver_watch_new(sd_event *event, const char *path, void (*on_change)(void *userdata),
                                  void *userdata);
ResolverWatch *resolver_watch_free(ResolverWatch *watch);
DEFINE_FREEP(ResolverWatch, resolver_watch_free);

/* The one of now is known. @watch: may be NULL. */
void resolver_watch_take(ResolverWatch *watch);
