/** Changes the rules of a loader with its own state directory, through the command line and the control socket. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { RulesAnswer, RulesRequest, RulesResults, RulesSnapshot, RulesVerb } from '@packetlog/common';
import type { Namespace } from '../lab/namespace.ts';
import { type LabProcess, startPacketlog, startPacketlogWithInput } from '../lab/process.ts';

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RulesPlace {
  readonly directory: string;
  /** Environment of the loader and of commands. */
  readonly env: Readonly<Record<string, string>>;
  path(name: string): string;
  remove(): void;
}

export function makeRulesPlace(): RulesPlace {
  const directory = mkdtempSync(join(tmpdir(), 'packetlog-rules-'));
  return {
    directory,
    // The connection of the machine itself must not protect an address in the lab.
    env: { PACKETLOG_STATE_DIR: directory, SSH_CONNECTION: '' },
    path: (name) => join(directory, name),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Returns whether the process holds the lock on a file of the place, according to /proc/locks. */
export function holdsLock(process: LabProcess, place: RulesPlace, name: string): boolean {
  const ino = statSync(place.path(name), { throwIfNoEntry: false })?.ino;
  return readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .some((line) => line.includes(` ${process.pid} `) && line.includes(`:${ino} `));
}

/** Returns whether the process has ended, after the events that wait for this thread. */
export async function hasEnded(process: LabProcess): Promise<boolean> {
  return Promise.race([process.exited.then(() => true), setImmediate(false)]);
}

/** Runs `packetlog rules` and waits for its end. */
export async function rules(at: Namespace, place: RulesPlace, ...args: string[]): Promise<CommandResult> {
  const command = startPacketlog(at, { args: ['rules', ...args], env: place.env });
  const { code } = await command.exited;
  return { code, stdout: command.stdout, stderr: command.stderr };
}

/** Does the same with standard input. */
export async function rulesReading(
  at: Namespace,
  place: RulesPlace,
  input: string,
  ...args: string[]
): Promise<CommandResult> {
  const command = startPacketlogWithInput(at, { args: ['rules', ...args], env: place.env });
  void command.write(input).then(() => command.endInput());
  const { code } = await command.exited;
  return { code, stdout: command.stdout, stderr: command.stderr };
}

/** Runs `packetlog rules` and returns its standard output. Throws its output if it fails. */
export async function rulesDone(at: Namespace, place: RulesPlace, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await rules(at, place, ...args);
  if (code !== 0) throw new Error(`packetlog rules ${args.join(' ')}: exit code ${code}\n${stdout}${stderr}`);
  return stdout;
}

/** Sends a request without starting a command, which takes longer. */
export function ask<Verb extends RulesVerb>(
  place: RulesPlace,
  verb: Verb,
  body: RulesRequest<Verb>,
): Promise<RulesAnswer<Verb>> {
  return new Promise((resolve, reject) => {
    // A new connection each time: the loader may close a kept one at the moment it is used again.
    const kept = { agent: false };
    const options = { socketPath: place.path('control.sock'), path: `/rules/${verb}`, method: 'POST', ...kept };
    const asked = request(options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      response.on('end', () => resolve(JSON.parse(text) as RulesAnswer<Verb>));
    });
    asked.on('error', reject);
    asked.end(JSON.stringify(body));
  });
}

/** Returns the value of the answer. Throws the message of a rejection. */
export async function done<Verb extends RulesVerb>(
  place: RulesPlace,
  verb: Verb,
  body: RulesRequest<Verb>,
): Promise<RulesResults[Verb]> {
  const answer = await ask(place, verb, body);
  if (!answer.ok) throw new Error(`${verb} ${JSON.stringify(body)}: ${answer.error.message}`);
  return answer.value;
}

export function listed(place: RulesPlace): Promise<RulesSnapshot> {
  return done(place, 'list', {});
}

export async function startEnforcing(at: Namespace, place: RulesPlace, ...args: string[]): Promise<LabProcess> {
  const quiet = ['--iface', 'server0', '--listen', 'off'];
  return startPacketlog(at, { args: [...quiet, ...args], env: place.env });
}
