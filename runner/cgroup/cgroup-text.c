/* SPDX-License-Identifier: MIT */

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "cgroup/cgroup-text.h"

/* The value of a line "KEY VALUE"; NULL: there is none. */
static const char *find_value(const char *text, const char *key) {
        for (const char *line = text; line; line = strchr(line, '\n')) {
                const char *value;

                line += *line == '\n';
                value = startswith(line, key);
                if (value)
                        return value;
        }
        return NULL;
}

bool cgroup_text_populated(const char *events) {
        const char *value = find_value(events, "populated ");

        return value && *value == '1';
}

bool cgroup_text_frozen(const char *events) {
        const char *value = find_value(events, "frozen ");

        return value && *value == '1';
}

unsigned long cgroup_text_oom_kills(const char *events) {
        const char *value = find_value(events, "oom_kill ");

        return value ? strtoul(value, NULL, 10) : 0;
}

uint64_t cgroup_text_cpu_usec(const char *stat) {
        const char *value = find_value(stat, "usage_usec ");

        return value ? strtoull(value, NULL, 10) : 0;
}

uint64_t cgroup_text_io_bytes(const char *stat, const char *counter) {
        uint64_t sum = 0;

        for (const char *s = stat; (s = strstr(s, counter)); s += strlen(counter))
                if (s > stat && s[-1] == ' ')
                        sum += strtoull(s + strlen(counter), NULL, 10);
        return sum;
}

/* A pid, followed by a blank, a line end or nothing; 0 is one that this namespace cannot see. */
static bool read_pid(const char *text, pid_t *ret, const char **ret_end) {
        unsigned long pid;
        char *end;

        if (*text < '0' || *text > '9')
                return false;
        pid = strtoul(text, &end, 10);
        if (pid > INT_MAX || (*end != '\0' && *end != '\n' && *end != '\t' && *end != ' '))
                return false;
        *ret = (pid_t) pid;
        *ret_end = end;
        return true;
}

pid_t cgroup_text_next_process(const char **procs) {
        const char *p = *procs;
        pid_t pid;

        while (*p) {
                const char *end;

                if (read_pid(p, &pid, &end) && pid > 0) {
                        *procs = end + (*end == '\n');
                        return pid;
                }
                p += strcspn(p, "\n");
                p += *p == '\n';
        }
        *procs = p;
        return 0;
}

bool cgroup_text_innermost_pid(const char *status, pid_t *ret_pid, unsigned *ret_depth) {
        const char *p = find_value(status, "NSpid:");
        unsigned depth = 0;
        pid_t pid = 0;

        while (p) {
                p += strspn(p, "\t ");
                if (!read_pid(p, &pid, &p))
                        break;
                depth++;
        }
        if (depth == 0)
                return false;
        *ret_pid = pid;
        *ret_depth = depth;
        return true;
}
