/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/host-socket.h"
#include "base/package.h"
#include "base/paths.h"
#include "base/process.h"
#include "base/systemd.h"
#include "host/facts.h"
#include "spec/path.h"

#define MOUNTINFO     "/proc/self/mountinfo"
#define TUN           "/dev/net/tun"
#define MOUNTINFO_MAX (64 * 1024 * 1024)

void facts_done(HostFacts *facts) {
        free(facts->boot_id);
        free(facts->nspawn);
        free(facts->cgroup_root);
        free(facts->image_cache);
        free(facts->kernel);
        *facts = (HostFacts){};
}

static int facts_read_file(const char *path, size_t max, char **ret, Error *reterr) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                return error_set(reterr, errno, "open '%s'", path);
        return fs_read_fd(fd, path, max, ret, NULL, reterr);
}

static int read_boot_id(char **ret, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        char id[33];
        size_t n = 0;
        int r;

        r = facts_read_file("/proc/sys/kernel/random/boot_id", 4096, &text, reterr);
        if (r < 0)
                return r;
        for (const char *p = text; *p && n < sizeof(id); p++)
                if (strchr("0123456789abcdef", *p))
                        id[n++] = *p;
        if (n != sizeof(id) - 1)
                return error_raise(reterr, FC_EXIT_HOST, "the kernel's boot id: '%s' is not an id", text);
        id[n] = '\0';
        *ret = xstrdup(id);
        return 0;
}

/* What runs without root goes with the user's last session, as does what its runtime directory has. */
static void facts_add_session(char *boot_id) {
        struct stat st;

        if (stat(ROOTLESS_RUNTIME "/" ROOTLESS_LOCK, &st) >= 0)
                (void) snprintf(boot_id + HOST_BOOT_DIGITS, HOST_BOOT_DIGITS + 1, "%016llx",
                                (unsigned long long) st.st_mtim.tv_sec * 1000000000 +
                                        (unsigned long long) st.st_mtim.tv_nsec);
}

/* Octal escapes of space, tab, newline and backslash, proc(5). */
static char *unescape(const char *s, size_t n) {
        char *text = xstrndup(s, n), *out = text;

        for (const char *p = text; *p; out++) {
                if (p[0] == '\\' && p[1] >= '0' && p[1] <= '3' && p[2] >= '0' && p[2] <= '7' &&
                    p[3] >= '0' && p[3] <= '7') {
                        *out = (char) ((p[1] - '0') * 64 + (p[2] - '0') * 8 + (p[3] - '0'));
                        p += 4;
                } else
                        *out = *p++;
        }
        *out = '\0';
        return text;
}

/* The n-th field of a line, from 0. */
static const char *field(const char *line, size_t n, size_t *ret_size) {
        while (n-- > 0) {
                line += strcspn(line, " \n");
                if (*line != ' ')
                        return NULL;
                line++;
        }
        *ret_size = strcspn(line, " \n");
        return line;
}

static bool is_cgroup2(const char *line) {
        const char *end = line + strcspn(line, "\n"), *type = strstr(line, " - ");

        return type && type < end && startswith(type, " - cgroup2 ");
}

char *facts_parse_mountinfo(const char *text) {
        _cleanup_free_ char *best = NULL, *part = NULL;

        for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
                _cleanup_free_ char *path = NULL;
                const char *root, *mount;
                size_t root_size, mount_size;

                root = field(line, 3, &root_size);
                mount = field(line, 4, &mount_size);
                if (!root || !mount || !is_cgroup2(line))
                        continue;
                path = unescape(mount, mount_size);
                if (root_size != 1 || root[0] != '/') {
                        if (!part)
                                part = TAKE_PTR(path);
                } else if (streq(path, "/sys/fs/cgroup"))
                        return TAKE_PTR(path);
                else if (!best)
                        best = TAKE_PTR(path);
        }
        return best ? TAKE_PTR(best) : TAKE_PTR(part);
}

void host_mounts_done(HostMount *mounts, size_t n) {
        for (size_t i = 0; i < n; i++) {
                free(mounts[i].point);
                free(mounts[i].type);
        }
        free(mounts);
}

/* After the fields that only some mounts have, proc(5). */
static char *facts_parse_type(const char *line) {
        const char *end = line + strcspn(line, "\n"), *dash = strstr(line, " - ");

        return dash && dash < end ? xstrndup(dash + 3, strcspn(dash + 3, " \n")) : xstrdup("unknown");
}

/* @ids: of the mounts found so far, @n of them: the kernel lists a mount before those that are in it. */
static bool facts_is_mount_in(const char *parent, const uint64_t *ids, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (ids[i] == strtoull(parent, NULL, 10))
                        return true;
        return false;
}

size_t facts_parse_mounts(const char *text, uint64_t mount, const char *path, HostMount **ret) {
        _cleanup_free_ uint64_t *ids = NULL;
        HostMount *mounts = NULL;
        size_t n = 0, n_ids = 0;

        *XGROW(ids, n_ids) = mount;
        for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
                size_t size;
                const char *parent = field(line, 1, &size), *point = field(line, 4, &size);
                _cleanup_free_ char *found = NULL;

                if (!parent || !point)
                        continue;
                if (strtoull(line, NULL, 10) == mount) {
                        *XGROW(mounts, n) = (HostMount){xstrdup(path), facts_parse_type(line)};
                        continue;
                }
                found = unescape(point, size);
                if (!facts_is_mount_in(parent, ids, n_ids) || !path_is_within(found, path) ||
                    streq(found, path))
                        continue;
                *XGROW(ids, n_ids) = strtoull(line, NULL, 10);
                *XGROW(mounts, n) = (HostMount){TAKE_PTR(found), facts_parse_type(line)};
        }
        *ret = mounts;
        return n;
}

int facts_list_mounts(int fd, HostMount **ret, size_t *ret_n, Error *reterr) {
        _cleanup_free_ char *text = NULL;
        char name[FS_PROC_FD_MAX], path[PATH_MAX];
        struct statx st;
        ssize_t n;
        int r;

        if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0)
                return error_set(reterr, errno, "ask for a mount");
        n = readlink(fs_proc_fd(name, fd), path, sizeof(path) - 1);
        if (n < 0)
                return error_set(reterr, errno, "ask for a path");
        path[n] = '\0';
        r = facts_read_file(MOUNTINFO, MOUNTINFO_MAX, &text, reterr);
        if (r < 0)
                return r;
        *ret_n = facts_parse_mounts(text, st.stx_mnt_id, path, ret);
        return 0;
}

static bool is_cgroup2_mount(const char *path) {
        struct statfs st;

        return statfs(path, &st) >= 0 && st.f_type == CGROUP2_SUPER_MAGIC;
}

static bool is_read_only(const char *path) {
        struct statvfs st;

        return statvfs(path, &st) >= 0 && (st.f_flag & ST_RDONLY);
}

static int find_cgroup(HostFacts *facts, Error *reterr) {
        static const char *const usual[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
        _cleanup_free_ char *text = NULL;
        int r;

        /* Two system calls instead of a file that is long where there are many mounts. */
        for (size_t i = 0; i < ELEMENTSOF(usual); i++)
                if (is_cgroup2_mount(usual[i])) {
                        facts->cgroup_root = xstrdup(usual[i]);
                        facts->cgroup_unified = i == 0;
                        return 0;
                }

        r = facts_read_file(MOUNTINFO, MOUNTINFO_MAX, &text, reterr);
        if (r < 0)
                return r;
        facts->cgroup_root = facts_parse_mountinfo(text);
        /* Another mount may cover it. */
        if (facts->cgroup_root && !is_cgroup2_mount(facts->cgroup_root)) {
                free(facts->cgroup_root);
                facts->cgroup_root = NULL;
        }
        return 0;
}

/* The XDG Base Directory Specification: a path that is not absolute does not count. */
int facts_find_image_cache(bool rootless, char **ret, Error *reterr) {
        const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

        if (!rootless)
                *ret = xstrdup(IMAGE_CACHE_OF_ROOT);
        else if (cache && cache[0] == '/')
                *ret = xasprintf("%s/flake-containers", cache);
        else if (home && home[0] == '/')
                *ret = xasprintf("%s/.cache/flake-containers", home);
        else
                return error_raise(reterr, FC_EXIT_HOST, "without root this needs HOME");
        return 0;
}

int facts_gather(HostFacts *ret, Error *reterr) {
        _cleanup_(facts_done) HostFacts facts = {};
        struct utsname name;
        int r;

        r = read_boot_id(&facts.boot_id, reterr);
        if (r < 0)
                return r;
        r = find_cgroup(&facts, reterr);
        if (r < 0)
                return r;
        facts.rootless = host_socket_is_brokered();
        if (facts.rootless)
                facts_add_session(facts.boot_id);
        if (!facts.rootless)
                facts.nspawn = process_find_program("systemd-nspawn", NULL);
        else if ((r = process_find_helper("cell", &facts.nspawn, reterr)) < 0)
                return r;
        r = facts_find_image_cache(facts.rootless, &facts.image_cache, reterr);
        if (r < 0)
                return r;
        /* Not ours: the user's namespace has another /run. */
        facts.sd_booted = !facts.rootless && systemd_booted();
        if (uname(&name) < 0)
                return error_set(reterr, errno, "ask for the kernel's release");
        facts.kernel = xstrdup(name.release);

        *ret = facts;
        facts = (HostFacts){};
        return 0;
}

static int facts_raise_missing(const char *program, Error *reterr) {
        int r = error_raise(reterr, FC_EXIT_HOST, "%s is not installed", program);

        package_add_hint(reterr, "systemd-container");
        return r;
}

/* Looked for where it is needed only. */
static int facts_require_internet(const HostFacts *facts, Error *reterr) {
        _cleanup_free_ char *pasta = process_find_program("pasta", NULL);
        struct stat st;
        int r;

        if (!pasta) {
                r = error_raise(reterr, FC_EXIT_HOST,
                                "pasta is not installed, which leads containers to the internet");
                package_add_hint(reterr, "passt");
                return r;
        }
        if (stat(TUN, &st) < 0 || !S_ISCHR(st.st_mode)) {
                r = error_raise(reterr, FC_EXIT_HOST,
                                "'" TUN "' is missing, which pasta leads containers to the internet with");
                error_add_hint(reterr, "modprobe tun");
                return r;
        }
        /* Root makes pasta a node of its own. */
        if (facts->rootless && (st.st_mode & 0006) != 0006) {
                r = error_raise(reterr, FC_EXIT_HOST,
                                "'" TUN "' is for root alone here, and pasta leads containers to the "
                                "internet with it");
                error_add_hint(reterr, "by root: chmod 666 " TUN "; to last, a rule of udev: "
                                       "KERNEL==\"tun\", MODE=\"0666\"");
                return r;
        }
        return 0;
}

int facts_require(const HostFacts *facts, FactsNeed needs, Error *reterr) {
        sd_id128_t machine_id;
        int r;

        if ((needs & FACTS_NSPAWN) && !facts->nspawn)
                return facts_raise_missing("systemd-nspawn", reterr);
        if ((needs & FACTS_CGROUP) && !facts->cgroup_root) {
                r = error_raise(reterr, FC_EXIT_HOST, "the cgroup2 file system is not mounted");
                error_add_hint(reterr, "mkdir -p /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup");
                return r;
        }
        if ((needs & FACTS_CGROUP) && is_read_only(facts->cgroup_root)) {
                r = error_raise(reterr, FC_EXIT_HOST, "'%s' is read-only", facts->cgroup_root);
                error_add_hint(reterr, "in a container: have it run as a privileged one");
                return r;
        }
        if ((needs & FACTS_MACHINE_ID) && sd_id128_get_machine(&machine_id) < 0) {
                r = error_raise(
                        reterr, FC_EXIT_HOST,
                        "'/etc/machine-id' has no id, without which systemd-nspawn makes no network");
                error_add_hint(reterr, "make one: systemd-machine-id-setup");
                return r;
        }
        return needs & FACTS_INTERNET ? facts_require_internet(facts, reterr) : 0;
}

int facts_nspawn_version(const HostFacts *facts, unsigned *ret_major, char **ret_text, Error *reterr) {
        char *argv[] = {facts->nspawn, (char *) "--version", NULL};
        _cleanup_free_ char *output = NULL;
        unsigned major;
        int r;

        r = facts_require(facts, FACTS_NSPAWN, reterr);
        if (r < 0)
                return r;
        r = process_run(argv, &output, reterr);
        if (r < 0)
                return r;
        output[strcspn(output, "\n")] = '\0';
        if (r > 0 || sscanf(output, "systemd %5u", &major) != 1)
                return error_raise(reterr, FC_EXIT_HOST, "ask '%s' for its version: exit status %d, '%s'",
                                   facts->nspawn, r, output);
        *ret_major = major;
        *ret_text = TAKE_PTR(output);
        return 0;
}
