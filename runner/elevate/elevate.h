/* SPDX-License-Identifier: MIT */
#pragma once

/* Becoming root: by running this program once more, through what the machine has for that; or in a user
 * namespace, in which it goes on. */

#include "context/project.h"

/* The first argument of the second run; a hidden option that means nothing else. It is an argument because
 * sudo and its like do not pass the environment on. */
#define ELEVATE_MARK "--elevated"

/* What gives root: what FC_ELEVATE names, or the first of sudo, run0, doas and pkexec. @ret: owned by the
 * caller. FC_EXIT_HOST: there is none. */
int elevate_find_tool(char **ret, Error *reterr);

/* The way of a user's command in this project (project/way.h), or with none in @request's place. */
int elevate_find_way(const ProjectRequest *request, Way *ret, Error *reterr);

/* FC_EXIT_USAGE where a user's option is given to root. */
int elevate_check_root(const Globals *globals, Error *reterr);

/**
 * elevate() - execute this program again as root
 * @argv: as main() got it
 * @extra_args: options that go in front of argv[1], or NULL: what the environment or the current directory
 * would tell the second run, neither of which all of the tools keep
 *
 * Through the first of sudo(8), run0(1) (where systemd is PID 1), doas(1) and pkexec(1) that is installed,
 * or through the program that FC_ELEVATE names. The arguments arrive byte for byte, there is no shell
 * between. It is an exec: the terminal, signals and the exit status are the program's own.
 *
 * Does not return on success. FC_EXIT_HOST: there is none of these, this already is the second run and it is
 * still not root's, or sudo wants a password and there is no terminal.
 */
int elevate(int argc, char **argv, char *const *extra_args, Error *reterr);

/* Likewise; or this program goes on in a user namespace (rootless/enter.h), where that is the way: then 0,
 * and @request has what a second run would have. */
int elevate_without_project(ProjectRequest *request, Error *reterr);

/* Likewise, with the project and the specification already found, since libgit2 takes root's word only with
 * SUDO_UID, and relative paths must not be read twice. */
int elevate_with_project(ProjectRequest *request, Error *reterr);

/* Likewise, as root of the host, whatever the project's way is. */
int elevate_to_root(ProjectRequest *request, Error *reterr);

/* Likewise for what needs no root, but to be where containers are: returns also where that is here. */
int elevate_to_look(ProjectRequest *request, Error *reterr);

/* In a second run: puts what the first one found into @request. Return: the words that the user typed. */
char **elevate_adopt_project(ProjectRequest *request, char **argv);
