/* SPDX-License-Identifier: MIT */
#pragma once

/* What this machine is and has. Gathered once by a verb and handed to the pure layers, so that these can be
 * tested without the machine. Nothing is executed for it. */

#include "base/error.h"

typedef struct HostFacts {
        char *boot_id;     /* 32 lower case hexadecimal digits; another one: the machine was booted since, or
                              without root, the user's last session has ended */
        char *nspawn;      /* path of systemd-nspawn, or of what does without root; NULL: not installed */
        char *cgroup_root; /* where cgroup2 is mounted, NULL: nowhere */
        bool cgroup_unified; /* cgroup2 is what is at /sys/fs/cgroup itself, so it has all controllers */
        bool sd_booted;      /* systemd is PID 1, sd_booted(3) */
        bool rootless;       /* root is a user's, in a user namespace */
        char *image_cache;   /* where images are kept that are made of a specification */
        char *kernel;        /* "6.1.0-18-amd64" */
} HostFacts;

/* Where that is. FC_EXIT_HOST: without root, and without HOME. */
int facts_find_image_cache(bool rootless, char **ret, Error *reterr);

/* So many digits of it are the host's in any case. */
#define HOST_BOOT_DIGITS 16

int facts_gather(HostFacts *ret, Error *reterr);
void facts_done(HostFacts *facts);

typedef enum FactsNeed {
        FACTS_NSPAWN = 1 << 0,
        FACTS_CGROUP = 1 << 1,
        FACTS_MACHINE_ID = 1 << 2, /* systemd-nspawn makes the hardware addresses of an interface from it */
        FACTS_INTERNET = 1 << 3,   /* pasta, and the device that it makes interfaces with */
} FactsNeed;

/* FC_EXIT_HOST for the first thing in `needs` that the host lacks, with how to get it. */
int facts_require(const HostFacts *facts, FactsNeed needs, Error *reterr);

/**
 * facts_parse_mountinfo() - where cgroup2 is mounted
 * @text: /proc/self/mountinfo, proc(5)
 *
 * /sys/fs/cgroup if it is one of several, else the first. Mounts of only a part of the hierarchy (in
 * containers) do not count unless there is nothing else. Return: owned by the caller, NULL when there is
 * none.
 */
char *facts_parse_mountinfo(const char *text);

typedef struct HostMount {
        char *point; /* path */
        char *type;  /* of the file system, "ext4" */
} HostMount;

void host_mounts_done(HostMount *mounts, size_t n);

/**
 * facts_parse_mounts() - the mount that a directory lies on, and those in the directory
 * @text: /proc/self/mountinfo
 * @mount: the id of the mount that the directory lies on
 * @path: the directory's
 *
 * Return: how many; @ret is owned by the caller, host_mounts_done(). The first is the directory's own,
 * unless it is not in the text, and its point is @path.
 */
size_t facts_parse_mounts(const char *text, uint64_t mount, const char *path, HostMount **ret);

/* The same of a directory or file that is open, O_PATH or not. */
int facts_list_mounts(int fd, HostMount **ret, size_t *ret_n, Error *reterr);

/* Asks the program, for `doctor`. `*ret_text` is its first line, owned by the caller. */
int facts_nspawn_version(const HostFacts *facts, unsigned *ret_major, char **ret_text, Error *reterr);
