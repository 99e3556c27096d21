/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/systemd.h"
#include "logs/journald-watch.h"
#include "logs/path-watch.h"

struct JournaldWatch {
        sd_event *event;
        PathWatch *path;
        int cgroup_fd; /* journald's, or -EBADF */
        sd_event_source *populated;
        sd_event_source *switches;
        int perf_fd;
        void *ring; /* its content is never read, but without a ring poll() does not work */
        size_t ring_size;
        void (*on_written)(void *userdata);
        void *userdata;
};

static void detach(JournaldWatch *watch) {
        watch->switches = sd_event_source_disable_unref(watch->switches);
        if (watch->ring)
                (void) munmap(watch->ring, watch->ring_size);
        watch->ring = NULL;
        watch->perf_fd = safe_close(watch->perf_fd);
}

/* The first process of the cgroup; 0: there is none now. */
static pid_t journald_watch_find_process(int cgroup_fd) {
        _cleanup_close_ int fd = fs_open_beneath(cgroup_fd, "cgroup.procs", O_RDONLY, 0, NULL);
        char text[32];
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

        text[n > 0 ? n : 0] = '\0';
        return (pid_t) strtol(text, NULL, 10);
}

/* Mapped read-only: then the kernel overwrites what is old, and need not be told that it was read. */
static int open_counter(JournaldWatch *watch, pid_t pid) {
        struct perf_event_attr attr = {
                .type = PERF_TYPE_SOFTWARE,
                .size = sizeof(attr),
                .config = PERF_COUNT_SW_CONTEXT_SWITCHES,
                .sample_period = 1,
                .wakeup_events = 1,
        };
        void *ring;

        watch->perf_fd = (int) syscall(SYS_perf_event_open, &attr, pid, /* cpu= */ -1, /* group= */ -1,
                                       PERF_FLAG_FD_CLOEXEC);
        if (watch->perf_fd < 0)
                return -errno;
        watch->ring_size = 2 * (size_t) sysconf(_SC_PAGESIZE); /* a header and one page */
        ring = mmap(NULL, watch->ring_size, PROT_READ, MAP_SHARED, watch->perf_fd, 0);
        if (ring == MAP_FAILED)
                return -errno;
        watch->ring = ring;
        return 0;
}

static int on_switch(sd_event_source *source, int fd, uint32_t events, void *userdata);

static void journald_watch_attach(JournaldWatch *watch) {
        pid_t pid =
                watch->switches || watch->cgroup_fd < 0 ? 0 : journald_watch_find_process(watch->cgroup_fd);

        if (pid <= 0)
                return;
        if (open_counter(watch, pid) < 0 ||
            sd_event_add_io(watch->event, &watch->switches, watch->perf_fd, EPOLLIN, on_switch, watch) < 0) {
                detach(watch);
                return;
        }
        (void) sd_event_source_set_description(watch->switches, "journald");
        watch->on_written(watch->userdata);
}

static int on_switch(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        JournaldWatch *watch = userdata;

        watch->on_written(watch->userdata);
        /* It has ended; its successor may be there already. */
        if (events & EPOLLHUP) {
                detach(watch);
                journald_watch_attach(watch);
        }
        return 0;
}

static int on_populated(sd_event_source *source, const struct inotify_event *event, void *userdata) {
        journald_watch_attach(userdata);
        return 0;
}

/* The cgroup is made before a process is in it. */
static int on_cgroup(int fd, void *userdata, Error *reterr) {
        _cleanup_close_ int events = -EBADF;
        JournaldWatch *watch = userdata;
        int r;

        detach(watch);
        watch->populated = sd_event_source_disable_unref(watch->populated);
        (void) safe_close(watch->cgroup_fd);
        watch->cgroup_fd = fd;
        if (fd < 0)
                return 0;
        r = fs_open_beneath_optional(fd, "cgroup.events", O_RDONLY, &events, reterr);
        if (r < 0 || events < 0)
                return r;
        r = sd_event_add_inotify_fd(watch->event, &watch->populated, events, IN_MODIFY, on_populated, watch);
        if (r < 0)
                return error_set(reterr, r, "watch journald's cgroup");
        journald_watch_attach(watch);
        return 0;
}

int journald_watch_new(sd_event *event, int cgroup_fd, const char *path, void (*on_written)(void *userdata),
                       void *userdata, JournaldWatch **ret, Error *reterr) {
        _cleanup_(journald_watch_freep) JournaldWatch *watch = xnew0(JournaldWatch, 1);
        int r;

        watch->event = sd_event_ref(event);
        watch->cgroup_fd = watch->perf_fd = -EBADF;
        watch->on_written = on_written;
        watch->userdata = userdata;
        r = path_watch_new(event, cgroup_fd, path, PATH_DIRECTORY, on_cgroup, watch, &watch->path, reterr);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(watch);
        return 0;
}

JournaldWatch *journald_watch_free(JournaldWatch *watch) {
        if (!watch)
                return NULL;
        watch->path = path_watch_free(watch->path);
        detach(watch);
        (void) sd_event_source_disable_unref(watch->populated);
        (void) safe_close(watch->cgroup_fd);
        sd_event_unref(watch->event);
        free(watch);
        return NULL;
}

void journald_watch_error(JournaldWatch *watch, Error *reterr) {
        if (watch)
                path_watch_error(watch->path, reterr);
}
