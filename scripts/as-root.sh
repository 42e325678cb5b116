#!/bin/sh
# Runs the given command as root: directly, or through sudo with PATH and every PACKETLOG_* variable kept.
# Uses exec, so that the command receives signals and its exit code is returned.
set -eu

if [ "$(id -u)" -eq 0 ]; then
	exec "$@"
fi

kept=$(env | sed -n 's/^\(PACKETLOG_[A-Za-z0-9_]*\)=.*/\1/p' | sort | paste -s -d , -)
if ! command -v sudo >/dev/null 2>&1; then
	echo "packetlog: cannot run as root: this user is not root, and sudo is not installed. As root, run:" >&2
	echo "  cd $(pwd) && PATH=\"$(dirname "$(command -v node)"):\$PATH\" $*" >&2
	[ -z "$kept" ] || echo "  with the values that these variables have here: $kept" >&2
	exit 1
fi
exec sudo ${kept:+"--preserve-env=$kept"} -- env "PATH=$PATH" "$@"
