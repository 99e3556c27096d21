/* SPDX-License-Identifier: MIT */
#pragma once

/* `import`: reads a compose file, and what it names, as the user who asks, and writes what import/ makes
 * of it. */

#include "base/error.h"
#include "context/globals.h"

/**
 * import_compose() - write a starter of a compose file
 * @file: NULL: the first of compose's names that is in the directory
 * @format: "flake" or "json"; NULL: for this machine, as `init` chooses
 *
 * What could not be carried over is told on stderr. With `--dry-run` the file is printed instead. Otherwise
 * as
 * starter_write().
 */
int import_compose(const Globals *globals, const char *file, const char *format, Error *reterr);
