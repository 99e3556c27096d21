/* SPDX-License-Identifier: MIT */

#include <pwd.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/alloc.h"
#include "base/json.h"
#include "context/project-open.h"
#include "logs/event-view.h"
#include "screen/text.h"
#include "spec/container.h"
#include "view/report.h"

#define HIDDEN     "(hidden)"
#define EVENTS_MAX 30

/* Of these all is shown, */
static const char *const open_keys[] = {
        "store",   "users",     "network",   "ports",
        "sockets", "volumes",   "tmpfs",     "environmentUnits",
        "devices", "resources", "ephemeral", "restart",
        "stop",    "dependsOn", "oneShot",   "capabilities",
};

/* and of these what is named: commands, paths of requests and templates may have a password in them. */
static const struct {
        const char *key;
        const char *const members[5];
} partly_open[] = {
        {"system", {"rootfs", "toplevel", "init"}},
        {"ready", {"timeout", "notify", "units", "tcp"}},
};

static bool report_is_open(const char *key) {
        for (size_t i = 0; i < ELEMENTSOF(open_keys); i++)
                if (streq(open_keys[i], key))
                        return true;
        return false;
}

static bool report_is_partly_open(const char *key, const char *member) {
        for (size_t i = 0; i < ELEMENTSOF(partly_open); i++)
                for (size_t k = 0; streq(partly_open[i].key, key) && partly_open[i].members[k]; k++)
                        if (streq(partly_open[i].members[k], member))
                                return true;
        return false;
}

static void report_write_key(FILE *f, const char *separator, const char *key) {
        _cleanup_(json_freep) Json *name = json_new_string(key);
        _cleanup_free_ char *text = json_print(name, /* pretty= */ false);

        (void) fprintf(f, "%s%s: ", separator, text);
}

static void report_write(FILE *f, const Json *value) {
        _cleanup_free_ char *text = json_print(value, /* pretty= */ false);

        (void) fputs(text, f);
}

/* Without texts. The keys of an object are names, of variables and of credentials, and stay. @open: of which
 * key of a container some members are shown; NULL: it is another. Not deeper than JSON_DEPTH_MAX. */
static void report_write_hidden(FILE *f, const Json *value, const char *open) {
        bool object = json_type(value) == JSON_OBJECT;
        const char *separator = "";

        if (json_type(value) == JSON_STRING)
                (void) fputs("\"" HIDDEN "\"", f);
        else if (!object && json_type(value) != JSON_ARRAY)
                report_write(f, value);
        else {
                (void) fputc(object ? '{' : '[', f);
                JSON_FOREACH (child, value) {
                        if (object)
                                report_write_key(f, separator, json_key(child));
                        else
                                (void) fputs(separator, f);
                        separator = ", ";
                        if (object && open && report_is_partly_open(open, json_key(child)))
                                report_write(f, child);
                        else
                                report_write_hidden(f, child, NULL);
                }
                (void) fputc(object ? '}' : ']', f);
        }
}

static void report_write_container(FILE *f, const ContainerSpec *c) {
        _cleanup_(json_freep) Json *json = container_print(c);

        (void) fprintf(f, "\n%s:\n", c->name);
        JSON_FOREACH (member, json) {
                report_write_key(f, "  ", json_key(member));
                if (report_is_open(json_key(member)))
                        report_write(f, member);
                else
                        report_write_hidden(f, member, json_key(member));
                (void) fputc('\n', f);
        }
}

static void report_write_system(FILE *f, const char *version) {
        _cleanup_fclose_ FILE *release = fopen("/etc/os-release", "re");
        _cleanup_free_ char *line = NULL;
        struct utsname name;
        size_t size = 0;

        (void) fprintf(f, "flake-containers %s\n", version);
        if (uname(&name) == 0)
                (void) fprintf(f, "%s %s %s\n", name.sysname, name.release, name.machine);
        while (release && getline(&line, &size, release) > 0)
                if (startswith(line, "PRETTY_NAME="))
                        (void) fputs(startswith(line, "PRETTY_NAME="), f);
}

/* An error of the specification shows what is wrong in it, which may be anything. */
static void report_write_findings(FILE *f, const Findings *findings) {
        static const char *const marks[] = {"ok", "?", "BAD"};

        (void) fprintf(f, "\n## Host and project\n\n");
        for (size_t i = 0; i < findings->n; i++) {
                const Finding *one = &findings->entries[i];
                bool hide = streq(one->subject, "specification") && one->verdict != VERDICT_OK;

                (void) fprintf(f, "%-4s %-18s %s\n", marks[one->verdict], one->subject,
                               hide ? HIDDEN ", see doctor" : one->text);
        }
}

/* Their details are the guest's or an error's words. */
static void report_write_events(FILE *f, const Project *project) {
        EventRequest request = {.dir_fd = project->state.fd, .lines = EVENTS_MAX, .json = true};
        _cleanup_free_ char *text = NULL;
        size_t size = 0;
        FILE *lines;

        (void) fprintf(f, "\n## Last events\n\n");
        lines = project->state.fd >= 0 ? open_memstream(&text, &size) : NULL;
        if (!lines)
                return;
        (void) events_show(&request, lines, NULL);
        (void) fclose(lines);
        for (char *rest = text, *line; (line = strsep(&rest, "\n")) && *line;) {
                static const char *const keys[] = {"time", "container", "event"};
                _cleanup_(json_freep) Json *json = NULL;

                if (json_parse(line, strlen(line), NULL, &json, NULL) < 0)
                        continue;
                for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                        const Json *value = json_get(json, keys[i]);

                        if (value && json_type(value) == JSON_STRING)
                                (void) fprintf(f, "%s%s", i > 0 ? " " : "", json_string(value));
                }
                (void) fputc('\n', f);
        }
}

static void report_write_project(FILE *f, const ProjectRequest *request) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        int r = project_open(request, &project, NULL);

        if (r >= 0)
                project_load_if_possible(&project);
        (void) fprintf(f, "\n## Specification (commands, and texts that may be secrets, are hidden)\n");
        for (size_t i = 0; r >= 0 && project.spec && i < project.spec->n_containers; i++)
                report_write_container(f, &project.spec->containers[i]);
        if (r >= 0)
                report_write_events(f, &project);
}

/* Says the home of the user who asks as "~". */
static void report_say(const char *text, const char *home) {
        size_t n = home && home[0] == '/' && home[1] ? strlen(home) : 0;

        while (*text) {
                size_t rest = strcspn(text, "\n");
                _cleanup_free_ char *line = xstrndup(text, rest), *safe = text_safe(line);

                for (const char *p = safe; *p;) {
                        bool is_home = n > 0 && strncmp(p, home, n) == 0 && strchr("/'\" \n", p[n]);

                        (void) putchar(is_home ? '~' : *p);
                        p += is_home ? n : 1;
                }
                (void) putchar('\n');
                text += rest + (text[rest] ? 1 : 0);
        }
}

int report_print(const ProjectRequest *request, const Findings *findings, const char *version,
                 Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        _cleanup_free_ char *text = NULL;
        const struct passwd *account;
        size_t size = 0;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return error_set(reterr, errno, "write a report");
        report_write_system(f, version);
        report_write_findings(f, findings);
        report_write_project(f, request);
        (void) fclose(f);
        account = getpwuid(project_open(request, &project, NULL) < 0 ? getuid() : project.user.uid);
        report_say(text, account ? account->pw_dir : NULL);
        return 0;
}
