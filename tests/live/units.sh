#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# `up` says that a container is ready only when it is: not when a unit in it failed, not when one hangs.

# shellcheck source=tests/lib/live.bash
. "$(dirname "$0")/../lib/live.bash"

testcase_failed_unit() {
        variant broken
        job_unit "$VARIANT" migrate.service "/bin/sh -c 'echo \"relation ordrs does not exist\"; exit 3'"
        project shop
        spec "$(WEB_IMAGE=$VARIANT web web ', "ports": ["8080:80"]'), $(tiny one)"
        run_status 3 fc up
        expect_err 'migrate\.service'
        # The evidence, without another command.
        expect_err 'relation ordrs does not exist'
        # And what to type next.
        expect_err 'logs'
        # The others are not held up by it.
        equal "$(state_of one)" running

        # A second look says the same, and it still is no success.
        run_status 3 fc up web
        expect_err 'migrate\.service'
        ok fc logs web -u migrate.service
        expect_out 'relation ordrs does not exist'
        ok fc down
        equal "$(state_of web)" stopped
}

# Repaired from outside, the same root comes up.
testcase_repaired() {
        variant broken
        job_unit "$VARIANT" flaky.service '/bin/test -e /repaired'
        project shop
        spec "$(WEB_IMAGE=$VARIANT web web)"
        run_status 3 fc up
        run fc exec web -- touch /repaired
        ok fc down
        touch "$PROJECT/.containers/web/root/repaired"
        ok fc up
        ok fc down
}

# Restarting in a loop, it is "activating" most of the time; systemd counts, and so it fails in the end.
testcase_hanging_unit() {
        local started

        variant hangs
        unit "$VARIANT" hangs.service <<-'UNIT'
		[Service]
		Type=oneshot
		TimeoutStartSec=infinity
		ExecStart=/bin/sh -c 'echo "waiting for godot"; exec sleep infinity'
	UNIT
        project shop
        spec "$(WEB_IMAGE=$VARIANT web web ', "ready": {"timeout": 6}')"
        started=$SECONDS
        run_status 4 fc up
        # The guest tells of a job only when it has been waited for for some seconds.
        expect_err 'hangs\.service'
        ((SECONDS - started < 20)) || flunk "it took $((SECONDS - started)) s to notice that 6 s are over"
        ok fc down
}

# What has no service in it that could notify, but ends by itself, is not ready.
testcase_guest_powers_off() {
        variant off
        unit "$VARIANT" off.service <<-'UNIT'
		[Unit]
		DefaultDependencies=no
		[Service]
		Type=oneshot
		ExecStart=/bin/systemctl --force poweroff
	UNIT
        project shop
        spec "$(WEB_IMAGE=$VARIANT web web)"
        run_status 3 fc up
        expect_err 'web'
        equal "$(state_of web)" failed "the state"
        ok fc down
}

# One that does not stop is stopped, and it is said that it took force.
testcase_will_not_stop() {
        variant stubborn
        unit "$VARIANT" stubborn.service <<-'UNIT'
		[Service]
		ExecStart=/bin/sh -c 'trap "" TERM HUP; while :; do sleep infinity; done'
		KillMode=process
		SendSIGKILL=no
		TimeoutStopSec=infinity
	UNIT
        project shop
        spec "$(WEB_IMAGE=$VARIANT web web ', "stop": {"timeout": 1}')"
        ok fc up
        local started=$SECONDS
        ok fc down
        expect_err 'web: stopped.*terminated: it did not shut down in time'
        ((SECONDS - started < 15)) || flunk "down took $((SECONDS - started)) s with a timeout of 1 s"
        equal "$(state_of web)" stopped
}

testcase_no_such_init() {
        slim_image
        project shop
        spec "\"web\": {\"system\": {\"rootfs\": \"$SLIM_IMAGE\", \"init\": \"/sbin/nothing\"}}"
        run_status 3 fc up
        expect_err '/sbin/nothing'
        ok fc down
}

testcase_missing_image() {
        project shop
        spec "\"web\": {\"system\": {\"rootfs\": \"images/none\", \"init\": \"/sbin/init\", \"build\": \"make me an image\"}}"
        run_status 2 fc up
        expect_err 'images/none'
        expect_err 'make me an image'
        absent "$PROJECT/.containers/web/root"
}

live_main "$@"
