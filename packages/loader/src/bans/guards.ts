/** Asks each guard about a ban. Pure: the caller gathers the facts. */
import {
  type BanGuard,
  type Decision,
  formatDuration,
  type Network,
  parseNetwork,
  parseRuleSource,
  type Rule,
  unmapped,
} from '@packetlog/common';
import { isExpired, type Ruleset } from '../rules/ruleset/ruleset.ts';
import { includesSource, permitSource } from '../rules/safety/permit-cover.ts';
import type { Protected } from '../rules/safety/protected-sources.ts';

/** Of a connection that another source has for longer than this. */
export const OLD_CONNECTION_MS = 60_000;

export interface OldConnection {
  readonly localPort: number;
  /** Undefined: it was open when the connections were first read. */
  readonly ageMs: number | undefined;
}

export interface GuardFacts {
  readonly ruleset: Pick<Ruleset, 'rules' | 'sets'>;
  readonly protectedNow: readonly Protected[];
  /** Returns the oldest connection of the network that is older than a minute. */
  readonly oldConnection: (network: Network) => OldConnection | undefined;
  /** Connections that the kernel verified, and how many the limit permits at once. */
  readonly connections: number;
  readonly permitted: number;
  /** Why no more bans are added now; undefined: they are. */
  readonly limitReached: string | undefined;
  readonly nowMs: number;
}

type Answer = Decision['guards'][number];

/** `source`: an address or a network. */
export function askGuards(source: string, facts: GuardFacts): Answer[] {
  const network = unmapped(parseNetwork(source));
  const found = (kinds: readonly Protected['kind'][]) =>
    facts.protectedNow.find(({ kind, address }) => kinds.includes(kind) && overlap(address, network));
  const connection = facts.oldConnection(network);
  const notes: Record<BanGuard, string | undefined> = {
    permit_rule: permitNote(network, facts),
    protect_list: noteOf(found(['protect'])),
    // Not the peers of ssh sessions: attempts to log in are sessions, too. One that is old is another connection.
    operator: noteOf(found(['operator'])),
    infrastructure: noteOf(found(['gateway', 'dns'])),
    other_connections: connection && connectionNote(connection),
    verified: verifiedNote(facts),
    ban_limit: facts.limitReached,
  };
  return (Object.entries(notes) as [BanGuard, string | undefined][]).map(([guard, note]) =>
    note === undefined ? { guard, passed: true } : { guard, passed: false, note },
  );
}

/** The answer of a guard in whose place the lockout guard rejected the ban. */
export function lockoutAnswer({ kind, address }: Pick<Protected, 'kind' | 'address'>): Answer {
  const guard: BanGuard =
    kind === 'protect' ? 'protect_list' : kind === 'gateway' || kind === 'dns' ? 'infrastructure' : 'operator';
  return { guard, passed: false, note: noteOf({ kind, address, ports: [] }) as string };
}

/** A permit rule that names the source, or a network or set with it: the operator trusts it, whatever the port. */
function permitNote(network: Network, { ruleset, nowMs }: GuardFacts): string | undefined {
  const permit = ruleset.rules.find(
    (rule) =>
      rule.action === 'permit' &&
      !isExpired(rule, nowMs) &&
      parseRuleSource(rule.source).kind !== 'any' &&
      isCovered(rule, network, ruleset.sets),
  );
  return permit && `rule ${permit.id} permits it`;
}

function isCovered(rule: Rule, network: Network, sets: Ruleset['sets']): boolean {
  const source = permitSource(rule, sets);
  return source !== undefined && includesSource(source, network);
}

const PROTECTED: Readonly<Record<Protected['kind'], string>> = {
  operator: 'it is the address of an operator',
  ssh_peer: 'it has an ssh session',
  gateway: 'it is a default gateway',
  dns: 'it is a name server',
  protect: 'it is on the protect list',
};

function noteOf(found: Protected | undefined): string | undefined {
  return found && `${PROTECTED[found.kind]}: ${found.address}`;
}

function connectionNote({ localPort, ageMs }: OldConnection): string {
  const age = ageMs === undefined ? 'older than the watch for connections' : `${formatDuration(ageMs)} old`;
  return `it has another connection, to tcp port ${localPort}, ${age}`;
}

function verifiedNote({ connections, permitted }: GuardFacts): string | undefined {
  if (connections >= permitted) return undefined;
  return `the kernel verified ${connections} connections, fewer than the ${permitted} that the limit permits`;
}

function overlap(text: string, network: Network): boolean {
  const other = unmapped(parseNetwork(text));
  return includesSource(other, network) || includesSource(network, other);
}
