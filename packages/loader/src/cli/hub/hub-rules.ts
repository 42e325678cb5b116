/** `packetlog hub rules`, `rollout`, `repair`, `dry-run`, `groups` and `group`: requests to the hub, and what they print. */
import { ruleSentence } from '@packetlog/common';
import { EXIT } from '../../errors/exit-codes.ts';
import { SetupError } from '../../errors/setup-error.ts';
import { printableName } from '../../system/interface-name.ts';
import type { PastOptions } from '../options/past-options.ts';
import { rangeOf } from '../options/past-options.ts';
import { say } from '../process/say.ts';
import { readInput } from '../rules/read-input.ts';
import { requestedDryRun } from '../rules/requested-dry-run.ts';
import { fleetRulesIn, rulesFileOf } from './fleet-rules-file.ts';
import { appliedText, fleetDryRunText, groupsText, rolloutText, statusText } from './fleet-rules-text.ts';
import { askHub, jsonLine, printAnswer } from './hub-client.ts';
import type { HubPlace } from './hub-command-options.ts';

const NS_PER_MS = 1_000_000n;

type Print = (text: string) => void;

export interface AppliedOptions {
  readonly group: string;
  readonly note?: string;
  readonly expect?: number;
  readonly atOnce?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

/** Throws SetupError. Resolves with the exit code, as all others here. */
export async function applyHubRules(
  place: HubPlace,
  file: string,
  options: AppliedOptions,
  print: Print,
): Promise<number> {
  const { group, note = '', expect, atOnce, force, json } = options;
  const rules = fleetRulesIn(await readInput(file), file);
  const expected = expect ?? (await newestNumber(place, group));
  if (typeof expected !== 'number') return failed(expected.message);
  const request = {
    group,
    expected,
    rules,
    note,
    ...(atOnce === true && { at_once: true }),
    ...(force === true && { force: true }),
  };
  return printAnswer(place, 'rules_apply', request, print, (value) =>
    json ? jsonLine(value) : appliedText(group, value),
  );
}

async function newestNumber(place: HubPlace, group: string): Promise<number | { readonly message: string }> {
  const answer = await askHub(place, 'rules', { group });
  return answer.ok ? answer.value.number : answer.error;
}

/** Prints a rules file; with `json`, the answer of the hub. What the generation is goes to standard error. */
export async function showHubRules(place: HubPlace, group: string, json: boolean, print: Print): Promise<number> {
  return printAnswer(place, 'rules', { group }, print, (value) => {
    if (json) return jsonLine(value);
    say(value.number === 0 ? `Group ${group} has no rules.` : `Generation ${value.number} of group ${group}:`);
    for (const rule of value.rules.rules) say(`  ${printableName(ruleSentence(rule, Date.now()))}`);
    return `${JSON.stringify(rulesFileOf(value.rules), null, 2)}\n`;
  });
}

export async function controlRollout(
  place: HubPlace,
  group: string,
  action: 'status' | 'stop' | 'resume',
  json: boolean,
  print: Print,
): Promise<number> {
  if (action !== 'status') {
    return printAnswer(place, 'rollout', { group, action }, print, ({ rollout }) =>
      json ? jsonLine(rollout) : rolloutText(group, rollout),
    );
  }
  return printAnswer(place, 'groups', {}, print, (value) => {
    const found = value.groups.find(({ name }) => name === group);
    return json ? jsonLine(found?.rollout ?? null) : statusText(group, value);
  });
}

export function repairNode(place: HubPlace, node: string, print: Print): Promise<number> {
  return printAnswer(place, 'repair', { node }, print, () => `The rules of ${node} are those of its group again.\n`);
}

export function listGroups(place: HubPlace, json: boolean, print: Print): Promise<number> {
  return printAnswer(place, 'groups', {}, print, (value) => (json ? jsonLine(value) : groupsText(value)));
}

export function changeGroup(
  place: HubPlace,
  verb: 'group_add' | 'group_remove',
  group: string,
  print: Print,
): Promise<number> {
  const done = verb === 'group_add' ? 'Added' : 'Removed';
  return printAnswer(place, verb, { group }, print, () => `${done} group ${group}.\n`);
}

export interface FleetDryRunOptions extends PastOptions {
  readonly group?: string;
  readonly add?: string;
  readonly json?: boolean;
}

export async function dryRunFleet(
  place: HubPlace,
  args: readonly string[],
  options: FleetDryRunOptions,
  print: Print,
): Promise<number> {
  const { group, json } = options;
  const { seconds: _, ...rules } = await requestedDryRun(args, { ...options }, 1);
  const { fromNs, toNs } = rangeOf(options);
  if (fromNs === undefined) throw noFrom();
  const to_ms = toNs === undefined ? Date.now() : Number(toNs / NS_PER_MS);
  const request = { ...rules, from_ms: Number(fromNs / NS_PER_MS), to_ms };
  return printAnswer(place, 'dry_run', { ...(group !== undefined && { group }), request }, print, (value) =>
    json ? jsonLine(value) : fleetDryRunText(value),
  );
}

function noFrom(): SetupError {
  return new SetupError({
    step: 'dry-run',
    target: 'rules',
    problem: '--from is missing',
    next: 'Give the begin of the time to evaluate, such as --from -1h.',
    exit: 'usage',
  });
}

function failed(message: string): number {
  say(`packetlog: ${printableName(message)}`, 'error');
  return EXIT.failed;
}
