/* SPDX-License-Identifier: MIT */

/* The kernel's files, in which a guest chooses some of the words. */

#include "cgroup/cgroup-text.h"
#include "fuzz.h"
#include "net/port-holder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_free_ char *text = fuzz_string(data, size), *machine = port_holder_parse_cgroup(text);
        unsigned state = 0, depth = 0;
        unsigned long inode = 0;
        struct in6_addr address;
        const char *rest = text;
        uint16_t port;
        pid_t pid = 0;

        (void) cgroup_text_populated(text);
        (void) cgroup_text_oom_kills(text);
        if (cgroup_text_innermost_pid(text, &pid, &depth))
                FUZZ_CHECK(pid >= 0 && depth > 0 && strstr(text, "NSpid:"));
        for (size_t n = 0; cgroup_text_next_process(&rest) > 0; n++)
                FUZZ_CHECK(n <= size && rest <= text + strlen(text));
        FUZZ_CHECK(*rest == '\0');
        if (machine)
                FUZZ_CHECK(machine[0] && !strpbrk(machine, "/\n"));
        if (port_holder_parse_line(text, &address, &port, &state, &inode))
                FUZZ_CHECK(state <= 0xff);
        return 0;
}
