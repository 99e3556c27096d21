/* SPDX-License-Identifier: MIT */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/fs.h"
#include "base/in-root.h"
#include "enter/program.h"

char *interpreter_parse(const char *header, size_t size) {
        _cleanup_free_ char *line = NULL;
        char *start;

        if (size < 2 || memcmp(header, "#!", 2) != 0)
                return NULL;
        if (size > INTERPRETER_HEADER_MAX)
                size = INTERPRETER_HEADER_MAX;
        line = xstrndup(header + 2, size - 2);
        line[strcspn(line, "\n")] = '\0';
        start = line + strspn(line, " \t");
        start[strcspn(start, " \t\r")] = '\0';
        return start[0] == '/' ? xstrdup(start) : NULL;
}

void program_done(Program *p) {
        free(p->path);
        free(p->interpreter);
        *p = (Program){0};
}

static void look_at_header(int root_fd, int path_fd, Program *p) {
        char header[INTERPRETER_HEADER_MAX], proc[FS_PROC_FD_MAX];
        _cleanup_free_ char *interpreter = NULL;
        _cleanup_close_ int fd = open(fs_proc_fd(proc, path_fd),
                                      O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC),
                            found = -EBADF;
        ssize_t n = fd < 0 ? -1 : read(fd, header, sizeof(header));

        if (n < 4)
                return;
        if (memcmp(header, "\177ELF", 4) == 0) {
                p->certain = true;
                return;
        }
        interpreter = interpreter_parse(header, (size_t) n);
        if (!interpreter)
                return; /* perhaps something for binfmt_misc */

        found = root_open(root_fd, interpreter, O_PATH);
        p->certain = found >= 0;
        if (found == -ENOENT || found == -ENOTDIR) {
                p->state = PROGRAM_NO_INTERPRETER;
                p->interpreter = TAKE_PTR(interpreter);
        }
}

static void look_at(int root_fd, char *path, Program *ret) {
        _cleanup_close_ int fd = root_open(root_fd, path, O_PATH);
        struct stat st;

        *ret = (Program){.state = PROGRAM_FOUND, .path = path};
        if (fd == -ENOENT || fd == -ENOTDIR) {
                program_done(ret);
                ret->state = PROGRAM_NOT_FOUND;
                return;
        }
        /* Of anything else (a magic link, say) the container may see something different. */
        if (fd < 0 || fstat(fd, &st) < 0)
                return;
        if (!S_ISREG(st.st_mode) || (st.st_mode & 0111) == 0) {
                ret->state = PROGRAM_NOT_EXECUTABLE;
                return;
        }
        look_at_header(root_fd, fd, ret);
        /* Not every user may execute it; whether this one may, the kernel decides. */
        if ((st.st_mode & 0001) == 0)
                ret->certain = false;
}

void program_find(int root_fd, const char *name, const char *path, const char *directory, Program *ret) {
        _cleanup_(program_done) Program refused = {.state = PROGRAM_NOT_FOUND};
        const char *end;

        if (strchr(name, '/')) {
                look_at(root_fd, name[0] == '/' ? xstrdup(name) : xasprintf("%s/%s", directory, name), ret);
                return;
        }
        for (const char *entry = path; *name && entry; entry = *end ? end + 1 : NULL) {
                Program p;

                end = entry + strcspn(entry, ":");
                if (entry[0] != '/')
                        continue;
                look_at(root_fd, xasprintf("%.*s/%s", (int) (end - entry), entry, name), &p);
                if (p.state == PROGRAM_FOUND) {
                        *ret = p;
                        return;
                }
                /* Like execvp(3): the search goes on, and this is reported only when nothing better is
                 * found. */
                if (p.state != PROGRAM_NOT_FOUND && refused.state == PROGRAM_NOT_FOUND)
                        refused = p;
                else
                        program_done(&p);
        }
        *ret = refused;
        refused = (Program){.state = PROGRAM_NOT_FOUND};
}
