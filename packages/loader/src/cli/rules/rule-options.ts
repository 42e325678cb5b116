/** The options for a rule's match, expiry and reason, and their part of a request. */
import { LIMIT_PRESET_NAMES } from '@packetlog/common';
import { Option } from 'commander';
import { SetupError } from '../../errors/setup-error.ts';
import { count } from '../options/values.ts';

export function matchOptions(): Option[] {
  return [
    new Option('--protocol <protocol>', 'tcp, udp, icmp, icmpv6, … or a number'),
    new Option('--port <port>', 'destination port, or a range such as 1000-2000'),
    new Option('--interface <name>', 'only packets that arrive on this interface'),
    ...conditionOptions(),
  ];
}

function conditionOptions(): Option[] {
  return [
    new Option('--destination <address>', 'only packets to this address or network'),
    new Option(
      '--tcp-flags <flags>',
      'only TCP packets with these flags: syn, syn,!ack, fin,psh,urg, or none (no flag)',
    ),
    new Option('--length <bytes>', 'only frames of this length, or of a range such as 1400-65535'),
    new Option('--fragment', 'only fragments after the first, which have no ports'),
  ];
}

export function lifeOptions(): Option[] {
  return [
    new Option('--for <time>', 'the rule expires after this time: 30s, 15m, 1h, 7d').conflicts('until'),
    new Option('--until <time>', 'the rule expires at this time, such as 2030-01-31T12:00:00Z'),
    new Option('--reason <text>', 'why the rule exists'),
  ];
}

/** For limits. */
export function limitOptions(): Option[] {
  return [
    new Option('--rate <rate>', 'limit: 20/min, 1000/s, 5/h; bytes also as 10M/s'),
    new Option('--measure <what>', 'limit: packets (default), bytes, syn, connections (verified) or ports (distinct)'),
    new Option('--burst <n>', 'limit: packets or bytes at once (default: the number in the rate)').argParser(count),
    new Option('--per <bucket>', 'limit: source (default), source/24, source/24,48 (IPv4, IPv6), rule or port'),
    new Option(
      '--then <what>',
      'limit: block:60s denies what the limit measures, at most 10m; ban:1h..24h denies the source',
    ),
    new Option('--enforce', 'limit: deny what is over; without it, such packets are permitted and marked'),
  ];
}

export function limit(options: Record<string, unknown>) {
  const { rate, measure, burst, per, then, enforce } = options;
  return defined({ rate, measure, burst, per, then, enforce });
}

export function forceOption(): Option {
  return new Option('--force', 'apply the change even if it locks out an address that the lockout guard protects');
}

/** Not with a protocol: a preset may be several rules, for one protocol each. */
export function presetOption(): Option {
  return new Option('--preset <name>', 'limit: numbers for a common attack; packetlog rules presets lists them')
    .choices([...LIMIT_PRESET_NAMES])
    .conflicts('protocol');
}

export function nowOption(): Option {
  return new Option('--now', 'limit: enforce it although it neither observed for a minute nor had a dry run');
}

export function match(options: Record<string, unknown>) {
  const { protocol, port, interface: name, tcpFlags, destination, length, fragment } = options;
  return defined({
    ...{ protocol, destination_port: port, interface: name },
    ...{ tcp_flags: tcpFlags, destination, length, fragment },
  });
}

export function life(options: Record<string, unknown>) {
  return defined({ for: options['for'], expires_at: options['until'], reason: options['reason'] });
}

/** `force` and `now`, which override what rejects a change. */
export function force(options: Record<string, unknown>): { force?: true; now?: true } {
  return { ...(options['force'] ? { force: true } : {}), ...(options['now'] ? { now: true } : {}) };
}

function defined(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

export function ruleId(text: string): number {
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new SetupError({
    step: 'find',
    target: `rule ${JSON.stringify(text)}`,
    problem: 'an id is a number',
    next: 'List the ids with: packetlog rules list.',
    exit: 'usage',
  });
}
