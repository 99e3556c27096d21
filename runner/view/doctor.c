/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/package.h"
#include "base/process.h"
#include "base/size-text.h"
#include "bus/host-bus.h"
#include "context/project-open.h"
#include "host/inotify.h"
#include "plan/ids.h"
#include "rootfs/mount-maps.h"
#include "rootfs/mounts.h"
#include "state/disk-use.h"
#include "view/doctor-project.h"
#include "view/doctor-rootless.h"
#include "view/doctor.h"

#define NSSWITCH "/etc/nsswitch.conf"

#define KERNEL_MAJOR  5
#define KERNEL_MINOR  15
#define SYSTEMD_MAJOR 252

/* Whether sudo lets one run this program, as far as it tells without a password. */
static void doctor_ask_sudo(Findings *f, const char *sudo) {
        _cleanup_free_ char *self = realpath("/proc/self/exe", NULL),
                            *env = process_find_program("env", NULL), *output = NULL;
        char *argv[] = {env, (char *) "LC_ALL=C", (char *) sudo, (char *) "-n", (char *) "-l", self, NULL};
        int r = self && env ? process_run(argv, &output, NULL) : -ENOENT;

        if (r < 0)
                findings_add(f, "privilege", VERDICT_UNKNOWN, xasprintf("%s could not be asked", sudo));
        else if (r == 0)
                findings_add(f, "privilege", VERDICT_OK, xasprintf("through %s", sudo));
        else if (strstr(output, "password is required"))
                findings_add(f, "privilege", VERDICT_OK,
                             xasprintf("through %s, which asks for a password", sudo));
        else {
                findings_add(f, "privilege", VERDICT_BAD,
                             xasprintf("%s does not let you run '%s'", sudo, self));
                findings_add_hint(
                        f, "have your account allowed to, or put into the group that is: often 'sudo' "
                           "or 'wheel'");
        }
}

/* The root of a container that is not privileged lacks what mounts and networks are made by. */
static void doctor_check_root_itself(Findings *f) {
        if (prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN) == 1 && prctl(PR_CAPBSET_READ, CAP_NET_ADMIN) == 1) {
                findings_add(f, "privilege", VERDICT_OK, xstrdup("root"));
                return;
        }
        findings_add(f, "privilege", VERDICT_BAD,
                     xstrdup("root without sys_admin and net_admin, capabilities(7)"));
        findings_add_hint(
                f, "in a container: have it run as a privileged one; docs/CI.md says what works there");
}

static void doctor_check_privilege(Findings *f, const char *tool, Error *no_tool) {
        const char *slash;

        if (geteuid() == 0) {
                doctor_check_root_itself(f);
                return;
        }
        if (!tool) {
                findings_add_error(f, "privilege", no_tool);
                return;
        }
        slash = strrchr(tool, '/');
        if (slash && streq(slash, "/sudo"))
                doctor_ask_sudo(f, tool);
        else
                findings_add(f, "privilege", VERDICT_OK, xasprintf("through %s", tool));
}

/* Whether a line "hosts:" of nsswitch.conf(5) has the module. */
static bool resolves_machines(void) {
        _cleanup_close_ int fd = open(NSSWITCH, O_RDONLY | O_CLOEXEC);
        _cleanup_free_ char *text = NULL;
        char *line, *rest;

        if (fd < 0 || fs_read_fd(fd, NSSWITCH, 64 * 1024, &text, NULL, NULL) < 0)
                return false;
        for (rest = text; (line = strsep(&rest, "\n"));) {
                line[strcspn(line, "#")] = '\0';
                if (startswith(line, "hosts:") && strstr(line, "mymachines"))
                        return true;
        }
        return false;
}

static void doctor_check_systemd(Findings *f, const HostFacts *facts) {
        _cleanup_(host_bus_freep) HostBus *bus = NULL;
        _cleanup_free_ char *unit = NULL, *hint = NULL;
        Error e = ERROR_NULL;

        if (!facts->sd_booted)
                return;
        if (host_bus_open(/* event= */ NULL, &bus, &e) < 0) {
                findings_add_error(f, "message bus", &e);
                return;
        }
        findings_add(f, "message bus", VERDICT_OK, xstrdup("answers"));
        /* machined has no machine of that name, but it answers, so it runs or can be started. */
        if (host_bus_find_machine(bus, "flake-containers", &unit, &e) < 0)
                findings_add_error(f, "machined", &e);
        else
                findings_add(f, "machined", VERDICT_OK, xstrdup("answers"));
        if (resolves_machines())
                findings_add(f, "machine names", VERDICT_OK, xstrdup("resolve by nss-mymachines"));
        else {
                findings_add(
                        f, "machine names", VERDICT_UNKNOWN,
                        xstrdup("'hosts:' in '" NSSWITCH "' has no mymachines, so this host resolves none"));
                hint = package_host_hint("libnss-mymachines");
                findings_add_hint(f, hint);
        }
}

static void doctor_check_inotify(Findings *f) {
        Error e = ERROR_NULL;
        InotifyUse use;

        if (geteuid() != 0) {
                findings_add(f, "inotify", VERDICT_UNKNOWN, xstrdup("only root can count what is in use"));
                return;
        }
        if (inotify_count(&use, &e) < 0) {
                findings_add_error(f, "inotify", &e);
                return;
        }
        findings_add(f, "inotify", inotify_is_short(&use) ? VERDICT_BAD : VERDICT_OK,
                     xasprintf("%u of %u instances are in use; a small guest takes %d", use.used, use.max,
                               INOTIFY_OF_A_GUEST));
        if (inotify_is_short(&use))
                findings_add_hint(f, INOTIFY_HINT);
}

/* Its policy leaves what root starts alone on the whole, but not always machined (docs/SYSTEMS.md). */
static void doctor_check_selinux(Findings *f) {
        _cleanup_close_ int fd = open("/sys/fs/selinux/enforce", O_RDONLY | O_CLOEXEC);
        char enforces = '0';

        if (fd < 0 || read(fd, &enforces, 1) != 1 || enforces != '1')
                return;
        findings_add(f, "SELinux", VERDICT_UNKNOWN,
                     xstrdup("enforces its policy, under which this was not tried"));
        findings_add_hint(f, "to see what it refuses: ausearch -m avc -ts recent");
}

static void doctor_check_kernel(Findings *f, const HostFacts *facts) {
        unsigned major = 0, minor = 0;
        bool old = sscanf(facts->kernel, "%u.%u", &major, &minor) == 2 &&
                   (major < KERNEL_MAJOR || (major == KERNEL_MAJOR && minor < KERNEL_MINOR));

        findings_add(f, "kernel", old ? VERDICT_BAD : VERDICT_OK,
                     old ? xasprintf("Linux %s; %u.%u or later is needed", facts->kernel, KERNEL_MAJOR,
                                     KERNEL_MINOR)
                         : xasprintf("Linux %s", facts->kernel));
}

static void doctor_check_nspawn(Findings *f, const HostFacts *facts) {
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

static void doctor_check_need(Findings *f, const HostFacts *facts, FactsNeed need, const char *subject,
                              const char *found) {
        Error e = ERROR_NULL;

        if (facts_require(facts, need, &e) < 0)
                findings_add_error(f, subject, &e);
        else
                findings_add(f, subject, VERDICT_OK, xstrdup(found));
}

static void doctor_check_idmap(Findings *f, int dir_fd, const char *path, const char *hint) {
        _cleanup_(mount_maps_done) MountMaps maps = {};
        Error e = ERROR_NULL;
        int ids_fd, r;

        if (geteuid() != 0) {
                findings_add(f, "id-mapped mounts", VERDICT_UNKNOWN,
                             xasprintf("only root can try on '%s'", path));
                return;
        }
        ids_fd = mount_maps_open_container(&maps, IDS_SIZE, &e);
        r = ids_fd < 0 ? ids_fd : mount_try_ids(dir_fd, ids_fd);
        if (r < 0 && (ids_fd < 0 || !mount_has_no_ids(r))) {
                if (ids_fd >= 0)
                        (void) error_set(&e, r, "try an id-mapped mount");
                findings_add_error(f, "id-mapped mounts", &e);
                return;
        }
        if (r >= 0) {
                findings_add(f, "id-mapped mounts", VERDICT_OK, xasprintf("work on '%s'", path));
                return;
        }
        findings_add(f, "id-mapped mounts", VERDICT_BAD,
                     xasprintf("the file system of '%s' has none", path));
        findings_add_hint(f, hint);
}

/* The stores that toplevels lie in; in practice there is one. */
static void doctor_check_stores(Findings *f, const Spec *spec) {
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
                        doctor_check_idmap(f, fd, store, "set \"users\": \"host\"");
        }
}

static void doctor_check_disk(Findings *f, int dir_fd) {
        char size[FORMAT_SIZE_MAX];
        Error e = ERROR_NULL;
        unsigned percent;
        uint64_t left;

        if (disk_fill(dir_fd, &percent, &left, &e) < 0) {
                findings_add_error(f, "disk", &e);
                return;
        }
        if (disk_is_read_only(dir_fd)) {
                findings_add(f, "disk", VERDICT_BAD,
                             xstrdup("is mounted read-only: nothing can be kept there"));
                return;
        }
        findings_add(f, "disk", percent < DISK_FULL_PERCENT ? VERDICT_OK : VERDICT_UNKNOWN,
                     xasprintf("%u %% full, %s are left", percent, format_size(size, left)));
        if (percent >= DISK_FULL_PERCENT)
                findings_add_hint(f, "what takes how much: flake-containers status --size");
}

static void doctor_check_spec(Findings *f, Project *project) {
        Error e = ERROR_NULL;

        if (project_load_spec(project, &e) < 0)
                findings_add_error(f, "specification", &e);
        else
                findings_add(f, "specification", VERDICT_OK,
                             xasprintf("%s, %zu container%s", project->spec_path,
                                       project->spec->n_containers,
                                       project->spec->n_containers == 1 ? "" : "s"));
}

/* What no container asks for may be missing. */
static void doctor_check_internet(Findings *f, const HostFacts *facts, const DoctorWay *way,
                                  const Spec *spec) {
        HostFacts there = *facts;
        bool wanted = false;
        Error e = ERROR_NULL;

        for (size_t i = 0; spec && i < spec->n_containers; i++)
                wanted = wanted || spec->containers[i].internet;
        /* This command itself needs no namespace. */
        there.rootless = way->rootless;
        if (facts_require(&there, FACTS_INTERNET, &e) >= 0) {
                findings_add(f, "internet", VERDICT_OK, xstrdup("pasta leads containers there"));
                return;
        }
        findings_add_error(f, "internet", &e);
        if (!wanted)
                f->entries[f->n - 1].verdict = VERDICT_UNKNOWN;
}

/* What only containers of root's need, or only root can try. */
static void doctor_check_root(Findings *f, const HostFacts *facts, const DoctorWay *way) {
        doctor_check_privilege(f, way->tool, way->no_tool);
        doctor_check_nspawn(f, facts);
        doctor_check_systemd(f, facts);
        doctor_check_inotify(f);
        doctor_check_need(f, facts, FACTS_MACHINE_ID, "machine id", "'/etc/machine-id'");
}

/* This command is neither root nor in the namespace, so opening the project has not compared the ways. */
static int doctor_open(const ProjectRequest *request, const DoctorWay *way, Project *ret, Error *reterr) {
        int r = project_open(request, ret, reterr);

        return r < 0 || geteuid() == 0 ? r : way_check(&ret->state, way->rootless, reterr);
}

int doctor_examine(const ProjectRequest *request, const DoctorWay *way, Findings *ret, Error *reterr) {
        _cleanup_(project_done) Project project = PROJECT_NULL;
        const HostFacts *facts = &project.facts;
        Findings *f = ret;
        Error e = ERROR_NULL;

        /* The host's facts do not depend on what opening the project does not get to. */
        if (doctor_open(request, way, &project, &e) < 0) {
                findings_add_error(f, "project", &e);
                if (!facts->kernel && facts_gather(&project.facts, reterr) < 0)
                        return -EIO;
        } else
                findings_add(f, "project", VERDICT_OK, xasprintf("%s (%s)", project.root, project.id));
        /* This process is not in the namespace that commands are in. */
        if (way->rootless) {
                free(project.facts.image_cache);
                project.facts.image_cache = NULL;
                if (facts_find_image_cache(/* rootless= */ true, &project.facts.image_cache, reterr) < 0)
                        return -EIO;
        }
        doctor_check_kernel(f, facts);
        doctor_check_selinux(f);
        doctor_check_need(f, facts, FACTS_CGROUP, "cgroup2", facts->cgroup_root);
        if (!way->rootless)
                doctor_check_root(f, facts, way);
        if (project.state.root_fd >= 0) {
                if (!way->rootless)
                        doctor_check_idmap(
                                f, project.state.root_fd, project.root,
                                "move the project to ext4, xfs or btrfs, or set \"users\": \"host\"");
                doctor_check_disk(f, project.state.fd >= 0 ? project.state.fd : project.state.root_fd);
                doctor_check_spec(f, &project);
                if (!way->rootless)
                        doctor_check_stores(f, project.spec);
                doctor_check_containers(f, &project);
        }
        if (way->rootless)
                doctor_check_rootless(f, project.spec);
        doctor_check_internet(f, facts, way, project.spec);
        return 0;
}
