/* SPDX-License-Identifier: MIT */

#include <sys/stat.h>

#include "cgroup/cgroup.h"
#include "keeper/gate.h"
#include "keeper/machine-dir.h"

/* nspawn's own process is the payload's first. */
#define COMMAND_PID 2

bool gate_is_passed(int cgroup_fd) {
        struct stat gate, program;
        char path[64];
        pid_t pid;

        if (cgroup_find_process(cgroup_fd, COMMAND_PID, &pid, NULL) < 0 || pid == 0)
                return false;
        (void) snprintf(path, sizeof(path), "/proc/%d/exe", (int) pid);
        return stat(MACHINE_DIR "/gate", &gate) >= 0 && stat(path, &program) >= 0 &&
               (gate.st_dev != program.st_dev || gate.st_ino != program.st_ino);
}
