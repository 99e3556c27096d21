/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>

#include "base/alloc.h"
#include "base/file-lock.h"
#include "base/fs.h"
#include "base/process.h"
#include "base/scm.h"
#include "base/systemd.h"
#include "cgroup/cgroup.h"
#include "cgroup/leftovers.h"
#include "keeper/command-notify.h"
#include "keeper/machine-dir.h"
#include "keeper/machine-unit.h"
#include "keeper/netns-helper.h"
#include "keeper/nspawn-notify.h"
#include "keeper/records.h"
#include "keeper/service-lifeline.h"
#include "keeper/service-publish.h"
#include "keeper/service-records.h"
#include "keeper/service-relay.h"
#include "keeper/service-start.h"
#include "keeper/service-starts.h"
#include "record/crash-record.h"
#include "record/exit-record.h"
#include "record/record.h"

/* The descriptors stay. */
static void published_done(KeeperPorts *published) {
        keeper_held_ports_kind.done(published);
}

/* What systemd gives back: the machine's descriptors, and ports that were published while it ran. */
static int find_stored(char *const *names, int n, KeeperPorts *ret_published, Error *reterr) {
        int held = -EBADF;

        for (int i = 0; i < n; i++) {
                const char *container = startswith(names[i], SERVICE_PUBLISHED);
                int fd = SD_LISTEN_FDS_START + i;

                if (container)
                        *XGROW(ret_published->ports, ret_published->n) =
                                (KeeperPort){.container = xstrdup(container), .fds = {fd, -EBADF}};
                else if (held < 0)
                        held = fd;
                else
                        return error_raise(reterr, FC_EXIT_INTERNAL, "systemd gives %d descriptors", n);
        }
        return held >= 0 ? held : error_raise(reterr, FC_EXIT_INTERNAL, "systemd keeps no machine");
}

/* The socket with what machine/systemd-start.c has put into it: standard input at the first start, from
 * systemd's store at the others, which closes what a unit had as input when it starts again (252 does; 257
 * does not). */
static int find_held(KeeperPorts *ret_published, Error *reterr) {
        _cleanup_strv_ char **names = NULL;
        int n = sd_listen_fds_with_names(/* unset_environment= */ true, &names);

        if (n > 0)
                return find_stored(names, n, ret_published, reterr);
        if (n < 0)
                return error_set(reterr, n, "take what systemd keeps");
        /* FDPOLL=0: its sender is closed, which otherwise removes it from the store. */
        n = sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=machine\nFDPOLL=0", &(int){STDIN_FILENO}, 1);
        if (n <= 0)
                return error_set(reterr, n < 0 ? n : ENOTCONN,
                                 "put the machine's descriptors into the store");
        return STDIN_FILENO;
}

/* Looks at the message and leaves it there for the next start. */
static int take_held(int held, ScmMessage *ret, Error *reterr) {
        char byte;
        int r = scm_receive(held, MSG_PEEK | MSG_DONTWAIT, &byte, 1, ret);

        return r < 0 ? error_set(reterr, r, "take the machine's descriptors") : 0;
}

static int set_stdio(int console_fd, Error *reterr) {
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

        if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(console_fd, STDOUT_FILENO) < 0 ||
            dup2(console_fd, STDERR_FILENO) < 0)
                return error_set(reterr, errno, "open the console's log");
        (void) safe_close(null);
        return 0;
}

/* nspawn inherits the lock and holds it as long as it runs: a process that gets it alone may remove the
 * network. @ret_fd: -EBADF: there is none. */
static int hold_network(const ServiceOptions *o, int *ret_fd, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (!o->keeper.bridge)
                return 0;
        fd = open(o->keeper.bridge_lock, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return error_set(reterr, errno, "open lock file '%s'", o->keeper.bridge_lock);
        r = file_lock_take(fd, LOCK_SH, "the project's network", reterr);
        if (r < 0)
                return r;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* One that was delegated to another range of uids cannot be used again, and a unit keeps its cgroup at a
 * restart. */
static int clear_cgroup(int fd, Error *reterr) {
        static const char *const children[] = {"payload", "supervisor", MACHINE_UNIT_PROXIES};

        for (size_t i = 0; i < ELEMENTSOF(children); i++) {
                int r = cgroup_remove_child(fd, children[i], reterr);

                if (r < 0)
                        return r;
        }
        return cgroup_create_child(fd, MACHINE_UNIT_PROXIES, reterr);
}

/* In a cgroup of its own from birth: a process in the unit's own would keep nspawn from turning controllers
 * on for the payload. Double fork: nspawn must not have a child that it did not start. */
static int fork_relay(const ServiceOptions *relay, int cgroup_fd, Error *reterr) {
        _cleanup_close_ int proxies = cgroup_open_child(cgroup_fd, MACHINE_UNIT_PROXIES, reterr);
        pid_t pid;

        if (proxies < 0)
                return proxies;
        pid = own_cgroup_fork(proxies);
        if (pid < 0)
                return error_set(reterr, errno, "start a process");
        if (pid == 0) {
                pid = fork();
                if (pid != 0)
                        _exit(pid < 0);
                relay_exec(relay);
                _exit(EXIT_FAILURE);
        }
        return process_reap(pid) == 0 ? 0 : error_raise(reterr, FC_EXIT_INTERNAL, "start the relay");
}

/* The ports with their sockets, which @held keeps. */
static KeeperPorts find_sockets(const ServiceOptions *o, const ScmMessage *held) {
        KeeperPorts ports = {.ports = xnew0(KeeperPort, o->held_ports.n), .n = o->held_ports.n};

        for (size_t i = 0; i < ports.n; i++) {
                const int *places = o->held_ports.ports[i].fds;

                ports.ports[i] = (KeeperPort){
                        .container = o->held_ports.ports[i].container,
                        .fds = {held->fds[places[0]], places[1] >= 0 ? held->fds[places[1]] : -EBADF},
                };
        }
        return ports;
}

/* -EBADF: the machine has a network of its own. */
static int find_owner(const ServiceOptions *o, const ScmMessage *held) {
        return o->keeper.shares ? held->fds[held->n_fds - 1] : -EBADF;
}

/* Return: nspawn's end of the lifeline. */
static int start_relay(const ServiceOptions *o, int cgroup_fd, const ScmMessage *held,
                       const KeeperPorts *published, Error *reterr) {
        _cleanup_close_ int nspawn = -EBADF, notify = -EBADF, command = -EBADF, ours = -EBADF,
                            relays = -EBADF;
        ServiceOptions relay = service_options_null();
        int r;

        r = nspawn = process_open(getpid());
        if (r < 0)
                return error_set(reterr, r, "open this process");
        r = notify = nspawn_notify_open(reterr);
        if (r >= 0 && o->keeper.notify)
                r = command = command_notify_open(COMMAND_NOTIFY_SOCKET, reterr);
        if (r >= 0)
                r = lifeline_make(&ours, &relays, reterr);
        if (r < 0)
                return r;
        relay.program = o->program;
        relay.runtime = o->runtime;
        relay.keeper = o->keeper;
        relay.keeper.nspawn = NULL;
        relay.keeper.ports = find_sockets(o, held);
        relay.keeper.published = *published;
        relay.nspawn_pid = getpid();
        relay.nspawn_fd = nspawn;
        relay.notify_fd = notify;
        relay.command_fd = command;
        relay.lifeline_fd = relays;
        relay.lifeline_of_nspawn_fd = ours;
        relay.owner_fd = find_owner(o, held);
        r = fork_relay(&relay, cgroup_fd, reterr);
        free(relay.keeper.ports.ports);
        return r < 0 ? r : TAKE_FD(ours);
}

/* @lock_fd: of the network, -EBADF: none. @owner_fd: for what joins that of another container, likewise. */
static int exec_nspawn(const ServiceOptions *o, int lifeline_fd, int lock_fd, int owner_fd, Error *reterr) {
        static const char *const unset[] = {"LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "INVOCATION_ID"};

        for (size_t i = 0; i < ELEMENTSOF(unset); i++)
                (void) unsetenv(unset[i]);
        /* nspawn of 252 otherwise guesses the guest's cgroup version from its /usr. */
        if (setenv("SYSTEMD_NSPAWN_UNIFIED_HIERARCHY", "1", 1) < 0 ||
            setenv("SYSTEMD_LOG_LEVEL", "warning", 1) < 0 ||
            setenv("NOTIFY_SOCKET", NSPAWN_NOTIFY_SOCKET, 1) < 0)
                return error_set(reterr, errno, "set the environment");
        if (fcntl(lifeline_fd, F_SETFD, 0) < 0 || (lock_fd >= 0 && fcntl(lock_fd, F_SETFD, 0) < 0))
                return error_set(reterr, errno, "keep the lifeline and the network's lock");
        if (owner_fd >= 0 && dup2(owner_fd, STDIN_FILENO) < 0)
                return error_set(reterr, errno, "hand over the network's owner");
        (void) execv(o->keeper.nspawn[0], o->keeper.nspawn);
        return error_set(reterr, errno, "execute '%s'", o->keeper.nspawn[0]);
}

/* Whether the unit failed before this start, as service_finish() has noted. */
static bool start_has_failed(int runtime_fd, const CrashRecord *crashes) {
        _cleanup_(exit_record_done) ExitRecord end = {};
        _cleanup_free_ char *text = NULL;

        if (crashes->restarts == 0 || exit_record_read(runtime_fd, &end, NULL) < 0)
                return false;
        text = exit_record_to_string(&end);
        return text && strncmp(text, crashes->reason, sizeof(crashes->reason) - 1) == 0;
}

/* Every start is counted; one again is told in the console's log. */
static int note_start(const ServiceOptions *o, int runtime_fd, bool first, Error *reterr) {
        CrashRecord crashes = {};
        int r;

        if (!o->keeper.restart)
                return 0;
        r = starts_count(runtime_fd, first, reterr);
        if (r >= 0 && !first)
                r = crash_record_read(runtime_fd, &crashes, reterr);
        if (r >= 0 && start_has_failed(runtime_fd, &crashes))
                records_say_restart(crashes.reason);
        return r;
}

/* Waits when the guest does nothing but reboot. Return: 1 go on, 0 the unit is being stopped. */
static int start_begin(const ServiceOptions *o, bool first, Error *reterr) {
        _cleanup_close_ int runtime_fd = open(o->runtime, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int r;

        if (runtime_fd < 0)
                return error_set(reterr, errno, "open '%s'", o->runtime);
        r = record_remove(runtime_fd, RECORD_GIVEN_UP, reterr);
        if (r >= 0 && first)
                r = start_pace_forget(runtime_fd, reterr);
        if (r >= 0)
                r = start_pace_wait(runtime_fd, reterr);
        if (r <= 0)
                return r;
        r = note_start(o, runtime_fd, first, reterr);
        return r < 0 ? r : 1;
}

/* @ret, @ret_published: kept open until this program is another one. @ret_first: `up` starts the unit, and
 * not systemd again. */
static int take_fds(const ServiceOptions *o, ScmMessage *ret, KeeperPorts *ret_published, bool *ret_first,
                    Error *reterr) {
        size_t n_sockets = 0;
        bool missing = false;
        int held, r;

        held = find_held(ret_published, reterr);
        if (held < 0)
                return held;
        r = take_held(held, ret, reterr);
        if (r < 0)
                return r;
        if (held != STDIN_FILENO)
                (void) safe_close(held);
        for (size_t i = 0; i < o->held_ports.n; i++)
                for (size_t k = 0; k < keeper_port_sockets(&o->held_ports.ports[i]); k++, n_sockets++)
                        missing = missing || (size_t) o->held_ports.ports[i].fds[k] >= ret->n_fds;
        n_sockets += o->keeper.shares;
        if (missing || ret->n_fds != HELD_SOCKETS + n_sockets)
                return error_raise(reterr, FC_EXIT_INTERNAL, "%zu descriptors are held, not %zu", ret->n_fds,
                                   HELD_SOCKETS + n_sockets);
        *ret_first = held == STDIN_FILENO;
        return 0;
}

static int start_machine(const ServiceOptions *o, Error *reterr) {
        _cleanup_close_ int cgroup_fd = -EBADF, lifeline_fd = -EBADF, lock_fd = -EBADF;
        _cleanup_(scm_done) ScmMessage held = {};
        _cleanup_(published_done) KeeperPorts published = {};
        bool first = false;
        int r;

        if (!o->keeper.nspawn || !o->keeper.nspawn[0])
                return error_raise(reterr, FC_EXIT_INTERNAL, "no command");
        r = take_fds(o, &held, &published, &first, reterr);
        if (r >= 0)
                r = set_stdio(held.fds[HELD_CONSOLE], reterr);
        if (r >= 0)
                r = hold_network(o, &lock_fd, reterr);
        if (r >= 0)
                r = start_begin(o, first, reterr);
        if (r <= 0)
                return r;
        /* In the host's mounts, from which those of the machine have it. At a restart it may be gone: the
         * end of the last run has not waited for this one. */
        r = netns_helper_ensure(&o->keeper, reterr);
        if (r < 0)
                return r;
        if (setns(held.fds[HELD_MOUNTS], CLONE_NEWNS) < 0 || chdir("/") < 0)
                return error_set(reterr, errno, "enter the machine's mounts");
        r = machine_unit_cgroup_open(CGROUP_MOUNT, o->keeper.machine, &cgroup_fd, reterr);
        if (r >= 0 && cgroup_fd < 0)
                r = error_raise(reterr, FC_EXIT_INTERNAL, "the unit has no cgroup");
        if (r >= 0)
                r = clear_cgroup(cgroup_fd, reterr);
        /* Only now nothing of the last run is left that could still change it. */
        if (r >= 0)
                r = machine_dir_check_root(reterr);
        if (r >= 0)
                r = machine_dir_empty_tmpfs(reterr);
        if (r >= 0)
                r = nspawn_clear_leftovers(o->keeper.machine, reterr);
        if (r >= 0)
                r = lifeline_fd = start_relay(o, cgroup_fd, &held, &published, reterr);
        return r < 0 ? r : exec_nspawn(o, lifeline_fd, lock_fd, find_owner(o, &held), reterr);
}

int service_start(const ServiceOptions *o, Error *reterr) {
        int r = start_machine(o, reterr);

        if (r < 0)
                service_give_up(o, reterr);
        return r;
}
