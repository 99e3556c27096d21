/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/host-exec.h"
#include "base/process.h"
#include "keeper/proxy-options.h"
#include "keeper/proxy-program.h"

static void proxy_program_exec(const KeeperOptions *o, const KeeperPorts *ports, int leader_fd) {
        /* It is written with the length of its prefix. */
        _cleanup_free_ char *address =
                o->address && leader_fd >= 0 ? xstrndup(o->address, strcspn(o->address, "/")) : NULL;
        ProxyOptions options = {
                .machine = o->machine,
                .address = address,
                .network_fd = leader_fd,
                .ports = *ports,
        };
        OptionTable table = proxy_options_table(&options);
        char *envp[] = {NULL}, **argv = NULL;

        strv_push(&argv, o->proxy);
        options_print(&table, &argv);
        options_inherit(&table);
        if (leader_fd >= 0)
                (void) execve(o->proxy, argv, envp);
        else
                (void) host_exec(argv, envp, HOST_EXEC_ROOT);
}

pid_t proxy_program_start(const KeeperOptions *o, const KeeperPorts *ports, int leader_fd) {
        pid_t pid = fork();

        if (pid != 0)
                return pid < 0 ? -errno : pid;
        process_unblock_signals();
        proxy_program_exec(o, ports, leader_fd);
        _exit(EXIT_FAILURE);
}
