/* SPDX-License-Identifier: MIT */
#pragma once

/* Paths on which programs of ours agree that know nothing else of each other. */

/* What a machine is made of, in a mount namespace of the machine's own: nspawn's arguments contain no other
 * path of the host. */
#define MACHINE_DIR "/run/flake-containers/machine"

/* In it, a socket: what a plain command notifies that says itself when it is ready. */
#define MACHINE_COMMAND_NOTIFY "command-notify"

/* Below it, "tmpfs-0" and so on: file systems in memory, which a guest finds empty when it boots. */
#define MACHINE_TMPFS "tmpfs-"

/* What is there until the host is booted again. Without root it is a directory of the user's, which is seen
 * at that place and goes with the user's last session. */
#define ROOTLESS_RUNTIME "/run/flake-containers"

/* In it, made with it and never written to: its time tells one such directory from the next. */
#define ROOTLESS_LOCK "@namespace.lock"

/* Which namespaces all that the user runs without root shares: "USER NETWORK", inodes of /proc/PID/ns. */
#define ROOTLESS_PLACE "@namespace"

/* Where images are kept that are made of a specification: root's alone, since what lies there is booted as
 * root, or by a container's root. Without root they are in the user's cache (HostFacts.image_cache). */
#define IMAGE_CACHE_OF_ROOT "/var/cache/flake-containers"

/* Where ip-netns(8) names the host's network namespaces. */
#define HOST_NETNS_DIR "/run/netns"

/* The credential that has a container's variables, and where systemd-nspawn puts it. */
#define ENVIRONMENT_CREDENTIAL      "flake-containers.environment"
#define ENVIRONMENT_CREDENTIAL_PATH "/run/host/credentials/" ENVIRONMENT_CREDENTIAL

/* PATH inside, where nothing else says it: one for root and for users, as "su -" and sudo have it on most
 * systems, since developers administer the containers that they enter. */
#define PATH_FHS "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* What units inside are called that run programs for the user. */
#define GUEST_EXEC_PREFIX "flake-containers-exec-"

/* At the project's root: all that its containers keep (project/state-dir.h). */
#define STATE_DIR_NAME ".containers"

/* In it, for backup programs, which leave it out; by it we know that it is ours, and its disk mounted. */
#define STATE_DIR_TAG "CACHEDIR.TAG"
