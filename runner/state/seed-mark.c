/* SPDX-License-Identifier: MIT */

#include <inttypes.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/host-socket.h"
#include "base/own-mark.h"
#include "state/seed-mark.h"

#define VALUE_MAX 64

static const char *const words[_SEED_PHASE_MAX] = {
        [SEED_BEGUN] = "begun",
        [SEED_BEGUN_FRESH] = "begun-fresh",
        [SEED_DONE] = "done",
};

/* Of all containers, without one's name; owned by the caller. */
static char *seed_mark_prefix(void) {
        return xasprintf("%sseed.", own_mark_prefix(host_socket_is_brokered()));
}

/* Owned by the caller. */
static char *seed_mark_name(const char *container) {
        _cleanup_free_ char *prefix = seed_mark_prefix();

        return xasprintf("%s%s", prefix, container);
}

static SeedMark seed_mark_parse(const char *value) {
        SeedMark mark = {};
        char *end;

        for (SeedPhase phase = SEED_BEGUN; phase < _SEED_PHASE_MAX; phase++) {
                const char *rest = startswith(value, words[phase]);

                if (!rest || *rest != ' ')
                        continue;
                mark.hash = strtoull(rest + 1, &end, 16);
                mark.phase = end > rest + 1 && *end == '\0' ? phase : SEED_NONE;
        }
        return mark;
}

int seed_mark_read(int fd, const char *container, SeedMark *ret, Error *reterr) {
        _cleanup_free_ char *name = seed_mark_name(container);
        char value[VALUE_MAX + 1];
        ssize_t n = fgetxattr(fd, name, value, VALUE_MAX);

        *ret = (SeedMark){};
        if (n < 0 && errno != ENODATA && errno != EOPNOTSUPP && errno != ERANGE)
                return error_set(reterr, errno, "read whether it was seeded");
        if (n >= 0) {
                value[n] = '\0';
                *ret = seed_mark_parse(value);
        }
        return 0;
}

int seed_mark_write(int fd, const char *container, SeedMark mark, Error *reterr) {
        _cleanup_free_ char *name = seed_mark_name(container);
        _cleanup_free_ char *value = xasprintf("%s %016" PRIx64, words[mark.phase], mark.hash);

        if (mark.phase == SEED_DONE && syncfs(fd) < 0)
                return error_set(reterr, errno, "write what it was seeded with to the disk");
        if (fsetxattr(fd, name, value, strlen(value), 0) < 0) {
                int r = -errno;

                return errno == EOPNOTSUPP || errno == EPERM
                               ? error_raise(reterr, FC_EXIT_HOST,
                                             "the file system of '.containers' cannot remember that it was "
                                             "seeded: it has no extended attributes '%s'",
                                             name)
                               : error_set(reterr, r, "remember that it was seeded");
        }
        return fsync(fd) < 0 ? error_set(reterr, errno, "remember that it was seeded") : 0;
}

int seed_mark_remove(int fd, const char *container, Error *reterr) {
        _cleanup_free_ char *name = seed_mark_name(container);

        if (fremovexattr(fd, name) < 0)
                return errno == ENODATA || errno == EOPNOTSUPP
                               ? 0
                               : error_set(reterr, errno, "forget that its seed has begun");
        return fsync(fd) < 0 ? error_set(reterr, errno, "forget that its seed has begun") : 0;
}

int seed_mark_demote(int fd, const char *container, Error *reterr) {
        SeedMark mark;
        int r = seed_mark_read(fd, container, &mark, reterr);

        if (r < 0 || mark.phase != SEED_BEGUN_FRESH)
                return r;
        mark.phase = SEED_BEGUN;
        return seed_mark_write(fd, container, mark, reterr);
}

int seed_mark_demote_all(int fd, Error *reterr) {
        _cleanup_free_ char *names = xmalloc0(XATTR_LIST_MAX), *prefix = seed_mark_prefix();
        ssize_t n = flistxattr(fd, names, XATTR_LIST_MAX);
        int r = 0;

        if (n < 0)
                return errno == EOPNOTSUPP ? 0 : error_set(reterr, errno, "list what it was seeded by");
        for (const char *name = names; r >= 0 && name < names + n; name += strlen(name) + 1) {
                const char *container = startswith(name, prefix);

                if (container)
                        r = seed_mark_demote(fd, container, reterr);
        }
        return r;
}
