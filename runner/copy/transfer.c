/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "base/alloc.h"
#include "base/process.h"
#include "copy/pack.h"
#include "copy/transfer.h"
#include "copy/unpack.h"

#define TICK_MSEC 200

/* How long a process that was told to end may clear up. One whose file system does not answer is killed. */
#define CLEAR_UP_USEC (2 * USEC_PER_SEC)

enum { SIDE_FROM, SIDE_TO, _SIDE_MAX };

typedef struct Process {
        pid_t pid; /* 0: there is none */
        int pidfd; /* -EBADF: it has ended */
} Process;

typedef struct Transfer {
        const CopyRequest *request;
        CopySide *sides; /* shared with the processes */
        Process processes[_SIDE_MAX];
        int read_fd, write_fd;
        pid_t parent;
} Transfer;

static void side_end(CopySide *side, int r, const Error *e) {
        side->result = r < 0 ? r : 0;
        if (r < 0) {
                _cleanup_free_ char *text = error_text(e);

                side->exit = e->exit;
                (void) snprintf(side->message, sizeof(side->message), "%s", text ? text : "");
                if (e->hints)
                        (void) snprintf(side->hint, sizeof(side->hint), "%s", e->hints[0]);
        }
        side->ended = true;
}

/* Signals are blocked in it but for those that the kernel does not let a process block. SIGTERM ends what
 * reads, while it reads (read_stream()): so no half file is left. */
static int process_begin(const Transfer *t, const CopyPlace *place, int death, Error *reterr) {
        struct sigaction ignore = {.sa_handler = SIG_IGN};
        sigset_t all;
        int r;

        (void) sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, NULL);
        (void) sigaction(SIGPIPE, &ignore, NULL);
        (void) sigaction(SIGXFSZ, &ignore, NULL);
        r = copy_place_enter(place);
        if (r < 0)
                return error_set(reterr, r, "enter '%s'", place->text);
        /* After the change of user, which clears it. */
        if (process_end_with_parent(t->parent, death) < 0)
                return error_raise(reterr, FC_EXIT_INTERRUPTED, "the command has ended");
        return 0;
}

static int run_source(Transfer *t, Error *reterr) {
        const CopyPlace *place = t->request->from;
        int fd, r;

        r = process_begin(t, place, SIGKILL, reterr);
        fd = r < 0 ? r : copy_place_open_source(place, reterr);
        if (fd < 0)
                return fd;
        return copy_pack(fd, t->request->to->kind == COPY_STREAM ? t->request->name : NULL, t->write_fd,
                         &t->sides[SIDE_FROM], reterr);
}

static void on_sigterm(int signal) {
        (void) signal;
}

static ssize_t read_stream(void *userdata, void *buffer, size_t size) {
        const Transfer *t = userdata;
        struct pollfd p = {.fd = t->read_fd, .events = POLLIN};
        sigset_t mask, pending;
        ssize_t n;

        (void) sigfillset(&mask);
        (void) sigdelset(&mask, SIGTERM);
        do {
                /* Where there is something to read at once, as in a file, ppoll() takes no signal. */
                if (sigpending(&pending) < 0 || sigismember(&pending, SIGTERM))
                        return -EINTR;
                if (ppoll(&p, 1, NULL, &mask) < 0)
                        return -errno;
                n = read(t->read_fd, buffer, size);
        } while (n < 0 && (errno == EINTR || errno == EAGAIN));
        return n < 0 ? -errno : n;
}

static int run_target(Transfer *t, Error *reterr) {
        struct sigaction handle = {.sa_handler = on_sigterm};
        const CopyPlace *from = t->request->from, *to = t->request->to;
        TarReader reader = {.source = read_stream, .userdata = t};
        _cleanup_free_ char *name = NULL;
        _cleanup_close_ int dir_fd = -EBADF;
        CopyTarget target = {.text = to->text};
        int r;

        (void) sigaction(SIGTERM, &handle, NULL);
        r = process_begin(t, to, SIGTERM, reterr);
        dir_fd = r < 0 ? r : copy_place_open_target(to, t->request->name, &name, reterr);
        if (dir_fd < 0)
                return dir_fd;
        target.dir_fd = dir_fd;
        target.name = name;
        target.keep_owner = to->kind != COPY_HOST && from->kind != COPY_HOST;
        target.as_directory = to->kind != COPY_HOST && from->kind == COPY_HOST;
        /* Set-user-id bits do not cross the border of a container, and what a guest lets every user write is
         * the developer's alone to write on the host. */
        target.modes = to->kind == COPY_HOST ? 0755 : from->kind == COPY_HOST ? 0777 : 07777;
        return copy_unpack(&reader, &target, &t->sides[SIDE_TO], reterr);
}

static int start_process(Transfer *t, int which, int (*run)(Transfer *t, Error *reterr), Error *reterr) {
        Process *p = &t->processes[which];

        p->pid = fork();
        if (p->pid < 0)
                return error_set(reterr, errno, "start a process that copies");
        if (p->pid == 0) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                /* So that the other end sees the end of this one. */
                if (which == SIDE_FROM && t->request->to->kind != COPY_STREAM)
                        (void) safe_close(t->read_fd);
                if (which == SIDE_TO && t->request->from->kind != COPY_STREAM)
                        (void) safe_close(t->write_fd);
                side_end(&t->sides[which], run(t, &error), &error);
                _exit(0);
        }
        p->pidfd = process_open(p->pid);
        return p->pidfd < 0 ? error_set(reterr, p->pidfd, "watch a process that copies") : 0;
}

static int start_both(Transfer *t, Error *reterr) {
        bool reads = t->request->from->kind != COPY_STREAM, writes = t->request->to->kind != COPY_STREAM;
        int pipe_fd[2], r = 0;

        t->read_fd = reads ? -EBADF : fcntl(t->request->from->fd, F_DUPFD_CLOEXEC, 3);
        t->write_fd = writes ? -EBADF : fcntl(t->request->to->fd, F_DUPFD_CLOEXEC, 3);
        if (reads && writes) {
                if (pipe2(pipe_fd, O_CLOEXEC) < 0)
                        return error_set(reterr, errno, "make a pipe");
                t->read_fd = pipe_fd[0];
                t->write_fd = pipe_fd[1];
                (void) fcntl(t->write_fd, F_SETPIPE_SZ, 1024 * 1024);
        }
        if (reads)
                r = start_process(t, SIDE_FROM, run_source, reterr);
        if (r >= 0 && writes)
                r = start_process(t, SIDE_TO, run_target, reterr);
        t->read_fd = safe_close(t->read_fd);
        t->write_fd = safe_close(t->write_fd);
        return r;
}

static void reap(Process *p) {
        if (p->pid <= 0)
                return;
        (void) process_reap(p->pid);
        p->pidfd = safe_close(p->pidfd);
        p->pid = 0;
}

static bool ends_in_time(const Process *p) {
        return p->pidfd < 0 || process_wait(p->pidfd, CLEAR_UP_USEC) > 0;
}

/* One that waits for a file system in user space, as a guest's, does not end before that answers. It is not
 * waited for. */
static void kill_process(Process *p) {
        if (p->pid <= 0)
                return;
        (void) kill(p->pid, SIGKILL);
        if (ends_in_time(p))
                reap(p);
        p->pidfd = safe_close(p->pidfd);
        p->pid = 0;
}

/* The one that reads first: by its end the other one learns of it, and clears up. */
static void end_both(Transfer *t) {
        Process *to = &t->processes[SIDE_TO];

        kill_process(&t->processes[SIDE_FROM]);
        if (to->pid > 0 && kill(to->pid, SIGTERM) >= 0 && to->pidfd >= 0 && ends_in_time(to))
                reap(to);
        kill_process(to);
}

static void transfer_done(Transfer *t) {
        end_both(t);
        (void) safe_close(t->read_fd);
        (void) safe_close(t->write_fd);
        if (t->sides)
                (void) munmap(t->sides, _SIDE_MAX * sizeof(*t->sides));
}

static void transfer_tell(const Transfer *t) {
        const CopySide *to = &t->sides[SIDE_TO], *from = &t->sides[SIDE_FROM];
        const CopySide *side = t->request->to->kind == COPY_STREAM ? from : to;

        if (t->request->tick)
                t->request->tick(side->bytes, side->entries, t->request->userdata);
}

/* Until both have ended. Return: -EINTR when a signal came first. */
static int wait_for_both(Transfer *t, Error *reterr) {
        _cleanup_close_ int signal_fd = process_open_interrupts();

        if (signal_fd < 0)
                return error_set(reterr, signal_fd, "watch for signals");
        while (t->processes[SIDE_FROM].pid > 0 || t->processes[SIDE_TO].pid > 0) {
                struct pollfd fds[_SIDE_MAX + 1] = {{.fd = t->processes[SIDE_FROM].pidfd, .events = POLLIN},
                                                    {.fd = t->processes[SIDE_TO].pidfd, .events = POLLIN},
                                                    {.fd = signal_fd, .events = POLLIN}};

                if (poll(fds, ELEMENTSOF(fds), t->request->tick ? TICK_MSEC : -1) < 0 && errno != EINTR)
                        return error_set(reterr, errno, "wait for a process that copies");
                if (fds[_SIDE_MAX].revents != 0)
                        return error_raise(reterr, FC_EXIT_INTERRUPTED,
                                           "interrupted: what was complete by then is at '%s'",
                                           t->request->to->text);
                for (int i = 0; i < _SIDE_MAX; i++)
                        if (fds[i].revents != 0)
                                reap(&t->processes[i]);
                transfer_tell(t);
        }
        return 0;
}

static int raise_side(const Transfer *t, int which, Error *reterr) {
        const CopyPlace *place = which == SIDE_FROM ? t->request->from : t->request->to;
        const CopySide *side = &t->sides[which];
        int r;

        if (place->kind == COPY_STREAM || (side->ended && side->result >= 0))
                return 0;
        /* Whatever it failed of then. */
        if (place->kind == COPY_RUNNING && !enter_target_is_alive(place->target))
                return error_raise(reterr, FC_EXIT_NOT_RUNNING, "'%s': the container stopped", place->text);
        if (!side->ended)
                return error_raise(reterr, FC_EXIT_INTERNAL, "'%s': the process that copies was killed",
                                   place->text);
        r = error_raise(reterr, side->exit, "%s", side->message);
        if (side->hint[0])
                error_add_hint(reterr, "%s", side->hint);
        return r;
}

/* What failed first: an end that misses the other one has only learned of it. */
static int transfer_result(const Transfer *t, Error *reterr) {
        bool misses = t->sides[SIDE_FROM].ended && t->sides[SIDE_FROM].other_gone &&
                      t->request->to->kind != COPY_STREAM;
        int r = misses ? 0 : raise_side(t, SIDE_FROM, reterr);

        return r < 0 ? r : raise_side(t, SIDE_TO, reterr);
}

int copy_transfer(const CopyRequest *request, CopySide ret_sides[2], Error *reterr) {
        _cleanup_(transfer_done) Transfer t = {.request = request,
                                               .processes = {{.pidfd = -EBADF}, {.pidfd = -EBADF}},
                                               .read_fd = -EBADF,
                                               .write_fd = -EBADF,
                                               .parent = getpid()};
        void *shared;
        int r;

        shared = mmap(NULL, _SIDE_MAX * sizeof(CopySide), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                      -1, 0);
        if (shared == MAP_FAILED)
                return error_set(reterr, errno, "share memory with a process that copies");
        t.sides = shared;
        r = start_both(&t, reterr);
        if (r >= 0)
                r = wait_for_both(&t, reterr);
        if (r >= 0)
                r = transfer_result(&t, reterr);
        else
                end_both(&t);
        if (ret_sides)
                memcpy(ret_sides, t.sides, _SIDE_MAX * sizeof(CopySide));
        return r;
}
