/* SPDX-License-Identifier: MIT */

#include <stdlib.h>

#include "base/alloc.h"
#include "base/process.h"
#include "base/strv.h"
#include "image/debian-build.h"
#include "plan/debian-image.h"

int debian_build_require(char **ret_program, Error *reterr) {
        return image_program_find("mmdebstrap", "makes root file systems of Debian's packages", "mmdebstrap",
                                  ret_program, reterr);
}

/* What a program of apt's says; NULL where there is none: mmdebstrap then has its own ideas. */
static char *ask_apt(const char *program, const char *const *arguments) {
        _cleanup_free_ char *path = process_find_program(program, NULL), *output = NULL;
        _cleanup_strv_ char **argv = NULL;

        if (!path)
                return NULL;
        strv_push(&argv, path);
        for (; *arguments; arguments++)
                strv_push(&argv, *arguments);
        return process_run(argv, &output, NULL) == 0 ? TAKE_PTR(output) : NULL;
}

/* Of the developer's only what leads to the mirror. */
static char **make_environment(void) {
        static const char *const proxies[] = {"http_proxy", "https_proxy", "no_proxy"};
        char **environment = image_program_environment();

        strv_push(&environment, "HOME=/root");
        strv_push(&environment, "DEBIAN_FRONTEND=noninteractive");
        for (size_t i = 0; i < ELEMENTSOF(proxies); i++)
                if (getenv(proxies[i]))
                        strv_pushf(&environment, "%s=%s", proxies[i], getenv(proxies[i]));
        return environment;
}

static char **make_command(const DebianSpec *debian, const char *program) {
        static const char *const targets[] = {"indextargets", "--format",
                                              "$(REPO_URI) $(RELEASE) $(COMPONENT) $(SIGNED_BY)",
                                              "Created-By: Packages", NULL},
                                 *const dump[] = {"dump", NULL};
        _cleanup_free_ char *known = debian->mirror ? NULL : ask_apt("apt-get", targets),
                            *settings = ask_apt("apt-config", dump);
        _cleanup_strv_ char **sources = debian_image_sources(debian, known),
                            **options = debian_image_apt_options(settings);

        return debian_image_argv(debian, program, IMAGE_PROGRAM_PLACE "/root", options, sources);
}

int debian_build(const DebianSpec *debian, int work_fd, ImageStep step, void *userdata, Error *reterr) {
        _cleanup_strv_ char **argv = NULL, **environment = make_environment();
        _cleanup_free_ char *program = NULL;
        int r = debian_build_require(&program, reterr);

        if (r < 0)
                return r;
        argv = make_command(debian, program);
        return image_program_run(&(ImageProgram){.argv = argv,
                                                 .environment = environment,
                                                 .work_fd = work_fd,
                                                 .input_fd = -EBADF,
                                                 .step_prefix = "I: ",
                                                 .step = step,
                                                 .userdata = userdata},
                                 reterr);
}
