/* SPDX-License-Identifier: MIT */
#pragma once

/* What runs of a project's containers, and how a program gets into one.
 *
 * A project keeps its id where it is renamed, or is mounted at a second place (context/identify.h). Where
 * the record of that in /run is lost, it has another id there, and its machines other names. What runs from
 * the same directory under the old one is "elsewhere": this path must not start it, stop it or call it
 * crashed. */

#include "context/project.h"
#include "enter/exec.h"
#include "enter/namespaces.h"

int running_query(const Project *project, const char *container, MachineStatus *ret, Error *reterr);

/**
 * running_find_elsewhere() - does a container run that was started by another path of the project?
 * @state: what is remembered of it, may be NULL
 * @ret_where: "container 'NAME' of project 'PATH'", or "machine 'NAME'" where that is not known, owned by
 * the caller; NULL when there is none
 */
int running_find_elsewhere(const Project *project, const char *container, const ContainerState *state,
                           char **ret_where, Error *reterr);

/* What to do about it. */
void running_add_elsewhere_hint(Error *reterr);

/* Raises FC_EXIT_CONFLICT where there is one. */
int running_refuse_elsewhere(const Project *project, const char *container, const ContainerState *state,
                             Error *reterr);

/* Raises FC_EXIT_NOT_RUNNING with the command that starts the container. */
int running_raise_not(const Project *project, const char *container, Error *reterr);

/* Raises FC_EXIT_CONFLICT with the command that lets the container go on. */
int running_raise_paused(const Project *project, const char *container, Error *reterr);

/* The way into a container that runs, frozen or not. @ret: to be emptied by enter_target_done(). */
int running_enter(const Project *project, const char *container, EnterTarget *ret, Error *reterr);

/* PID 1 of a container that runs. @ret: its pidfd; closed before, if it is one. */
int running_open_leader(const Project *project, const char *container, int *ret, Error *reterr);

/**
 * running_exec() - run a program in a container, and say when the container stopped meanwhile
 * @exec: what to run; its container, leader and cgroup are filled in here
 *
 * Return: as container_exec().
 */
int running_exec(const ProjectRequest *request, const char *container, ExecRequest *exec, Error *reterr);
