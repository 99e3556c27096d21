/* SPDX-License-Identifier: MIT */

#include <sys/wait.h>

#include "test.h"

#include "base/alloc.h"
#include "spec/env-file.h"
#include "view/variables-text.h"

/* What quoting is about: each must come out as it was. */
static const char *const values[] = {
        "",
        "plain",
        "two words",
        " a  b ",
        "it's",
        "'",
        "''",
        "\"",
        "\\",
        "\\\\",
        "a\\'b\\",
        "$HOME $(id) `id` ${A}",
        "\n",
        "one\n two\n",
        "\t#;&|<>*?~!%",
        "\xc3\xbc \xe2\x98\x83",
        "postgres://app@127.0.0.1:5432/app?x=%20",
        "-n",
};

static char **make_variables(void) {
        char **variables = NULL;

        for (size_t i = 0; i < ELEMENTSOF(values); i++)
                strv_pushf(&variables, "FC_%zu=%s", i, values[i]);
        return variables;
}

/* Runs a shell that reads the text and prints each variable with a NUL. */
static void try_shell(const char *program, VariablesFormat format, const char *script) {
        _cleanup_strv_ char **variables = make_variables();
        _cleanup_free_ char *text = variables_text(variables, format), *command = NULL;
        char path[] = "/tmp/test-variables-text.XXXXXX", seen[4096] = "";
        const char *p = seen;
        int fd = mkstemp(path);
        size_t n;
        FILE *f;

        ASSERT_TRUE(fd >= 0);
        ASSERT_EQ(write(fd, text, strlen(text)), (ssize_t) strlen(text));
        (void) close(fd);
        command = xasprintf("%s %s %zu", script, path, ELEMENTSOF(values));
        f = popen(command, "r"); /* NOLINT */
        ASSERT_TRUE(f != NULL);
        n = fread(seen, 1, sizeof(seen) - 1, f);
        ASSERT_EQ(pclose(f), 0);
        (void) unlink(path);
        for (size_t i = 0; i < ELEMENTSOF(values); i++) {
                test_set_row("%s: %s", program, values[i]);
                ASSERT_TRUE(p < seen + n);
                ASSERT_STREQ(p, values[i]);
                p += strlen(p) + 1;
        }
}

static bool is_installed(const char *program) {
        _cleanup_free_ char *look = xasprintf("command -v %s >/dev/null", program);

        return WEXITSTATUS(system(look)) == 0; /* NOLINT */
}

TEST(sh_reads_it) {
        try_shell("sh", VARIABLES_SH,
                  "sh -c '. \"$1\"; i=0; while [ $i -lt $2 ]; do eval \"printf \\\"%s\\\\0\\\" "
                  "\\\"\\$FC_$i\\\"\"; "
                  "i=$((i + 1)); done' sh");
}

TEST(fish_reads_it) {
        if (!is_installed("fish"))
                return;
        try_shell("fish", VARIABLES_FISH,
                  "fish --no-config -c 'source $argv[1]; for i in (seq 0 (math $argv[2] - 1)); set n FC_$i; "
                  "printf \"%s\\0\" \"$$n\"; end'");
}

TEST(jq_reads_it) {
        if (!is_installed("jq"))
                return;
        try_shell("jq", VARIABLES_JSON,
                  "sh -c 'jq -j --argjson n \"$2\" \"[range(\\$n) as \\$i | .[\\\"FC_\\\" + (\\$i | "
                  "tostring)]] | "
                  "map(. + \\\"\\\\u0000\\\") | add\" \"$1\"' sh");
}

/* As `envFile` does, and docker compose and systemd with it. */
TEST(dotenv_is_read_back) {
        _cleanup_strv_ char **variables = make_variables(), **again = NULL;
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text = variables_text(variables, VARIABLES_DOTENV);

        ASSERT_OK(env_file_parse(text, strlen(text), false, &again, &error), &error);
        ASSERT_TRUE(strv_equal(variables, again));
}

TEST(nothing_is_nothing) {
        for (VariablesFormat format = 0; format < _VARIABLES_FORMAT_MAX; format++) {
                _cleanup_free_ char *text = variables_text(NULL, format);

                ASSERT_STREQ(text, format == VARIABLES_JSON ? "{\n}\n" : "");
        }
        ASSERT_TRUE(variables_format_from_string("bash") < 0);
        ASSERT_EQ(variables_format_from_string("dotenv"), VARIABLES_DOTENV);
}
