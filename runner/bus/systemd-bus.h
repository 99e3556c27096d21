/* SPDX-License-Identifier: MIT */
#pragma once

/* sd-bus, a part of libsystemd (base/systemd.h). */

#include "base/systemd.h"

/* The header's own would call what is not linked. */
#define sd_bus_creds_unrefp   sd_bus_creds_unrefp_linked
#define sd_bus_message_unrefp sd_bus_message_unrefp_linked
#define sd_bus_slot_unrefp    sd_bus_slot_unrefp_linked
#include <systemd/sd-bus.h>
#undef sd_bus_creds_unrefp
#undef sd_bus_message_unrefp
#undef sd_bus_slot_unrefp

#define sd_bus_add_match               LIBRARY_FUNCTION(systemd_library, sd_bus_add_match)
#define sd_bus_add_match_async         LIBRARY_FUNCTION(systemd_library, sd_bus_add_match_async)
#define sd_bus_attach_event            LIBRARY_FUNCTION(systemd_library, sd_bus_attach_event)
#define sd_bus_call                    LIBRARY_FUNCTION(systemd_library, sd_bus_call)
#define sd_bus_call_async              LIBRARY_FUNCTION(systemd_library, sd_bus_call_async)
#define sd_bus_call_method             LIBRARY_FUNCTION(systemd_library, sd_bus_call_method)
#define sd_bus_call_method_async       LIBRARY_FUNCTION(systemd_library, sd_bus_call_method_async)
#define sd_bus_close_unref             LIBRARY_FUNCTION(systemd_library, sd_bus_close_unref)
#define sd_bus_detach_event            LIBRARY_FUNCTION(systemd_library, sd_bus_detach_event)
#define sd_bus_error_copy              LIBRARY_FUNCTION(systemd_library, sd_bus_error_copy)
#define sd_bus_error_has_name          LIBRARY_FUNCTION(systemd_library, sd_bus_error_has_name)
#define sd_bus_error_setf              LIBRARY_FUNCTION(systemd_library, sd_bus_error_setf)
#define sd_bus_flush_close_unref       LIBRARY_FUNCTION(systemd_library, sd_bus_flush_close_unref)
#define sd_bus_get_fd                  LIBRARY_FUNCTION(systemd_library, sd_bus_get_fd)
#define sd_bus_get_name_creds          LIBRARY_FUNCTION(systemd_library, sd_bus_get_name_creds)
#define sd_bus_get_property            LIBRARY_FUNCTION(systemd_library, sd_bus_get_property)
#define sd_bus_get_property_string     LIBRARY_FUNCTION(systemd_library, sd_bus_get_property_string)
#define sd_bus_get_property_trivial    LIBRARY_FUNCTION(systemd_library, sd_bus_get_property_trivial)
#define sd_bus_is_open                 LIBRARY_FUNCTION(systemd_library, sd_bus_is_open)
#define sd_bus_is_ready                LIBRARY_FUNCTION(systemd_library, sd_bus_is_ready)
#define sd_bus_match_signal            LIBRARY_FUNCTION(systemd_library, sd_bus_match_signal)
#define sd_bus_match_signal_async      LIBRARY_FUNCTION(systemd_library, sd_bus_match_signal_async)
#define sd_bus_message_append          LIBRARY_FUNCTION(systemd_library, sd_bus_message_append)
#define sd_bus_message_append_array    LIBRARY_FUNCTION(systemd_library, sd_bus_message_append_array)
#define sd_bus_message_append_strv     LIBRARY_FUNCTION(systemd_library, sd_bus_message_append_strv)
#define sd_bus_message_appendv         LIBRARY_FUNCTION(systemd_library, sd_bus_message_appendv)
#define sd_bus_message_close_container LIBRARY_FUNCTION(systemd_library, sd_bus_message_close_container)
#define sd_bus_message_enter_container LIBRARY_FUNCTION(systemd_library, sd_bus_message_enter_container)
#define sd_bus_message_exit_container  LIBRARY_FUNCTION(systemd_library, sd_bus_message_exit_container)
#define sd_bus_message_get_errno       LIBRARY_FUNCTION(systemd_library, sd_bus_message_get_errno)
#define sd_bus_message_get_error       LIBRARY_FUNCTION(systemd_library, sd_bus_message_get_error)
#define sd_bus_message_get_path        LIBRARY_FUNCTION(systemd_library, sd_bus_message_get_path)
#define sd_bus_message_has_signature   LIBRARY_FUNCTION(systemd_library, sd_bus_message_has_signature)
#define sd_bus_message_is_method_error LIBRARY_FUNCTION(systemd_library, sd_bus_message_is_method_error)
#define sd_bus_message_new_method_call LIBRARY_FUNCTION(systemd_library, sd_bus_message_new_method_call)
#define sd_bus_message_open_container  LIBRARY_FUNCTION(systemd_library, sd_bus_message_open_container)
#define sd_bus_message_read            LIBRARY_FUNCTION(systemd_library, sd_bus_message_read)
#define sd_bus_message_read_array      LIBRARY_FUNCTION(systemd_library, sd_bus_message_read_array)
#define sd_bus_message_read_strv       LIBRARY_FUNCTION(systemd_library, sd_bus_message_read_strv)
#define sd_bus_message_ref             LIBRARY_FUNCTION(systemd_library, sd_bus_message_ref)
#define sd_bus_message_rewind          LIBRARY_FUNCTION(systemd_library, sd_bus_message_rewind)
#define sd_bus_message_skip            LIBRARY_FUNCTION(systemd_library, sd_bus_message_skip)
#define sd_bus_message_unref           LIBRARY_FUNCTION(systemd_library, sd_bus_message_unref)
#define sd_bus_negotiate_fds           LIBRARY_FUNCTION(systemd_library, sd_bus_negotiate_fds)
#define sd_bus_new                     LIBRARY_FUNCTION(systemd_library, sd_bus_new)
#define sd_bus_open_system             LIBRARY_FUNCTION(systemd_library, sd_bus_open_system)
#define sd_bus_path_decode             LIBRARY_FUNCTION(systemd_library, sd_bus_path_decode)
#define sd_bus_path_encode             LIBRARY_FUNCTION(systemd_library, sd_bus_path_encode)
#define sd_bus_process                 LIBRARY_FUNCTION(systemd_library, sd_bus_process)
#define sd_bus_set_description         LIBRARY_FUNCTION(systemd_library, sd_bus_set_description)
#define sd_bus_set_fd                  LIBRARY_FUNCTION(systemd_library, sd_bus_set_fd)
#define sd_bus_set_method_call_timeout LIBRARY_FUNCTION(systemd_library, sd_bus_set_method_call_timeout)
#define sd_bus_slot_unref              LIBRARY_FUNCTION(systemd_library, sd_bus_slot_unref)
#define sd_bus_start                   LIBRARY_FUNCTION(systemd_library, sd_bus_start)
#define sd_bus_wait                    LIBRARY_FUNCTION(systemd_library, sd_bus_wait)
#define sd_bus_creds_unref             LIBRARY_FUNCTION(systemd_library, sd_bus_creds_unref)

DEFINE_FREEP(sd_bus_creds, sd_bus_creds_unref);
DEFINE_FREEP(sd_bus_message, sd_bus_message_unref);
DEFINE_FREEP(sd_bus_slot, sd_bus_slot_unref);

/* A function, since it is what _cleanup_() is given. */
static inline void bus_error_free(sd_bus_error *error) {
        LIBRARY_FUNCTION(systemd_library, sd_bus_error_free)(error);
}
#define sd_bus_error_free bus_error_free
