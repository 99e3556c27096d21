/* SPDX-License-Identifier: MIT */
#pragma once

/* Every exit status of the program; part of its public interface (flake-containers(1), EXIT STATUS). */

typedef enum ExitCode {
        FC_EXIT_OK = 0,
        FC_EXIT_INTERNAL = 1,         /* internal or unclassified */
        FC_EXIT_USAGE = 2,            /* usage, or invalid configuration */
        FC_EXIT_FAILED = 3,           /* a container or a unit inside it failed */
        FC_EXIT_TIMEOUT = 4,          /* the readiness deadline passed */
        FC_EXIT_CONFLICT = 5,         /* port, name, lock, another checkout */
        FC_EXIT_HOST = 6,             /* the host lacks something, or permission */
        FC_EXIT_NOT_RUNNING = 7,      /* the target does not run */
        FC_EXIT_EXEC_OWN = 125,       /* exec: our own failure */
        FC_EXIT_NOT_EXECUTABLE = 126, /* exec: found, but not executable */
        FC_EXIT_NOT_FOUND = 127,      /* exec: not found */
        FC_EXIT_INTERRUPTED = 130,
} ExitCode;
