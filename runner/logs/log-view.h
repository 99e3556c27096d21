/* SPDX-License-Identifier: MIT */
#pragma once

/* Several sources (log-stream.h) merged into one output, and kept up to date: the inner side of journal.h's
 * LogView. Private to logs/. */

#include "base/systemd.h"
#include "logs/log-format.h"
#include "logs/log-stream.h"
#include "logs/sigbus.h"

struct LogView {
        const LogRequest *request;
        FILE *out;
        LogFormat format;
        Buffer buffer;
        LogStream *streams;
        size_t n_streams;
        sd_event *event; /* NULL: do not follow */
        sd_event_source *drain, *hangup;
        uint64_t lines;
        SigbusGuard sigbus;
        bool kept;    /* the loop is not ended by us */
        bool over;    /* the reader is gone, or something has failed */
        bool started; /* the sources that existed in the beginning are open */
        Error error;
};

/* Whether lines are asked for by what only a journal knows. Where the first line since a time is in a
 * console's log may be known otherwise. */
bool log_request_has_filters(const LogRequest *request);

/* Has log_view_drain() called by the event loop, if there is one. */
void log_view_schedule(LogView *view);

/* Ends the event loop. Return: what a callback of the loop returns. */
int log_view_end(LogView *view, int r);

/* Writes what is formatted. Return: 0, -EPIPE without an Error when the reader of the output is gone, or
 * another negative errno. */
int log_view_flush(LogView *view, Error *reterr);

/* Prints up to @max entries. Return: 1 when there may be more, 0 when all is printed and flushed, or as
 * log_view_flush(). */
int log_view_drain(LogView *view, size_t max, Error *reterr);

/* Output is written when so much has gathered, or when there is no more to come. */
#define LOG_FLUSH_SIZE (64 * 1024)
