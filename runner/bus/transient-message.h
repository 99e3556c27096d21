/* SPDX-License-Identifier: MIT */
#pragma once

/* The call StartTransientUnit of org.freedesktop.systemd1(5), of a guest's manager as of the host's: its
 * properties are pairs of a name and a variant, each of a type of its own. The functions return 0 or more,
 * or a negative errno; -EINVAL when a string is not UTF-8. */

#include "base/macro.h"
#include "bus/systemd-bus.h"

/* Begins the call; properties follow. @destination: NULL on a direct connection. */
int transient_message_new(sd_bus *bus, const char *destination, const char *unit, sd_bus_message **ret);

/* After the last property of the unit; others may follow, which are loaded with it, but not started. */
int transient_properties_end(sd_bus_message *m);

/* One of these, and its end. */
int transient_unit_open(sd_bus_message *m, const char *unit);
int transient_unit_close(sd_bus_message *m);

/* After the last unit. */
int transient_message_end(sd_bus_message *m);

/* One property; the value as in sd_bus_message_append(3). */
int transient_append(sd_bus_message *m, const char *property, const char *type, ...);

int transient_append_strv(sd_bus_message *m, const char *property, char *const *v);

/* A command line ("ExecStart", "ExecStop", ...) whose words arrive byte for byte: nothing is expanded, and
 * nothing may be escaped beforehand. @argv: argv[0] included. */
int transient_append_command(sd_bus_message *m, const char *property, const char *path, char *const *argv);

/* For a value that is appended piece by piece between these two. */
int transient_open(sd_bus_message *m, const char *property, const char *type);
int transient_close(sd_bus_message *m);
