/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/paths.h"
#include "context/network.h"
#include "context/oci-input.h"
#include "image/debian-build.h"
#include "image/made-image.h"
#include "image/oci-build.h"
#include "machine/limits.h"
#include "view/doctor-project.h"

/* Where a thing that is missing stands in the specification. */
typedef struct Place {
        Findings *findings;
        const Project *project;
        const ContainerSpec *spec;
        bool made; /* its image is there */
        bool lacks;
} Place;

static void doctor_lack(Place *p, char *text) {
        findings_add(p->findings, "container", VERDICT_BAD, text);
        p->lacks = true;
}

/* 0, or a negative errno. */
static int doctor_look(const Place *p, const char *path, mode_t kind) {
        struct stat st;

        if (fstatat(p->project->state.root_fd, path, &st, 0) < 0)
                return -errno;
        return kind == 0 || (st.st_mode & S_IFMT) == kind ? 0 : kind == S_IFDIR ? -ENOTDIR : -ENODEV;
}

static void doctor_check_image(Place *p) {
        const ContainerSpec *c = p->spec;
        const char *image = c->toplevel ? c->toplevel : c->oci ? c->oci->path : c->rootfs;
        int r = image ? doctor_look(p, image, c->oci ? 0 : S_IFDIR) : 0;

        if (r < 0)
                doctor_lack(p, xasprintf("%s: its image '%s': %s", c->name, image, strerror(-r)));
}

/* Those of root's only root does. */
static bool doctor_sees_made_images(const Project *project) {
        return geteuid() == 0 || !streq(project->facts.image_cache, IMAGE_CACHE_OF_ROOT);
}

/* What is made already needs no program. */
static bool doctor_has_made_image(const Project *project, const ContainerSpec *c) {
        if (!made_image_word(c) || !doctor_sees_made_images(project))
                return false;
        oci_input_note(project, c);
        return made_image_is_there(c, project->facts.image_cache);
}

static void doctor_check_made_image(Place *p) {
        const char *word = made_image_word(p->spec);
        _cleanup_free_ char *program = NULL;
        Error e = ERROR_NULL;

        if (!word || p->made ||
            (p->spec->debian ? debian_build_require(&program, &e) : oci_build_require(&e)) >= 0)
                return;
        (void) error_prefix(&e, -ENOENT, "%s: %s", p->spec->name, word);
        if (!doctor_sees_made_images(p->project)) {
                findings_add(p->findings, "container", VERDICT_UNKNOWN,
                             xasprintf("%s; only root sees whether its image is made already", e.message));
                error_done(&e);
                return;
        }
        findings_add_error(p->findings, "container", &e);
        p->lacks = true;
}

static void doctor_check_volumes(Place *p) {
        for (size_t i = 0; i < p->spec->n_volumes; i++) {
                const Volume *v = &p->spec->volumes[i];
                int r = v->source[0] == '@' || v->create ? 0 : doctor_look(p, v->source, 0);
                _cleanup_free_ char *hint = xasprintf("make it: mkdir '%s'", v->source);

                if (r == 0)
                        continue;
                doctor_lack(p, xasprintf("%s: volumes[%zu] '%s': %s", p->spec->name, i, v->source,
                                         strerror(-r)));
                if (r == -ENOENT)
                        findings_add_hint(p->findings, hint);
        }
        STRV_FOREACH (file, p->spec->env_files) {
                int r = doctor_look(p, *file, 0);

                if (r < 0)
                        doctor_lack(p,
                                    xasprintf("%s: envFile '%s': %s", p->spec->name, *file, strerror(-r)));
        }
}

static void doctor_check_devices(Place *p) {
        for (size_t i = 0; i < p->spec->n_devices; i++) {
                const char *path = p->spec->devices[i].path;
                bool is_char = doctor_look(p, path, S_IFCHR) >= 0;
                int r = is_char ? 0 : doctor_look(p, path, S_IFBLK);

                if (r < 0)
                        doctor_lack(p, xasprintf("%s: devices[%zu] '%s': %s", p->spec->name, i, path,
                                                 strerror(-r)));
        }
}

static void doctor_check_limits(Place *p) {
        _cleanup_free_ char *place = xasprintf("%s: resources", p->spec->name);
        const char *mount = p->project->facts.cgroup_root;
        Error e = ERROR_NULL;

        if (!mount || limits_require(mount, p->spec->resources, p->spec->n_resources, place, &e) >= 0)
                return;
        findings_add_error(p->findings, "container", &e);
        p->lacks = true;
}

/* What passes a bridge is seen by the host's rules for what it forwards, where br_netfilter says so. */
static void doctor_check_bridge(const Place *p) {
        static const char setting[] = "/proc/sys/net/bridge/bridge-nf-call-iptables";
        _cleanup_close_ int fd =
                p->spec->network == NETWORK_BRIDGE ? open(setting, O_RDONLY | O_CLOEXEC) : -EBADF;
        char value = '0';

        if (fd < 0 || read(fd, &value, 1) != 1 || value == '0')
                return;
        findings_add(
                p->findings, "network", VERDICT_UNKNOWN,
                xasprintf(
                        "%s: the host's firewall sees what passes bridge '%s' as if the host forwarded it, "
                        "and may drop it",
                        p->spec->name, p->spec->interface));
        findings_add_hint(p->findings, "let it pass: sysctl net.bridge.bridge-nf-call-iptables=0");
}

static void doctor_check_network(Place *p) {
        Error e = ERROR_NULL;

        if (network_check_host(p->spec, &e) >= 0) {
                doctor_check_bridge(p);
                return;
        }
        (void) error_prefix(&e, -ENOENT, "%s: network", p->spec->name);
        findings_add_error(p->findings, "container", &e);
        p->lacks = true;
}

static void doctor_check_container(Place *p) {
        _cleanup_(user_fs_leave) UserFs guard = USER_FS_NULL;

        p->made = doctor_has_made_image(p->project, p->spec);
        if (user_fs_enter(&p->project->state.user, &guard, NULL) < 0)
                return;
        doctor_check_image(p);
        doctor_check_made_image(p);
        doctor_check_volumes(p);
        doctor_check_devices(p);
        doctor_check_limits(p);
        doctor_check_network(p);
        if (!p->lacks)
                findings_add(p->findings, "container", VERDICT_OK,
                             xasprintf("%s: what it is made of is there", p->spec->name));
}

void doctor_check_containers(Findings *f, const Project *project) {
        for (size_t i = 0; project->spec && i < project->spec->n_containers; i++)
                doctor_check_container(
                        &(Place){.findings = f, .project = project, .spec = &project->spec->containers[i]});
}
