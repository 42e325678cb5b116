#!/bin/sh
# pnpm start: makes everything ready, then becomes the loader. Nothing stays between the terminal and
# the loader, so Ctrl-C reaches it once and its exit code is the one you see.
set -eu
cd "$(dirname "$0")/.."

# pnpm hands over the "--" of "pnpm start -- --iface lo".
[ "${1-}" != -- ] || shift

node scripts/prepare.mjs start

for argument in "$@"; do
	case $argument in
	-h | --help | -V | --version) exec packages/loader/bin/packetlog "$@" ;;
	esac
done
if [ "$(id -u)" -ne 0 ]; then
	echo "packetlog: root is needed from here on: the kernel lets only root load an XDP program and attach it." >&2
	echo "packetlog: only the loader runs through sudo; the build ran as you." >&2
fi
# At a terminal a line for each packet would push the URL out of sight at once.
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
	echo "packetlog: the dashboard shows the packets. To print them here, too: npx -y pnpm@12 start --print text" >&2
fi
exec scripts/as-root.sh packages/loader/bin/packetlog "$@"
