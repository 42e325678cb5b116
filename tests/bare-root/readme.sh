#!/bin/sh
# Runs the README's commands, from "Quick start" to "Rules", inside the bare root: prints `ok COMMAND` for each that
# does what the README says, and stops at the first that does not. Run it in the checkout, as root. prove.sh runs the
# commands that start and test.
set -eu
PATH=$PWD/packages/loader/bin:$PATH
scratch=$(mktemp -d)
loader=''
end_loader() {
	[ -z "$loader" ] || kill -TERM "$loader" 2>/dev/null || true
	[ -z "$loader" ] || wait "$loader" || true
	loader=''
}
trap 'end_loader; rm -rf "$scratch"' EXIT

ok() { echo "ok $*"; }
fail() {
	echo "failed: $*" >&2
	[ ! -e "$scratch/err" ] || cat "$scratch/err" >&2
	exit 1
}

# says PATTERN COMMAND...: fails unless it exits with 0 and prints the pattern.
says() {
	pattern=$1
	shift
	"$@" >"$scratch/out" 2>"$scratch/err" </dev/null || fail "$*: exit code $?"
	cat "$scratch/out" "$scratch/err" | grep -Eq -- "$pattern" || { cat "$scratch/out" >&2 && fail "$*: does not print $pattern"; }
	ok "$*"
}

# until_true COMMAND...: repeats it until it succeeds, for a minute at most.
until_true() {
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		[ $tries -lt 300 ] || fail "not within a minute: $*"
		sleep 0.2
	done
}

# start OPTIONS...: starts a loader in the background, and waits until it is watching.
start() {
	packetlog "$@" >"$scratch/loader.out" 2>"$scratch/err" </dev/null &
	loader=$!
	until_true grep -q 'Waiting for Ctrl-C' "$scratch/err"
}

# Sends a query to the name server of this network: any answer is a packet.
traffic() {
	node -e 'require("dns").resolve4("localhost", () => {})'
}

says 'Usage' packetlog --help
for shell in bash zsh fish; do says packetlog packetlog completion $shell; done

packetlog demo --print none >"$scratch/loader.out" 2>"$scratch/err" </dev/null &
loader=$!
until_true grep -q 'Waiting for Ctrl-C' "$scratch/err"
end_loader
ok packetlog demo

start --print json --filter 'udp and not src net 203.0.113.0/24'
traffic
until_true grep -q '"ip_protocol":17' "$scratch/loader.out"
end_loader
tail -n 1 "$scratch/loader.out" | node -e 'const { ledger } = JSON.parse(require("fs").readFileSync(0)); if (!(ledger.eth0.seen > 0)) process.exit(1)' || fail 'the last line is not the ledger'
ok packetlog --print json --filter ...

start --print none
(sleep 1; traffic) &
says '' packetlog capture --for 3s -w "$scratch/attack.pcapng"
[ -s "$scratch/attack.pcapng" ] || fail 'the capture is empty'
says '[Rr]ule [0-9]' packetlog rules add deny 203.0.113.0/24 --port 22 --protocol tcp --for 1h --reason 'brute force'
says '[Rr]ule [0-9]' packetlog rules add permit 198.51.100.7 --reason office
says '[Rr]ule [0-9]' packetlog rules add observe any --port 23
printf '192.0.2.128/25\n2001:db8:dead::/48\n' >"$scratch/drop.txt"
says 'spamhaus' packetlog rules import "$scratch/drop.txt" --set spamhaus
says 203.0.113 packetlog rules list
packetlog rules list --json | node -e 'if (JSON.parse(require("fs").readFileSync(0)).rules.length !== 4) process.exit(1)' || fail 'rules list --json'
ok packetlog rules list --json
says '' packetlog rules export
packetlog rules export >"$scratch/new-rules.json"
says '' packetlog rules dry-run "$scratch/new-rules.json" --against 2s
says '' packetlog rules audit
says schema packetlog rules schema
says '' packetlog rules undo
says '' packetlog rules remove 1
end_loader
says '' packetlog unload
ok packetlog rules ...
