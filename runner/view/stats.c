/* SPDX-License-Identifier: MIT */

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/timerfd.h>

#include "base/alloc.h"
#include "base/json.h"
#include "base/process.h"
#include "base/size-text.h"
#include "base/strv.h"
#include "base/time-text.h"
#include "cgroup/cgroup-use.h"
#include "running/running.h"
#include "screen/live-area.h"
#include "screen/output.h"
#include "screen/table.h"
#include "view/stats.h"

/* What the share of a processor is measured over when the table is printed once. */
#define ONCE_USEC (500 * USEC_PER_MSEC)

#define TEXT_MAX 48

/* One container. */
typedef struct Stat {
        const char *name;
        bool running;
        int payload_fd; /* of its cgroup, kept from one look to the next; a restart makes another */
        uint64_t taken_usec;
        CgroupUse use;
        double cpu_percent; /* of one processor, since the look before; negative: not known */
} Stat;

typedef struct Stats {
        Project *project;
        Stat *stats;
        size_t n;
} Stats;

static void stats_done(Stats *s) {
        for (size_t i = 0; i < s->n; i++)
                (void) safe_close(s->stats[i].payload_fd);
        free(s->stats);
}

/* ---- looking ---- */

static int stat_open(const Project *project, Stat *x, Error *reterr) {
        _cleanup_free_ char *machine = project_machine(project, x->name);
        _cleanup_(error_done) Error error = ERROR_NULL;
        MachineStatus status;
        int r;

        r = running_query(project, x->name, &status, reterr);
        if (r < 0)
                return r;
        x->running = status.running;
        /* One that is just being started or stopped has none. */
        if (status.running)
                x->payload_fd =
                        machine_open_payload_cgroup(&status, project->facts.cgroup_root, machine, &error);
        return 0;
}

static int stat_look(const Project *project, Stat *x, Error *reterr) {
        const CgroupUse before = x->use;
        uint64_t before_usec = x->taken_usec, passed;
        int r = 0;

        if (x->payload_fd >= 0) {
                cgroup_use_read(x->payload_fd, &x->use);
                if (x->use.cpu_usec == CGROUP_USE_UNKNOWN)
                        x->payload_fd = safe_close(x->payload_fd);
        }
        if (x->payload_fd < 0) {
                before_usec = 0;
                r = stat_open(project, x, reterr);
                if (x->payload_fd >= 0)
                        cgroup_use_read(x->payload_fd, &x->use);
        }
        x->taken_usec = now_usec();
        passed = x->taken_usec - before_usec;
        x->cpu_percent = before_usec > 0 && passed > 0 && x->use.cpu_usec >= before.cpu_usec
                                 ? (double) (x->use.cpu_usec - before.cpu_usec) * 100 / (double) passed
                                 : -1;
        return r;
}

static int stats_look(Stats *s, Error *reterr) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < s->n; i++)
                r = stat_look(s->project, &s->stats[i], reterr);
        return r;
}

/* ---- printing ---- */

/* "" is printed as a dash. */
static const char *size_text(char buf[static FORMAT_SIZE_MAX], uint64_t bytes) {
        return bytes == CGROUP_USE_UNKNOWN ? "" : format_size(buf, bytes);
}

static void stats_add_row(Table *table, const Stat *x) {
        char cpu[TEXT_MAX] = "", time[FORMAT_DURATION_MAX] = "", memory[FORMAT_SIZE_MAX],
             max[FORMAT_SIZE_MAX], tasks[TEXT_MAX] = "", rd[FORMAT_SIZE_MAX], wr[FORMAT_SIZE_MAX];
        const CgroupUse *u = &x->use;
        bool known = x->payload_fd >= 0;

        if (known && x->cpu_percent >= 0)
                (void) snprintf(cpu, sizeof(cpu), "%.1f%%", x->cpu_percent);
        if (known && u->cpu_usec != CGROUP_USE_UNKNOWN)
                (void) format_duration(time, u->cpu_usec);
        if (known && u->tasks != CGROUP_USE_UNKNOWN)
                (void) snprintf(tasks, sizeof(tasks), "%llu", (unsigned long long) u->tasks);
        table_add_row(table, (const char *const[]){
                                     x->name,
                                     cpu,
                                     time,
                                     known ? size_text(memory, u->memory) : "",
                                     known ? size_text(max, u->memory_max) : "",
                                     tasks,
                                     known ? size_text(rd, u->read) : "",
                                     known ? size_text(wr, u->written) : "",
                             });
}

/* Those that run. Owned by the caller. */
static char *stats_text(const Stats *s) {
        static const char *const headers[] = {"NAME",  "CPU",  "CPU TIME", "MEMORY", "LIMIT",
                                              "TASKS", "READ", "WRITTEN",  NULL};
        _cleanup_(table_freep) Table *table = table_new(headers);
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *f;
        int r;

        for (size_t i = 0; i < s->n; i++)
                if (s->stats[i].running)
                        stats_add_row(table, &s->stats[i]);
        f = open_memstream(&text, &size);
        if (!f)
                return NULL;
        r = table_print(table, f);
        /* The text is where it stays only now. */
        return fclose(f) == 0 && r >= 0 ? TAKE_PTR(text) : NULL;
}

static void add_known(Json *o, const char *key, uint64_t value) {
        if (value != CGROUP_USE_UNKNOWN)
                json_add_uint(o, key, value);
}

static int stats_print_json(const Stats *s, Error *reterr) {
        _cleanup_(json_freep) Json *document = json_new_object();
        _cleanup_free_ char *text = NULL;
        Json *containers = json_new_array();

        for (size_t i = 0; i < s->n; i++) {
                const CgroupUse *u = &s->stats[i].use;
                Json *o = json_new_object();

                json_add_string(o, "name", s->stats[i].name);
                json_add_bool(o, "running", s->stats[i].running);
                if (s->stats[i].payload_fd >= 0) {
                        add_known(o, "cpuUsec", u->cpu_usec);
                        add_known(o, "memory", u->memory);
                        add_known(o, "memoryMax", u->memory_max);
                        add_known(o, "tasks", u->tasks);
                        add_known(o, "read", u->read);
                        add_known(o, "written", u->written);
                }
                json_append(containers, o);
        }
        json_add(document, "containers", containers);
        text = json_print(document, /* pretty= */ true);
        return puts(text) < 0 ? error_set(reterr, errno, "print the figures") : FC_EXIT_OK;
}

static int stats_print(const Stats *s, Error *reterr) {
        _cleanup_free_ char *text = stats_text(s);

        return !text || fputs(text, stdout) < 0 || fflush(stdout) != 0
                       ? error_set(reterr, errno, "print the figures")
                       : FC_EXIT_OK;
}

/* ---- going on ---- */

static int stats_draw(const Stats *s, LiveArea *area, Output *output) {
        _cleanup_free_ char *text = stats_text(s);

        output_update_size(output, STDOUT_FILENO);
        return live_area_draw_text(area, output, text, stdout);
}

/* Return: 1 the time has come, 0 it was interrupted. */
static int stats_wait(int timer_fd, int signal_fd, uint64_t usec) {
        const struct itimerspec when = {
                .it_value = {.tv_sec = (time_t) (usec / USEC_PER_SEC),
                             .tv_nsec = (long) (usec % USEC_PER_SEC * 1000)},
        };
        struct pollfd fds[] = {{.fd = timer_fd, .events = POLLIN}, {.fd = signal_fd, .events = POLLIN}};

        if (timerfd_settime(timer_fd, 0, &when, NULL) < 0)
                return -errno;
        while (poll(fds, ELEMENTSOF(fds), -1) < 0)
                if (errno != EINTR)
                        return -errno;
        return fds[1].revents == 0;
}

/* There is no event to wait for: the kernel's counters only count. */
static int stats_go_on(Stats *s, const StatsOptions *options, Output *output, Error *reterr) {
        bool live = output->live && !options->once;
        _cleanup_(live_area_done) LiveArea area = {};
        _cleanup_close_ int timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), signal_fd = -EBADF;
        int r;

        process_block_interrupts(NULL);
        signal_fd = process_open_interrupts();
        if (timer_fd < 0 || signal_fd < 0)
                return error_set(reterr, errno, "make a timer");
        for (uint64_t wait = ONCE_USEC;; wait = options->interval_usec) {
                if (live && stats_draw(s, &area, output) < 0)
                        return FC_EXIT_OK; /* its reader has gone */
                r = stats_wait(timer_fd, signal_fd, wait);
                if (r < 0)
                        return error_set(reterr, r, "wait for the next look");
                if (r == 0)
                        return live ? FC_EXIT_OK : FC_EXIT_INTERRUPTED;
                r = stats_look(s, reterr);
                if (r < 0)
                        return r;
                if (!live)
                        return stats_print(s, reterr);
        }
}

int stats_show(Project *project, char *const *names, const StatsOptions *options, Error *reterr) {
        _cleanup_(stats_done) Stats s = {.project = project};
        Output output;
        int r;

        r = facts_require(&project->facts, FACTS_CGROUP, reterr);
        if (r < 0)
                return r;
        s.stats = xnew0(Stat, strv_length(names) + 1);
        STRV_FOREACH (name, names)
                s.stats[s.n++] = (Stat){.name = *name, .payload_fd = -EBADF};
        (void) signal(SIGPIPE, SIG_IGN);
        r = stats_look(&s, reterr);
        if (r < 0)
                return r;
        if (project->globals->json)
                return stats_print_json(&s, reterr);
        output_probe(STDOUT_FILENO, &output);
        return stats_go_on(&s, options, &output, reterr);
}
