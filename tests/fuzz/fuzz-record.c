/* SPDX-License-Identifier: MIT */

/* The short texts that are left in files for the next command. The first byte chooses the kind, so that one
 * corpus serves all. */

#include "base/strv.h"
#include "fuzz.h"
#include "project/git-dir.h"
#include "record/crash-record.h"
#include "record/exit-record.h"
#include "record/limit-record.h"
#include "record/state-place.h"
#include "state/lock.h"

static void fuzz_crashes(const char *text) {
        CrashRecord record = {0};

        if (crash_record_parse(text, &record))
                FUZZ_CHECK(record.reason[0] && strlen(record.reason) < sizeof(record.reason));
}

static void fuzz_place(const char *text) {
        const char *path = NULL;
        uint64_t dev, ino;

        if (state_place_parse(text, &dev, &ino, &path))
                FUZZ_CHECK(path > text && path[-1] == '/' && *path);
}

static void fuzz_holder(const char *text) {
        LockHolder holder = {0};

        if (lock_holder_parse(text, &holder))
                FUZZ_CHECK(holder.pid > 0 && holder.verb[0] && strlen(holder.verb) < sizeof(holder.verb));
}

/* Whatever it says, it is told as it stands; and only one text says that all went well. */
static void fuzz_exit(const char *text) {
        _cleanup_(exit_record_done) ExitRecord record = {0};
        _cleanup_free_ char *printed = NULL;

        if (!exit_record_parse(text, &record)) {
                FUZZ_CHECK(text[0] == '\0');
                return;
        }
        printed = exit_record_to_string(&record);
        FUZZ_CHECK(streq(printed, text));
        FUZZ_CHECK(exit_record_is_success(&record) == streq(text, "exited 0"));
        FUZZ_CHECK(exit_record_is_reboot(&record) == streq(text, "exited 133"));
}

/* What is set is what was written. */
static void fuzz_limits(const char *text) {
        _cleanup_strv_ char **settings = NULL;
        _cleanup_free_ char *lines = NULL, *again = NULL;

        if (!limit_record_parse(text, &settings) || !settings)
                return;
        STRV_FOREACH (setting, settings)
                FUZZ_CHECK(strchr(*setting, '=') && !strchr(*setting, '\n'));
        lines = strv_join(settings, "\n");
        again = xasprintf("%s\n", lines);
        FUZZ_CHECK(streq(again, text));
}

static void fuzz_git(const char *text) {
        _cleanup_free_ char *path = git_dir_parse_file("/p", text);

        if (path)
                FUZZ_CHECK(path[0] == '/' && !strchr(path, '\n'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = NULL;

        if (size == 0)
                return 0;
        text = fuzz_string(data + 1, size - 1);
        if (data[0] == 'c')
                fuzz_crashes(text);
        else if (data[0] == 'p')
                fuzz_place(text);
        else if (data[0] == 'e')
                fuzz_exit(text);
        else if (data[0] == 'l')
                fuzz_holder(text);
        else if (data[0] == 'r')
                fuzz_limits(text);
        else
                fuzz_git(text);
        return 0;
}
