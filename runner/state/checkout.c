/* SPDX-License-Identifier: MIT */

#include <assert.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/child.h"
#include "base/fs.h"
#include "base/process.h"
#include "state/checkout.h"

#define NO_HANDLE         "-"
#define FIND_TIMEOUT_USEC (2 * USEC_PER_SEC)

/* struct file_handle, with room for what it holds. */
typedef struct Handle {
        unsigned size;
        int type;
        unsigned char bytes[MAX_HANDLE_SZ];
} Handle;

static_assert(offsetof(Handle, bytes) == sizeof(struct file_handle), "as the kernel has it");

void checkout_done(Checkout *checkout) {
        free(checkout->path);
        free(checkout->handle_hex);
        *checkout = (Checkout){};
}

/* ---- looking ---- */

static uint64_t find_birth(int fd) {
        struct statx stx;

        if (statx(fd, "", AT_EMPTY_PATH, STATX_BTIME, &stx) < 0 || !(stx.stx_mask & STATX_BTIME))
                return 0;
        return (uint64_t) stx.stx_btime.tv_sec * USEC_PER_SEC * 1000 + stx.stx_btime.tv_nsec;
}

static bool stat_place(int fd, Checkout *c) {
        struct stat st;

        if (fstat(fd, &st) < 0)
                return false;
        c->known = true;
        c->dev = st.st_dev;
        c->ino = st.st_ino;
        c->born = find_birth(fd);
        return true;
}

/* By which it is found again wherever it has been moved to on its file system. Not all have them. */
static void read_handle(int fd, Checkout *c) {
        Handle h = {.size = MAX_HANDLE_SZ};
        int mount_id;

        if (name_to_handle_at(fd, "", (struct file_handle *) &h, &mount_id, AT_EMPTY_PATH) < 0 ||
            h.size == 0)
                return;
        c->handle_type = h.type;
        c->handle_hex = xmalloc0(2 * (size_t) h.size + 1);
        for (unsigned i = 0; i < h.size; i++)
                (void) snprintf(c->handle_hex + 2 * (size_t) i, 3, "%02x", h.bytes[i]);
}

int checkout_look(int dir_fd, const char *path, Checkout *ret, Error *reterr) {
        Checkout c = {};

        if (!stat_place(dir_fd, &c))
                return error_set(reterr, errno, "look at '%s'", path);
        read_handle(dir_fd, &c);
        c.path = xstrdup(path);
        *ret = c;
        return 0;
}

/* Inode numbers are given to others when a directory is removed. Handles have a generation. Where births are
 * known these tell as much, and there are file systems on which a directory has several handles. */
static bool handles_agree(const Checkout *a, const Checkout *b) {
        if ((a->born != 0 && b->born != 0) || !a->handle_hex || !b->handle_hex)
                return true;
        return a->handle_type == b->handle_type && streq(a->handle_hex, b->handle_hex);
}

bool checkout_is_same(const Checkout *a, const Checkout *b) {
        return a->known && b->known && a->dev == b->dev && a->ino == b->ino && a->born == b->born &&
               handles_agree(a, b);
}

/* ---- the text ---- */

char *checkout_print(const Checkout *c) {
        if (!c->known)
                return xasprintf("%s\n", c->path);
        return xasprintf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %d %s %s\n", c->dev, c->ino, c->born,
                         c->handle_type, c->handle_hex ? c->handle_hex : NO_HANDLE, c->path);
}

/* One number and the blank behind it. */
static bool take_place_number(const char **text, uint64_t max, uint64_t *ret) {
        uint64_t n = 0;
        const char *p = *text;

        for (; *p >= '0' && *p <= '9'; p++) {
                if (n > (max - (uint64_t) (*p - '0')) / 10)
                        return false;
                n = n * 10 + (uint64_t) (*p - '0');
        }
        if (p == *text || *p != ' ')
                return false;
        *text = p + 1;
        *ret = n;
        return true;
}

static bool take_handle(const char **text, Checkout *c) {
        size_t n = strcspn(*text, " ");
        _cleanup_free_ char *hex = xstrndup(*text, n);
        bool none = streq(hex, NO_HANDLE);

        if ((*text)[n] != ' ' || (!none && (n == 0 || n % 2 != 0 || n / 2 > MAX_HANDLE_SZ ||
                                            strspn(hex, "0123456789abcdef") != n)))
                return false;
        if (!none)
                c->handle_hex = TAKE_PTR(hex);
        *text += n + 1;
        return true;
}

bool checkout_parse(const char *text, size_t size, Checkout *ret) {
        _cleanup_(checkout_done) Checkout c = {.known = text[0] != '/'};
        uint64_t type = 0;

        /* Only the last newline is not part of the path. */
        if (size < 2 || strlen(text) != size || text[size - 1] != '\n')
                return false;
        if (c.known && (!take_place_number(&text, UINT64_MAX, &c.dev) ||
                        !take_place_number(&text, UINT64_MAX, &c.ino) ||
                        !take_place_number(&text, UINT64_MAX, &c.born) ||
                        !take_place_number(&text, INT_MAX, &type) || !take_handle(&text, &c)))
                return false;
        if (text[0] != '/')
                return false;
        c.handle_type = (int) type;
        c.path = xstrndup(text, strlen(text) - 1);
        *ret = c;
        c = (Checkout){};
        return true;
}

/* ---- finding it again ---- */

/* @anchor_fd: any directory of its file system. Return: an fd or a negative errno. */
static int open_handle(const Checkout *c, int anchor_fd) {
        Handle h = {.type = c->handle_type, .size = (unsigned) strlen(c->handle_hex) / 2};
        int fd;

        for (unsigned i = 0; i < h.size; i++)
                (void) sscanf(c->handle_hex + 2 * (size_t) i, "%2hhx", &h.bytes[i]);
        fd = open_by_handle_at(anchor_fd, (struct file_handle *) &h, O_PATH | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/* The nearest directory above @path that there is. Return: an fd or a negative errno. */
static int open_above(const char *path) {
        _cleanup_free_ char *above = xstrdup(path);

        for (char *slash; (slash = strrchr(above, '/'));) {
                int fd;

                slash[slash == above] = '\0';
                fd = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (fd >= 0)
                        return fd;
                if ((errno != ENOENT && errno != ENOTDIR) || slash == above)
                        return -errno;
        }
        return -ENOENT;
}

static CheckoutFate find_by_handle(const Checkout *c, int anchor_fd, char **ret_path) {
        _cleanup_close_ int fd = open_handle(c, anchor_fd);
        _cleanup_free_ char *path = NULL;
        Checkout now = {};
        struct stat st;

        /* What is opened by a handle has that handle. */
        if (fd == -ESTALE || fd == -ENOENT)
                return CHECKOUT_GONE;
        if (fd < 0 || fstat(fd, &st) < 0 || !stat_place(fd, &now))
                return CHECKOUT_LOST;
        /* A process may have it open still. */
        if (st.st_nlink == 0 || !checkout_is_same(c, &now))
                return CHECKOUT_GONE;
        /* It is there, and its path is too long. */
        if (fs_fd_path(fd, "the checkout", &path, NULL) < 0)
                return CHECKOUT_LOST;
        *ret_path = TAKE_PTR(path);
        return CHECKOUT_MOVED;
}

static bool is_at(const Checkout *c, int fd) {
        _cleanup_(checkout_done) Checkout now = {};

        return checkout_look(fd, c->path, &now, NULL) >= 0 && checkout_is_same(c, &now);
}

static CheckoutFate find_now(const Checkout *c, char **ret_path) {
        _cleanup_close_ int fd = open(c->path, O_PATH | O_DIRECTORY | O_CLOEXEC), above = -EBADF;
        struct stat st;

        *ret_path = NULL;
        if (fd < 0 && errno != ENOENT && errno != ENOTDIR)
                return CHECKOUT_HIDDEN;
        if (fd >= 0 && (!c->known || is_at(c, fd)))
                return CHECKOUT_THERE;
        if (!c->known)
                return CHECKOUT_LOST;
        above = open_above(c->path);
        if (above < 0 || fstat(above, &st) < 0 || st.st_dev != c->dev)
                return CHECKOUT_HIDDEN;
        return c->handle_hex ? find_by_handle(c, above, ret_path) : CHECKOUT_LOST;
}

/* Shared with the child that looks. */
typedef struct Search {
        const Checkout *checkout;
        CheckoutFate fate;
        char path[PATH_MAX + 1];
} Search;

static void run_search(void *userdata) {
        Search *s = userdata;
        char *path;
        CheckoutFate fate = find_now(s->checkout, &path);

        if (path)
                (void) snprintf(s->path, sizeof(s->path), "%s", path);
        s->fate = fate;
}

CheckoutFate checkout_find(const Checkout *c, char **ret_path) {
        Search *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        CheckoutFate fate = CHECKOUT_HIDDEN;

        *ret_path = NULL;
        if (s == MAP_FAILED)
                return fate;
        *s = (Search){.checkout = c, .fate = CHECKOUT_HIDDEN};
        /* Without an answer nothing is known of it. */
        if (child_run(run_search, s, now_usec() + FIND_TIMEOUT_USEC) > 0)
                fate = s->fate;
        if (fate == CHECKOUT_MOVED)
                *ret_path = xstrdup(s->path);
        (void) munmap(s, sizeof(*s));
        return fate;
}
