/* SPDX-License-Identifier: MIT */

/* Runs a fuzz target over files, for compilers without libFuzzer: each file of the folders on the command
 * line as it is, and each of its beginnings, which costs little and finds reads behind the end. */

#include <dirent.h>
#include <fcntl.h>

#include "base/fs.h"
#include "fuzz.h"

#define FILE_SIZE_MAX (16 * 1024 * 1024)
#define PREFIX_MAX    1024

static void run_one(const char *text, size_t size) {
        /* A block of exactly this size, so that the sanitizer sees a read behind it. */
        _cleanup_free_ uint8_t *copy = xmalloc0(size);

        memcpy(copy, text, size);
        (void) LLVMFuzzerTestOneInput(copy, size);
}

static void run_file(int dir_fd, const char *name) {
        _cleanup_close_ int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
        _cleanup_free_ char *text = NULL;
        size_t size;

        if (fd < 0 || fs_read_fd(fd, name, FILE_SIZE_MAX, &text, &size, NULL) < 0) {
                (void) fprintf(stderr, "cannot read '%s'\n", name);
                exit(1);
        }
        run_one(text, size);
        for (size_t n = 0; n < size && n < PREFIX_MAX; n++)
                run_one(text, n);
}

static unsigned run_folder(const char *path) {
        unsigned n = 0;
        struct dirent *entry;
        DIR *d = opendir(path);

        if (!d) {
                perror(path);
                exit(1);
        }
        while ((entry = readdir(d)))
                if (entry->d_name[0] != '.') {
                        run_file(dirfd(d), entry->d_name);
                        n++;
                }
        (void) closedir(d);
        return n;
}

int main(int argc, char *argv[]) {
        unsigned n = 0;

        for (int i = 1; i < argc; i++)
                n += run_folder(argv[i]);
        (void) printf("%u files\n", n);
        return n > 0 ? 0 : 1;
}
