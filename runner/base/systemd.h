/* SPDX-License-Identifier: MIT */
#pragma once

/* libsystemd, loaded when it is first called (base/library.h): event loops, what a service tells systemd,
 * ids. sd-bus is bus/systemd-bus.h, sd-journal is logs/systemd-journal.h. */

/* The headers' own would call what is not linked. */
#define sd_event_unrefp sd_event_unrefp_linked
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <systemd/sd-id128.h>
#undef sd_event_unrefp

#include "base/library.h"

extern Library systemd_library;

/* As sd_booted(3) has it, without the library: commands ask that need nothing else of it. */
static inline bool systemd_booted(void) {
        return access("/run/systemd/system/", F_OK) >= 0;
}

#define sd_event_add_defer              LIBRARY_FUNCTION(systemd_library, sd_event_add_defer)
#define sd_event_add_exit               LIBRARY_FUNCTION(systemd_library, sd_event_add_exit)
#define sd_event_add_inotify            LIBRARY_FUNCTION(systemd_library, sd_event_add_inotify)
#define sd_event_add_inotify_fd         LIBRARY_FUNCTION(systemd_library, sd_event_add_inotify_fd)
#define sd_event_add_io                 LIBRARY_FUNCTION(systemd_library, sd_event_add_io)
#define sd_event_add_post               LIBRARY_FUNCTION(systemd_library, sd_event_add_post)
#define sd_event_add_signal             LIBRARY_FUNCTION(systemd_library, sd_event_add_signal)
#define sd_event_add_time               LIBRARY_FUNCTION(systemd_library, sd_event_add_time)
#define sd_event_add_time_relative      LIBRARY_FUNCTION(systemd_library, sd_event_add_time_relative)
#define sd_event_exit                   LIBRARY_FUNCTION(systemd_library, sd_event_exit)
#define sd_event_get_exit_code          LIBRARY_FUNCTION(systemd_library, sd_event_get_exit_code)
#define sd_event_get_state              LIBRARY_FUNCTION(systemd_library, sd_event_get_state)
#define sd_event_loop                   LIBRARY_FUNCTION(systemd_library, sd_event_loop)
#define sd_event_new                    LIBRARY_FUNCTION(systemd_library, sd_event_new)
#define sd_event_ref                    LIBRARY_FUNCTION(systemd_library, sd_event_ref)
#define sd_event_run                    LIBRARY_FUNCTION(systemd_library, sd_event_run)
#define sd_event_source_disable_unref   LIBRARY_FUNCTION(systemd_library, sd_event_source_disable_unref)
#define sd_event_source_get_io_fd       LIBRARY_FUNCTION(systemd_library, sd_event_source_get_io_fd)
#define sd_event_source_set_description LIBRARY_FUNCTION(systemd_library, sd_event_source_set_description)
#define sd_event_source_set_enabled     LIBRARY_FUNCTION(systemd_library, sd_event_source_set_enabled)
#define sd_event_source_set_floating    LIBRARY_FUNCTION(systemd_library, sd_event_source_set_floating)
#define sd_event_source_set_io_events   LIBRARY_FUNCTION(systemd_library, sd_event_source_set_io_events)
#define sd_event_source_set_priority    LIBRARY_FUNCTION(systemd_library, sd_event_source_set_priority)
#define sd_event_source_set_ratelimit   LIBRARY_FUNCTION(systemd_library, sd_event_source_set_ratelimit)
#define sd_event_source_set_time        LIBRARY_FUNCTION(systemd_library, sd_event_source_set_time)
#define sd_event_source_set_time_relative                                                                   \
        LIBRARY_FUNCTION(systemd_library, sd_event_source_set_time_relative)
#define sd_event_source_unref LIBRARY_FUNCTION(systemd_library, sd_event_source_unref)
#define sd_event_unref        LIBRARY_FUNCTION(systemd_library, sd_event_unref)

#define sd_listen_fds_with_names LIBRARY_FUNCTION(systemd_library, sd_listen_fds_with_names)
#define sd_notify                LIBRARY_FUNCTION(systemd_library, sd_notify)
#define sd_notify_barrier        LIBRARY_FUNCTION(systemd_library, sd_notify_barrier)
#define sd_pid_notify_with_fds   LIBRARY_FUNCTION(systemd_library, sd_pid_notify_with_fds)
#define sd_id128_get_machine     LIBRARY_FUNCTION(systemd_library, sd_id128_get_machine)
#define sd_id128_to_string       LIBRARY_FUNCTION(systemd_library, sd_id128_to_string)

DEFINE_FREEP(sd_event, sd_event_unref);
