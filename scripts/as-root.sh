#!/bin/sh
# Becomes the given command, as root. A user who is not root gets it through sudo, with PATH and every
# PACKETLOG_* variable kept. It ends in exec, so signals and the exit code are those of the command.
set -eu

if [ "$(id -u)" -eq 0 ]; then
	exec "$@"
fi

kept=$(env | sed -n 's/^\(PACKETLOG_[A-Za-z0-9_]*\)=.*/\1/p' | sort | paste -s -d , -)
if ! command -v sudo >/dev/null 2>&1; then
	echo "packetlog: this needs root, and there is no sudo here. As root, run:" >&2
	echo "  cd $(pwd) && PATH=\"$(dirname "$(command -v node)"):\$PATH\" $*" >&2
	[ -z "$kept" ] || echo "  with these variables set as they are here: $kept" >&2
	exit 1
fi
exec sudo ${kept:+"--preserve-env=$kept"} -- env "PATH=$PATH" "$@"
