/* SPDX-License-Identifier: MIT */

#include <string.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "record/exit-record.h"
#include "record/record.h"

#define EXIT_RECORD "exit"

/* More of a sentence is cut: what is written must be read again. */
#define EXIT_TEXT_MAX 4096

#define EXITED   "exited "
#define KILLED   "killed "
#define MEMORY   ", had run out of memory"
#define GIVEN_UP ", given up after "
#define RESTARTS " restarts"

#define STATUS_MAX 255
#define SIGNAL_MAX 64

void exit_record_done(ExitRecord *record) {
        free(record->text);
        *record = (ExitRecord){};
}

ExitRecord exit_record_from_status(int status) {
        return WIFEXITED(status) ? (ExitRecord){.how = ENDED_EXITED, .code = WEXITSTATUS(status)}
                                 : (ExitRecord){.how = ENDED_KILLED, .code = WTERMSIG(status)};
}

ExitRecord exit_record_from_text(const char *text) {
        return (ExitRecord){.how = ENDED_OTHER, .text = xstrndup(text, EXIT_TEXT_MAX)};
}

char *exit_record_describe_rest(const ExitRecord *record) {
        _cleanup_free_ char *given_up =
                record->given_up ? xasprintf(GIVEN_UP "%u" RESTARTS, record->restarts) : NULL;

        return xasprintf("%s%s", record->out_of_memory ? MEMORY : "", given_up ? given_up : "");
}

char *exit_record_to_string(const ExitRecord *record) {
        _cleanup_free_ char *rest = exit_record_describe_rest(record);

        switch (record->how) {
        case ENDED_EXITED:
                return xasprintf(EXITED "%d%s", record->code, rest);
        case ENDED_KILLED:
                return xasprintf(KILLED "%d%s", record->code, rest);
        case ENDED_OTHER:
                return xasprintf("%.*s%s", EXIT_TEXT_MAX, record->text, rest);
        default:
                return NULL;
        }
}

/* What the text would be the print of; whether it is is not looked at here. */
static ExitRecord guess(const char *text) {
        const char *given_up = strstr(text, GIVEN_UP);
        ExitRecord record = {.out_of_memory = strstr(text, MEMORY)};

        if (sscanf(text, EXITED "%d", &record.code) == 1 && record.code >= 0 && record.code <= STATUS_MAX)
                record.how = ENDED_EXITED;
        else if (sscanf(text, KILLED "%d", &record.code) == 1 && record.code > 0 &&
                 record.code <= SIGNAL_MAX)
                record.how = ENDED_KILLED;
        if (given_up)
                record.given_up = sscanf(given_up, GIVEN_UP "%u", &record.restarts) == 1;
        return record;
}

bool exit_record_parse(const char *text, ExitRecord *ret) {
        ExitRecord record = guess(text);
        _cleanup_free_ char *printed = exit_record_to_string(&record);

        if (text[0] == '\0')
                return false;
        *ret = streq_ptr(printed, text) ? record : exit_record_from_text(text);
        return true;
}

static bool has_exited_with(const ExitRecord *record, int status) {
        return record->how == ENDED_EXITED && record->code == status && !record->out_of_memory &&
               !record->given_up;
}

bool exit_record_is_success(const ExitRecord *record) {
        return has_exited_with(record, 0);
}

bool exit_record_is_reboot(const ExitRecord *record) {
        return has_exited_with(record, EXIT_STATUS_REBOOT);
}

int exit_record_write(int runtime_fd, const ExitRecord *record, Error *reterr) {
        _cleanup_free_ char *text = exit_record_to_string(record);

        return record_write(runtime_fd, EXIT_RECORD, text, reterr);
}

int exit_record_read(int runtime_fd, ExitRecord *ret, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        ExitRecord record = {};
        int r;

        r = record_read(runtime_fd, EXIT_RECORD, &text, reterr);
        if (r < 0)
                return r;
        if (text && !exit_record_parse(text, &record))
                return record_damaged(EXIT_RECORD, reterr);
        *ret = record;
        return 0;
}

int exit_record_remove(int runtime_fd, Error *reterr) {
        return record_remove(runtime_fd, EXIT_RECORD, reterr);
}
