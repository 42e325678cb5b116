'use client';

import { type BadLine, isSetName, type RuleAction, type RulesError } from '@packetlog/common';
import { useId, useState } from 'react';
import { useLive } from '../../../node/live-context.tsx';
import { counted } from '../../../text/number.ts';
import { Segments } from '../../../ui/segments.tsx';
import { Sheet } from '../../../ui/sheet.tsx';
import { TextField } from '../../../ui/text-field.tsx';
import { toasts } from '../../../ui/toast-store.ts';
import { entriesText } from '../change/audit-text.ts';
import { Rejection } from '../change/rejection.tsx';
import { DryRun } from '../dry-run/dry-run.tsx';
import { SET_ACTIONS } from './action-segments.tsx';
import { listLines, nameFromFile, sizeProblem } from './import-list.ts';

const ANSWER_WITHIN_MS = 60_000;
const NO_LIST: ProposedList = { name: '', text: '', reason: '' };

/** What the fields have at first. */
export interface ProposedList {
  readonly name: string;
  readonly text: string;
  readonly reason: string;
}

/** Imports a list of networks as a named set with one rule. A set of that name is replaced. */
export function ImportSheet({
  existing,
  proposed = NO_LIST,
  onClose,
}: {
  existing: readonly string[];
  proposed?: ProposedList;
  onClose: () => void;
}) {
  const { ask, store } = useLive();
  const [name, setName] = useState(proposed.name);
  const [text, setText] = useState(proposed.text);
  const [action, setAction] = useState<Exclude<RuleAction, 'limit'>>('deny');
  const [reason, setReason] = useState(proposed.reason);
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [rejection, setRejection] = useState<RulesError | null>(null);
  const [badLines, setBadLines] = useState<readonly BadLine[]>([]);
  const listId = useId();
  const lines = listLines(text);
  const nameProblem = isSetName(name) ? '' : 'Use 1 to 63 letters, digits, dots, dashes or underscores.';
  const listProblem = sizeProblem(text) || (tried && lines === 0 ? 'The list has no networks.' : '');
  const ready = nameProblem === '' && lines > 0 && listProblem === '';

  const takeFile = async (file: File | undefined) => {
    if (file === undefined) return;
    setText(await file.text());
    if (name === '') setName(nameFromFile(file.name));
  };
  const submit = async ({ force = false, skipBad = false } = {}) => {
    setTried(true);
    if (!ready || busy) return;
    setBusy(true);
    setRejection(null);
    const answer = await ask(
      'import',
      { set: name, entries: text, action, reason: reason.trim(), force, skip_bad: skipBad },
      ANSWER_WITHIN_MS,
    );
    setBusy(false);
    if (!answer.ok) return setRejection(answer.error);
    const { set, rule, bad_lines, bad_line_count, revision } = answer.value;
    store.rules.made(revision);
    const bad = bad_line_count === 0 ? '' : `; ${counted(bad_line_count, 'line')} could not be read`;
    toasts.show({
      text: `Set ${set.name} has ${entriesText(set.entries)}, rule ${rule.id}${bad}.`,
      tone: 'done',
      offer: { what: 'undo', revision },
    });
    if (bad_line_count === 0) onClose();
    else setBadLines(bad_lines);
  };

  return (
    <Sheet title="Import a list" note="Networks and addresses, as a named set with one rule" onClose={onClose}>
      <form
        className="contents"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <div className="sheet-body">
          <div className="field">
            <label className="field-label" htmlFor={listId}>
              List
            </label>
            <textarea
              id={listId}
              name="entries"
              className="input font-mono"
              spellCheck={false}
              value={text}
              placeholder={'203.0.113.0/24   # comments are fine\n2001:db8:bad::/48\n198.51.100.7'}
              onChange={(event) => setText(event.target.value)}
            />
            <p className={listProblem === '' ? 'field-hint' : 'field-problem'}>
              {listProblem ||
                (lines === 0
                  ? 'One network per line; FireHOL, Spamhaus and ipset save formats also work.'
                  : entriesText(lines))}
            </p>
            <label className="button self-start mt-2">
              From a file…
              <input
                type="file"
                className="sr-only"
                accept=".txt,.list,.netset,.ipset,.conf,.json,text/plain"
                onChange={(event) => void takeFile(event.target.files?.[0])}
              />
            </label>
          </div>
          <TextField
            label="Name of the set"
            name="set"
            mono
            value={name}
            onChange={setName}
            placeholder="scanners"
            hint={existing.includes(name) ? 'A set of this name exists: the list replaces it.' : ''}
            problem={tried || name !== '' ? nameProblem : ''}
            suggestions={existing}
          />
          <Segments label="Action" segments={SET_ACTIONS} value={action} onChange={setAction} />
          <TextField label="Reason" name="reason" value={reason} onChange={setReason} placeholder="known scanners" />
          <DryRun request={ready ? { add: { action, source: `set:${name}`, reason }, sets: { [name]: text } } : null} />
          {badLines.length > 0 && <BadLines lines={badLines} />}
          {rejection !== null && <Rejection error={rejection} force={() => void submit({ force: true })} />}
          {rejection?.field === 'entries' && (
            <button type="button" className="button self-start" onClick={() => void submit({ skipBad: true })}>
              Import the rest, without these lines
            </button>
          )}
        </div>
        <footer className="sheet-foot">
          <button type="button" className="button push" onClick={onClose}>
            {badLines.length > 0 ? 'Close' : 'Cancel'}
          </button>
          <button type="submit" className="button button-primary" disabled={busy}>
            Import
          </button>
        </footer>
      </form>
    </Sheet>
  );
}

function BadLines({ lines }: { lines: readonly BadLine[] }) {
  return (
    <table className="report-table">
      <caption>Lines that could not be read</caption>
      <tbody>
        {lines.slice(0, 20).map(({ line, text, problem }) => (
          <tr key={line}>
            <th scope="row">
              line {line}: <span className="font-mono">{text}</span> <span className="text-faint">{problem}</span>
            </th>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
