/* SPDX-License-Identifier: MIT */

#include "base/alloc.h"
#include "image/oci-entry.h"
#include "test.h"

TEST(members) {
        static const struct {
                const char *config, *members; /* with ' for " */
        } table[] = {
                {"{'process':{'args':['/bin/app','-v'],'cwd':'/','env':['PATH=/bin','TERM=xterm','HOME=/"
                 "root'],"
                 "'user':{'uid':0,'gid':0}},'ociVersion':'1.0.0'}",
                 "'command':['/bin/app','-v'],'environment':{'PATH':'/bin'}"},
                {"{'process':{'args':['app'],'cwd':'/srv','user':{'uid':1000,'gid':1000}}}",
                 "'command':['app'],'nspawnArgs':['--user=1000','--chdir=/srv']"},
                /* The first of a name counts, and what is no variable does not. */
                {"{'process':{'args':['a'],'env':['A=1=2','A=3','none','=x',7]}}",
                 "'command':['a'],'environment':{'A':'1=2'}"},
                {"{'process':{'args':[],'cwd':'/srv'}}", NULL},
                {"{'process':{'args':'app'}}", NULL},
                {"{'process':[]}", NULL},
                {"{}", NULL},
                {"[]", NULL},
                {"{'process'", NULL},
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *config = xstrdup(table[i].config), *members = NULL,
                                    *wanted = table[i].members ? xstrdup(table[i].members) : NULL;

                test_set_row("%s", config);
                for (char *s = config; *s; s++)
                        *s = *s == '\'' ? '"' : *s;
                for (char *s = wanted; s && *s; s++)
                        *s = *s == '\'' ? '"' : *s;
                members = oci_entry_members(config, strlen(config));
                ASSERT_STREQ(members, wanted);
        }
}
