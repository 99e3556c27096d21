/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/json.h"
#include "base/userns.h"
#include "boot/boot-place.h"
#include "boot/boot.h"
#include "context/shared.h"
#include "spec/dependency.h"
#include "spec/path.h"
#include "state/gc-root.h"

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

/* NixOS has links to a store there. Return: 1, or 0: it is not ours, or a negative errno. */
static int boot_read(int dir_fd, const char *name, BootUnit *ret, Checkout *ret_checkout, Error *reterr) {
        _cleanup_close_ int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        _cleanup_(boot_unit_done) BootUnit unit = {};
        _cleanup_free_ char *text = NULL, *line = NULL;
        struct stat st;
        size_t size;
        int r;

        if (fd < 0 && errno == ENOENT)
                return 0;
        if (fd < 0 || fstat(fd, &st) < 0)
                return error_set(reterr, errno, "open unit '%s'", name);
        /* /dev/null is in the place of one that is masked. */
        if (!S_ISREG(st.st_mode))
                return 0;
        r = fs_read_fd(fd, name, UNIT_SIZE_MAX, &text, &size, reterr);
        if (r < 0)
                return r;
        if (!boot_unit_parse(text, size, &unit))
                return 0;
        line = xasprintf("%s\n", unit.checkout);
        if (!checkout_parse(line, strlen(line), ret_checkout))
                return 0;
        *ret = unit;
        unit = (BootUnit){};
        return 1;
}

static int boot_compare(const void *a, const void *b) {
        return strcmp(((const BootEntry *) a)->id, ((const BootEntry *) b)->id);
}

int boot_list_gather(const char *directory, BootList *ret, Error *reterr) {
        _cleanup_close_ int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_(boot_list_done) BootList list = {};
        _cleanup_strv_ char **names = NULL;
        int r;

        if (fd < 0 && errno != ENOENT)
                return error_set(reterr, errno, "open '%s'", directory);
        r = fd < 0 ? 0 : fs_list(fd, &names);
        if (r < 0)
                return error_set(reterr, r, "list '%s'", directory);
        STRV_FOREACH (name, names) {
                _cleanup_free_ char *id = boot_unit_id(*name);
                BootUnit unit;
                Checkout checkout;

                r = id ? boot_read(fd, *name, &unit, &checkout, reterr) : 0;
                if (r < 0)
                        return r;
                if (r > 0)
                        *XGROW(list.entries, list.n) =
                                (BootEntry){TAKE_PTR(id), xstrdup(*name), unit, checkout};
        }
        if (list.n > 0)
                qsort(list.entries, list.n, sizeof(*list.entries), boot_compare);
        *ret = list;
        list = (BootList){};
        return 0;
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

static bool boot_list_has(const BootList *list, const char *name) {
        for (size_t i = 0; i < list->n; i++)
                if (streq(list->entries[i].name, name))
                        return true;
        return false;
}

void boot_entry_print(const BootEntry *entry, bool rootless) {
        _cleanup_free_ char *names = entry->name ? boot_entry_names(entry) : NULL;

        if (entry->name)
                (void) printf("%s starts %s %s\n", entry->name, names, boot_place_when(rootless));
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

/* Which directory it is about. */
typedef struct Units {
        bool rootless;
        int fd;
        char *directory; /* its path */
        char *wants;     /* in it: the links that `systemctl enable` makes by [Install] */
} Units;

#define UNITS_NULL ((Units){.fd = -EBADF})

static void units_done(Units *u) {
        u->fd = safe_close(u->fd);
        free(u->directory);
        free(u->wants);
}

static int units_open(bool rootless, Units *ret, Error *reterr) {
        int fd = boot_place_open(rootless, reterr);

        if (fd < 0)
                return fd;
        *ret = (Units){.rootless = rootless,
                       .fd = fd,
                       .directory = boot_place_directory(rootless),
                       .wants = xasprintf("%s.wants", boot_unit_target(rootless))};
        return 0;
}

static int take_away(const Units *u, const char *name, Error *reterr) {
        _cleanup_free_ char *link = xasprintf("%s/%s", u->wants, name);

        if (unlinkat(u->fd, link, 0) < 0 && errno != ENOENT)
                return error_set(reterr, errno, "remove '%s/%s'", u->directory, link);
        if (unlinkat(u->fd, name, 0) < 0 && errno != ENOENT)
                return error_set(reterr, errno, "remove '%s/%s'", u->directory, name);
        return 0;
}

static int put_link(const Units *u, const char *name, Error *reterr) {
        _cleanup_free_ char *target = xasprintf("%s/%s", u->directory, name);
        _cleanup_close_ int fd = -EBADF;
        int r = fs_mkdir_beneath(u->fd, u->wants, 0755, reterr);

        if (r < 0)
                return r;
        fd = fs_open_beneath(u->fd, u->wants, O_RDONLY | O_DIRECTORY, 0, reterr);
        return fd < 0 ? fd : fs_replace_link(fd, name, target, reterr);
}

/* What is in the place of a unit, to be put back. */
typedef struct OldUnit {
        char *text; /* NULL: there is none */
        size_t size;
        bool linked;
} OldUnit;

/* @ours: `enable` has made it */
static int look_at_old(const Units *u, const char *name, bool ours, OldUnit *ret, Error *reterr) {
        _cleanup_free_ char *link = xasprintf("%s/%s", u->wants, name);
        _cleanup_close_ int fd = -EBADF;
        bool there;
        int r = fs_is_there(u->fd, name, &there, reterr);

        if (r < 0 || !there)
                return r;
        if (!ours)
                return error_raise(reterr, FC_EXIT_CONFLICT,
                                   "'%s/%s' is there, and not of 'flake-containers enable'", u->directory,
                                   name);
        fd = fs_open_file_beneath(u->fd, name, O_RDONLY, 0, reterr);
        r = fd < 0 ? fd : fs_read_fd(fd, name, UNIT_SIZE_MAX, &ret->text, &ret->size, reterr);
        return r < 0 ? r : fs_is_there(u->fd, link, &ret->linked, reterr);
}

static void put_back(const Units *u, const char *name, const OldUnit *old, HostBus *bus) {
        if (!old->text || !old->linked)
                (void) take_away(u, name, NULL);
        if (old->text)
                (void) fs_write_atomic(u->fd, name, old->text, old->size, 0644, NULL);
        (void) host_bus_reload(bus, NULL);
}

/* A user's systemd may have been started with another XDG_CONFIG_HOME than this shell. */
static int check_is_found(const Units *u, HostBus *bus, const char *name, Error *reterr) {
        int r = host_bus_check_unit(bus, name, reterr);

        if (r < 0)
                error_add_hint(reterr, "the file was '%s/%s'; where it looks: systemctl %sshow -p UnitPath",
                               u->directory, name, u->rootless ? "--user " : "");
        return r;
}

/* What systemd does not know of is not a unit: after a failure all is as it was. */
static int put(bool rootless, const char *name, const char *text, bool ours, Error *reterr) {
        _cleanup_(host_bus_freep) HostBus *bus = NULL;
        _cleanup_(units_done) Units units = UNITS_NULL;
        OldUnit old = {};
        int r = boot_place_connect(rootless, &bus, reterr);

        if (r >= 0)
                r = units_open(rootless, &units, reterr);
        if (r >= 0)
                r = look_at_old(&units, name, ours, &old, reterr);
        if (r < 0) {
                free(old.text);
                return r;
        }
        r = fs_write_atomic(units.fd, name, text, strlen(text), 0644, reterr);
        if (r >= 0)
                r = put_link(&units, name, reterr);
        if (r >= 0)
                r = host_bus_reload(bus, reterr);
        if (r >= 0)
                r = check_is_found(&units, bus, name, reterr);
        if (r < 0)
                put_back(&units, name, &old, bus);
        free(old.text);
        return r;
}

/* Without a systemd there is no program that has to hear of it. */
static int remove_unit(bool rootless, const char *name, Error *reterr) {
        _cleanup_(host_bus_freep) HostBus *bus = NULL;
        _cleanup_(units_done) Units units = UNITS_NULL;
        int r = units_open(rootless, &units, reterr);

        if (r >= 0)
                r = take_away(&units, name, reterr);
        if (r < 0 || access("/run/systemd/system/", F_OK) < 0)
                return r;
        r = boot_place_connect(rootless, &bus, reterr);
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
static int set_links(const Project *project, const BootUnit *unit, Error *reterr) {
        _cleanup_free_ char *program_store = gc_root_store_of(unit->program),
                            *spec_store = find_store(project, unit->spec),
                            *kept = project_state_path(project);
        int r = gc_root_set(project->state.fd, kept, &project->state.user, PROGRAM_LINK,
                            program_store ? unit->program : NULL, program_store, reterr);

        return r < 0 ? r
                     : gc_root_set(project->state.fd, kept, &project->state.user, SPEC_LINK,
                                   spec_store ? unit->spec : NULL, spec_store, reterr);
}

/* Root alone makes links in a store of root's. */
static int protect(Project *project, const BootUnit *unit, Error *reterr) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        int r = state_dir_make(&project->state, reterr);

        if (r < 0 || !unit->rootless)
                return r < 0 ? r : set_links(project, unit, reterr);
        if (set_links(project, unit, &error) < 0)
                (void) fprintf(stderr, "%s, so Nix may collect what the unit names, ignoring\n",
                               error.message);
        return 0;
}

/* The main work tree has those, with a specification that may say otherwise. */
static int refuse_shared(const Project *project, char *const *names, Error *reterr) {
        const char *home = project->worktree ? project->root : project->home,
                   *name = project->worktree          ? names[0]
                           : project->elsewhere_named ? project->elsewhere_named[0]
                                                      : NULL;
        int r;

        if (!name)
                return 0;
        r = error_raise(reterr, FC_EXIT_CONFLICT,
                        "'%s' is shared, and is started by the main work tree '%s'", name, home);
        error_add_hint(reterr, "enable it there: flake-containers --root '%s' enable %s", home, name);
        return r;
}

/* What it needs of the main work tree's starts and stops with it. */
static int ask_main(const Project *project, BootUnit *unit, Error *reterr) {
        _cleanup_(project_done) Project home = PROJECT_NULL;
        BootUnit there = {};
        int r;

        if (!project->elsewhere)
                return 0;
        r = shared_open(project, &home, reterr);
        if (r >= 0)
                r = refuse_variables(home.spec, project->elsewhere, reterr);
        if (r < 0)
                return r;
        boot_unit_ask_spec(&there, home.spec, project->elsewhere);
        unit->online = unit->online || there.online;
        unit->stop_usec += there.stop_usec;
        unit->home = xstrdup(home.root);
        return 0;
}

/* Of root, who would start the containers as root. */
static int refuse_root_for_user(const Project *project, Error *reterr) {
        int r;

        if (project->facts.rootless || !project->spec->rootless)
                return 0;
        r = error_raise(reterr, FC_EXIT_USAGE,
                        "a unit of the host starts containers as root, and these are without root");
        error_add_hint(reterr, "as the user: flake-containers --root '%s' enable", project->root);
        return r;
}

static int refuse_without_systemd(const Project *project, Error *reterr) {
        _cleanup_(host_bus_freep) HostBus *bus = NULL;
        int r = project->facts.rootless ? boot_place_connect(/* rootless= */ true, &bus, reterr)
                : project->facts.sd_booted
                        ? 0
                        : error_raise(reterr, FC_EXIT_HOST,
                                      "systemd does not manage this host (it is not PID 1)");

        if (r < 0)
                error_add_hint(reterr, "run this at boot by other means: flake-containers --root '%s' up",
                               project->root);
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
        unit.rootless = project->facts.rootless;
        unit.uid = unit.rootless ? userns_own_uid() : project->user.uid;
        unit.gid = project->user.gid;
        boot_unit_ask_spec(&unit, project->spec, names);
        r = ask_main(project, &unit, reterr);
        if (r < 0)
                return r;
        *ret = unit;
        unit = (BootUnit){};
        return 0;
}

static void say_enabled(const Project *project, const char *name, const BootUnit *unit) {
        _cleanup_free_ char *list = unit->names ? strv_join(unit->names, ", ") : xstrdup("all containers");

        if (project->progress != PROGRESS_QUIET)
                (void) fprintf(stderr, "%s: starts %s %s; now: flake-containers up\n", name, list,
                               boot_place_when(unit->rootless));
}

int boot_enable(Project *project, char *const *names, bool all, Error *reterr) {
        _cleanup_strv_ char **ordered = dependencies_order(project->spec, names);
        _cleanup_(boot_unit_done) BootUnit unit = {};
        _cleanup_(boot_list_done) BootList list = {};
        _cleanup_free_ char *text = NULL, *name = boot_unit_name(project->id),
                            *directory = boot_place_directory(project->facts.rootless);
        const BootEntry *old;
        int r;

        r = refuse_root_for_user(project, reterr);
        if (r >= 0)
                r = refuse_shared(project, names, reterr);
        if (r >= 0)
                r = refuse_without_systemd(project, reterr);
        if (r < 0)
                return r;
        r = make_unit(project, ordered, &unit, reterr);
        if (r < 0)
                return r;
        unit.names = all ? NULL : strv_copy(ordered);
        r = boot_unit_print(&unit, &text, reterr);
        if (r < 0)
                return r;
        r = boot_list_gather(directory, &list, reterr);
        if (r >= 0)
                r = refuse_other(project, &list, reterr);
        if (r < 0)
                return r;
        if (project->globals->dry_run)
                return fputs(text, stdout) < 0 ? error_set(reterr, errno, "print the unit") : FC_EXIT_OK;
        r = protect(project, &unit, reterr);
        if (r >= 0)
                r = put(project->facts.rootless, name, text, boot_list_has(&list, name), reterr);
        /* Under an id that the project had before. */
        old = r >= 0 ? boot_list_find(&list, &project->checkout) : NULL;
        if (old && !streq(old->name, name))
                r = remove_unit(project->facts.rootless, old->name, reterr);
        if (r >= 0)
                say_enabled(project, name, &unit);
        return r < 0 ? r : FC_EXIT_OK;
}

/* ---- disable ---- */

int boot_disable(Project *project, bool made, char **ret_unit, Error *reterr) {
        _cleanup_(boot_list_done) BootList list = {};
        _cleanup_free_ char *kept = project_state_path(project),
                            *directory = boot_place_directory(project->facts.rootless);
        const BootEntry *entry;
        int r;

        r = boot_list_gather(directory, &list, reterr);
        if (r < 0)
                return r;
        entry = boot_list_find(&list, &project->checkout);
        /* NixOS knows the path of the directory and no more. */
        if (made && entry && !entry->checkout.known)
                entry = NULL;
        *ret_unit = entry ? xstrdup(entry->name) : NULL;
        if (!entry || project->globals->dry_run)
                return 0;
        r = remove_unit(project->facts.rootless, entry->name, reterr);
        if (r >= 0 && project->state.fd >= 0)
                r = gc_root_set(project->state.fd, kept, &project->state.user, PROGRAM_LINK, NULL, NULL,
                                reterr);
        if (r >= 0 && project->state.fd >= 0)
                r = gc_root_set(project->state.fd, kept, &project->state.user, SPEC_LINK, NULL, NULL,
                                reterr);
        return r;
}

int boot_remove(const BootEntry *entry, bool rootless, Error *reterr) {
        return remove_unit(rootless, entry->name, reterr);
}
