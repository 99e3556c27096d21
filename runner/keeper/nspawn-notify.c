/* SPDX-License-Identifier: MIT */

#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/alloc.h"
#include "base/scm.h"
#include "keeper/nspawn-notify.h"

static int notify_address(const char *path, struct sockaddr_un *ret, Error *reterr) {
        *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
        if (strlen(path) >= sizeof(ret->sun_path))
                return error_set(reterr, ENAMETOOLONG, "make the notification socket");
        (void) stpcpy(ret->sun_path, path);
        return 0;
}

int notify_socket_connect(const char *path, Error *reterr) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct sockaddr_un address;
        int r = notify_address(path, &address, reterr);

        if (r < 0)
                return r;
        if (fd < 0 || connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return error_set(reterr, errno, "connect to '%s'", path);
        return TAKE_FD(fd);
}

int notify_socket_open(const char *path, mode_t mode, Error *reterr) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct sockaddr_un address;
        int on = 1, r;

        r = notify_address(path, &address, reterr);
        if (r < 0)
                return r;
        /* That of the last start: the mounts of a unit outlive a reboot of the guest. */
        (void) unlink(path);
        if (fd < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 || chmod(path, mode) < 0 ||
            setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
                return error_set(reterr, errno, "make the notification socket");
        return TAKE_FD(fd);
}

int notify_socket_receive(int fd, pid_t sender, char *buffer, size_t size) {
        _cleanup_(scm_done) ScmMessage message = {};
        int r;

        r = scm_receive(fd, MSG_DONTWAIT, buffer, size - 1, &message);
        if (r == -EAGAIN || r == -EINTR)
                return 0;
        if (r < 0)
                return r;
        buffer[message.size] = '\0';
        return sender > 0 && message.sender == sender;
}

int nspawn_notify_open(Error *reterr) {
        return notify_socket_open(NSPAWN_NOTIFY_SOCKET, 0700, reterr);
}

void nspawn_notice_done(NspawnNotice *notice) {
        free(notice->status);
        *notice = (NspawnNotice){0};
}

/* Strict: kill(2) takes 0 and negative numbers for whole groups of processes. */
static pid_t parse_leader(const char *text) {
        unsigned long pid;
        char *end;

        if (*text < '1' || *text > '9')
                return 0;
        errno = 0;
        pid = strtoul(text, &end, 10);
        return errno == 0 && *end == '\0' && pid <= INT_MAX ? (pid_t) pid : 0;
}

void nspawn_notice_parse(const char *text, NspawnNotice *ret) {
        _cleanup_free_ char *copy = xstrdup(text);
        NspawnNotice notice = {0};
        char *save = NULL;

        for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                const char *leader = startswith(line, "X_NSPAWN_LEADER_PID="),
                           *status = startswith(line, "STATUS=");

                if (leader)
                        notice.leader = parse_leader(leader);
                if (status) {
                        free(notice.status);
                        notice.status = nspawn_status_text(status);
                }
                if (streq(line, "READY=1"))
                        notice.ready = true;
        }
        *ret = notice;
}

char *nspawn_notice_pass_on(const NspawnNotice *notice) {
        if (notice->status)
                return xasprintf("STATUS=Container running: %s%s", notice->status,
                                 notice->ready ? "\nREADY=1" : "");
        return notice->ready ? xstrdup("READY=1") : NULL;
}

char *nspawn_status_text(const char *status) {
        static const char *const prefixes[] = {"Container running: ", "User job ", "Job "};
        size_t n;

        /* 262 says that it has started. */
        if (streq(status, "Container running.") || streq(status, "Container started."))
                return xstrdup("");
        for (size_t i = 0; i < ELEMENTSOF(prefixes); i++)
                if (startswith(status, prefixes[i]))
                        status = startswith(status, prefixes[i]);
        n = strlen(status);
        return xstrndup(status, n > 3 && streq(status + n - 3, "...") ? n - 3 : n);
}
