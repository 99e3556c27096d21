/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/inotify.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/strv.h"
#include "keeper/resolver.h"

#define KEYWORD "nameserver"
#define BLANKS  " \t"

#define SIZE_MAX_READ (64 * 1024)

/* What makes a file another one, in the directory and in itself: a file may be a mount. */
#define DIRECTORY_EVENTS (IN_MOVED_TO | IN_CREATE | IN_CLOSE_WRITE | IN_ONLYDIR)
#define FILE_EVENTS      (IN_CLOSE_WRITE)

struct ResolverWatch {
        sd_event_source *source;
        char *path;
        int inotify_fd;
        bool known;
        struct in_addr taken; /* where `known` */
        void (*on_change)(void *userdata);
        void *userdata;
};

static bool parse_line(const char *line, size_t n, struct in_addr *ret) {
        char text[INET_ADDRSTRLEN];
        const char *address;
        size_t skip;

        if (n <= strlen(KEYWORD) || !startswith(line, KEYWORD))
                return false;
        skip = strspn(line + strlen(KEYWORD), BLANKS);
        address = line + strlen(KEYWORD) + skip;
        n = strcspn(address, BLANKS "\r\n");
        if (skip == 0 || n >= sizeof(text))
                return false;
        memcpy(text, address, n);
        text[n] = '\0';
        return inet_pton(AF_INET, text, ret) == 1;
}

bool resolver_parse(const char *text, struct in_addr *ret) {
        while (*text) {
                size_t n = strcspn(text, "\n");

                if (parse_line(text, n, ret))
                        return true;
                text += n + (text[n] == '\n');
        }
        return false;
}

/* A file that is being written has none for a moment, and that is not a change. */
static bool resolver_read(const char *path, struct in_addr *ret) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        _cleanup_free_ char *text = NULL;

        return fd >= 0 && fs_read_fd(fd, path, SIZE_MAX_READ, &text, NULL, NULL) >= 0 &&
               resolver_parse(text, ret);
}

/* Of the name, and of what it leads to where it is a link, as NetworkManager and resolvconf make it. A watch
 * that is there already stays. */
static int watch_directory_of(int inotify_fd, const char *path) {
        _cleanup_free_ char *directory = xstrndup(path, (size_t) (strrchr(path, '/') - path));

        return inotify_add_watch(inotify_fd, directory[0] ? directory : "/", DIRECTORY_EVENTS);
}

static void watch_all(ResolverWatch *w) {
        _cleanup_free_ char *target = realpath(w->path, NULL);

        (void) watch_directory_of(w->inotify_fd, w->path);
        if (!target)
                return;
        (void) watch_directory_of(w->inotify_fd, target);
        (void) inotify_add_watch(w->inotify_fd, target, FILE_EVENTS);
}

static int on_resolver_event(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        ResolverWatch *w = userdata;
        struct in_addr now;
        char buffer[4096];

        while (read(fd, buffer, sizeof(buffer)) > 0)
                continue;
        /* Before it is read, so that no change falls in between. */
        watch_all(w);
        if (!resolver_read(w->path, &now) || (w->known && now.s_addr == w->taken.s_addr))
                return 0;
        w->taken = now;
        w->known = true;
        w->on_change(w->userdata);
        return 0;
}

ResolverWatch *resolver_watch_new(sd_event *event, const char *path, void (*on_change)(void *userdata),
                                  void *userdata) {
        _cleanup_(resolver_watch_freep) ResolverWatch *w = xmalloc0(sizeof(*w));

        *w = (ResolverWatch){.path = xstrdup(path),
                             .inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK),
                             .on_change = on_change,
                             .userdata = userdata};
        if (w->inotify_fd < 0 ||
            sd_event_add_io(event, &w->source, w->inotify_fd, EPOLLIN, on_resolver_event, w) < 0)
                return NULL;
        watch_all(w);
        return TAKE_PTR(w);
}

ResolverWatch *resolver_watch_free(ResolverWatch *w) {
        if (!w)
                return NULL;
        (void) sd_event_source_disable_unref(w->source);
        (void) safe_close(w->inotify_fd);
        free(w->path);
        free(w);
        return NULL;
}

void resolver_watch_take(ResolverWatch *w) {
        if (w)
                w->known = resolver_read(w->path, &w->taken);
}
