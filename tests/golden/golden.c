/* SPDX-License-Identifier: MIT */

/* Specification + what runs + facts -> plan, without root and without a machine: every folder beside this
 * file is a case.
 *
 *     golden CASE-DIRECTORY [--update]
 *
 * reads spec.json and facts.json and compares what is planned with plan.txt, or writes it. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/json.h"
#include "plan/plan.h"
#include "spec/spec-parse.h"

static char *read_file(int dir_fd, const char *name, size_t *ret_size, Error *reterr) {
        _cleanup_close_ int fd = fs_open_beneath(dir_fd, name, O_RDONLY, 0, reterr);
        char *text = NULL;

        if (fd < 0 || fs_read_fd(fd, name, SPEC_SIZE_MAX, &text, ret_size, reterr) < 0)
                return NULL;
        return text;
}

static const char *fact(const Json *facts, const char *key) {
        const Json *value = json_get(facts, key);

        return value ? json_string(value) : NULL;
}

static char **strings(const Json *array) {
        char **v = NULL;

        JSON_FOREACH (item, array)
                strv_push(&v, json_string(item));
        return v;
}

/* Strings may hold anything; the expectation is text of one line each. */
static void print_value(FILE *f, const char *prefix, const char *value) {
        (void) fprintf(f, "%s", prefix);
        for (const char *p = value; *p; p++)
                if (*p == '\n' || *p == '\\')
                        (void) fprintf(f, "\\%c", *p == '\n' ? 'n' : '\\');
                else
                        (void) fputc(*p, f);
        (void) fputc('\n', f);
}

static void print_container(FILE *f, const Spec *spec, const ContainerSpec *c, const Json *facts) {
        _cleanup_free_ char *machine = xasprintf("%s-%s", fact(facts, "id"), c->name);
        const Json *addresses = json_get(facts, "addresses"), *running = json_get(facts, "running");
        const Json *address = addresses ? json_get(addresses, c->name) : NULL;
        const Json *definition = running ? json_get(running, c->name) : NULL;
        _cleanup_free_ char *state = xasprintf("%s/.containers", fact(facts, "root"));
        PlanNetwork network = {.name = (char *) "default",
                               .bridge = (char *) fact(facts, "bridge"),
                               .address = (char *) (address ? json_string(address) : NULL)};
        PlanFacts plan_facts = {
                .root = fact(facts, "root"),
                .state = state,
                .hosts = "/run/hosts",
                .machine = machine,
                .nspawn = fact(facts, "nspawn"),
                .rootless = fact(facts, "rootless"),
                .networks = &network,
                .n_networks = 1,
                .owner = c->network_of ? spec_find(spec, c->network_of) : NULL,
        };
        _cleanup_(container_plan_freep) ContainerPlan *plan = plan_container(c, &plan_facts);
        _cleanup_strv_ char **running_definition = definition ? strings(definition) : NULL, **reasons = NULL;
        PlanAction action = plan_decide(plan, definition != NULL, running_definition, &reasons);

        (void) fprintf(f, "container %s: %s\n", c->name, plan_action_to_string(action));
        STRV_FOREACH (reason, reasons)
                print_value(f, "  because ", *reason);
        STRV_FOREACH (argument, plan->argv)
                print_value(f, "  argv ", *argument);
        for (size_t i = 0; i < plan->n_mounts; i++) {
                static const char *const mappings[] = {
                        [PLAN_MAP_NONE] = "",
                        [PLAN_MAP_CONTAINER] = " (ids of the container)",
                        [PLAN_MAP_OWNER] = " (ids by owner)",
                };

                (void) fprintf(f, "  mount %s%s", plan->mounts[i].name, mappings[plan->mounts[i].mapping]);
                print_value(f, " ", plan->mounts[i].source ? plan->mounts[i].source : "(made)");
        }
        STRV_FOREACH (target, plan->mount_points)
                print_value(f, "  mount-point ", *target);
        (void) fprintf(f, "  ids-base %u set-network %d gate %d\n", plan->ids_base, plan_sets_network(plan),
                       plan_has_gate(plan));
        STRV_FOREACH (line, plan->definition)
                print_value(f, "  definition ", *line);
}

static char *print_case(const Spec *spec, const Json *facts) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                abort();
        for (size_t i = 0; i < spec->n_containers; i++)
                print_container(f, spec, &spec->containers[i], facts);
        if (fclose(f) != 0)
                abort();
        return text;
}

/* The first line that differs says more than two whole plans. */
static int compare(const char *actual, const char *expected) {
        unsigned line = 1;

        while (*actual && *actual == *expected) {
                line += *actual == '\n';
                actual++;
                expected++;
        }
        if (*actual == *expected)
                return 0;
        (void) fprintf(stderr, "plan.txt:%u: expected ...%.*s\n           planned ...%.*s\n", line,
                       (int) strcspn(expected, "\n"), expected, (int) strcspn(actual, "\n"), actual);
        return 1;
}

static int run(const char *directory, bool update, Error *reterr) {
        _cleanup_close_ int dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _cleanup_free_ char *spec_text = NULL, *facts_text = NULL, *expected = NULL, *actual = NULL;
        _cleanup_(spec_freep) Spec *spec = NULL;
        _cleanup_(json_freep) Json *facts = NULL;
        size_t spec_size, facts_size;
        int r;

        if (dir_fd < 0)
                return error_set(reterr, errno, "open '%s'", directory);
        spec_text = read_file(dir_fd, "spec.json", &spec_size, reterr);
        facts_text = spec_text ? read_file(dir_fd, "facts.json", &facts_size, reterr) : NULL;
        if (!facts_text)
                return -EIO;
        r = spec_parse(spec_text, spec_size, &spec, reterr);
        if (r >= 0)
                r = json_parse(facts_text, facts_size, "facts.json", &facts, reterr);
        if (r < 0)
                return r;
        actual = print_case(spec, facts);
        if (update)
                return fs_write_atomic(dir_fd, "plan.txt", actual, strlen(actual), 0644, reterr);
        expected = read_file(dir_fd, "plan.txt", NULL, reterr);
        return expected ? compare(actual, expected) : -EIO;
}

int main(int argc, char **argv) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        int r;

        if (argc < 2)
                return EXIT_FAILURE;
        r = run(argv[1], argc > 2 && streq(argv[2], "--update"), &error);
        if (r < 0)
                (void) fprintf(stderr, "%s\n", error.message);
        return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
