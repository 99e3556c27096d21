/* SPDX-License-Identifier: MIT */

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/companions.h"
#include "base/process.h"
#include "bus/host-bus-internal.h"
#include "bus/transient-message.h"
#include "bus/user-scope.h"

/* It asks PID 1 to move a process that another one of its units has, or a session. */
#define ANSWER_USEC (30 * USEC_PER_SEC)

typedef struct UserScope {
        sd_bus *bus;
        char *job;    /* that begins it */
        char *result; /* of that, once it has ended */
        bool ended;   /* it has */
        bool changed; /* another command's scope has begun, or systemd has forgotten it */
} UserScope;

static void user_scope_done(UserScope *s) {
        sd_bus_flush_close_unref(s->bus);
        free(s->job);
        free(s->result);
}

int user_scope_connect(const char *runtime) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int n = snprintf(address.sun_path, sizeof(address.sun_path), "%s/systemd/private", runtime);

        if (fd < 0)
                return -errno;
        if (n < 0 || (size_t) n >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        if (connect(fd, (const struct sockaddr *) &address, sizeof(address)) < 0)
                return errno == ECONNREFUSED ? -ENOENT : -errno;
        return TAKE_FD(fd);
}

bool user_scope_is_possible(const char *runtime) {
        _cleanup_close_ int fd = user_scope_connect(runtime);

        return fd >= 0;
}

static int on_scope_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *e) {
        const char *path, *name, *result;
        UserScope *s = userdata;
        uint32_t id;

        if (sd_bus_message_read(m, "uoss", &id, &path, &name, &result) < 0)
                return 0;
        s->changed = s->changed || streq(name, USER_SCOPE);
        if (streq_ptr(s->job, path)) {
                free(s->result);
                s->result = xstrdup(result);
                s->ended = true;
        }
        return 0;
}

static int on_scope_removed(sd_bus_message *m, void *userdata, sd_bus_error *e) {
        const char *name, *path;
        UserScope *s = userdata;

        if (sd_bus_message_read(m, "so", &name, &path) >= 0 && streq(name, USER_SCOPE))
                s->changed = true;
        return 0;
}

static int user_scope_open(UserScope *s, int fd) {
        int r = sd_bus_new(&s->bus);

        if (r >= 0)
                r = sd_bus_set_fd(s->bus, fd, fd);
        if (r < 0) {
                (void) safe_close(fd);
                return r;
        }
        r = sd_bus_set_method_call_timeout(s->bus, ANSWER_USEC);
        if (r >= 0)
                r = sd_bus_start(s->bus);
        /* Before anything is begun, so that its end is not missed. */
        if (r >= 0)
                r = sd_bus_match_signal(s->bus, NULL, NULL, SYSTEMD_PATH, SYSTEMD_MANAGER, "JobRemoved",
                                        on_scope_job_removed, s);
        if (r >= 0)
                r = sd_bus_match_signal(s->bus, NULL, NULL, SYSTEMD_PATH, SYSTEMD_MANAGER, "UnitRemoved",
                                        on_scope_removed, s);
        if (r >= 0)
                r = sd_bus_call_method(s->bus, NULL, SYSTEMD_PATH, SYSTEMD_MANAGER, "Subscribe", NULL, NULL,
                                       NULL);
        return r < 0 ? r : 0;
}

static int user_scope_append(sd_bus_message *m) {
        int r = transient_append(m, "Description", "s", "Containers of flake-containers");

        if (r >= 0)
                r = transient_append(m, "Delegate", "b", 1);
        if (r >= 0)
                r = transient_append(m, "PIDs", "au", 1, (uint32_t) getpid());
        /* What starts containers at boot (plan/boot-unit.h) comes after that, as all services do: so at the
         * end its `down` comes first. It cannot name the scope, which would be remembered then when it has
         * ended. */
        if (r >= 0)
                r = transient_append(m, "Before", "as", 1, "basic.target");
        /* One that has failed must not be in the way of the next. */
        if (r >= 0)
                r = transient_append(m, "CollectMode", "s", "inactive-or-failed");
        /* What the kernel kills for its memory in one container is not the end of all. */
        if (r >= 0)
                r = transient_append(m, "OOMPolicy", "s", "continue");
        return r < 0 ? r : transient_properties_end(m);
}

static int user_scope_start(UserScope *s, sd_bus_error *e) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL, *reply = NULL;
        const char *job;
        int r = transient_message_new(s->bus, NULL, USER_SCOPE, &m);

        if (r >= 0)
                r = user_scope_append(m);
        if (r >= 0)
                r = transient_message_end(m);
        if (r >= 0)
                r = sd_bus_call(s->bus, m, 0, e, &reply);
        if (r >= 0)
                r = sd_bus_message_read(reply, "o", &job);
        if (r < 0)
                return r;
        free(s->job);
        s->job = xstrdup(job);
        s->ended = false;
        return 0;
}

static int user_scope_attach(UserScope *s, const char *below, sd_bus_error *e) {
        return sd_bus_call_method(s->bus, NULL, SYSTEMD_PATH, SYSTEMD_MANAGER, "AttachProcessesToUnit", e,
                                  NULL, "ssau", USER_SCOPE, below, 1, (uint32_t) getpid());
}

/* @told: set by what systemd tells. */
static int user_scope_wait(UserScope *s, const bool *told) {
        uint64_t deadline = now_usec() + ANSWER_USEC;

        while (!*told) {
                uint64_t now = now_usec();
                int r = sd_bus_process(s->bus, NULL);

                if (r == 0)
                        r = now >= deadline ? -ETIMEDOUT : sd_bus_wait(s->bus, deadline - now);
                if (r < 0 && r != -EINTR)
                        return r;
        }
        return 0;
}

/* The process is in it when the job is done. */
static int user_scope_wait_for_job(UserScope *s, sd_bus_error *e) {
        int r = user_scope_wait(s, &s->ended);

        if (r < 0)
                return r;
        return streq(s->result, "done")
                       ? 0
                       : sd_bus_error_setf(e, SD_BUS_ERROR_FAILED, "its job ended with '%s'", s->result);
}

/* Return: 1 it is there, 0 it is there no more. */
static int user_scope_try(UserScope *s, sd_bus_error *e) {
        int r = user_scope_start(s, e);

        if (r >= 0) {
                r = user_scope_wait_for_job(s, e);
                return r < 0 ? r : 1;
        }
        if (!sd_bus_error_has_name(e, ERROR_UNIT_EXISTS))
                return r;
        sd_bus_error_free(e);
        r = user_scope_attach(s, "/" COMPANIONS_OF_COMMANDS, e);
        if (r >= 0)
                return 1;
        /* The first command has not made that yet: then the scope is not divided either. */
        sd_bus_error_free(e);
        r = user_scope_attach(s, "", e);
        return r >= 0 ? 1 : 0;
}

/* Apart from the look whether there is one, since what cleans up here loads the library. @fd: taken */
static int user_scope_enter_by(int fd, Error *reterr) {
        _cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
        _cleanup_(user_scope_done) UserScope s = {};
        int r = user_scope_open(&s, fd);

        while (r == 0) {
                sd_bus_error_free(&e);
                s.changed = false;
                r = user_scope_try(&s, &e);
                /* The first command's begins at this moment, or the last container ends, and systemd forgets
                 * it a little later. */
                if (r == 0)
                        r = user_scope_wait(&s, &s.changed);
        }
        return r < 0 ? bus_error(&bus_user, reterr, r, &e, "enter '%s'", USER_SCOPE) : 1;
}

int user_scope_enter(const char *runtime, Error *reterr) {
        int fd = user_scope_connect(runtime);

        if (fd == -ENOENT)
                return 0;
        return fd < 0 ? error_set(reterr, fd, "enter '" USER_SCOPE "'") : user_scope_enter_by(fd, reterr);
}
