/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "base/capability.h"
#include "spec/argument.h"
#include "spec/credential.h"
#include "test.h"

TEST(nspawn_options_that_may_be_given) {
        static const char *const table[] = {
                "--bind=/a:/b",
                "--bind-ro=/etc/hosts.allow",
                "--bind=/x:/etc/hosts2",
                "--bind-user=me",
                "--overlay=+/a::/b",
                "--tmpfs=/x",
                "--rlimit=NOFILE=1024",
                "--uuid=x",
                "--read-only",
                "--resolv-conf=copy-host",
                "--capability=all",
                "--user=www",
                "--no-new-privileges=yes",
                "--system-call-filter=@mount",
                "--set-credential=a:b",
                "--new-option-of-2030",
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%s", table[i]);
                ASSERT_OK(argument_check_nspawn(table[i], &error), &error);
        }
}

TEST(nspawn_options_that_may_not) {
        static const struct {
                const char *text, *message;
        } table[] = {
                {"", "is written --OPTION or --OPTION=VALUE, in one string"},
                {"--", "is written --OPTION"},
                {"--=x", "is written --OPTION"},
                {"-", "is written --OPTION"},
                {"-D/", "'-D/': an option of systemd-nspawn is written --OPTION"},
                {"-b", "is written --OPTION"},
                {"/bin/sh", "is written --OPTION"},
                {"--directory=/", "--directory cannot be given here: use 'system.rootfs' instead"},
                {"--directory", "--directory cannot be given here"},
                {"--dir=/", "--directory cannot be given here"},
                {"--image=x", "--image cannot be given here"},
                {"--machine=x", "--machine cannot be given here"},
                {"--mach=x", "'--mach=x': --machine cannot be given here"},
                {"--m", "--machine cannot be given here"},
                {"--register=yes", "--register cannot be given here"},
                {"--keep-unit", "--keep-unit cannot be given here"},
                {"--boot", "--boot cannot be given here: use 'system.init' instead"},
                {"--as-pid2", "use 'command' instead"},
                {"--notify-ready=no", "use 'ready.notify' instead"},
                {"--private-users=no", "use 'users' instead"},
                {"--private-users-ownership=chown", "use 'users' instead"},
                {"--private-network", "use 'network' instead"},
                {"--network-veth", "use 'network' instead"},
                {"--network-macvlan=eth0", "use 'network' instead"},
                {"--net=x", "use 'network' instead"},
                {"--port=80", "use 'ports' instead"},
                {"--kill-signal=9", "the runner stops the container"},
                {"--console=pipe", "the runner connects the console"},
                {"--setenv=A=b", "use 'environment' instead"},
                {"--help", "it starts no container"},
                {"--version", "it starts no container"},
                {"--bind=/x:/etc/hosts", "the runner writes /etc/hosts"},
                {"--rlimit NOFILE=1", "is written --OPTION or --OPTION=VALUE"},
                {"--Boot", "is written --OPTION or --OPTION=VALUE"},
                {"--bind=/srv/etc/hosts:/etc/hosts", "the runner writes /etc/hosts"},
                {"--bind-ro=/etc/hosts", "the runner writes /etc/hosts"},
                {"--bind=/x:/etc/hosts:idmap", "the runner writes /etc/hosts"},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(error_done) Error error = ERROR_NULL;

                test_set_row("%s", table[i].text);
                ASSERT_ERROR(argument_check_nspawn(table[i].text, &error), &error, FC_EXIT_USAGE,
                             table[i].message);
        }
}

TEST(length) {
        _cleanup_(error_done) Error error = ERROR_NULL;
        _cleanup_free_ char *text = xmalloc0(ARGUMENT_SIZE_MAX + 1);

        memset(text, 'a', ARGUMENT_SIZE_MAX);
        ASSERT_ERROR(argument_check(text, &error), &error, FC_EXIT_USAGE, "longer than the 131071 bytes");
        text[ARGUMENT_SIZE_MAX - 1] = '\0';
        ASSERT_OK(argument_check(text, &error));
}

TEST(capabilities) {
        static const char *const refused[] = {
                "",     "NET_ADMIN", "cap_net_admin", "CAP_NET_ADMIN ",
                "CAP_", "all",       "CAP_ALL",       "CAP_NET_ADMIN,CAP_CHOWN"};
        _cleanup_(error_done) Error error = ERROR_NULL;
        unsigned n = 99;

        ASSERT_OK(capability_from_string("CAP_CHOWN", &n, &error), &error);
        ASSERT_EQ(n, 0);
        /* linux/capability.h */
        ASSERT_OK(capability_from_string("CAP_NET_ADMIN", &n, &error), &error);
        ASSERT_EQ(n, 12);
        ASSERT_OK(capability_from_string("CAP_SYS_ADMIN", &n, &error), &error);
        ASSERT_EQ(n, 21);
        ASSERT_OK(capability_from_string("CAP_CHECKPOINT_RESTORE", &n, &error), &error);
        ASSERT_EQ(n, 40);
        for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
                test_set_row("%s", refused[i]);
                ASSERT_ERROR(capability_from_string(refused[i], &n, &error), &error, FC_EXIT_USAGE,
                             "is not a capability, they are written like CAP_NET_ADMIN");
                ASSERT_EQ(n, 40);
        }
}

TEST(credential_ids) {
        static const char *const good[] = {"a", "db.password", "..x", "TLS-key_1", "a@b"};
        static const char *const refused[] = {"",    ".",   "..",       "a:b",  "a/b",
                                              "a b", "a\n", "\xc3\xa9", "a\\b", "\x7f"};
        _cleanup_(error_done) Error error = ERROR_NULL;
        char id[257] = {0};

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                test_set_row("%s", good[i]);
                ASSERT_OK(credential_check_id(good[i], &error), &error);
        }
        for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
                test_set_row("%s", refused[i]);
                ASSERT_ERROR(credential_check_id(refused[i], &error), &error, FC_EXIT_USAGE,
                             "cannot name a credential");
        }
        memset(id, 'a', 256);
        ASSERT_ERROR(credential_check_id(id, &error), &error, FC_EXIT_USAGE, "cannot name a credential");
        id[255] = '\0';
        ASSERT_OK(credential_check_id(id, &error));
}
