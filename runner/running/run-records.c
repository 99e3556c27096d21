/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "running/freeze.h"
#include "running/run-records.h"
#include "state/runtime-dir.h"

void run_records_done(RunRecords *records) {
        exit_record_done(&records->end);
        *records = (RunRecords){};
}

/* @ret_fd: -EBADF: it does not exist. */
static int open_records(const Project *project, const char *container, int *ret_fd, Error *reterr) {
        _cleanup_close_ int project_fd = -EBADF;
        int r;

        *ret_fd = -EBADF;
        r = runtime_dir_open(RUNTIME_DIR_BASE, project->id, &project_fd, reterr);
        return r < 0 || project_fd < 0 ? r
                                       : runtime_dir_container_open(project_fd, container, ret_fd, reterr);
}

static int read_all(const Project *project, const char *container, RunRecords *ret, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = open_records(project, container, &fd, reterr);
        if (r < 0 || fd < 0)
                return r;
        r = stop_record_read(fd, &ret->stop, reterr);
        if (r >= 0)
                r = crash_record_read(fd, &ret->crashes, reterr);
        if (r >= 0)
                r = freeze_is_recorded(fd, &ret->frozen, reterr);
        if (r >= 0)
                r = exit_record_read(fd, &ret->end, reterr);
        return r;
}

int run_records_read(const Project *project, const char *container, RunRecords *ret, Error *reterr) {
        _cleanup_(run_records_done) RunRecords records = {};
        Error error = ERROR_NULL;
        int r;

        r = read_all(project, container, &records, &error);
        if (r < 0 && (r != -EACCES || geteuid() == 0)) {
                error_move(reterr, &error);
                return error_in_container(reterr, r, container);
        }
        error_done(&error);
        *ret = records;
        records = (RunRecords){};
        return 0;
}

int run_records_is_stopping(const Project *project, const char *container, bool *ret, Error *reterr) {
        _cleanup_close_ int fd = -EBADF;
        StopRecord stop = {};
        int r = open_records(project, container, &fd, reterr);

        if (r >= 0 && fd >= 0)
                r = stop_record_read(fd, &stop, reterr);
        if (r < 0)
                return error_in_container(reterr, r, container);
        *ret = stop.holds;
        return 0;
}

Phase run_records_tell_end(const RunRecords *records, char **ret_detail) {
        *ret_detail = exit_record_to_string(&records->end);
        if (records->end.how == ENDED_UNKNOWN && records->stop.exists)
                return PHASE_STOPPED;
        if (records->stop.exists || exit_record_is_success(&records->end))
                return PHASE_ENDED;
        if (records->end.how == ENDED_UNKNOWN)
                *ret_detail = xstrdup(KEEPER_KILLED);
        return PHASE_CRASHED;
}

ExitRecord run_records_end(const Project *project, const char *container) {
        _cleanup_(run_records_done) RunRecords records = {};
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text = NULL;

        if (run_records_read(project, container, &records, &error) >= 0) {
                ExitRecord end = records.end;

                records.end = (ExitRecord){};
                return end;
        }
        text = xasprintf("how is not known: %s", error.message);
        return exit_record_from_text(text);
}
