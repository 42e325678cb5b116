#!/usr/bin/env bash
# Proves that git, Node and npm alone are enough. In a bare Debian root it clones this commit and runs
#   npx -y pnpm@12 start --iface lo    until http://localhost:7411 shows the dashboard, then ends it as Ctrl-C does
#   npx -y pnpm@12 test
# and prints how long each took. Needs root. Attaches to lo only. Leaves no process, mount or directory behind.
#   usage: tests/bare-root/prove.sh [--keep] [--no-test]
set -Eeuo pipefail
trap 'echo "prove.sh: line $LINENO: $BASH_COMMAND: exit code $?" >&2' ERR

here=$(cd "$(dirname "$0")" && pwd)
patience=600
keep=no with_tests=yes
for argument in "$@"; do
	case $argument in
	--keep) keep=yes ;;
	--no-test) with_tests=no ;;
	*)
		sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
		exit 2
		;;
	esac
done

fail() {
	echo "prove.sh: $*" >&2
	exit 1
}

# Outer half: makes the directory, runs the inner half in mount and PID namespaces of its own, which take every mount
# and process with them however it ends, and removes the directory.
if [ -z "${BARE_ROOT:-}" ]; then
	[ "$(id -u)" -eq 0 ] || fail "root is needed for debootstrap, chroot and mount. Run: sudo $0 $*"
	if ! command -v debootstrap >/dev/null; then
		echo "installing debootstrap: it makes the bare root"
		apt-get -q update >/dev/null
		DEBIAN_FRONTEND=noninteractive apt-get -q install --yes --no-install-recommends debootstrap >/dev/null
	fi
	BARE_ROOT=$(mktemp -d /var/tmp/packetlog-bare-root.XXXXXX)
	export BARE_ROOT
	remove() { [ "$keep" = yes ] && echo "kept: $BARE_ROOT" || rm -rf --one-file-system "$BARE_ROOT"; }
	trap remove EXIT
	unshare --mount --mount-proc --propagation private --pid --fork --kill-child "$0" "$@" &
	inner=$!
	trap 'kill -KILL "$inner"; exit 130' INT TERM
	wait "$inner" || exit
	exit 0
fi

root=$BARE_ROOT/root
logs=$BARE_ROOT/logs
mkdir -p "$root" "$logs"
. "$here/make-root.sh"

table=()
# timed LABEL COMMAND...: its seconds go into the table.
timed() {
	local label=$1 since=$EPOCHREALTIME
	shift
	echo "== $label"
	"$@"
	local ms=$(((${EPOCHREALTIME/./} - ${since/./}) / 1000))
	table+=("$(printf '%-52s %4d.%d s' "$label" $((ms / 1000)) $((ms % 1000 / 100)))")
}

clone_here() {
	git -c advice.detachedHead=false clone -q --no-local "$(git -C "$here" rev-parse --show-toplevel)" "$root/root/packetlog"
}

answers() {
	node -e 'fetch("http://localhost:7411/").then(async (r) => process.exit(r.status === 200 && /<html/i.test(await r.text()) ? 0 : 1), () => process.exit(1))'
}

start_until_it_answers() {
	local deadline=$((SECONDS + patience))
	inside npx -y pnpm@12 start --iface lo >"$logs/start.log" 2>&1 </dev/null &
	start_pid=$!
	until answers; do
		kill -0 "$start_pid" 2>/dev/null || { cat "$logs/start.log" >&2 && fail "start ended before the dashboard answered"; }
		[ "$SECONDS" -lt "$deadline" ] || { cat "$logs/start.log" >&2 && fail "no dashboard within $patience s"; }
		sleep 0.2
	done
}

# Ctrl-C on a terminal reaches npm too, which then ends with 130 whatever the loader says. Only the loader gets the
# signal here, so that the exit code that npx hands back is the loader's.
end_it() {
	local loader code=0
	loader=$(pgrep -f 'node .*packages/loader/.* --iface lo' | head -n 1) || fail "the loader's process is not found"
	kill -INT "$loader"
	wait "$start_pid" || code=$?
	[ "$code" -eq 0 ] || { cat "$logs/start.log" >&2 && fail "start ended with exit code $code"; }
	! lo_has_program || fail "a program is left on lo"
}

lo_has_program() {
	ip -details link show dev lo | grep -q 'prog/xdp'
}

run_tests() {
	local code=0
	inside npx -y pnpm@12 test >"$logs/test.log" 2>&1 </dev/null || code=$?
	counts=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$logs/test.log" | tail -n 1)
	[ "$code" -eq 0 ] || { cat "$logs/test.log" >&2 && fail "test ended with exit code $code: ${counts:-nothing counted}"; }
}

! answers || fail "something answers on port 7411 already: end it first"
! lo_has_program || fail "lo has an XDP program already: remove it first"

timed "bare root: debootstrap, git, node, npm" make_bare_root
mount_kernel_filesystems
for absent in clang pnpm chromium bpftool ip; do
	! inside sh -c "command -v $absent" >/dev/null || fail "the root is not bare: it has $absent"
done
timed "git clone" clone_here
timed "npx -y pnpm@12 start, until the dashboard answers" start_until_it_answers
timed "Ctrl-C, until it has ended, exit code 0" end_it
counts='not run'
[ "$with_tests" = no ] || timed "npx -y pnpm@12 test" run_tests

echo
inside sh -c 'echo "$(. /etc/os-release && echo "$PRETTY_NAME"), node $(node --version), npm $(npm --version 2>/dev/null)"'
printf '%s\n' "${table[@]}" "tests: $counts"
