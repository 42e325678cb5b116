#!/bin/sh
# pnpm start: installs and builds, then replaces itself with the loader, so that Ctrl-C reaches the loader once
# and its exit code is returned.
set -eu
cd "$(dirname "$0")/.."

# pnpm passes the "--" of "pnpm start -- --iface lo" to this script.
[ "${1-}" != -- ] || shift

node scripts/prepare.mjs start

for argument in "$@"; do
	case $argument in
	-h | --help | -V | --version) exec packages/loader/bin/packetlog "$@" ;;
	esac
done
if [ "$(id -u)" -ne 0 ]; then
	echo "packetlog: starting the loader through sudo: only root may load and attach an XDP program." >&2
fi
# At a terminal, a line for each packet would scroll the URL out of view.
prints=${PACKETLOG_PRINT+set}
for argument in "$@"; do
	case $argument in
	--print | --print=* | --config | --config=*) prints=set ;;
	esac
done
case ${1-} in
'' | run | -*) ;;
*) prints=set ;;
esac
if [ -z "$prints" ] && [ -t 1 ]; then
	export PACKETLOG_PRINT=none
	echo "packetlog: packets are shown in the dashboard. To print them here, too: npx -y pnpm@12 start --print text" >&2
fi
exec scripts/as-root.sh packages/loader/bin/packetlog "$@"
