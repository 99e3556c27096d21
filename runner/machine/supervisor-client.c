/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/host-socket.h"
#include "base/process.h"
#include "cgroup/cgroup-find.h"
#include "cgroup/cgroup.h"
#include "cgroup/leftovers.h"
#include "keeper/supervisor-options.h"
#include "machine/keeper-command.h"
#include "machine/limits.h"
#include "machine/stop-job.h"
#include "machine/supervisor-client.h"
#include "record/limit-record.h"
#include "rootfs/mounts.h"

static int supervisor_query(const char *cgroup_mount, const char *machine, MachineStatus *ret,
                            Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        MachineStatus status = {};
        int r;

        r = cgroup_open(cgroup_mount, machine, &fd, reterr);
        if (r >= 0 && fd >= 0) {
                r = cgroup_populated_or_frozen(fd, &status.running, &status.frozen, reterr);
                status.stale = !status.running;
                if (r >= 0 && status.running)
                        r = cgroup_first_process(fd, "runner", &status.keeper, reterr);
                if (r >= 0 && status.running)
                        r = cgroup_find_leader(fd, &status.leader, reterr);
        }
        if (r < 0)
                return r;
        *ret = status;
        return 0;
}

static int supervisor_look(const char *cgroup_mount, const char *machine, bool *ret_running, bool *ret_stale,
                           Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        bool running = false;
        int r = cgroup_open(cgroup_mount, machine, &fd, reterr);

        if (r >= 0 && fd >= 0)
                r = cgroup_populated(fd, &running, reterr);
        if (r < 0)
                return r;
        *ret_running = running;
        *ret_stale = fd >= 0 && !running;
        return 0;
}

static int supervisor_open_payload_cgroup(const char *cgroup_mount, const char *machine, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r = cgroup_open(cgroup_mount, machine, &fd, reterr);

        if (r < 0)
                return r;
        if (fd < 0)
                return error_raise(reterr, FC_EXIT_NOT_RUNNING, "machine '%s' does not run", machine);
        return fs_open_beneath(fd, "nspawn/payload", O_RDONLY | O_DIRECTORY, 0, reterr);
}

/* With the supervisor, whose deadlines do not pass meanwhile. */
static int supervisor_pause(const char *cgroup_mount, const char *machine, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r = cgroup_open(cgroup_mount, machine, &fd, reterr);

        if (r < 0)
                return r;
        r = fd < 0 ? -ENODEV : cgroup_freeze(fd, CGROUP_FREEZE_USEC, reterr);
        if (r == -ENODEV)
                return error_raise(reterr, FC_EXIT_NOT_RUNNING, "it has stopped");
        if (r != 0)
                return r;
        (void) cgroup_thaw(fd, 0, NULL);
        return error_raise(reterr, FC_EXIT_INTERNAL, "it does not stand still: it waits for a disk");
}

/* Frozen processes take no signals. */
static int supervisor_unpause(const char *cgroup_mount, const char *machine, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r = cgroup_open(cgroup_mount, machine, &fd, reterr);

        if (r >= 0 && fd >= 0)
                r = cgroup_thaw(fd, CGROUP_THAW_USEC, reterr);
        return r == 0 && fd >= 0
                       ? error_raise(reterr, FC_EXIT_CONFLICT,
                                     "it is paused, and so is a control group that '%s' is in", cgroup_mount)
                       : r;
}

static int supervisor_kill(const char *cgroup_mount, const char *machine, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = cgroup_open(cgroup_mount, machine, &fd, reterr);
        if (r < 0 || fd < 0)
                return r;
        r = cgroup_kill(fd, ".", reterr);
        if (r < 0)
                return r;
        r = cgroup_wait_empty(fd, ".", CGROUP_KILL_USEC, reterr);
        if (r == 0)
                return error_raise(reterr, FC_EXIT_FAILED,
                                   "machine '%s' outlives SIGKILL (a process in "
                                   "uninterruptible sleep?)",
                                   machine);
        if (r < 0)
                return r;
        r = cgroup_remove(cgroup_mount, machine, reterr);
        if (r < 0)
                return r;
        return nspawn_clear_leftovers(machine, reterr);
}

/* What the supervisor is told. Its options borrow what they point to. */
typedef struct SupervisorCommand {
        KeeperCommand shared;
        SupervisorOptions options;
        char **argv;
} SupervisorCommand;

static void supervisor_command_done(SupervisorCommand *c) {
        keeper_command_done(&c->shared);
        free(c->options.mounts.mounts);
        strv_free(c->argv);
}

/* @own: the descriptors that are not among the resources. */
static int build_command(SupervisorCommand *c, const ContainerPlan *plan, const StartResources *res,
                         const SupervisorOptions *own, Error *reterr) {
        char *program;
        int r;

        /* There is no machined, or it has nothing to do with this machine. */
        r = keeper_command_make(plan, res, "no", &c->shared, reterr);
        if (r >= 0)
                r = process_find_helper("supervisor", &program, reterr);
        if (r < 0)
                return r;
        c->options = *own;
        c->options.keeper = c->shared.options;
        c->options.console_fd = res->console_fd;
        c->options.state_fd = res->state_fd;
        c->options.runtime_fd = res->runtime_fd;
        c->options.events_fd = res->events_fd;
        c->options.lock_fd = plan->bridge ? res->lock_fd : -EBADF;
        c->options.owner_fd = res->owner_fd;
        c->options.stop_timeout_usec = plan->spec->stop_timeout_usec;
        /* For as long as it runs. */
        c->options.in_host_network = host_socket_is_brokered() && plan->spec->network == NETWORK_HOST;
        c->options.broker_fd =
                plan->spec->internet || plan->spec->n_host_access > 0 || c->options.in_host_network
                        ? host_socket_broker_fd()
                        : -EBADF;
        c->options.mounts.mounts = xnew0(MachineMount, plan->n_mounts);
        c->options.mounts.n = keeper_command_mounts(plan, res, c->options.mounts.mounts);
        strv_push_take(&c->argv, program);
        supervisor_options_print(&c->options, &c->argv);
        return 0;
}

static void exec_supervisor(const SupervisorCommand *c, int console_fd) {
        char *envp[] = {
                (char *) "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                /* nspawn of 252 otherwise guesses the guest's cgroup version from its /usr, and a NixOS
                 * root, which has none, gets version 1, which systemd of 256 and later refuses. */
                (char *) "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1",
                /* Its console is the container's log: no remarks about interface names in it. */
                (char *) "SYSTEMD_LOG_LEVEL=err",
                NULL,
        };
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        process_unblock_signals();
        if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
            dup2(console_fd, STDERR_FILENO) < 0)
                _exit(EXIT_FAILURE);
        supervisor_options_inherit(&c->options);
        (void) execve(c->argv[0], c->argv, envp);
        _exit(EXIT_FAILURE);
}

/* The process that is started ends as soon as the supervisor proper is in its namespaces. */
static int supervisor_spawn(const SupervisorCommand *c, int cgroup_fd, int console_fd, Error *reterr) {
        _cleanup_close_ int runner = cgroup_open_child(cgroup_fd, "runner", reterr);
        int status;
        pid_t pid;

        if (runner < 0)
                return runner;
        pid = own_cgroup_fork(runner);
        if (pid < 0)
                return error_set(reterr, errno, "start the supervisor");
        if (pid == 0)
                exec_supervisor(c, console_fd);
        status = process_reap(pid);
        if (status < 0)
                return error_set(reterr, status, "wait for the supervisor's start");
        /* Killed: by a supervisor that has failed at once, with all that was left of the machine. That one
         * has told on the control socket, or has ended. */
        if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
                return error_raise(reterr, FC_EXIT_FAILED,
                                   "the supervisor did not start (see its console log)");
        return 0;
}

static int supervisor_check(const char *cgroup_mount, const ContainerPlan *plan, Error *reterr) {
        _cleanup_free_ char *place = xasprintf("containers.%s.resources", plan->spec->name);

        return limits_require(cgroup_mount, plan->spec->resources, plan->spec->n_resources, place, reterr);
}

/* @others: those that are lifted. The record comes first, so that the supervisor never ends with others.
 * @ret: what the record has; owned by the caller. */
static int supervisor_note_limits(const MachineLimits *l, int cgroup_fd, char *const *others, char ***ret,
                                  Error *reterr) {
        _cleanup_strv_ char **settings = limits_settings(l->resources, l->n, limits_machine_memory());
        int r = limits_enable(l->cgroup_mount, l->machine, l->resources, l->n, reterr);

        STRV_FOREACH (setting, others)
                if (cgroup_has(cgroup_fd, "nspawn", *setting))
                        strv_push(&settings, *setting);
        if (r >= 0)
                r = limit_record_write(l->runtime_fd, settings, reterr);
        if (r < 0)
                return error_prefix(reterr, r, "limit resources");
        *ret = TAKE_PTR(settings);
        return 0;
}

/* Set here as well as by the supervisor, which does it again at each reboot of the guest: what the kernel
 * refuses is to be an error of ours, before anything runs. */
static int supervisor_set_limits(int cgroup_fd, char *const *settings, Error *reterr) {
        int r = cgroup_set(cgroup_fd, "nspawn", settings, reterr);

        return r < 0 ? error_prefix(reterr, r, "limit resources") : 0;
}

/* The supervisor does so when the guest reboots, and then sets what is in the record. */
static bool is_made_anew(int cgroup_fd) {
        _cleanup_close_ int fd = cgroup_open_child(cgroup_fd, "nspawn", NULL);
        bool populated = false;

        return fd < 0 || (cgroup_populated(fd, &populated, NULL) >= 0 && !populated);
}

static int supervisor_limit(const MachineLimits *l, Error *reterr) {
        _cleanup_strv_ char **others = limits_others(l->resources, l->n), **settings = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int fd = -EBADF;
        int r = cgroup_open(l->cgroup_mount, l->machine, &fd, reterr);

        if (r < 0)
                return r;
        if (fd < 0)
                return error_raise(reterr, FC_EXIT_NOT_RUNNING, "it has stopped");
        r = supervisor_note_limits(l, fd, others, &settings, reterr);
        if (r < 0)
                return r;
        r = supervisor_set_limits(fd, settings, &error);
        if (r >= 0 || is_made_anew(fd))
                return 0;
        error_move(reterr, &error);
        return r;
}

static int supervisor_start(sd_event *event, const ContainerPlan *plan, const StartResources *resources,
                            int *ret_control_fd, MachineReporter **ret_reporter, Error *reterr) {
        _cleanup_(supervisor_command_done) SupervisorCommand command = {};
        _cleanup_close_ int cgroup_fd = -EBADF, cgroup_mount_fd = -EBADF, ours = -EBADF, theirs = -EBADF;
        _cleanup_strv_ char **limits = NULL;
        int pair[2], r;

        cgroup_fd = cgroup_create(resources->cgroup_mount, plan->machine, reterr);
        if (cgroup_fd < 0)
                return cgroup_fd;
        cgroup_mount_fd = mount_clone_path(resources->cgroup_mount, /* recursive= */ false, 0, reterr);
        if (cgroup_mount_fd < 0)
                return cgroup_mount_fd;
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return error_set(reterr, errno, "make a control socket");
        ours = pair[0];
        theirs = pair[1];

        r = supervisor_note_limits(&(MachineLimits){.cgroup_mount = resources->cgroup_mount,
                                                    .machine = plan->machine,
                                                    .runtime_fd = resources->runtime_fd,
                                                    .resources = plan->spec->resources,
                                                    .n = plan->spec->n_resources},
                                   cgroup_fd, /* others= */ NULL, &limits, reterr);
        if (r >= 0)
                r = supervisor_set_limits(cgroup_fd, limits, reterr);
        if (r >= 0)
                r = build_command(&command, plan, resources,
                                  &(SupervisorOptions){.cgroup_fd = cgroup_fd,
                                                       .cgroup_mount_fd = cgroup_mount_fd,
                                                       .control_fd = theirs},
                                  reterr);
        if (r >= 0)
                r = supervisor_spawn(&command, cgroup_fd, resources->console_fd, reterr);
        if (r < 0) {
                (void) cgroup_remove(resources->cgroup_mount, plan->machine, NULL);
                return r;
        }
        *ret_control_fd = TAKE_FD(ours);
        *ret_reporter = NULL; /* it reports itself */
        return 0;
}

/* ---- stopping ---- */

typedef struct SupervisorWatch {
        int pidfd;
        sd_event_source *ended;
} SupervisorWatch;

static void supervisor_stop_end(StopJob *job) {
        SupervisorWatch *w = job->watch;

        sd_event_source_disable_unref(w->ended);
        (void) safe_close(w->pidfd);
        free(w);
        job->watch = NULL;
}

/* The supervisor has removed the cgroup; one that was killed has not, but all of its payload died with
 * it. */
static int on_ended(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        (void) sd_event_source_set_enabled(s, SD_EVENT_OFF);
        stop_job_ended(userdata);
        return 0;
}

static int supervisor_stop_begin(StopJob *job, const MachineStatus *status, Error *reterr) {
        _cleanup_close_ int pidfd = -EBADF;
        SupervisorWatch *w;
        int r;

        /* Without its supervisor the kernel is killing it. */
        if (status->keeper == 0) {
                job->means = STOP_KILLED;
                return 0;
        }
        pidfd = process_open(status->keeper);
        if (pidfd == -ESRCH)
                return 0;
        if (pidfd < 0)
                return error_set(reterr, pidfd, "open process %d", (int) status->keeper);
        r = status->frozen ? supervisor_unpause(job->cgroup_mount, job->machine, reterr) : 0;
        if (r < 0)
                return r;
        job->watch = w = xmalloc0(sizeof(*w));
        w->pidfd = TAKE_FD(pidfd);
        r = sd_event_add_io(job->event, &w->ended, w->pidfd, EPOLLIN, on_ended, job);
        return r < 0 ? error_set(reterr, r, "watch process %d", (int) status->keeper) : 1;
}

/* The first SIGTERM halts the payload, the second kills its PID 1. */
static void supervisor_stop_ask(StopJob *job, StopMeans means) {
        const SupervisorWatch *w = job->watch;

        (void) process_signal(w->pidfd, SIGTERM);
}

const Backend backend_supervisor = {
        .name = "supervisor",
        .query = supervisor_query,
        .look = supervisor_look,
        .list = cgroup_list,
        .check = supervisor_check,
        .open_payload_cgroup = supervisor_open_payload_cgroup,
        .payload_path = cgroup_payload_path,
        .kill = supervisor_kill,
        .pause = supervisor_pause,
        .unpause = supervisor_unpause,
        .limit = supervisor_limit,
        .start = supervisor_start,
        .stop_begin = supervisor_stop_begin,
        .stop_ask = supervisor_stop_ask,
        .stop_end = supervisor_stop_end,
};
