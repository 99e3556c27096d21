/* SPDX-License-Identifier: MIT */
#pragma once

/* The keys "command" and "nspawnArgs", and single arguments of command lines: the words of a container's
 * command, and options that the specification hands to systemd-nspawn as they are. */

#include "spec/key.h"

extern const SpecKey command_key;
extern const SpecKey nspawn_args_key;

/* The words of a command, and several of those. */
extern const JsonShape command_shape, commands_shape;

/* What Linux passes as one argument or variable, with its NUL (MAX_ARG_STRLEN of execve(2)). */
#define ARGUMENT_SIZE_MAX (128 * 1024)

/* FC_EXIT_USAGE when the kernel would refuse it for its length. */
int argument_check(const char *argument, Error *reterr);

/**
 * argument_check_nspawn() - is this an option that a specification may hand to systemd-nspawn?
 *
 * It is one string "--OPTION" or "--OPTION=VALUE", and none of those that flake-containers sets itself, not
 * even abbreviated: those would break what it knows about the container. The message names the key to use
 * instead.
 */
int argument_check_nspawn(const char *argument, Error *reterr);

/* The words of a command, of which the first names a program. @ret: owned by the caller. */
int argument_parse_command(const Json *value, const char *path, char ***ret, Error *reterr);

/* Several such commands. */
Json *argument_print_commands(char **const *commands, size_t n);
