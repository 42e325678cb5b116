/** `packetlog rules` as somebody types it, for a loader with its own state directory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RulesSnapshot } from '@packetlog/common';
import type { Namespace } from '../lab/namespace.ts';
import { type LabProcess, startPacketlog } from '../lab/process.ts';

export interface Told {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RulesPlace {
  readonly directory: string;
  /** For a loader and for commands. */
  readonly env: Readonly<Record<string, string>>;
  path(name: string): string;
  remove(): void;
}

export function makeRulesPlace(): RulesPlace {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-rules-'));
  return {
    directory,
    // What the machine itself is connected to is none of the lab's.
    env: { PACKETLOG_STATE_DIR: directory, SSH_CONNECTION: '' },
    path: (name) => join(directory, name),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Waits for its end. */
export async function rules(at: Namespace, place: RulesPlace, ...args: string[]): Promise<Told> {
  const command = startPacketlog(at, { args: ['rules', ...args], env: place.env });
  const { code } = await command.exited;
  return { code, stdout: command.stdout, stderr: command.stderr };
}

/** Throws what it said, if it did not succeed. */
export async function rulesDone(at: Namespace, place: RulesPlace, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await rules(at, place, ...args);
  if (code !== 0) throw new Error(`packetlog rules ${args.join(' ')}: exit code ${code}\n${stdout}${stderr}`);
  return stdout;
}

export async function listed(at: Namespace, place: RulesPlace): Promise<RulesSnapshot> {
  return JSON.parse(await rulesDone(at, place, 'list', '--json')) as RulesSnapshot;
}

export async function startEnforcing(at: Namespace, place: RulesPlace, ...args: string[]): Promise<LabProcess> {
  const quiet = ['--iface', 'server0', '--listen', 'off'];
  return startPacketlog(at, { args: [...quiet, ...args], env: place.env });
}
