/* SPDX-License-Identifier: MIT */

#include <signal.h>

#include "base/process.h"
#include "bus/guest-state.h"
#include "enter/exec-direct.h"
#include "enter/exec-manager.h"
#include "enter/exec.h"
#include "enter/manager.h"

/* For a guest whose systemd executes itself anew just now. */
#define PATIENCE_USEC (3 * USEC_PER_SEC)

static bool wants_terminal(TtyMode mode) {
        switch (mode) {
        case TTY_ALWAYS:
                return true;
        case TTY_NEVER:
                return false;
        default:
                return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
        }
}

/* Whether the guest is shutting down, which ends sessions by a signal that could have come from any
 * process. */
static bool is_going_down(const EnterTarget *target, bool has_manager) {
        _cleanup_(guest_bus_freep) GuestBus *bus = NULL;
        ManagerState state;

        /* A PID 1 that ends kills all others first, so the program may end before its pidfd tells. */
        if (!enter_target_is_alive(target) || process_is_ending(target->leader))
                return true;
        if (!has_manager)
                return false;
        /* A systemd that does not listen any more has executed systemd-shutdown. */
        if (manager_open(target, USEC_PER_SEC, &bus, NULL) < 0 || !bus)
                return true;
        return guest_bus_get_state(bus, &state, NULL) < 0 || state == MANAGER_STOPPING;
}

static int exec_run_service(const ExecRequest *request, const EnterTarget *target, const Command *command,
                            GuestBus **bus, bool terminal, bool *ret_stopped, Error *reterr) {
        _cleanup_(session_freep) Session *session = NULL;
        bool has_manager = *bus != NULL, killed;
        ExecOutcome outcome = {0};
        int r;

        r = session_new(target, terminal, &command->account, &session, reterr);
        if (r < 0)
                return r;
        r = has_manager ? exec_by_manager(request, target, command, bus, session, &outcome, reterr)
                        : exec_directly(request, target, command, session, &outcome, reterr);
        if (r < 0)
                return r;

        if (session_gave_up(session) && !outcome.known)
                return error_raise(reterr, FC_EXIT_EXEC_OWN,
                                   "'%s' in container '%s' did not end when told to, and is left alone",
                                   command->path, request->container);
        killed = !outcome.known || outcome.code != CLD_EXITED;
        *ret_stopped = killed && is_going_down(target, has_manager);
        if (!outcome.known)
                return 128 + SIGKILL; /* with the container, which is how it ends */
        if (killed)
                return 128 + outcome.status;
        if (outcome.status == 0) {
                r = session_check_output(session, reterr);
                if (r < 0)
                        return r;
        }
        return outcome.status;
}

static int enter_and_run(const ExecRequest *request, bool *ret_stopped, Error *reterr) {
        _cleanup_(enter_target_done) EnterTarget target = ENTER_TARGET_NULL;
        _cleanup_(command_done) Command command = {0};
        _cleanup_(guest_bus_freep) GuestBus *bus = NULL;
        bool terminal = wants_terminal(request->tty);
        int r;

        r = enter_target_open(request->leader, &target, reterr);
        if (r >= 0)
                r = manager_open_patiently(&target, request->boots, GUEST_BUS_TIMEOUT_USEC, PATIENCE_USEC,
                                           &bus, reterr);
        if (r < 0)
                return error_prefix(reterr, r, "container '%s'", request->container);
        /* A process that the guest's systemd does not know of would keep it from ever stopping. */
        if (!bus && enter_target_may_be_systemd(&target, request->boots))
                return error_raise(reterr, FC_EXIT_NOT_RUNNING,
                                   "container '%s' is starting or stopping: its systemd does not listen",
                                   request->container);

        r = command_resolve(request, &target, terminal, bus != NULL, &command, reterr);
        if (r >= 0)
                r = account_check(&command.account, /* may_know_more= */ bus, request->container, reterr);
        if (r >= 0 && bus)
                r = command_make_carriable(&command, &target, request->container, reterr);
        if (r < 0)
                return r;
        return exec_run_service(request, &target, &command, &bus, terminal, ret_stopped, reterr);
}

int container_exec(const ExecRequest *request, bool *ret_stopped, Error *reterr) {
        bool stopped = false;
        int r;

        r = enter_and_run(request, &stopped, reterr);
        if (r >= 0)
                *ret_stopped = stopped;
        /* A failure of ours must not exit with a status that the program may end with. */
        else if (reterr && (reterr->exit == FC_EXIT_INTERNAL || reterr->exit == FC_EXIT_HOST ||
                            reterr->exit == FC_EXIT_TIMEOUT))
                reterr->exit = FC_EXIT_EXEC_OWN;
        return r;
}
