/* SPDX-License-Identifier: MIT */

#include "base/process.h"
#include "keeper/records.h"
#include "record/crash-record.h"
#include "record/event-log.h"

void records_event(const KeeperRecords *records, Phase event, const char *detail) {
        event_log_append_as_owner(records->events_fd, records->container, event, detail);
}

int records_note_booted(const KeeperRecords *records, Error *reterr) {
        CrashRecord crashes;
        int r;

        r = crash_record_read(records->runtime_fd, &crashes, reterr);
        if (r < 0 || (crashes.restarts == 0 && crashes.reboots == 0))
                return r;
        crashes.ready_usec = realtime_usec();
        r = crash_record_write(records->runtime_fd, &crashes, reterr);
        records_event(records, PHASE_BOOTED, NULL);
        return r;
}

/* @reboots, @restarts: how many more. @end: of a failure. */
static int records_note_again(const KeeperRecords *records, unsigned reboots, unsigned restarts,
                              const char *end, Error *reterr) {
        CrashRecord crashes;
        int r;

        r = crash_record_read(records->runtime_fd, &crashes, reterr);
        if (r < 0)
                return r;
        crashes.reboots += reboots;
        crashes.restarts += restarts;
        crashes.ready_usec = 0;
        if (restarts > 0) {
                crashes.crash_usec = realtime_usec();
                (void) snprintf(crashes.reason, sizeof(crashes.reason), "%s", end);
        }
        return crash_record_write(records->runtime_fd, &crashes, reterr);
}

int records_note_reboot(const KeeperRecords *records, const char *detail, Error *reterr) {
        int r = records_note_again(records, 1, 0, NULL, reterr);

        records_event(records, PHASE_REBOOTING, detail);
        return r;
}

int records_note_restart(const KeeperRecords *records, const char *end, Error *reterr) {
        int r = records_note_again(records, 1, 0, NULL, reterr);

        records_event(records, PHASE_ENDED, end);
        records_event(records, PHASE_RESTARTING, NULL);
        return r;
}

int records_note_crash(const KeeperRecords *records, const char *end, Error *reterr) {
        int r = records_note_again(records, 0, 1, end, reterr);

        records_event(records, PHASE_CRASHED, end);
        records_event(records, PHASE_RESTARTING, NULL);
        return r;
}

int records_count_crashes(const KeeperRecords *records, unsigned *ret, Error *reterr) {
        CrashRecord crashes;
        int r = crash_record_read(records->runtime_fd, &crashes, reterr);

        if (r >= 0)
                *ret = crashes.restarts;
        return r;
}

void records_say_restart(const char *end) {
        (void) fprintf(stderr, "flake-containers: the container failed (%s) and is started again\n", end);
}

void records_say_network_end(void) {
        (void) fprintf(stderr, "flake-containers: the container whose network this one shares has ended\n");
}
