/** Implements the `packetlog rules` subcommands that need more than a single request. */
import { type LimitPresetName, presetDrafts, type RuleChanges, ruleSentence } from '@packetlog/common';
import { EXIT } from '../../errors/exit-codes.ts';
import { SetupError } from '../../errors/setup-error.ts';
import type { Outcome } from '../process/exit-code-of.ts';
import { addedManySentence, addedSentence, draftOf, draftsOf, requireLines, STANDARD_INPUT } from './add-rule.ts';
import { appliedText, applyRequest } from './apply-rules.ts';
import type { Connection } from './connection.ts';
import { importedSentence, importQuery, onlyIpset } from './import-list.ts';
import { withLine } from './input-lines.ts';
import type { Printer } from './printer.ts';
import { readInput } from './read-input.ts';
import { removalOf, removedSentence } from './remove-rules.ts';
import { force, life, limit, match, ruleId } from './rule-options.ts';

/** Options of every subcommand. */
export interface Common {
  rules?: string;
  protect?: string[];
  netns?: string;
  bpfFs?: string;
  json?: true;
}

export type Handler = (
  connection: Connection,
  printer: Printer,
  options: Common & Record<string, never>,
  args: string[],
) => Promise<Outcome>;

export const addRule: Handler = async (connection, printer, options, [action = '', source]) => {
  const { preset } = options as { preset?: LimitPresetName };
  if (preset !== undefined) return addPreset(preset, connection, printer, options, [action, source]);
  if (source !== undefined && source !== STANDARD_INPUT) {
    const request = { rule: draftOf(action, source, options), ...force(options) };
    return printer.changed(await connection.ask('add', request), (added) => addedSentence(added, Date.now()));
  }
  if (source === undefined && action !== STANDARD_INPUT) throw missingSource(action);
  const text = (await readInput(STANDARD_INPUT)).toString('utf8');
  const drafts = requireLines(draftsOf(text, action === STANDARD_INPUT ? undefined : action, options));
  const request = { rules: drafts.map(({ draft }) => draft), ...force(options) };
  const answer = await connection.ask('add_many', request);
  const lines = drafts.map(({ line }) => line);
  return printer.changed(withLine(answer, 'rules', lines), ({ rules }) => addedManySentence(rules));
};

/** Adds the rules of a preset in one change. */
async function addPreset(
  preset: LimitPresetName,
  connection: Connection,
  printer: Printer,
  options: Record<string, unknown>,
  [action, source]: readonly (string | undefined)[],
): Promise<Outcome> {
  if (action !== 'limit' || source === undefined || source === STANDARD_INPUT) throw presetNeedsLimit(preset);
  const rules = presetDrafts(preset, source, { ...match(options), ...limit(options), ...life(options) });
  const answer = await connection.ask('add_many', { rules, ...force(options) });
  return printer.changed(answer, (done) => done.rules.map((added) => addedSentence(added, Date.now())));
}

function presetNeedsLimit(preset: string): SetupError {
  return new SetupError({
    step: 'add',
    target: `preset ${preset}`,
    problem: 'a preset is a limit of one source',
    next: `Write packetlog rules add limit any --preset ${preset}.`,
    exit: 'usage',
  });
}

export const editRule: Handler = async (connection, printer, options, [id = '']) => {
  const { action, source } = options as { action?: string; source?: string };
  const given = { action, source, ...match(options), ...limit(options), ...life(options) };
  const entries = Object.entries(given).filter(([, value]) => value !== undefined);
  const changes = Object.fromEntries(entries.map(([key, value]) => [key, changeOf(key, value)])) as RuleChanges;
  if (entries.length === 0) throw nothingToEdit(id);
  const answer = await connection.ask('edit', { id: ruleId(id), changes, ...force(options) });
  return printer.changed(answer, (value) => `Changed rule ${value.rule.id}.`);
};

/** Null removes a condition. The TCP flags `none` are a condition: no flag is set. */
function changeOf(key: string, value: unknown): unknown {
  const removing = key === 'tcp_flags' ? 'any' : key === 'fragment' ? false : 'none';
  return value === removing ? null : value;
}

/** Enforces a limit, or lets it observe. */
export async function switchLimit(
  enforce: boolean,
  connection: Connection,
  printer: Printer,
  options: Record<string, unknown>,
  [id = '']: string[],
): Promise<Outcome> {
  const answer = await connection.ask('edit', { id: ruleId(id), changes: { enforce }, ...force(options) });
  return printer.changed(answer, ({ rule }) => `${ruleSentence(rule, Date.now())}.`);
}

export const removeRules: Handler = async (connection, printer, options, ids) => {
  const read = async () => (await readInput(STANDARD_INPUT)).toString('utf8');
  const { request, lines } = await removalOf(ids, options, read);
  const answer = await connection.ask('remove', request);
  return printer.changed(withLine(answer, 'matching', lines), ({ removed }) => removedSentence(removed));
};

export const applyRules: Handler = async (connection, printer, options, [file = '']) => {
  const wanted = options as { check?: true; diff?: true; detailedExitcodes?: true };
  const request = applyRequest(await readInput(file), file, { ...wanted, ...force(options) });
  const answer = await connection.ask('apply', request);
  const outcome = printer.changed(answer, ({ risk, ...applied }) => {
    const waits = risk === undefined ? [] : [`It would need confirmation: ${risk}.`];
    return [...appliedText(applied, wanted, Date.now()), ...waits];
  });
  const usesChangedCode = wanted.check || wanted.detailedExitcodes;
  return answer.ok && answer.value.changed && usesChangedCode ? EXIT.changed : outcome;
};

export const importList: Handler = async (connection, printer, options, [file = '']) => {
  const query = importQuery(file, options);
  const list = await readInput(file);
  const { ipset } = options as { ipset?: string };
  const chosen = ipset === undefined ? list : onlyIpset(list, ipset);
  return printer.changed(await connection.importBytes(query, chosen), importedSentence);
};

function nothingToEdit(id: string): SetupError {
  return new SetupError({
    step: 'edit',
    target: `rule ${id}`,
    problem: 'no change is given',
    next: `Add an option, for example: packetlog rules edit ${id} --for 1h.`,
    exit: 'usage',
  });
}

function missingSource(action: string): SetupError {
  return new SetupError({
    step: 'add',
    target: `${action} rule`,
    problem: 'the source is missing',
    next: `Write packetlog rules add ${action} 203.0.113.7, or - to read sources from standard input.`,
    exit: 'usage',
  });
}
