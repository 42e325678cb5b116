/** For tests: bans on a kernel that is played by its images, with a clock, a directory, and what a test needs to see. */
// biome-ignore-all lint/suspicious/noThenProperty: a field of rules, never awaited
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bans as BansState, type Decision, FIRST_BAN_RULE_ID, type Notice, type Rule } from '@packetlog/common';
import { afterEach, beforeEach } from 'vitest';
import { Bans, type BansOptions } from '../../src/bans/bans.ts';
import { BansStore } from '../../src/bans/bans-store.ts';
import type { OldConnection } from '../../src/bans/guards.ts';
import type { Offender } from '../../src/bans/offender.ts';
import { addingMany } from '../../src/rules/engine/change.ts';
import { EMPTY_RULESET, type Ruleset } from '../../src/rules/ruleset/ruleset.ts';
import type { Protected } from '../../src/rules/safety/protected-sources.ts';
import { fakeService } from './fake-kernel.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const SSH: Rule = {
  id: 3,
  action: 'limit',
  source: 'any',
  protocol: 'tcp',
  destination_port: 22,
  rate: '20/min',
  measure: 'connections',
  then: 'ban:1h..24h',
  enforce: true,
  reason: 'ssh',
  created_by: 'root',
  created_at: '2026-01-01T00:00:00.000Z',
};
const NO_EVIDENCE = { attempts: { in_1_s: 1, in_10_s: 9, in_60_s: 21 }, ports: [22], samples: [], isSampled: false };

interface World {
  /** Rules that limit. */
  rules: Rule[];
  protected: Protected[];
  connection: OldConnection | undefined;
  readonly decided: Decision[];
  readonly states: BansState[];
  notices: Notice[];
  readonly audited: string[];
}

export let directory = '';
export let fake: ReturnType<typeof fakeService>;
/** Time since the boot, and what was added to the wall clock. */
export let clock: { upMs: number; setMs: number; bootId: string };
export let world: World;

/** Opens the directory and the kernel for each test of a file. Call it once in each file. */
export function eachWithBans(): void {
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'packetlog-bans-'));
    fake = fakeService();
    await fake.begin();
    clock = { upMs: 0, setMs: 0, bootId: 'one' };
    world = { rules: [SSH], protected: [], connection: undefined, decided: [], states: [], notices: [], audited: [] };
  });
  afterEach(async () => {
    await fake.end();
    rmSync(directory, { recursive: true });
  });
}

/** Boots the machine again. */
export function reboot(upMs: number): void {
  Object.assign(clock, { upMs, setMs: 0, bootId: 'two' });
}

export const START = Date.now();
export const wallMs = () => START + clock.upMs + clock.setMs;
const ruleset = (): Ruleset => ({ ...EMPTY_RULESET, rules: [...world.rules, ...fake.service.ruleset.rules] });

export const paths = () => ({ bans: join(directory, 'bans.json'), decisions: join(directory, 'decisions.ndjson') });

/** Opens the bans as a loader does when it starts. */
export function open(options: Partial<BansOptions> = {}): Bans {
  const notice = (each: Notice) => world.notices.push(each);
  return new Bans({
    store: new BansStore(paths(), notice),
    clock: { wallMs, upMs: () => clock.upMs, bootId: clock.bootId },
    maxActive: () => 10_000,
    kernel: fake.service,
    ruleset,
    protectedNow: () => world.protected,
    oldConnection: () => world.connection,
    packets: () => 0,
    permit: async (sources, reason, who) => {
      const rules = sources.map((source) => ({ action: 'permit' as const, source, reason }));
      return (await fake.service.ask(addingMany({ rules }, who))).value.rules.map(({ rule }) => rule.id);
    },
    audit: (who, why) => world.audited.push(`${who.name}: ${why}`),
    notice,
    changed: (state) => world.states.push(state),
    decided: (decision) => world.decided.push(decision),
    ...options,
  });
}

/** Counts what the kernel reports: each episode and connection is a new one, unless a test says otherwise. */
let episode = 1n;
export const offender = (source: string, changes: Partial<Offender> = {}): Offender => ({
  limitRule: SSH.id,
  source,
  overSinceNs: episode++,
  connections: 21,
  withinMs: 4000,
  evidence: NO_EVIDENCE,
  ...changes,
});

export const verdict = (source: string) => fake.kernel.verdict(source, 22, wallMs());
export const banOf = (decision: number) => `deny ${FIRST_BAN_RULE_ID + decision}`;
export const kinds = () => world.decided.map(({ kind, source }) => `${kind} ${source}`);
export const guardsOf = (decision: Decision | undefined) =>
  decision?.guards.flatMap(({ guard, passed, note }) => (passed ? [] : `${guard}: ${note}`));
