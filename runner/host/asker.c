/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/alloc.h"
#include "base/detach.h"
#include "base/fs.h"
#include "base/process.h"
#include "base/strv.h"
#include "host/asker.h"

#define ANSWER_MAX     (8 * 1024 * 1024) /* Linux passes 6 MiB at most */
#define ANSWER_SECONDS 5

/* ---- in the first run ---- */

static void send_environment(int socket_fd) {
        STRV_FOREACH (s, environ) {
                size_t left = strlen(*s) + 1;

                for (const char *p = *s; left > 0;) {
                        ssize_t n = send(socket_fd, p, left, MSG_NOSIGNAL);

                        if (n < 0)
                                return;
                        p += n;
                        left -= (size_t) n;
                }
        }
}

static bool is_peer(int socket_fd, uid_t uid) {
        struct ucred peer;
        socklen_t size = sizeof(peer);

        return getsockopt(socket_fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) >= 0 && peer.uid == uid;
}

/* Others that connect get nothing. */
static void answer(int socket_fd, int parent_fd) {
        for (;;) {
                struct pollfd fds[] = {{.fd = socket_fd, .events = POLLIN},
                                       {.fd = parent_fd, .events = POLLIN}};
                _cleanup_close_ int fd = -EBADF;

                if (poll(fds, ELEMENTSOF(fds), -1) < 0 || fds[1].revents != 0)
                        return;
                fd = accept4(socket_fd, NULL, NULL, SOCK_CLOEXEC);
                if (fd >= 0 && is_peer(fd, 0)) {
                        send_environment(fd);
                        return;
                }
        }
}

typedef struct Server {
        int socket_fd;
        int parent_fd;
} Server;

static void serve(void *userdata) {
        const Server *s = userdata;

        answer(s->socket_fd, s->parent_fd);
}

/* Not a child of what this process becomes, which may wait for any of its own. */
static int start_server(int socket_fd, int parent_fd) {
        const int keep[] = {socket_fd, parent_fd};
        Server s = {socket_fd, parent_fd};

        return detach_run(serve, &s, keep, ELEMENTSOF(keep), "fc-asker");
}

int asker_serve(char **ret_address, Error *reterr) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        socklen_t size = sizeof(address);
        _cleanup_close_ int socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), parent_fd = -EBADF;
        int r;

        /* The kernel chooses a name, which is on no disk. */
        if (socket_fd < 0 || bind(socket_fd, (struct sockaddr *) &address, sizeof(sa_family_t)) < 0 ||
            listen(socket_fd, 8) < 0 || getsockname(socket_fd, (struct sockaddr *) &address, &size) < 0)
                return error_set(reterr, errno, "make a socket for the environment");
        parent_fd = process_open(getpid());
        r = parent_fd < 0 ? parent_fd : start_server(socket_fd, parent_fd);
        if (r < 0)
                return error_set(reterr, r, "start a process that knows the environment");
        *ret_address = xstrndup(address.sun_path + 1, size - offsetof(struct sockaddr_un, sun_path) - 1);
        return 0;
}

/* ---- in the second ---- */

struct Asker {
        const char *address;
        InvokingUser user;
        char **environment;
        bool known;
};

Asker *asker_new(const char *address, const InvokingUser *user) {
        Asker *a = xmalloc0(sizeof(*a));

        *a = (Asker){.address = address, .user = *user};
        return a;
}

Asker *asker_free(Asker *a) {
        if (!a)
                return NULL;
        STRV_FOREACH (s, a->environment)
                explicit_bzero(*s, strlen(*s));
        strv_free(a->environment);
        free(a);
        return NULL;
}

bool asker_is_whole(const Asker *a) {
        return a->address || geteuid() == a->user.uid;
}

static int asker_connect(const Asker *a, Error *reterr) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        struct timeval timeout = {.tv_sec = ANSWER_SECONDS};
        size_t length = strlen(a->address);
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        _cleanup_free_ char *user = user_name(a->user.uid);

        if (fd < 0)
                return error_set(reterr, errno, "make a socket");
        if (length >= sizeof(address.sun_path) - 1)
                return error_raise(reterr, FC_EXIT_HOST, "'%s' is not the address of an environment",
                                   a->address);
        memcpy(address.sun_path + 1, a->address, length);
        if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout)) < 0 ||
            connect(fd, (struct sockaddr *) &address,
                    (socklen_t) (offsetof(struct sockaddr_un, sun_path) + 1 + length)) < 0)
                return error_set(reterr, errno, "ask for the environment of %s", user);
        /* Another user may have the name by now. */
        if (!is_peer(fd, a->user.uid))
                return error_raise(reterr, FC_EXIT_HOST,
                                   "the process that should know the environment of %s is not that user's",
                                   user);
        return TAKE_FD(fd);
}

static int asker_receive(Asker *a, Error *reterr) {
        _cleanup_close_ int fd = asker_connect(a, reterr);
        char *text = NULL;
        size_t size;
        int r;

        if (fd < 0)
                return fd;
        r = fs_read_fd(fd, "the user's environment", ANSWER_MAX, &text, &size, reterr);
        if (r < 0)
                return r;
        for (const char *p = text; p < text + size; p += strlen(p) + 1)
                strv_push(&a->environment, p);
        explicit_bzero(text, size);
        free(text);
        return 0;
}

static void push_account(char ***environment, uid_t uid) {
        const struct passwd *pw = getpwuid(uid);

        if (!pw)
                return;
        strv_pushf(environment, "HOME=%s", pw->pw_dir);
        strv_pushf(environment, "USER=%s", pw->pw_name);
        strv_pushf(environment, "LOGNAME=%s", pw->pw_name);
        strv_pushf(environment, "SHELL=%s", pw->pw_shell);
}

char **asker_bare_environment(const InvokingUser *user) {
        static const char *const kept[] = {"LANG", "LC_ALL", "TERM", "TZ"};
        char **environment = NULL;

        strv_push(&environment, "PATH=/run/current-system/sw/bin:/usr/local/bin:/usr/bin:/bin");
        for (size_t i = 0; i < ELEMENTSOF(kept); i++) {
                const char *value = getenv(kept[i]);

                if (value)
                        strv_pushf(&environment, "%s=%s", kept[i], value);
        }
        push_account(&environment, user->uid);
        return environment;
}

/* The user has typed "sudo": what that has left, but not root's home. */
static void asker_guess(Asker *a) {
        static const char *const others[] = {"HOME=", "USER=", "LOGNAME=", "SHELL=", "MAIL=", "XDG_"};

        STRV_FOREACH (s, environ) {
                bool keep = true;

                for (size_t i = 0; i < ELEMENTSOF(others); i++)
                        keep = keep && !startswith(*s, others[i]);
                if (keep)
                        strv_push(&a->environment, *s);
        }
        push_account(&a->environment, a->user.uid);
}

int asker_environment(Asker *a, char *const **ret, Error *reterr) {
        int r = 0;

        if (!a->known && a->address)
                r = asker_receive(a, reterr);
        else if (!a->known && asker_is_whole(a))
                a->environment = strv_copy(environ);
        else if (!a->known)
                asker_guess(a);
        if (r < 0)
                return r;
        a->known = true;
        *ret = a->environment;
        return 0;
}
