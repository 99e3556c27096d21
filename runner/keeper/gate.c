/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "keeper/gate.h"
#include "keeper/machine-dir.h"

int gate_open(Error *reterr) {
        /* Read-write: never blocks, and a reader that comes later is not kept waiting. */
        _cleanup_close_ int fd = open(MACHINE_GATE, O_RDWR | O_CLOEXEC);

        if (fd < 0 || write(fd, "", 1) != 1)
                return error_set(reterr, errno, "open the gate that the command waits at");
        return TAKE_FD(fd);
}

int gate_has_executed(int gate_fd, Error *reterr) {
        int left = 0;

        if (ioctl(gate_fd, FIONREAD, &left) < 0)
                return error_set(reterr, errno, "look whether the command is executed");
        return left > 0;
}

bool gate_is_passed(pid_t command) {
        struct stat gate, program;
        char path[64];

        (void) snprintf(path, sizeof(path), "/proc/%d/exe", (int) command);
        return stat(MACHINE_DIR "/gate", &gate) >= 0 && stat(path, &program) >= 0 &&
               (gate.st_dev != program.st_dev || gate.st_ino != program.st_ino);
}
