/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/json.h"
#include "bus/host-bus.h"
#include "ops/boot.h"
#include "spec/dependency.h"
#include "spec/path.h"
#include "state/gc-root.h"

#define WANTS         "multi-user.target.wants"
#define UNIT_SIZE_MAX (64 * 1024)

/* In `.containers`; no container has a name with a dot. */
#define PROGRAM_LINK "boot.program"
#define SPEC_LINK    "boot.spec"

/* ---- what there is ---- */

void boot_entry_done(BootEntry *entry) {
        free(entry->id);
        free(entry->name);
        boot_unit_done(&entry->unit);
        checkout_done(&entry->checkout);
        *entry = (BootEntry){};
}

void boot_list_done(BootList *list) {
        for (size_t i = 0; i < list->n; i++)
                boot_entry_done(&list->entries[i]);
        free(list->entries);
        *list = (BootList){};
}

static bool boot_read(int dir_fd, const char *name, BootUnit *ret, Checkout *ret_checkout) {
        _cleanup_(boot_unit_done) BootUnit unit = {};
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *text = NULL, *line = NULL;
        size_t size;

        fd = fs_open_file_beneath(dir_fd, name, O_RDONLY, 0, NULL);
        if (fd < 0 || fs_read_fd(fd, name, UNIT_SIZE_MAX, &text, &size, NULL) < 0 ||
            !boot_unit_parse(text, size, &unit))
                return false;
        line = xasprintf("%s\n", unit.checkout);
        if (!checkout_parse(line, strlen(line), ret_checkout))
                return false;
        *ret = unit;
        unit = (BootUnit){};
        return true;
}

static int boot_compare(const void *a, const void *b) {
        return strcmp(((const BootEntry *) a)->id, ((const BootEntry *) b)->id);
}

void boot_list_gather(const char *directory, BootList *ret) {
        _cleanup_close_ int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_strv_ char **names = NULL;
        BootList list = {};

        if (fd >= 0)
                (void) fs_list(fd, &names);
        STRV_FOREACH (name, names) {
                _cleanup_free_ char *id = boot_unit_id(*name);
                BootUnit unit;
                Checkout checkout;

                if (!id || !boot_read(fd, *name, &unit, &checkout))
                        continue;
                *XGROW(list.entries, list.n) = (BootEntry){TAKE_PTR(id), xstrdup(*name), unit, checkout};
        }
        if (list.n > 0)
                qsort(list.entries, list.n, sizeof(*list.entries), boot_compare);
        *ret = list;
}

const BootEntry *boot_list_find(const BootList *list, const Checkout *checkout) {
        for (size_t i = 0; i < list->n; i++)
                if (checkout_is_same(&list->entries[i].checkout, checkout))
                        return &list->entries[i];
        /* Another directory took its path, or a disk got another number at boot. */
        for (size_t i = 0; i < list->n; i++)
                if (streq(list->entries[i].checkout.path, checkout->path))
                        return &list->entries[i];
        return NULL;
}

char *boot_entry_names(const BootEntry *entry) {
        return entry->unit.names ? strv_join(entry->unit.names, ", ") : xstrdup("all");
}

void boot_json_add(Json *object, const BootEntry *entry) {
        Json *o;

        if (!entry || !entry->name) {
                json_add_null(object, "atBoot");
                return;
        }
        o = json_new_object();
        json_add_string(o, "unit", entry->name);
        if (entry->unit.names)
                json_add_strv(o, "containers", entry->unit.names);
        else
                json_add_null(o, "containers");
        json_add_string(o, "user", entry->unit.user);
        json_add(object, "atBoot", o);
}

/* ---- changing it ---- */

static int raise_elsewhere(Error *reterr) {
        int r = error_raise(reterr, FC_EXIT_HOST, "'" BOOT_DIR "' is not to be changed by a program here");

        error_add_hint(reterr, "on NixOS: services.flake-containers.projects of nixosModules.default "
                               "(man flake-containers-enable)");
        return r;
}

/* On NixOS it is a link to a store. */
static int open_units(Error *reterr) {
        struct stat st;
        int fd;

        if (lstat(BOOT_DIR, &st) >= 0 && S_ISLNK(st.st_mode))
                return raise_elsewhere(reterr);
        fd = open(BOOT_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return error_set(reterr, errno, "open '" BOOT_DIR "'");
        if (faccessat(fd, ".", W_OK, 0) < 0 && errno == EROFS) {
                (void) safe_close(fd);
                return raise_elsewhere(reterr);
        }
        return fd;
}

static int take_away(int dir_fd, const char *name, Error *reterr) {
        _cleanup_free_ char *link = xasprintf(WANTS "/%s", name);

        if (unlinkat(dir_fd, link, 0) < 0 && errno != ENOENT)
                return error_set(reterr, errno, "remove '" BOOT_DIR "/%s'", link);
        if (unlinkat(dir_fd, name, 0) < 0 && errno != ENOENT)
                return error_set(reterr, errno, "remove '" BOOT_DIR "/%s'", name);
        return 0;
}

/* The link that `systemctl enable` makes by [Install]. */
static int put_link(int dir_fd, const char *name, Error *reterr) {
        _cleanup_free_ char *target = xasprintf(BOOT_DIR "/%s", name);
        _cleanup_close_ int fd = -EBADF;
        int r = fs_mkdir_beneath(dir_fd, WANTS, 0755, reterr);

        if (r < 0)
                return r;
        fd = fs_open_beneath(dir_fd, WANTS, O_RDONLY | O_DIRECTORY, 0, reterr);
        return fd < 0 ? fd : fs_replace_link(fd, name, target, reterr);
}

/* A unit of systemd's that is not known to it is none: what cannot be told is taken back. */
static int put(const char *name, const char *text, Error *reterr) {
        _cleanup_(host_bus_freep) HostBus *bus = NULL;
        _cleanup_close_ int fd = open_units(reterr);
        int r;

        if (fd < 0)
                return fd;
        r = host_bus_open(/* event= */ NULL, &bus, reterr);
        if (r < 0)
                return r;
        r = fs_write_atomic(fd, name, text, strlen(text), 0644, reterr);
        if (r >= 0)
                r = put_link(fd, name, reterr);
        if (r >= 0)
                r = host_bus_reload(bus, reterr);
        if (r < 0)
                (void) take_away(fd, name, NULL);
        return r;
}

static int remove_unit(const char *name, Error *reterr) {
        _cleanup_(host_bus_freep) HostBus *bus = NULL;
        _cleanup_close_ int fd = open_units(reterr);
        int r;

        if (fd < 0)
                return fd;
        r = take_away(fd, name, reterr);
        /* Without systemd as PID 1 there is no program that has to hear of it. */
        if (r < 0 || access("/run/systemd/system/", F_OK) < 0)
                return r;
        r = host_bus_open(/* event= */ NULL, &bus, reterr);
        return r < 0 ? r : host_bus_reload(bus, reterr);
}

/* ---- enable ---- */

/* What up would obtain from the user's environment, of which there is none. */
static int refuse_variables(const Spec *spec, char *const *names, Error *reterr) {
        STRV_FOREACH (name, names) {
                const ContainerSpec *c = spec_find(spec, *name);

                for (size_t i = 0; i < c->n_credentials; i++) {
                        int r;

                        if (!c->credentials[i].variable)
                                continue;
                        r = error_raise(reterr, FC_EXIT_USAGE,
                                        "containers.%s.credentials.%s is a variable of yours, "
                                        "which is not there when the host boots",
                                        *name, c->credentials[i].id);
                        error_add_hint(reterr, "give it as a file or a command, or enable others by name");
                        return r;
                }
        }
        return 0;
}

/* The same id in another directory: of a project that has had this one's path. */
static int refuse_other(const Project *project, const BootList *list, Error *reterr) {
        for (size_t i = 0; i < list->n; i++) {
                const BootEntry *e = &list->entries[i];
                _cleanup_free_ char *path = NULL;
                CheckoutFate fate;
                int r;

                if (!streq(e->id, project->id) || checkout_is_same(&e->checkout, &project->checkout) ||
                    streq(e->checkout.path, project->root))
                        continue;
                fate = checkout_find(&e->checkout, &path);
                if (fate == CHECKOUT_GONE || fate == CHECKOUT_LOST)
                        continue;
                r = error_raise(reterr, FC_EXIT_CONFLICT, "unit '%s' starts the containers of '%s'", e->name,
                                path ? path : e->checkout.path);
                error_add_hint(reterr, "look: systemctl cat %s", e->name);
                return r;
        }
        return 0;
}

/* In a store, the specification that --spec names; NULL: it is not. Owned by the caller. */
static char *find_store(const Project *project, const char *spec) {
        for (size_t i = 0; spec && i < project->spec->n_containers; i++) {
                const ContainerSpec *c = &project->spec->containers[i];
                _cleanup_free_ char *store = c->toplevel ? container_spec_store(c) : NULL;

                if (store && path_is_within(spec, store))
                        return TAKE_PTR(store);
        }
        return NULL;
}

/* What the unit names and a garbage collector could take. What a flake was built to last is kept by Nix's
 * own link. */
static int protect(Project *project, const BootUnit *unit, Error *reterr) {
        _cleanup_free_ char *program_store = gc_root_store_of(unit->program),
                            *spec_store = find_store(project, unit->spec),
                            *kept = project_state_path(project);
        int r = state_dir_make(&project->state, reterr);

        if (r >= 0)
                r = gc_root_set(project->state.fd, kept, &project->state.user, PROGRAM_LINK,
                                program_store ? unit->program : NULL, program_store, reterr);
        if (r >= 0)
                r = gc_root_set(project->state.fd, kept, &project->state.user, SPEC_LINK,
                                spec_store ? unit->spec : NULL, spec_store, reterr);
        return r;
}

static int make_unit(const Project *project, char *const *names, BootUnit *ret, Error *reterr) {
        _cleanup_(boot_unit_done) BootUnit unit = {};
        char *line_end;
        int r;

        r = refuse_variables(project->spec, names, reterr);
        if (r < 0)
                return r;
        unit.program = realpath("/proc/self/exe", NULL);
        if (!unit.program)
                return error_set(reterr, errno, "find our own program");
        unit.root = xstrdup(project->root);
        unit.checkout = checkout_print(&project->checkout);
        line_end = strrchr(unit.checkout, '\n');
        *line_end = '\0';
        unit.spec = project->globals->spec ? xstrdup(project->spec_path) : NULL;
        unit.uid = project->user.uid;
        unit.gid = project->user.gid;
        boot_unit_ask_spec(&unit, project->spec, names);
        *ret = unit;
        unit = (BootUnit){};
        return 0;
}

int boot_enable(Project *project, char *const *names, bool all, Error *reterr) {
        _cleanup_strv_ char **ordered = dependencies_order(project->spec, names);
        _cleanup_(boot_unit_done) BootUnit unit = {};
        _cleanup_(boot_list_done) BootList list = {};
        _cleanup_free_ char *text = NULL, *name = boot_unit_name(project->id);
        const BootEntry *old;
        int r;

        if (!project->facts.sd_booted) {
                r = error_raise(reterr, FC_EXIT_HOST, "systemd does not manage this host (it is not PID 1)");
                error_add_hint(reterr, "run this at boot by other means: flake-containers --root '%s' up",
                               project->root);
                return r;
        }
        r = make_unit(project, ordered, &unit, reterr);
        if (r < 0)
                return r;
        unit.names = all ? NULL : strv_copy(ordered);
        r = boot_unit_print(&unit, &text, reterr);
        if (r < 0)
                return r;
        boot_list_gather(BOOT_DIR, &list);
        r = refuse_other(project, &list, reterr);
        if (r < 0)
                return r;
        if (project->globals->dry_run)
                return fputs(text, stdout) < 0 ? error_set(reterr, errno, "print the unit") : FC_EXIT_OK;
        r = protect(project, &unit, reterr);
        if (r >= 0)
                r = put(name, text, reterr);
        /* Under an id that the project had before. */
        old = r >= 0 ? boot_list_find(&list, &project->checkout) : NULL;
        if (old && !streq(old->name, name))
                r = remove_unit(old->name, reterr);
        return r < 0 ? r : FC_EXIT_OK;
}

/* ---- disable ---- */

int boot_disable(Project *project, bool made, char **ret_unit, Error *reterr) {
        _cleanup_(boot_list_done) BootList list = {};
        _cleanup_free_ char *kept = project_state_path(project);
        const BootEntry *entry;
        int r = 0;

        boot_list_gather(BOOT_DIR, &list);
        entry = boot_list_find(&list, &project->checkout);
        /* NixOS knows the path of the directory and no more. */
        if (made && entry && !entry->checkout.known)
                entry = NULL;
        *ret_unit = entry ? xstrdup(entry->name) : NULL;
        if (!entry || project->globals->dry_run)
                return 0;
        r = remove_unit(entry->name, reterr);
        if (r >= 0 && project->state.fd >= 0)
                r = gc_root_set(project->state.fd, kept, &project->state.user, PROGRAM_LINK, NULL, NULL,
                                reterr);
        if (r >= 0 && project->state.fd >= 0)
                r = gc_root_set(project->state.fd, kept, &project->state.user, SPEC_LINK, NULL, NULL,
                                reterr);
        return r;
}

int boot_remove(const BootEntry *entry, Error *reterr) {
        return remove_unit(entry->name, reterr);
}
