/** The texts that --help prints below the options. */
import { EXIT } from '../errors/exit-codes.ts';

export const RUN_HELP = `
Examples:
  packetlog                                    watch the interface of the default route
  packetlog --iface eth0 --iface eth1          watch two interfaces
  packetlog --print json | jq .src_addr        one JSON object for each packet
  packetlog --filter 'tcp port 22 and flags = syn'   SSH connection attempts
  packetlog --print none --listen 7411         dashboard only
  packetlog --netns blue --iface veth0         inside a network namespace

Options are taken from the command line, then the environment, then --config, then their defaults.
PACKETLOG_STATE_DIR is where rules and their state are kept (default: /var/lib/packetlog, and the rules in
/etc/packetlog/rules.json). If it is set, rules.json is in it, too, unless --rules names another file.
PACKETLOG_TOKEN and PACKETLOG_ADMIN_TOKEN set the dashboard's tokens. If neither is set, the first start creates them,
and later starts use the same ones (packetlog token rotate replaces them).

Exit codes:
  ${EXIT.ok}  ended normally (Ctrl-C, SIGTERM, closed output)
  ${EXIT.failed}  any other error
  ${EXIT.usage}  wrong option, value or configuration
  ${EXIT.busy}  another XDP program is on the interface; it was left alone
  ${EXIT.privilege}  not root, or a capability is missing (CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON)
  ${EXIT.not_found}  no such interface or network namespace
  ${EXIT.unsupported}  the kernel or a library lacks a required feature
  ${EXIT.listen}  the address to listen on is not available
  ${EXIT.lockout}  a change of the rules was rejected: it would lock out a protected address (packetlog rules)
  ${EXIT.changed}  packetlog rules apply: --check would change the rules; with --detailed-exitcodes: it changed them`;

export const CAPTURE_HELP = `
Formats:
  pcapng     for Wireshark and tshark; headers are rebuilt from the records, payloads were never recorded
  ndjson     one JSON object per line, as --print json
  csv        with a header line; safe to open in a spreadsheet
  packetlog  the raw records, 64 bytes each, in batches; read them with @packetlog/common

If a loader runs, the records come from it, with its own --transport, --sample and so on. If none runs, capture attaches its
own program, which only records: no rules are in force during the capture.

Examples:
  packetlog capture --for 10s -w attack.pcapng
  packetlog capture --iface eth0 -w - --format ndjson | jq .src_addr`;

export const REPLAY_HELP = `
Every frame runs through the XDP program and the rules as if it had just arrived, with its timestamp from the file; rules
expire at that time. The last lines are the ledger, what each rule decided, and the frames that were not replayed: those
that the capturing machine sent, frames of less than 14 bytes, and link types without Ethernet or IP headers. Needs the
capabilities of packetlog run.

Examples:
  packetlog replay attack.pcap --print none                   what each rule would have decided
  packetlog replay attack.pcap --rules new-rules.json --filter deny
  tcpdump -i eth0 -Q in -w - -U | packetlog replay - --iface eth0`;

export const STATUS_HELP = `
The loader is found through PACKETLOG_STATE_DIR (default: /var/lib/packetlog).

Exit codes:
  ${EXIT.ok}  the loader watches every interface, and its rules are in force
  ${EXIT.failed}  it does not, or no loader runs`;

export const DOCTOR_HELP = `
Give it the options of packetlog run. It opens the ports of --listen and --metrics for a moment, attaches
nothing and changes nothing. Without root, it prints which checks it could not make.

For the installed service:
  sudo packetlog doctor --config /etc/packetlog/packetlog.json --bpf-fs /run/packetlog/bpf --wait-for-interfaces

Exit codes:
  ${EXIT.ok}  no check fails; warnings do not count
  ${EXIT.failed}  a check fails
  ${EXIT.usage}  wrong option, value or configuration`;
