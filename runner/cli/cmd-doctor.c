/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/process.h"
#include "base/strv.h"
#include "ops/doctor.h"
#include "ops/project.h"
#include "cli/verbs.h"
#include "screen/output.h"
#include "screen/text.h"

#define KERNEL_MAJOR  5
#define KERNEL_MINOR  15
#define SYSTEMD_MAJOR 252

static void check_kernel(Findings *f, const HostFacts *facts) {
        unsigned major = 0, minor = 0;
        bool old = sscanf(facts->kernel, "%u.%u", &major, &minor) == 2 &&
                   (major < KERNEL_MAJOR || (major == KERNEL_MAJOR && minor < KERNEL_MINOR));

        findings_add(f, "kernel", old ? VERDICT_BAD : VERDICT_OK,
                     old ? xasprintf("Linux %s; %u.%u or later is needed", facts->kernel, KERNEL_MAJOR,
                                     KERNEL_MINOR)
                         : xasprintf("Linux %s", facts->kernel));
}

static void check_nspawn(Findings *f, const HostFacts *facts) {
        Error e = ERROR_NULL;
        char *text = NULL;
        unsigned major;

        if (facts_require(facts, FACTS_NSPAWN, &e) < 0 ||
            facts_nspawn_version(facts, &major, &text, &e) < 0) {
                findings_add_error(f, "systemd-nspawn", &e);
                return;
        }
        if (major < SYSTEMD_MAJOR) {
                findings_add(f, "systemd-nspawn", VERDICT_BAD,
                             xasprintf("%s; %u or later is needed", text, SYSTEMD_MAJOR));
                free(text);
        } else
                findings_add(f, "systemd-nspawn", VERDICT_OK, text);
}

static void check_need(Findings *f, const HostFacts *facts, FactsNeed need, const char *subject,
                       const char *found) {
        Error e = ERROR_NULL;

        if (facts_require(facts, need, &e) < 0)
                findings_add_error(f, subject, &e);
        else
                findings_add(f, subject, VERDICT_OK, xstrdup(found));
}

static void check_idmap(Findings *f, int dir_fd, const char *path, const char *hint) {
        Error e = ERROR_NULL;
        bool works;

        if (geteuid() != 0) {
                findings_add(f, "id-mapped mounts", VERDICT_UNKNOWN,
                             xasprintf("only root can try on '%s'", path));
                return;
        }
        if (facts_probe_idmap(dir_fd, &works, &e) < 0) {
                findings_add_error(f, "id-mapped mounts", &e);
                return;
        }
        if (works) {
                findings_add(f, "id-mapped mounts", VERDICT_OK, xasprintf("work on '%s'", path));
                return;
        }
        findings_add(f, "id-mapped mounts", VERDICT_BAD,
                     xasprintf("the file system of '%s' has none", path));
        f->entries[f->n - 1].hint = xstrdup(hint);
}

/* The stores that toplevels lie in; in practice there is one. */
static void check_stores(Findings *f, const Spec *spec) {
        _cleanup_strv_ char **seen = NULL;

        for (size_t i = 0; spec && i < spec->n_containers; i++) {
                const ContainerSpec *c = &spec->containers[i];
                _cleanup_free_ char *store = c->toplevel ? container_spec_store(c) : NULL;
                _cleanup_close_ int fd = -EBADF;

                if (!store || c->users == USERS_HOST || strv_contains(seen, store))
                        continue;
                strv_push(&seen, store);
                fd = open(store, O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (fd < 0)
                        findings_add(f, "store", VERDICT_BAD,
                                     xasprintf("open '%s': %s", store, strerror(errno)));
                else
                        check_idmap(f, fd, store, "set \"users\": \"host\"");
        }
}

static void check_spec(Findings *f, Project *project) {
        Error e = ERROR_NULL;

        if (project_load_spec(project, &e) < 0)
                findings_add_error(f, "specification", &e);
        else
                findings_add(f, "specification", VERDICT_OK,
                             xasprintf("%s, %zu container%s", project->spec_path,
                                       project->spec->n_containers,
                                       project->spec->n_containers == 1 ? "" : "s"));
}

static void print_text(const Findings *f) {
        Output output;

        output_probe(STDOUT_FILENO, &output);
        for (size_t i = 0; i < f->n; i++) {
                static const char *const marks[][3] = {{"ok  ", "?   ", "BAD "}, {"✔", "?", "✖"}};
                const Finding *finding = &f->entries[i];
                _cleanup_free_ char *text = text_safe(finding->text),
                                    *hint = finding->hint ? text_safe(finding->hint) : NULL;

                (void) printf("%s %-18s %s\n", marks[output.unicode && output.terminal][finding->verdict],
                              finding->subject, text);
                if (hint)
                        (void) printf("    %s\n", hint);
        }
}

static void print_json(const Findings *f) {
        static const char *const words[] = {"ok", "unknown", "bad"};
        _cleanup_(json_freep) Json *document = json_new_object();
        _cleanup_free_ char *text = NULL;
        Json *array = json_new_array();

        for (size_t i = 0; i < f->n; i++) {
                Json *o = json_new_object();

                json_add_string(o, "subject", f->entries[i].subject);
                json_add_string(o, "verdict", words[f->entries[i].verdict]);
                json_add_string(o, "text", f->entries[i].text);
                json_add_string(o, "hint", f->entries[i].hint);
                json_append(array, o);
        }
        json_add(document, "checks", array);
        text = json_print(document, /* pretty= */ true);
        (void) puts(text);
}

static int run(const Globals *globals, const void *target, char *const *operands, Error *reterr) {
        _cleanup_(findings_done) Findings f = {};
        _cleanup_(project_done) Project project = PROJECT_NULL;
        Error e = ERROR_NULL;
        bool bad = false;

        /* What opening the project does not get to, the host's facts do not depend on. */
        if (project_open(globals, &project, &e) < 0) {
                findings_add_error(&f, "project", &e);
                if (!project.facts.kernel && facts_gather(&project.facts, reterr) < 0)
                        return -EIO;
        } else
                findings_add(&f, "project", VERDICT_OK, xasprintf("%s (%s)", project.root, project.id));
        doctor_check_privilege(&f);
        check_kernel(&f, &project.facts);
        check_nspawn(&f, &project.facts);
        check_need(&f, &project.facts, FACTS_PROXYD, "socket proxy", project.facts.proxyd);
        check_need(&f, &project.facts, FACTS_CGROUP, "cgroup2", project.facts.cgroup_root);
        doctor_check_systemd(&f, &project.facts);
        doctor_check_inotify(&f);
        doctor_check_firewall(&f);
        check_need(&f, &project.facts, FACTS_MACHINE_ID, "machine id", "'/etc/machine-id'");
        if (project.state.root_fd >= 0) {
                check_idmap(&f, project.state.root_fd, project.root,
                            "move the project to ext4, xfs or btrfs, or set \"users\": \"host\"");
                check_spec(&f, &project);
                check_stores(&f, project.spec);
        }
        if (globals->json)
                print_json(&f);
        else
                print_text(&f);
        for (size_t i = 0; i < f.n; i++)
                bad = bad || f.entries[i].verdict == VERDICT_BAD;
        return bad ? FC_EXIT_HOST : FC_EXIT_OK;
}

const Verb cmd_doctor = {
        .name = "doctor",
        .synopsis = "",
        .summary = "Check what this host offers and what is missing",
        .run = run,
};
