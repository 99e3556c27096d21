/* SPDX-License-Identifier: MIT */
#pragma once

/* Real journal files without a guest and without root: systemd-journal-remote makes them from text in the
 * journal's export format. And a directory like .containers to put them in. */

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/process.h"
#include "logs/journal.h"

/* 2026-09-21 14:13:20 UTC */
#define T0 UINT64_C(1790000000000000)

#define BOOT1 "11111111111111111111111111111111"
#define BOOT2 "22222222222222222222222222222222"
#define ID1   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID2   "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static char *remote_program; /* NULL: not installed */

_unused_ static const char *journal_skip(void) {
        static const char *const paths = "/usr/lib/systemd:/lib/systemd";

        if (!remote_program)
                remote_program = process_find_program("systemd-journal-remote", paths);
        return remote_program ? NULL : "systemd-journal-remote is not installed";
}

/* The directory in which the test works, removed by tree_done(). */
typedef struct Tree {
        char path[64];
        int fd;
} Tree;

_unused_ static void tree_init(Tree *tree) {
        strcpy(tree->path, "/tmp/fc-test-journal-XXXXXX");
        if (!mkdtemp(tree->path))
                test_fail(__FILE__, __LINE__, "mkdtemp: %m");
        tree->fd = open(tree->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        /* Times are printed as local time. */
        (void) setenv("TZ", "UTC", 1);
}

_unused_ static void tree_done(Tree *tree) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_close_ int parent = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        ASSERT_OK(fs_remove_tree(parent, strrchr(tree->path, '/') + 1, &error), &error);
        (void) safe_close(tree->fd);
}

_unused_ static void tree_mkdir(const Tree *tree, const char *path) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        int fd = fs_mkdir_beneath(tree->fd, path, 0755, &error);

        ASSERT_OK(fd, &error);
        (void) safe_close(fd);
}

_unused_ static void tree_write(const Tree *tree, const char *path, const char *text, int flags) {
        int fd = openat(tree->fd, path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);

        if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t) strlen(text))
                test_fail(__FILE__, __LINE__, "write %s: %m", path);
        (void) close(fd);
}

_unused_ static void tree_rename(const Tree *tree, const char *from, const char *to) {
        if (renameat(tree->fd, from, tree->fd, to) < 0)
                test_fail(__FILE__, __LINE__, "rename %s: %m", from);
}

/* A journal file that is being written; entries become visible one by one. */
typedef struct Writer {
        FILE *in;
        pid_t pid;
        uint64_t usec;    /* of the next entry */
        const char *boot; /* of the next entry */
} Writer;

_unused_ static void writer_open(Writer *writer, const Tree *tree, const char *file) {
        _cleanup_free_ char *output = xasprintf("--output=%s/%s", tree->path, file);
        char *argv[] = {remote_program, output, (char *) "-", NULL};
        posix_spawn_file_actions_t actions;
        int p[2], r;

        if (pipe2(p, O_CLOEXEC) < 0)
                test_fail(__FILE__, __LINE__, "pipe: %m");
        (void) posix_spawn_file_actions_init(&actions);
        (void) posix_spawn_file_actions_adddup2(&actions, p[0], STDIN_FILENO);
        (void) posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        r = posix_spawn(&writer->pid, remote_program, &actions, NULL, argv, environ);
        if (r != 0)
                test_fail(__FILE__, __LINE__, "%s: %s", remote_program, strerror(r));
        (void) posix_spawn_file_actions_destroy(&actions);
        (void) close(p[0]);
        writer->in = fdopen(p[1], "w");
        writer->usec = T0;
        writer->boot = BOOT1;
}

/* @fields: lines "KEY=VALUE\n"; time and boot come from the writer, a second apart. */
_unused_ static void writer_add(Writer *writer, const char *fields) {
        (void) fprintf(writer->in,
                       "__REALTIME_TIMESTAMP=%llu\n__MONOTONIC_TIMESTAMP=%llu\n_BOOT_ID=%s\n%s\n",
                       (unsigned long long) writer->usec, (unsigned long long) (writer->usec - T0 + 1000000),
                       writer->boot, fields);
        (void) fflush(writer->in);
        writer->usec += 1000000;
}

/* A plain line of a service: "IDENT[PID]: MESSAGE". */
_unused_ static void writer_say(Writer *writer, const char *ident, const char *message) {
        _cleanup_free_ char *fields =
                xasprintf("SYSLOG_IDENTIFIER=%s\n_PID=7\nPRIORITY=6\n_SYSTEMD_UNIT=%s.service\nMESSAGE=%s\n",
                          ident, ident, message);

        writer_add(writer, fields);
}

/* A message of any bytes. */
_unused_ static void writer_say_bytes(Writer *writer, const char *message, uint64_t size) {
        (void) fprintf(writer->in,
                       "__REALTIME_TIMESTAMP=%llu\n_BOOT_ID=%s\nSYSLOG_IDENTIFIER=app\n_PID=7\nMESSAGE\n",
                       (unsigned long long) writer->usec, writer->boot);
        /* 64 bits, little endian, as all hosts of this project are. */
        (void) fwrite(&size, sizeof(size), 1, writer->in);
        (void) fwrite(message, 1, size, writer->in);
        (void) fputs("\n\n", writer->in);
        (void) fflush(writer->in);
        writer->usec += 1000000;
}

/* All entries are in the file when this returns. */
_unused_ static void writer_close(Writer *writer) {
        int status;

        (void) fclose(writer->in);
        if (waitpid(writer->pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
                test_fail(__FILE__, __LINE__, "systemd-journal-remote: status %#x", (unsigned) status);
}

/* What logs_show() prints. Owned by the caller. */
_unused_ static char *show(const LogRequest *request, size_t *ret_size) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        char *text = NULL;
        size_t size = 0;
        FILE *out = open_memstream(&text, &size);

        ASSERT_OK(logs_show(request, out, &error), &error);
        (void) fclose(out);
        if (ret_size)
                *ret_size = size;
        return text;
}
