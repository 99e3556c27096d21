/* SPDX-License-Identifier: MIT */
#pragma once

/* sd-journal, a part of libsystemd (base/systemd.h). */

#include "base/systemd.h"

#include <systemd/sd-journal.h>

#define sd_journal_add_conjunction LIBRARY_FUNCTION(systemd_library, sd_journal_add_conjunction)
#define sd_journal_add_disjunction LIBRARY_FUNCTION(systemd_library, sd_journal_add_disjunction)
#define sd_journal_add_match       LIBRARY_FUNCTION(systemd_library, sd_journal_add_match)
#define sd_journal_close           LIBRARY_FUNCTION(systemd_library, sd_journal_close)
#define sd_journal_enumerate_available_data                                                                 \
        LIBRARY_FUNCTION(systemd_library, sd_journal_enumerate_available_data)
#define sd_journal_flush_matches      LIBRARY_FUNCTION(systemd_library, sd_journal_flush_matches)
#define sd_journal_get_data           LIBRARY_FUNCTION(systemd_library, sd_journal_get_data)
#define sd_journal_get_fd             LIBRARY_FUNCTION(systemd_library, sd_journal_get_fd)
#define sd_journal_get_monotonic_usec LIBRARY_FUNCTION(systemd_library, sd_journal_get_monotonic_usec)
#define sd_journal_get_realtime_usec  LIBRARY_FUNCTION(systemd_library, sd_journal_get_realtime_usec)
#define sd_journal_get_timeout        LIBRARY_FUNCTION(systemd_library, sd_journal_get_timeout)
#define sd_journal_get_usage          LIBRARY_FUNCTION(systemd_library, sd_journal_get_usage)
#define sd_journal_next               LIBRARY_FUNCTION(systemd_library, sd_journal_next)
#define sd_journal_open_directory_fd  LIBRARY_FUNCTION(systemd_library, sd_journal_open_directory_fd)
#define sd_journal_previous           LIBRARY_FUNCTION(systemd_library, sd_journal_previous)
#define sd_journal_previous_skip      LIBRARY_FUNCTION(systemd_library, sd_journal_previous_skip)
#define sd_journal_process            LIBRARY_FUNCTION(systemd_library, sd_journal_process)
#define sd_journal_restart_data       LIBRARY_FUNCTION(systemd_library, sd_journal_restart_data)
#define sd_journal_seek_head          LIBRARY_FUNCTION(systemd_library, sd_journal_seek_head)
#define sd_journal_seek_realtime_usec LIBRARY_FUNCTION(systemd_library, sd_journal_seek_realtime_usec)
#define sd_journal_seek_tail          LIBRARY_FUNCTION(systemd_library, sd_journal_seek_tail)
#define sd_journal_set_data_threshold LIBRARY_FUNCTION(systemd_library, sd_journal_set_data_threshold)
