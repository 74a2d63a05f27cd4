#!/usr/bin/env bash
# Runs a command beside an Avahi of its own. Call it in the network namespace of a host, through
# `unshare --mount --pid --fork --kill-child --mount-proc`: the bus and the daemon are seen by nobody else, and end with it.
#   avahi-host.sh COMMAND …
set -euo pipefail
mount -t tmpfs none /run
mkdir /run/dbus
install -d -o avahi -g avahi /run/avahi-daemon
dbus-daemon --system --fork --nopidfile >&2
avahi-daemon --daemonize --no-chroot --no-drop-root >&2
"$@"
