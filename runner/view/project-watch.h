/* SPDX-License-Identifier: MIT */
#pragma once

/* Tells when what a project is specified by has changed: its flake as Nix sees it, which is what git tracks,
 * or the file of its specification. By inotify(7) on the directories that these lie in; other files there
 * change nothing. */

#include "context/project.h"

typedef struct ProjectWatch ProjectWatch;

/* Builds nothing. @ret: owned by the caller. */
int project_watch_new(const ProjectRequest *request, ProjectWatch **ret, Error *reterr);
ProjectWatch *project_watch_free(ProjectWatch *w);
DEFINE_FREEP(ProjectWatch, project_watch_free);

/* The project's root, and the file of --spec, or NULL; owned by the watch. */
const char *project_watch_root(const ProjectWatch *w);
const char *project_watch_spec(const ProjectWatch *w);

/* Readable when something has happened in one of the directories. */
int project_watch_fd(const ProjectWatch *w);

/* Forgets what has happened until now. Return: whether there was anything. */
bool project_watch_drain(ProjectWatch *w);

/* Looks. @ret_changed: it is not as it was the last time; what changes from now on is told. */
int project_watch_look(ProjectWatch *w, bool *ret_changed, Error *reterr);
