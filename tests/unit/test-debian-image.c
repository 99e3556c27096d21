/* SPDX-License-Identifier: MIT */

#include "test.h"

#include "base/alloc.h"
#include "base/strv.h"
#include "plan/debian-image.h"
#include "plan/made-image.h"
#include "spec/spec-parse.h"

/* Owned by the caller. */
static Spec *parse(const char *members) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text =
                xasprintf("{'version':1,'containers':{'c':{'system':{'debian':{%s}}}}}", members);
        Spec *spec = NULL;

        for (char *s = text; *s; s++)
                *s = *s == '\'' ? '"' : *s;
        ASSERT_OK(spec_parse(text, strlen(text), &spec, &error), &error);
        return spec;
}

static char *path_of(const char *members) {
        _cleanup_(spec_freep) Spec *spec = parse(members);

        return made_image_path(&spec->containers[0], "/cache");
}

TEST(what_matters_makes_another_image) {
        static const struct {
                const char *members;
                bool same;
        } table[] = {
                {"'suite':'trixie','packages':['redis','nginx']", true},
                {"'packages':['nginx','redis'],'suite':'trixie'", true},
                {"'suite':'trixie','packages':['nginx','redis'],'components':['main']", true},
                {"'suite':'bookworm','packages':['nginx','redis']", false},
                {"'suite':'trixie','packages':['nginx']", false},
                {"'suite':'trixie','packages':['nginx','redis','curl']", false},
                {"'suite':'trixie','packages':['nginx','redis'],'components':['main','contrib']", false},
                {"'suite':'trixie','packages':['nginx','redis'],'mirror':'http://mirror/debian'", false},
        };
        _cleanup_free_ char *first = path_of(table[0].members);

        ASSERT_TRUE(startswith(first, "/cache/"));
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *path = path_of(table[i].members);

                test_set_row("%s", table[i].members);
                ASSERT_EQ(streq(path, first), table[i].same);
        }
}

TEST(tells_the_cache_by_the_path) {
        static const struct {
                const char *path, *cache;
        } table[] = {
                {"/var/cache/flake-containers/0123456789abcdef/root", "/var/cache/flake-containers"},
                {"/home/a b/.cache/flake-containers/00ff00ff00ff00ff/root",
                 "/home/a b/.cache/flake-containers"},
                {"/0123456789abcdef/root", NULL},
                {"/images/web", NULL},
                {"/cache/0123456789abcde/root", NULL},
                {"/cache/x0123456789abcdef/root", NULL},
                {"/cache/0123456789ABCDEF/root", NULL},
                {"/cache/0123456789abcdef/rook", NULL},
                {"/cache/0123456789abcdef/root/", NULL},
                {"", NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *cache = made_image_cache(table[i].path);

                test_set_row("%s", table[i].path);
                ASSERT_TRUE(streq_ptr(cache, table[i].cache));
        }
}

static void assert_sources(const char *members, const char *known, const char *expected) {
        _cleanup_(spec_freep) Spec *spec = parse(members);
        const DebianSpec *debian = spec->containers[0].debian;
        _cleanup_strv_ char **sources = debian_image_sources(debian, known);
        _cleanup_free_ char *text = sources ? strv_join(sources, "|") : xstrdup("");

        ASSERT_STREQ(text, expected);
}

TEST(the_host_knows_a_mirror) {
        static const char known[] = "http://m/debian/ trixie main /usr/share/keyrings/k.gpg\n"
                                    "http://m/debian/ trixie contrib $(SIGNED_BY)\n"
                                    "http://m/debian/ trixie-updates main $(SIGNED_BY)\n"
                                    "http://s/debian-security/ trixie-security main $(SIGNED_BY)\n"
                                    "http://m/debian/ trixie-backports main $(SIGNED_BY)\n"
                                    "http://m/debian/ sid main $(SIGNED_BY)\n"
                                    "https://third/party/ nodistro main /k.gpg\n"
                                    "W: a warning\n\n";

        assert_sources("'suite':'trixie'", known,
                       "deb [signed-by=/usr/share/keyrings/k.gpg] http://m/debian/ trixie main|"
                       "deb http://m/debian/ trixie-updates main|"
                       "deb http://s/debian-security/ trixie-security main");
        assert_sources("'suite':'trixie','components':['contrib']", known,
                       "deb http://m/debian/ trixie contrib");
        assert_sources("'suite':'sid'", known, "deb http://m/debian/ sid main");
        assert_sources("'suite':'bookworm'", known, "");
        assert_sources("'suite':'trixie'", NULL, "");
        assert_sources("'suite':'trixie','mirror':'https://x/debian','components':['main','contrib']", known,
                       "deb https://x/debian trixie main contrib");
}

TEST(options_of_the_hosts_apt) {
        _cleanup_strv_ char **options = debian_image_apt_options("APT \"\";\n"
                                                                 "Acquire \"\";\n"
                                                                 "Acquire::http::Proxy \"http://p:1\";\n"
                                                                 "Acquire::Check-Date \"false\";\n"
                                                                 "Acquire::Check-Date \"false\";\n"
                                                                 "Acquire::Retries \"0\";\n"
                                                                 "Acquire::Languages \"none\";\n"
                                                                 "DPkg::Pre-Invoke \"Acquire::http\";\n"
                                                                 "Acquire::https::Proxy \"torn\n");
        _cleanup_free_ char *text = strv_join(options, "|");

        ASSERT_STREQ(text, "Acquire::http::Proxy \"http://p:1\";|Acquire::Check-Date "
                           "\"false\";|Acquire::Retries \"0\";");
        ASSERT_TRUE(!debian_image_apt_options(NULL));
}

TEST(arguments) {
        _cleanup_(spec_freep) Spec *spec = parse("'suite':'trixie','packages':['g++','redis']");
        const DebianSpec *debian = spec->containers[0].debian;
        char *options[] = {(char *) "A \"b\";", NULL}, *sources[] = {(char *) "deb u trixie main", NULL};
        _cleanup_strv_ char **argv =
                                    debian_image_argv(debian, "/usr/bin/mmdebstrap", "/t", options, sources),
                            **least = debian_image_argv(debian, "m", "/t", NULL, NULL);
        _cleanup_free_ char *text = strv_join(argv, "|");

        ASSERT_STREQ(
                text,
                "/usr/bin/mmdebstrap|--mode=root|--format=directory|--variant=apt|"
                "--include=systemd,systemd-sysv,g++,redis|--components=main|--dpkgopt=force-unsafe-io|"
                "--aptopt=APT::Cmd::Pattern-Only \"true\"|--aptopt=A \"b\";|trixie|/t|deb u trixie main");
        ASSERT_STREQ(least[strv_length(least) - 1], "/t");
}
