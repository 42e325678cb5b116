#!/usr/bin/env bash
# Proves that git, Node and npm are enough. In a bare Debian root with a separate network it clones this commit and, as
# a user who follows the README would,
#   runs npx -y pnpm@12 start    at a terminal, until http://localhost:7411 shows the dashboard; ends it with Ctrl-C
#   runs it again without a terminal, and ends it with SIGTERM
#   runs every other command of the README (readme.sh)
#   runs npx -y pnpm@12 test     at a terminal
# and prints how long each took. Needs root. Everything runs in separate namespaces: the interface of the default route
# there is a tap device of slirp4netns, and no interface of this machine is touched. Leaves no process, mount or directory
# behind.
#   usage: tests/bare-root/prove.sh [--keep] [--no-test]
set -Eeuo pipefail
trap 'echo "prove.sh: line $LINENO: $BASH_COMMAND: exit code $?" >&2' ERR

here=$(cd "$(dirname "$0")" && pwd)
patience=900
keep=no with_tests=yes
for argument in "$@"; do
	case $argument in
	--keep) keep=yes ;;
	--no-test) with_tests=no ;;
	*)
		sed -n '2,12s/^# \{0,1\}//p' "$0" >&2
		exit 2
		;;
	esac
done

. "$here/enter.sh"

root=$BARE_ROOT/root
logs=$BARE_ROOT/logs
mkdir -p "$root" "$logs"
. "$here/make-root.sh"

table=()
# timed LABEL COMMAND...: runs it, and adds its duration to the table.
timed() {
	local label=$1 since=$EPOCHREALTIME
	shift
	echo "== $label"
	"$@"
	local ms=$(((${EPOCHREALTIME/./} - ${since/./}) / 1000))
	table+=("$(printf '%-60s %4d.%d s' "$label" $((ms / 1000)) $((ms % 1000 / 100)))")
}

clone_here() {
	git -c advice.detachedHead=false clone -q --no-local "$(git -C "$here" rev-parse --show-toplevel)" "$root/root/packetlog"
}

answers() {
	node -e 'fetch("http://localhost:7411/").then(async (r) => process.exit(r.status === 200 && /<html/i.test(await r.text()) ? 0 : 1), () => process.exit(1))'
}

# until_true WHAT LOG COMMAND...: repeats it until it succeeds, while the process $running exists.
until_true() {
	local what=$1 log=$2 deadline=$((SECONDS + patience))
	shift 2
	until "$@"; do
		kill -0 "$running" 2>/dev/null || { cat "$log" >&2 && fail "ended before $what"; }
		[ "$SECONDS" -lt "$deadline" ] || { cat "$log" >&2 && fail "not within $patience s: $what"; }
		sleep 0.2
	done
}

has_network() { ip route show default | grep -q eth0; }
has_program() { ip -details link show | grep -q 'prog/xdp'; }

# at_terminal LOG COMMAND...: as `inside`, on a pseudo-terminal whose input is descriptor 3.
at_terminal() {
	local log=$1 input=$BARE_ROOT/input
	shift
	rm -f "$input"
	mkfifo "$input"
	declare -fx inside
	holder=$holder TERMINAL=xterm script --quiet --return --flush --command "$(printf 'inside %s' "$*")" "$log" <"$input" >/dev/null &
	running=$!
	exec 3>"$input"
}

start_at_terminal() {
	at_terminal "$logs/start.log" npx -y pnpm@12 start
	until_true 'the dashboard answers' "$logs/start.log" answers
	until_true 'a program is on the interface of the default route' "$logs/start.log" has_program
}

# Ctrl-C also reaches npm, which then exits with 130 whatever the loader's exit code is.
ctrl_c() {
	local code=0
	printf '\003' >&3
	wait "$running" || code=$?
	exec 3>&-
	[ "$code" -eq 0 ] || [ "$code" -eq 130 ] || { cat "$logs/start.log" >&2 && fail "start ended with exit code $code"; }
	! grep -q 'SRC IP:' "$logs/start.log" || fail "at a terminal, start printed packets: the URL scrolls away"
	grep -q 'start --print text' "$logs/start.log" || fail "start does not say how to print packets"
	grep -q 'packets seen\|recorded' "$logs/start.log" || { cat "$logs/start.log" >&2 && fail "its last lines do not contain the ledger"; }
	! has_program || fail "a program is left behind"
}

parent_of() { sed -n 's/^PPid:[[:space:]]*//p' "/proc/$1/status"; }

start_and_end_as_a_service() {
	local server loader code=0
	inside npx -y pnpm@12 start >"$logs/service.log" 2>&1 </dev/null &
	running=$!
	until_true 'the dashboard answers again' "$logs/service.log" answers
	# Signal only the loader, so that npx returns the loader's exit code. The listening process is its server, the child
	# of its helper.
	server=$(ss -Hltnp 'sport = :7411' | sed -n 's/.*pid=\([0-9]*\).*/\1/p' | head -n 1)
	[ -n "$server" ] || fail "the server's process is not found"
	loader=$(parent_of "$(parent_of "$server")")
	kill -TERM "$loader"
	wait "$running" || code=$?
	[ "$code" -eq 0 ] || { cat "$logs/service.log" >&2 && fail "start ended with exit code $code"; }
	! has_program || fail "a program is left behind"
}

follow_readme() {
	inside sh tests/bare-root/readme.sh >"$logs/readme.log" 2>&1 </dev/null || { cat "$logs/readme.log" >&2 && fail "a command of the README failed"; }
	! has_program || fail "a program is left behind"
	grep '^ok' "$logs/readme.log"
}

run_tests() {
	local code=0
	at_terminal "$logs/test.log" npx -y pnpm@12 test
	wait "$running" || code=$?
	exec 3>&-
	# Remove escape sequences.
	sed 's/\x1b\[[0-9;?]*[a-zA-Z]//g' "$logs/test.log" | tr '\r' '\n' >"$logs/test.txt"
	counts=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$logs/test.txt" | tail -n 1) || true
	[ "$code" -eq 0 ] || { cat "$logs/test.txt" >&2 && fail "test ended with exit code $code: ${counts:-no counts}"; }
}

running=$$
until_true 'there is a network' "$BARE_ROOT/network.log" has_network

timed "bare root: debootstrap, git, node, npm" make_bare_root
echo "nameserver 10.0.2.3" >"$root/etc/resolv.conf"
mount_kernel_filesystems
for absent in clang pnpm chromium bpftool ip; do
	! inside sh -c "command -v $absent" >/dev/null || fail "the root is not bare: it has $absent"
done
timed "git clone" clone_here
timed "npx -y pnpm@12 start at a terminal, until the dashboard answers" start_at_terminal
timed "Ctrl-C, until it has ended" ctrl_c
timed "npx -y pnpm@12 start without a terminal, and SIGTERM" start_and_end_as_a_service
timed "every other command of the README" follow_readme
counts='not run'
[ "$with_tests" = no ] || timed "npx -y pnpm@12 test at a terminal" run_tests

echo
inside sh -c 'echo "$(. /etc/os-release && echo "$PRETTY_NAME"), node $(node --version), npm $(npm --version 2>/dev/null)"'
printf '%s\n' "${table[@]}" "tests: $counts"
