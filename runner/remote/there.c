/* SPDX-License-Identifier: MIT */

#include <inttypes.h>
#include <string.h>

#include "base/alloc.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/process.h"
#include "remote/there.h"
#include "remote/words.h"
#include "state/identity.h"

#define PROGRAM   "flake-containers"
#define PLACE     ".local/share/flake-containers/remote"
#define HASH_TAIL 5 /* '-' and four digits, of identity_project_id() */

/* Two that share an account there are told apart by their machines, too, whose paths may be the same. */
static char *there_place(const char *root) {
        _cleanup_free_ char *id = identity_project_id(root, 0);
        uid_t uid = geteuid();
        uint64_t hash = hash_more(master_hash_machine(), &uid, sizeof(uid));

        hash = hash_more(hash, root, strlen(root));
        return xasprintf(PLACE "/%016" PRIx64 "/%.*s", hash, (int) (strlen(id) - HASH_TAIL), id);
}

char **there_program(const There *there) {
        char **words = NULL;

        strv_push(&words, PROGRAM);
        if (there->directory)
                strv_pushf(&words, "--root=%s", there->directory);
        return words;
}

char **there_command(const There *there, const char *option, char *const *words) {
        char **argv = master_command(&there->master, option);

        strv_push_take(&argv, words_quote(words));
        return argv;
}

int there_ask(const There *there, char *const *words, char **ret_output, Error *reterr) {
        _cleanup_strv_ char **argv = there_command(there, "-T", words);

        return process_run(argv, ret_output, reterr);
}

const char *there_find_json(const char *text, size_t *ret_size) {
        const char *end;

        while (text[0] != '{') {
                text = strchr(text, '\n');
                if (!text)
                        return NULL;
                text++;
        }
        /* On one line, or on several of which the last one begins with its other end. */
        end = text[1] == '\n' ? strstr(text, "\n}\n") : text;
        end = end ? strchr(end + 1, '\n') : NULL;
        *ret_size = end ? (size_t) (end - text) : 0;
        return end ? text : NULL;
}

static int there_check_version(const There *there, const char *answer, Error *reterr) {
        _cleanup_(json_freep) Json *document = NULL;
        const Json *version = NULL;
        size_t size = 0;
        const char *line = there_find_json(answer, &size), *text;
        int r;

        if (line && json_parse(line, size, NULL, &document, NULL) >= 0)
                version = json_get(document, "version");
        text = version && json_type(version) == JSON_STRING ? json_string(version) : NULL;
        if (text && streq(text, FC_VERSION))
                return 0;
        r = error_raise(reterr, FC_EXIT_HOST, "'%s' has flake-containers %s, and this is " FC_VERSION,
                        there->master.destination->host, text ? text : "of an unknown version");
        error_add_hint(reterr, "install the same version on both");
        return r;
}

/* One question, which says all: our version, who the user is, and whether the project was there before. */
static int there_hello(There *there, Error *reterr) {
        static const char script[] =
                PROGRAM " --json version && echo \"uid $(id -u)\" && if test -d \"$1\"; then echo there; fi";
        char *words[] = {(char *) "sh",
                         (char *) "-c",
                         (char *) script,
                         (char *) "sh",
                         there->directory ? there->directory : (char *) "",
                         NULL};
        _cleanup_free_ char *answer = NULL;
        const char *host = there->master.destination->host;
        int r = there_ask(there, words, &answer, reterr);

        if (r < 0)
                return r;
        if (r == 127) {
                r = error_raise(reterr, FC_EXIT_HOST, "there is no flake-containers in PATH on '%s'", host);
                error_add_hint(reterr,
                               "it must be installed there, and be found by: ssh %s flake-containers "
                               "version",
                               host);
                return r;
        }
        if (r > 0) {
                r = error_raise(reterr, FC_EXIT_HOST, "'%s' cannot run flake-containers (exit status %d)",
                                host, r);
                error_add_evidence(reterr, "%.*s", (int) strcspn(answer, "\n"), answer);
                return r;
        }
        there->root = strstr(answer, "\nuid 0\n");
        there->has_it = strstr(answer, "\nthere\n");
        return there_check_version(there, answer, reterr);
}

int there_open(const Destination *destination, const char *root, There *ret, Error *reterr) {
        int r;

        *ret = THERE_NULL;
        ret->directory = root ? there_place(root) : NULL;
        r = master_open(destination, root ? root : "", &ret->master, reterr);
        return r < 0 ? r : there_hello(ret, reterr);
}

void there_done(There *there) {
        master_done(&there->master);
        free(there->directory);
        *there = THERE_NULL;
}
