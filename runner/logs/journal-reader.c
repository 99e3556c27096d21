/* SPDX-License-Identifier: MIT */

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/strv.h"
#include "logs/journal-reader.h"
#include "logs/log-filter.h"
#include "logs/log-noise.h"
#include "logs/systemd-journal.h"

/* How many entries are read in search of one that matches the pattern before other logs get a turn. */
#define SKIP_MAX 4096

/* More boots than these are not looked for: a damaged journal could lead round in a circle. */
#define BOOTS_MAX 100000

/* sd-journal unpacks a field up to this size; a bomb of zeros is not worth more. */
#define FIELD_SIZE_MAX (1024 * 1024)

typedef enum Field {
        FIELD_MESSAGE,
        FIELD_IDENT,
        FIELD_COMM,
        FIELD_PID,
        FIELD_SYSLOG_PID,
        FIELD_PRIORITY,
        FIELD_SYSTEMD_UNIT,
        FIELD_UNIT,
        FIELD_COREDUMP_UNIT,
        _FIELD_MAX,
} Field;

#define NAME(s)                                                                                             \
        { s "=", sizeof(s) }

static const struct {
        const char *prefix;
        size_t length;
} field_names[_FIELD_MAX] = {
        [FIELD_MESSAGE] = NAME("MESSAGE"),
        [FIELD_IDENT] = NAME("SYSLOG_IDENTIFIER"),
        [FIELD_COMM] = NAME("_COMM"),
        [FIELD_PID] = NAME("_PID"),
        [FIELD_SYSLOG_PID] = NAME("SYSLOG_PID"),
        [FIELD_PRIORITY] = NAME("PRIORITY"),
        [FIELD_SYSTEMD_UNIT] = NAME("_SYSTEMD_UNIT"),
        [FIELD_UNIT] = NAME("UNIT"),
        [FIELD_COREDUMP_UNIT] = NAME("COREDUMP_UNIT"),
};

#define BIT(field) (1u << (field))

struct JournalReader {
        sd_journal *journal;
        int dir_fd;
        const LogRequest *request;
        unsigned needed; /* fields after which an entry need not be read further */
        bool on_entry;   /* the next entry is the one that sd-journal stands on */
        bool no_boot;    /* the boot that is asked for is not there */
        Buffer values[_FIELD_MAX];
        LogEntry entry;
};

/* A private view of the directory in which no symbolic link is followed and no device opened: the guest can
 * put both there, and sd-journal, running as root on the host, would open whatever they lead to. Needs root;
 * other users gain nothing from a guest's link that they could not open themselves. Takes the fd. */
static int guard_directory(int dir_fd) {
        struct mount_attr attr = {
                .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
                            MOUNT_ATTR_NOSYMFOLLOW,
        };
        _cleanup_close_ int tree = -EBADF;
        int guarded;

        tree = open_tree(dir_fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
        if (tree < 0 || mount_setattr(tree, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
                return dir_fd;
        guarded = openat(tree, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (guarded < 0)
                return dir_fd;
        (void) safe_close(dir_fd);
        return guarded;
}

static unsigned needed_fields(LogOutput output) {
        switch (output) {
        case LOG_OUTPUT_CAT:
                return BIT(FIELD_MESSAGE);
        case LOG_OUTPUT_SHORT:
                return BIT(FIELD_MESSAGE) | BIT(FIELD_IDENT) | BIT(FIELD_PID) | BIT(FIELD_PRIORITY);
        default:
                return BIT(_FIELD_MAX) - 1;
        }
}

int journal_reader_new(int dir_fd, const LogRequest *request, JournalReader **ret, Error *reterr) {
        _cleanup_(journal_reader_freep) JournalReader *reader = xnew0(JournalReader, 1);
        int r;

        reader->dir_fd = guard_directory(dir_fd);
        reader->request = request;
        reader->needed = needed_fields(request->output);
        if (request->services_only)
                reader->needed |= BIT(FIELD_IDENT) | BIT(FIELD_PRIORITY);
        r = sd_journal_open_directory_fd(&reader->journal, reader->dir_fd, 0);
        if (r < 0)
                return error_set(reterr, r, "open the journal");
        (void) sd_journal_set_data_threshold(reader->journal, FIELD_SIZE_MAX);
        if (request->follow) {
                /* Asking for the fd is what begins the watching. */
                r = journal_reader_fd(reader, reterr);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(reader);
        return 0;
}

JournalReader *journal_reader_free(JournalReader *reader) {
        if (!reader)
                return NULL;
        sd_journal_close(reader->journal);
        (void) safe_close(reader->dir_fd);
        for (size_t i = 0; i < _FIELD_MAX; i++)
                buffer_done(&reader->values[i]);
        free(reader);
        return NULL;
}

static int match(sd_journal *journal, const char *field, const char *value) {
        _cleanup_free_ char *text = xasprintf("%s=%s", field, value);

        return sd_journal_add_match(journal, text, 0);
}

#define COREDUMP_MESSAGE_ID "fc2e22bc6ee647b6b90729ab34a250b1" /* SD_MESSAGE_COREDUMP */

/* What `journalctl -u` shows: the unit's own lines, its core dumps, what the manager and other privileged
 * daemons say of it. */
static int match_unit(sd_journal *journal, const char *unit) {
        int r;

        if ((r = match(journal, "_SYSTEMD_UNIT", unit)) < 0 ||
            (r = sd_journal_add_disjunction(journal)) < 0 ||
            (r = match(journal, "MESSAGE_ID", COREDUMP_MESSAGE_ID)) < 0 ||
            (r = match(journal, "_UID", "0")) < 0 || (r = match(journal, "COREDUMP_UNIT", unit)) < 0 ||
            (r = sd_journal_add_disjunction(journal)) < 0 || (r = match(journal, "_PID", "1")) < 0 ||
            (r = match(journal, "UNIT", unit)) < 0 || (r = sd_journal_add_disjunction(journal)) < 0 ||
            (r = match(journal, "_UID", "0")) < 0 || (r = match(journal, "OBJECT_SYSTEMD_UNIT", unit)) < 0)
                return r;
        return sd_journal_add_disjunction(journal);
}

/* What the processes of one start of a unit wrote, and what the manager said of it. */
static int match_invocation(sd_journal *journal, const char *invocation) {
        int r;

        if ((r = match(journal, "_SYSTEMD_INVOCATION_ID", invocation)) < 0 ||
            (r = sd_journal_add_disjunction(journal)) < 0 || (r = match(journal, "_PID", "1")) < 0 ||
            (r = match(journal, "INVOCATION_ID", invocation)) < 0)
                return r;
        return sd_journal_add_disjunction(journal);
}

static int add_matches(JournalReader *reader, const char *boot) {
        const LogRequest *request = reader->request;
        int r;

        if (request->invocation) {
                r = match_invocation(reader->journal, request->invocation);
                if (r < 0)
                        return r;
        }
        STRV_FOREACH (unit, request->invocation ? NULL : request->units) {
                r = match_unit(reader->journal, *unit);
                if (r < 0)
                        return r;
        }
        if (!request->invocation && request->pid > 0) {
                _cleanup_free_ char *pid = xasprintf("%d", (int) request->pid);

                if ((r = match(reader->journal, "_PID", pid)) < 0 ||
                    (r = sd_journal_add_disjunction(reader->journal)) < 0)
                        return r;
        }
        r = sd_journal_add_conjunction(reader->journal);
        if (r >= 0 && boot)
                r = match(reader->journal, "_BOOT_ID", boot);
        if (r < 0 || (request->priority_first == 0 && request->priority_last >= 7))
                return r;
        r = sd_journal_add_conjunction(reader->journal);
        for (unsigned i = request->priority_first; r >= 0 && i <= request->priority_last; i++) {
                char value[] = {(char) ('0' + i), '\0'};

                r = match(reader->journal, "PRIORITY", value);
        }
        return r;
}

/* From the entry that sd-journal stands on to the first one of its boot. */
static int to_boot_start(sd_journal *journal, char ret_id[static SD_ID128_STRING_MAX], uint64_t *ret_usec) {
        sd_id128_t boot;
        uint64_t unused;
        int r;

        r = sd_journal_get_monotonic_usec(journal, &unused, &boot);
        r = r < 0 ? r : match(journal, "_BOOT_ID", sd_id128_to_string(boot, ret_id));
        r = r < 0 ? r : sd_journal_seek_head(journal);
        r = r < 0 ? r : sd_journal_next(journal);
        if (r > 0)
                r = sd_journal_get_realtime_usec(journal, ret_usec) < 0 ? 0 : 1;
        sd_journal_flush_matches(journal);
        return r;
}

/* All boots, the newest first, but not more than @max; *ret_usec: when the last of them began. */
static int list_boots(sd_journal *journal, size_t max, char ***ret, uint64_t *ret_usec) {
        _cleanup_strv_ char **boots = NULL;
        int r;

        r = sd_journal_seek_tail(journal);
        for (size_t n = 0; r >= 0 && n < max; n++) {
                char id[SD_ID128_STRING_MAX];

                /* The entry before the first one of a boot is of the boot before. */
                r = sd_journal_previous(journal);
                if (r <= 0)
                        break;
                r = to_boot_start(journal, id, ret_usec);
                if (r <= 0)
                        break;
                strv_push(&boots, id);
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(boots);
        return 0;
}

/* When the newest boot began: the time of its first entry; 0 when there is no entry. A time instead of a
 * match on the boot, so that following goes on into the next boot. */
static int find_boot_start(sd_journal *journal, uint64_t *ret) {
        _cleanup_strv_ char **boots = NULL;

        *ret = 0;
        return list_boots(journal, 1, &boots, ret);
}

/* The id of an older boot, or NULL: there is none. */
static int find_boot(sd_journal *journal, const LogBoot *boot, char **ret) {
        _cleanup_strv_ char **boots = NULL;
        bool from_end = boot->kind == LOG_BOOT_OFFSET && boot->offset <= 0;
        uint64_t unused;
        size_t n, back;
        int r;

        r = list_boots(journal, from_end ? (size_t) -boot->offset + 1 : BOOTS_MAX, &boots, &unused);
        if (r < 0)
                return r;
        n = strv_length(boots);
        *ret = NULL;
        if (boot->kind == LOG_BOOT_ID) {
                *ret = strv_contains(boots, boot->id) ? xstrdup(boot->id) : NULL;
                return 0;
        }
        back = boot->offset <= 0 ? (size_t) -boot->offset : n - (size_t) boot->offset;
        if (back < n)
                *ret = xstrdup(boots[back]);
        return 0;
}

static int search_error(Error *reterr, int r) {
        return error_set(reterr, r, "search the journal");
}

static Field journal_reader_find_field(const char *data, size_t size) {
        for (Field i = 0; i < _FIELD_MAX; i++)
                if (data[0] == field_names[i].prefix[0] && size >= field_names[i].length &&
                    memcmp(data, field_names[i].prefix, field_names[i].length) == 0)
                        return i;
        return _FIELD_MAX;
}

/* Copies the fields that are of use. One walk over the entry: sd_journal_get_data() would begin anew for
 * each field. Copies, because sd-journal may unmap a value when the next one is read. */
static unsigned read_fields(JournalReader *reader) {
        unsigned found = 0;
        const void *data;
        size_t size;

        sd_journal_restart_data(reader->journal);
        while ((found & reader->needed) != reader->needed &&
               sd_journal_enumerate_available_data(reader->journal, &data, &size) > 0) {
                Field field = size > 0 ? journal_reader_find_field(data, size) : _FIELD_MAX;

                if (field == _FIELD_MAX || (found & BIT(field)))
                        continue;
                found |= BIT(field);
                reader->values[field].size = 0;
                buffer_append(&reader->values[field], (const char *) data + field_names[field].length,
                              size - field_names[field].length);
        }
        return found;
}

static LogText value_of(const JournalReader *reader, unsigned found, Field field) {
        const Buffer *value = &reader->values[field];

        if (!(found & BIT(field)))
                return (LogText){0};
        return (LogText){.data = value->data ? value->data : "", .size = value->size};
}

static LogText first_of(const JournalReader *reader, unsigned found, Field a, Field b) {
        return value_of(reader, found, found & BIT(a) ? a : b);
}

static int priority_of(const JournalReader *reader, unsigned found) {
        LogText priority = value_of(reader, found, FIELD_PRIORITY);

        return priority.size == 1 && priority.data[0] >= '0' && priority.data[0] <= '7'
                       ? priority.data[0] - '0'
                       : -1;
}

/* Is the entry whose fields were read one that is asked for, beside what sd-journal looks at? Return: 1, 0,
 * or a negative errno. */
static int match_entry(const JournalReader *reader, unsigned found, Error *reterr) {
        LogText message = value_of(reader, found, FIELD_MESSAGE),
                ident = first_of(reader, found, FIELD_IDENT, FIELD_COMM);
        LogPattern *pattern = reader->request->pattern;

        if (reader->request->services_only &&
            log_is_noise(ident.data, ident.size, priority_of(reader, found)))
                return 0;
        return pattern ? log_pattern_match(pattern, message.data, message.size, reterr) : 1;
}

/* Back over @lines entries that match, from sd-journal's position. Return: 1, 0 when there are none, or a
 * negative errno. */
static int skip_back(JournalReader *reader, uint64_t lines, Error *reterr) {
        uint64_t n = 0;
        int r;

        if (!reader->request->pattern && !reader->request->services_only) {
                r = sd_journal_previous_skip(reader->journal, lines);
                return r < 0 ? search_error(reterr, r) : r;
        }
        while ((r = sd_journal_previous(reader->journal)) > 0) {
                unsigned found = read_fields(reader);

                if (reader->request->pattern && !(found & BIT(FIELD_MESSAGE)))
                        continue;
                r = match_entry(reader, found, reterr);
                if (r < 0)
                        return r;
                if (r > 0 && ++n == lines)
                        return 1;
        }
        return r < 0 ? search_error(reterr, r) : 0;
}

/* To the @lines-th entry from the end, or from until; 0: that lies before @since, or there is none. */
static int seek_back(JournalReader *reader, uint64_t since, uint64_t lines, Error *reterr) {
        sd_journal *journal = reader->journal;
        uint64_t usec;
        int r;

        r = reader->request->until_usec == UINT64_MAX
                    ? sd_journal_seek_tail(journal)
                    : sd_journal_seek_realtime_usec(journal, reader->request->until_usec);
        if (r >= 0 && lines > 0) {
                r = skip_back(reader, lines, reterr);
                if (r <= 0)
                        return r;
        } else if (r >= 0)
                r = sd_journal_previous(journal);
        if (r == 0)
                return 0;
        if (r > 0)
                r = sd_journal_get_realtime_usec(journal, &usec);
        if (r < 0)
                return search_error(reterr, r);
        if (usec < since)
                return 0;
        reader->on_entry = lines > 0;
        return 1;
}

int journal_reader_seek(JournalReader *reader, uint64_t lines, Error *reterr) {
        const LogBoot *boot = &reader->request->boot;
        sd_journal *journal = reader->journal;
        uint64_t since = reader->request->since_usec, start = 0;
        _cleanup_free_ char *id = NULL;
        int r;

        if (boot->kind == LOG_BOOT_OFFSET && boot->offset == 0) {
                r = find_boot_start(journal, &start);
                since = start > since ? start : since;
        } else if (boot->kind != LOG_BOOT_ANY) {
                r = find_boot(journal, boot, &id);
                reader->no_boot = !id;
        } else
                r = 0;
        if (r >= 0)
                r = add_matches(reader, id);
        if (r < 0)
                return search_error(reterr, r);
        reader->on_entry = false;
        if (lines != LOG_LINES_ALL) {
                r = seek_back(reader, since, lines, reterr);
                if (r != 0)
                        return r < 0 ? r : 0;
        }
        r = since > 0 ? sd_journal_seek_realtime_usec(journal, since) : sd_journal_seek_head(journal);
        return r < 0 ? search_error(reterr, r) : 0;
}

/* The unit that a line is about: for the manager's lines that is not the manager's own. */
static LogText unit_of(const JournalReader *reader, unsigned found) {
        LogText pid = value_of(reader, found, FIELD_PID);

        if (found & BIT(FIELD_COREDUMP_UNIT))
                return value_of(reader, found, FIELD_COREDUMP_UNIT);
        if ((found & BIT(FIELD_UNIT)) && pid.size == 1 && pid.data[0] == '1')
                return value_of(reader, found, FIELD_UNIT);
        return value_of(reader, found, FIELD_SYSTEMD_UNIT);
}

/* Steps to the next entry and reads its fields. Return: 1, 0 at the end, or a negative errno. */
static int read_next(JournalReader *reader, unsigned *ret_found) {
        int r = 1;

        if (reader->on_entry)
                reader->on_entry = false;
        else
                r = sd_journal_next(reader->journal);
        if (r > 0)
                r = sd_journal_get_realtime_usec(reader->journal, &reader->entry.realtime_usec);
        else if (r == 0)
                return 0;
        if (r < 0)
                return r;
        if (reader->entry.realtime_usec > reader->request->until_usec)
                return 0;
        *ret_found = read_fields(reader);
        return 1;
}

int journal_reader_next(JournalReader *reader, const LogEntry **ret, Error *reterr) {
        LogEntry *entry = &reader->entry;
        unsigned found = 0, skipped = 0;
        int r;

        if (reader->no_boot)
                return 0;
        for (;;) {
                r = read_next(reader, &found);
                if (r < 0)
                        return error_set(reterr, r, "read the journal");
                if (r == 0)
                        return 0;
                r = match_entry(reader, found, reterr);
                if (r < 0)
                        return r;
                if (r > 0)
                        break;
                if (++skipped == SKIP_MAX)
                        return 2;
        }
        entry->message = value_of(reader, found, FIELD_MESSAGE);
        entry->priority = priority_of(reader, found);
        entry->ident = first_of(reader, found, FIELD_IDENT, FIELD_COMM);
        entry->pid = first_of(reader, found, FIELD_PID, FIELD_SYSLOG_PID);
        entry->unit = unit_of(reader, found);
        *ret = entry;
        return 1;
}

bool journal_reader_has_boot(const JournalReader *reader) {
        return !reader->no_boot;
}

bool journal_reader_has_files(JournalReader *reader) {
        uint64_t bytes;

        return sd_journal_get_usage(reader->journal, &bytes) >= 0 && bytes > 0;
}

/* Whether a file named *.journal with anything in it lies in the directory or in one of its directories. */
static bool has_named_files(int dir_fd, unsigned depth) {
        _cleanup_(closedirp) DIR *d = NULL;
        int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct dirent *entry;

        d = fd < 0 ? NULL : fdopendir(fd);
        if (!d) {
                (void) safe_close(fd);
                return false;
        }
        while ((entry = readdir(d))) {
                size_t n = strlen(entry->d_name);
                _cleanup_close_ int child = -EBADF;

                if (n > strlen(".journal") && streq(entry->d_name + n - strlen(".journal"), ".journal"))
                        return true;
                if (depth == 0 || entry->d_name[0] == '.')
                        continue;
                child = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (child >= 0 && has_named_files(child, depth - 1))
                        return true;
        }
        return false;
}

int journal_reader_check(JournalReader *reader, const char *container, Error *reterr) {
        int r;

        if (journal_reader_has_files(reader) || !has_named_files(reader->dir_fd, 1))
                return 0;
        r = error_raise(reterr, FC_EXIT_HOST,
                        "no journal file of '%s' can be read: damaged, or too new for "
                        "this host's libsystemd",
                        container);
        error_add_hint(reterr, "look at it from inside: flake-containers exec %s -- journalctl", container);
        return r;
}

int journal_reader_fd(JournalReader *reader, Error *reterr) {
        int r = sd_journal_get_fd(reader->journal);

        return r < 0 ? error_set(reterr, r, "watch the journal") : r;
}

uint64_t journal_reader_timeout(JournalReader *reader) {
        uint64_t usec;

        return sd_journal_get_timeout(reader->journal, &usec) < 0 ? UINT64_MAX : usec;
}

int journal_reader_process(JournalReader *reader, Error *reterr) {
        int r = sd_journal_process(reader->journal);

        if (r < 0)
                return error_set(reterr, r, "watch the journal");
        return r != SD_JOURNAL_NOP;
}
