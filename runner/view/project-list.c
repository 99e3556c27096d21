/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/strv.h"
#include "boot/boot-place.h"
#include "host/facts.h"
#include "machine/machine.h"
#include "project/git-dir.h"
#include "screen/table.h"
#include "spec/path.h"
#include "state/identity.h"
#include "state/runtime-dir.h"
#include "view/project-list.h"

void project_list_done(ProjectList *list) {
        for (size_t i = 0; i < list->n; i++) {
                free(list->entries[i].id);
                free(list->entries[i].root);
                boot_entry_done(&list->entries[i].boot);
                strv_free(list->entries[i].running);
        }
        free(list->entries);
        *list = (ProjectList){};
}

static const char *fate_to_string(CheckoutFate fate) {
        switch (fate) {
        case CHECKOUT_THERE:
                return "there";
        case CHECKOUT_MOVED:
                return "moved";
        case CHECKOUT_GONE:
                return "gone";
        default:
                return "unknown";
        }
}

static ListedProject *list_add(ProjectList *list, const char *id) {
        ListedProject *p;

        for (size_t i = 0; i < list->n; i++)
                if (streq(list->entries[i].id, id))
                        return &list->entries[i];
        p = XGROW(list->entries, list->n);
        *p = (ListedProject){.id = xstrdup(id), .fate = CHECKOUT_LOST};
        return p;
}

/* The directories of other users' projects are closed to a user. */
static void list_find_root(ListedProject *p) {
        _cleanup_(checkout_done) Checkout claim = {};
        _cleanup_close_ int fd = -EBADF;

        if (runtime_dir_open(RUNTIME_DIR_BASE, p->id, &fd, NULL) < 0 || fd < 0 ||
            !runtime_dir_read_claim(fd, &claim))
                return;
        p->fate = checkout_find(&claim, &p->root);
        if (!p->root)
                p->root = TAKE_PTR(claim.path);
}

static void list_add_machine(ProjectList *list, const char *machine) {
        _cleanup_(checkout_done) Checkout claim = {};
        _cleanup_free_ char *id = NULL;
        const char *container;

        if (runtime_dir_find_owner(RUNTIME_DIR_BASE, machine, &claim, &container))
                id = xstrndup(machine, (size_t) (container - machine - 1));
        else
                id = identity_of_machine(machine);
        if (id)
                strv_push(&list_add(list, id)->running, machine + strlen(id) + 1);
}

/* One that has not run since the host was booted is known by its unit alone. */
static ListedProject *list_find_place(ProjectList *list, const BootEntry *entry) {
        _cleanup_free_ char *path = NULL;
        CheckoutFate fate = checkout_find(&entry->checkout, &path);
        const char *root = path ? path : entry->checkout.path;
        ListedProject *p;

        for (size_t i = 0; i < list->n; i++)
                if (streq_ptr(list->entries[i].root, root))
                        return &list->entries[i];
        p = list_add(list, entry->id);
        if (!p->root) {
                p->root = xstrdup(root);
                p->fate = fate;
        }
        return p;
}

static int list_add_units(ProjectList *list, bool rootless, Error *reterr) {
        _cleanup_(boot_list_done) BootList units = {};
        _cleanup_free_ char *directory = boot_place_directory(rootless);
        int r = boot_list_gather(directory, &units, reterr);

        for (size_t i = 0; i < units.n; i++) {
                ListedProject *p = list_find_place(list, &units.entries[i]);

                boot_entry_done(&p->boot);
                p->boot = units.entries[i];
                units.entries[i] = (BootEntry){};
        }
        return r;
}

static int compare_text(const void *a, const void *b) {
        return strcmp(*(char *const *) a, *(char *const *) b);
}

static int compare_project(const void *a, const void *b) {
        return strcmp(((const ListedProject *) a)->id, ((const ListedProject *) b)->id);
}

static void list_sort(ProjectList *list) {
        for (size_t i = 0; i < list->n; i++)
                if (list->entries[i].running)
                        qsort(list->entries[i].running, strv_length(list->entries[i].running),
                              sizeof(char *), compare_text);
        if (list->n > 0)
                qsort(list->entries, list->n, sizeof(*list->entries), compare_project);
}

int project_list_gather(ProjectList *ret, Error *reterr) {
        _cleanup_(project_list_done) ProjectList list = {};
        _cleanup_(facts_done) HostFacts facts = {};
        _cleanup_strv_ char **machines = NULL, **ids = NULL;
        int r;

        r = facts_gather(&facts, reterr);
        if (r >= 0)
                r = facts_require(&facts, FACTS_CGROUP, reterr);
        if (r >= 0)
                r = machine_list(facts.cgroup_root, &machines, reterr);
        /* Only root may list them. */
        if (r >= 0 && geteuid() == 0)
                r = runtime_dir_list(RUNTIME_DIR_BASE, &ids, reterr);
        if (r < 0)
                return r;
        STRV_FOREACH (id, ids)
                (void) list_add(&list, *id);
        STRV_FOREACH (machine, machines)
                list_add_machine(&list, *machine);
        for (size_t i = 0; i < list.n; i++)
                list_find_root(&list.entries[i]);
        r = list_add_units(&list, facts.rootless, reterr);
        if (r < 0)
                return r;
        list_sort(&list);
        *ret = list;
        list = (ProjectList){};
        return 0;
}

static bool is_in_one(const char *root, char *const *worktrees) {
        STRV_FOREACH (worktree, worktrees)
                if (path_is_within(root, *worktree))
                        return true;
        return false;
}

int project_list_worktrees(const char *root, const char *id, ProjectList *ret, Error *reterr) {
        _cleanup_strv_ char **worktrees = git_dir_worktrees(root);
        _cleanup_(project_list_done) ProjectList list = {};
        int r;

        *ret = (ProjectList){};
        r = worktrees ? project_list_gather(&list, reterr) : 0;
        for (size_t i = 0; r >= 0 && i < list.n; i++) {
                ListedProject *p = &list.entries[i];

                if (!p->running || !p->root || streq(p->id, id) || !is_in_one(p->root, worktrees))
                        continue;
                *XGROW(ret->entries, ret->n) = *p;
                *p = (ListedProject){};
        }
        return r;
}

int project_list_print(const ProjectList *list, Error *reterr) {
        static const char *const headers[] = {"ID", "RUNNING", "BOOT", "CHECKOUT", "ROOT", NULL};
        _cleanup_(table_freep) Table *table = table_new(headers);
        int r;

        for (size_t i = 0; i < list->n; i++) {
                const ListedProject *p = &list->entries[i];
                _cleanup_free_ char *running = strv_join(p->running, " "),
                                    *boot = p->boot.name ? boot_entry_names(&p->boot) : NULL;
                const char *cells[] = {p->id, running, boot, fate_to_string(p->fate), p->root};

                table_add_row(table, cells);
        }
        r = table_print(table, stdout);
        return r < 0 ? error_set(reterr, r, "print the projects") : 0;
}

int project_list_tell_worktrees(const ProjectList *list, Error *reterr) {
        for (size_t i = 0; i < list->n; i++) {
                _cleanup_free_ char *running = strv_join(list->entries[i].running, ", "),
                                    *line = xasprintf("also runs, in the work tree '%s': %s",
                                                      list->entries[i].root, running);

                line = error_make_printable(TAKE_PTR(line));
                if (puts(line) < 0)
                        return error_set(reterr, errno, "print the status");
        }
        return 0;
}

Json *project_list_json(const ProjectList *list) {
        Json *projects = json_new_array();

        for (size_t i = 0; i < list->n; i++) {
                const ListedProject *p = &list->entries[i];
                Json *o = json_new_object();

                json_add_string(o, "id", p->id);
                json_add_string(o, "root", p->root);
                json_add_string(o, "checkout", fate_to_string(p->fate));
                json_add_strv(o, "running", p->running);
                boot_json_add(o, &p->boot);
                json_append(projects, o);
        }
        return projects;
}

void project_list_print_json(const ProjectList *list) {
        _cleanup_(json_freep) Json *document = json_new_object();
        _cleanup_free_ char *text = NULL;

        json_add(document, "projects", project_list_json(list));
        text = json_print(document, /* pretty= */ true);
        (void) puts(text);
}
