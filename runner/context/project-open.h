/* SPDX-License-Identifier: MIT */
#pragma once

/* What nearly every verb begins with: which project, which specification, what the host offers, and which of
 * the containers it is to work on. */

#include "context/project.h"

/* Finds the project's root and its specification, which is built where @request says so, and not read. @ret:
 * to be emptied by project_found_done(), also after a failure. */
int project_locate(const ProjectRequest *request, ProjectFound *ret, Error *reterr);

/* Finds the project and its state. Changes nothing. @ret is emptied by project_done(), also after a
 * failure. */
int project_open(const ProjectRequest *request, Project *ret, Error *reterr);

/* Opens the project, loads its specification, and selects the containers that a verb is to work on: those
 * named, each of which must exist, or all. @ret_names is owned by the caller, without duplicates, in the
 * order given or in that of the specification. */
int project_open_selected(const ProjectRequest *request, char *const *operands, Project *ret,
                          char ***ret_names, Error *reterr);

/* The beginning of the verbs that work on what runs: project_open(), project_load_if_possible(), and the
 * containers that the specification has or that have a state. Where it is missing, any valid name of a
 * container is taken. */
int project_open_known(const ProjectRequest *request, char *const *operands, Project *ret, char ***ret_names,
                       Error *reterr);

/* The same for a verb that stops: having nothing to stop is a success, also where the specification is
 * broken. Where it is missing, the directory may be the wrong one, which is an error as for the others. */
int project_open_stoppable(const ProjectRequest *request, char *const *operands, Project *ret,
                           char ***ret_names, Error *reterr);

/* The same for verbs that show what was written down. @follow: makes `.containers`, so that the verb can
 * wait for files in it. Otherwise it may be missing, and there is nothing to show. */
int project_open_records(const ProjectRequest *request, char *const *operands, bool follow, Project *ret,
                         char ***ret_names, Error *reterr);
