/* SPDX-License-Identifier: MIT */
#pragma once

/* One direction of a session: copies bytes from one descriptor to another in an event loop, holding at most
 * one buffer, so that a slow reader slows the writer down. Never blocks on a pipe, terminal or socket, and
 * never changes the mode of a descriptor that it shares with other processes. */

#include "base/error.h"
#include "base/systemd.h"

typedef struct Stream Stream;

typedef enum StreamEnd {
        STREAM_END_OF_INPUT, /* everything was copied */
        STREAM_OUTPUT_GONE,  /* `to` has no reader any more */
} StreamEnd;

typedef struct StreamConfig {
        const char *name;   /* for debugging; static */
        int from, to;       /* both are the stream's from now on, also when stream_new() fails */
        const char *at_end; /* written once when `from` ends, or NULL; static */
        /* Sees what was read; returns false to have the stream end as if `from` had. May be NULL. */
        bool (*observe)(const char *data, size_t n, void *userdata);
        /* Called once, from the loop, after both descriptors were closed; must not free the stream. May be
         * NULL. */
        void (*done)(Stream *stream, StreamEnd end, void *userdata);
        void *userdata;
} StreamConfig;

int stream_new(sd_event *event, const StreamConfig *config, Stream **ret, Error *reterr);
Stream *stream_free(Stream *stream);
DEFINE_FREEP(Stream, stream_free);

/* No more will be written to `from`: copies what it holds now and ends, whether or not other processes still
 * have the other side open. `from` must be non-blocking. */
void stream_drain(Stream *stream);

bool stream_is_done(const Stream *stream);

/* Why `to` took no more, as a positive errno; 0 when it took all, or when its reader closed it: that is the
 * reader's right, not an error. */
int stream_write_error(const Stream *stream);

/**
 * stream_open_own() - a descriptor for a stream that leads to where one of our standard streams does
 * @fd: 0, 1 or 2
 * @flags: O_RDONLY or O_WRONLY
 *
 * Non-blocking where that is possible without touching the open file that we share with our parent and its
 * other children, by opening it anew. One that is not open is /dev/null. Return: the fd, owned by the
 * caller.
 */
int stream_open_own(int fd, int flags, Error *reterr);
