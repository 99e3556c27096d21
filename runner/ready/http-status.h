/* SPDX-License-Identifier: MIT */
#pragma once

/* The first line of an answer by HTTP/1. Pure. */

#include "base/macro.h"

/* No longer line is waited for. */
#define HTTP_STATUS_LINE_MAX 256

/* @text: the answer as far as it has come. Return: the status (100 to 999), 0 when more is needed, -EBADMSG
 * when it is no such answer. */
int http_status_parse(const char *text, size_t size);
