/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/walk.h"
#include "cgroup/cgroup-text.h"
#include "cgroup/cgroup-use.h"

#define USE_FILE_MAX (1024 * 1024)

/* Return: the text, owned by the caller, or NULL. */
static char *use_read_file(int dir_fd, const char *path) {
        _cleanup_close_ int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        char *text = NULL;

        return fd >= 0 && fs_read_fd(fd, path, USE_FILE_MAX, &text, NULL, NULL) >= 0 ? text : NULL;
}

/* Controllers end somewhere on the way down: where the payload does not have this one, the group has that it
 * is in, with nspawn beside it. */
static char *use_read_counted(int fd, const char *file) {
        _cleanup_free_ char *above = xasprintf("../%s", file);
        char *text = use_read_file(fd, file);

        return text ? text : use_read_file(fd, above);
}

static uint64_t use_read_number(int fd, const char *file) {
        _cleanup_free_ char *text = use_read_counted(fd, file);

        return text && *text >= '0' && *text <= '9' ? strtoull(text, NULL, 10) : CGROUP_USE_UNKNOWN;
}

static int use_on_entry(int dir_fd, const struct dirent *entry, void *userdata) {
        _cleanup_free_ char *text = NULL;
        uint64_t *tasks = userdata;

        if (entry->d_type == DT_DIR)
                return WALK_ENTER;
        if (!streq(entry->d_name, "cgroup.threads"))
                return WALK_ON;
        text = use_read_file(dir_fd, entry->d_name);
        for (const char *s = text; s && *s; s++)
                *tasks += *s == '\n';
        return WALK_ON;
}

/* A limit may be of the group around it. */
static uint64_t use_read_limit(int fd) {
        static const char *const files[] = {"memory.max", "../memory.max"};
        uint64_t limit = CGROUP_USE_UNKNOWN;

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                _cleanup_free_ char *text = use_read_file(fd, files[i]);
                uint64_t n =
                        text && *text >= '0' && *text <= '9' ? strtoull(text, NULL, 10) : CGROUP_USE_UNKNOWN;

                limit = n < limit ? n : limit;
        }
        return limit;
}

uint64_t cgroup_use_read_memory(int fd) {
        return use_read_number(fd, "memory.current");
}

bool cgroup_use_ran_out(int fd) {
        _cleanup_free_ char *text = use_read_counted(fd, "memory.events");

        return text && cgroup_text_oom_kills(text) > 0;
}

/* One by one, where no controller counts them. */
static uint64_t use_count_tasks(int fd) {
        static const WalkVisitor visitor = {.entry = use_on_entry, .tolerant = true};
        uint64_t tasks = 0;

        return walk_below(fd, &visitor, &tasks) < 0 || tasks == 0 ? CGROUP_USE_UNKNOWN : tasks;
}

void cgroup_use_read(int fd, CgroupUse *ret) {
        _cleanup_free_ char *cpu = use_read_file(fd, "cpu.stat"), *io = use_read_counted(fd, "io.stat");

        *ret = (CgroupUse){
                .cpu_usec = CGROUP_USE_UNKNOWN,
                .memory = cgroup_use_read_memory(fd),
                .memory_max = use_read_limit(fd),
                .tasks = use_read_number(fd, "pids.current"),
                .read = CGROUP_USE_UNKNOWN,
                .written = CGROUP_USE_UNKNOWN,
        };
        if (cpu)
                ret->cpu_usec = cgroup_text_cpu_usec(cpu);
        if (io) {
                ret->read = cgroup_text_io_bytes(io, "rbytes=");
                ret->written = cgroup_text_io_bytes(io, "wbytes=");
        }
        if (ret->tasks == CGROUP_USE_UNKNOWN)
                ret->tasks = use_count_tasks(fd);
}
