// biome-ignore-all lint/suspicious/noThenProperty: a field of rules, never awaited
/** Sets up each test of bans: a network, and a loader with an enforced limit of connections that bans. */
import type { Ban, Decision } from '@packetlog/common';
import { afterEach, beforeEach } from 'vitest';
import { startPacketlog } from '../lab/process.ts';
import { until } from '../lab/until.ts';
import { type CommandResult, done, makeRulesPlace, type RulesPlace } from './rules-command.ts';
import { eachWithNetwork, type Suite } from './suite.ts';

/** Connections in a minute, and at once, that the limit permits. */
export const LIMIT = 20;
const PATIENCE = { deadlineMs: 60_000 };

export interface BanLab extends Suite {
  readonly place: RulesPlace;
  /** Starts a loader with an enforced limit of a port, whose first ban lasts 1 h. */
  limited(port: number): Promise<void>;
  /** Runs `packetlog bans`. Throws its output if it fails. */
  bans(...args: string[]): Promise<string>;
  /** The bans in force. */
  active(): Promise<Ban[]>;
  /** Waits for the next ban of a source. */
  banOf(source: string, evidence?: () => string): Promise<Ban>;
  /** Waits for decisions about a source, and returns them, newest first. */
  decisions(source: string, evidence?: () => string): Promise<Decision[]>;
}

export function eachWithBanLab(): BanLab {
  let place: RulesPlace;
  beforeEach(() => {
    place = makeRulesPlace();
  });
  afterEach(() => place.remove());
  const suite = eachWithNetwork({ ipv6: false });

  async function limited(port: number): Promise<void> {
    const args = ['--iface', 'server0', '--listen', 'off', '--print', 'none', '--pin', 'never'];
    const packetlog = suite.own(startPacketlog(suite.network.server, { args, env: place.env }));
    await packetlog.untilPrinted(/Waiting for Ctrl-C/);
    const numbers = { rate: `${LIMIT}/min`, measure: 'connections', then: 'ban:1h..24h', enforce: true } as const;
    await done(place, 'add', {
      rule: { action: 'limit', source: 'any', protocol: 'tcp', destination_port: port, ...numbers },
      now: true,
    });
    await done(place, 'confirm', {});
  }

  async function command(...args: string[]): Promise<CommandResult> {
    const running = suite.own(startPacketlog(suite.network.server, { args: ['bans', ...args], env: place.env }));
    const { code } = await running.exited;
    return { code, stdout: running.stdout, stderr: running.stderr };
  }

  async function bans(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await command(...args);
    if (code !== 0) throw new Error(`packetlog bans ${args.join(' ')}: exit code ${code}\n${stdout}${stderr}`);
    return stdout;
  }
  const active = async () => jsonLines<Ban>(await bans('list', '--json'));
  const options = (what: string, evidence?: () => string) => ({ what, ...PATIENCE, ...(evidence && { evidence }) });
  return {
    get network() {
      return suite.network;
    },
    get place() {
      return place;
    },
    own: suite.own,
    limited,
    bans,
    active,
    banOf: (source, evidence) =>
      until(async () => (await active()).find((ban) => ban.source === source), options('the ban', evidence)),
    decisions: (source, evidence) =>
      until(
        async () => {
          const { code, stdout } = await command('why', source, '--json');
          return code === 0 && jsonLines<Decision>(stdout);
        },
        options(`a decision about ${source}`, evidence),
      ),
  };
}

function jsonLines<Value>(text: string): Value[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Value);
}
