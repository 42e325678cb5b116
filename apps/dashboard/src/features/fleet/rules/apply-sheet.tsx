'use client';

import type { FleetError, FleetResults, Group } from '@packetlog/common/fleet';
import { useEffect, useId, useState } from 'react';
import { counted, formatCount } from '../../../text/number.ts';
import { Sheet } from '../../../ui/sheet.tsx';
import { TextField } from '../../../ui/text-field.tsx';
import { toasts } from '../../../ui/toast-store.ts';
import { FleetProblem } from '../hub/fleet-problem.tsx';
import { useAskFleet } from '../hub/use-fleet.ts';
import { readRules, rulesJson, withFile } from './rules-text.ts';

const HOUR_MS = 3_600_000;

/** Changes the rules of a group: as text, or from files. Makes the next generation. */
export function ApplySheet({ group: { name, nodes, generation }, onClose }: { group: Group; onClose: () => void }) {
  const ask = useAskFleet();
  const id = useId();
  /** null until the hub has sent the newest rules. */
  const [text, setText] = useState<string | null>(null);
  const [expected, setExpected] = useState(generation?.number ?? 0);
  const [note, setNote] = useState('');
  const [atOnce, setAtOnce] = useState(false);
  const [force, setForce] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<FleetError | null>(null);
  const [fileProblem, setFileProblem] = useState('');
  const [trial, setTrial] = useState<FleetResults['dry_run'] | null>(null);

  const load = () => {
    setError(null);
    void ask('rules', { group: name }).then((answer) => {
      if (!answer.ok) return setError(answer.error);
      setText(rulesJson(answer.value.rules));
      setExpected(answer.value.number);
    });
  };
  // Once, when the sheet opens.
  useEffect(load, []);

  const read = readRules(text ?? '{}');
  const change = (next: string) => {
    setText(next);
    setError(null);
    setTrial(null);
  };
  const takeFiles = async (files: FileList | null) => {
    let next = text ?? '{}';
    setFileProblem('');
    for (const file of files ?? []) {
      const result = withFile(next, { name: file.name, text: await file.text() });
      if (!result.ok) return setFileProblem(`${file.name}: ${result.problem}`);
      next = rulesJson(result.rules);
    }
    change(next);
  };
  const apply = async () => {
    if (!read.ok || busy) return;
    setBusy(true);
    setError(null);
    const answer = await ask('rules_apply', {
      ...{ group: name, expected, rules: read.rules, note: note.trim() },
      ...(atOnce && { at_once: true }),
      ...(force && { force: true }),
    });
    setBusy(false);
    if (!answer.ok) return setError(answer.error);
    toasts.show({
      text: `Generation ${answer.value.number} of ${name} is on its way to ${atOnce ? 'all nodes' : 'the first node'}.`,
      tone: 'done',
    });
    onClose();
  };
  const dryRun = async () => {
    if (!read.ok || busy) return;
    setBusy(true);
    setError(null);
    const now = Date.now();
    const { rules, default_policy, lists } = read.rules;
    const request = {
      ...{ from_ms: now - HOUR_MS, to_ms: now, sets: lists },
      // Without what only rules in force have.
      rules: rules.map(({ id, created_by, created_at, ...draft }) => draft),
      ...(default_policy !== undefined && { default_policy }),
    };
    const answer = await ask('dry_run', { group: name, request });
    setBusy(false);
    if (answer.ok) setTrial(answer.value);
    else setError(answer.error);
  };

  return (
    <Sheet
      title={`Rules of group ${name}`}
      note={`For ${counted(nodes, 'node')}, beside their own rules. The change makes generation ${expected + 1}.`}
      wide
      onClose={onClose}
    >
      <form
        className="contents"
        onSubmit={(event) => {
          event.preventDefault();
          void apply();
        }}
      >
        <div className="sheet-body">
          <div className="field">
            <label className="field-label" htmlFor={id}>
              Rules and lists, as JSON
            </label>
            <textarea
              id={id}
              className="input font-mono fleet-rules-text"
              spellCheck={false}
              value={text ?? ''}
              disabled={text === null}
              data-testid="rules-text"
              onChange={(event) => change(event.target.value)}
            />
            <p className={read.ok && fileProblem === '' ? 'field-hint' : 'field-problem'}>
              {text === null
                ? error === null && 'Reading the newest rules from the hub.'
                : fileProblem ||
                  (read.ok
                    ? `${counted(read.rules.rules.length, 'rule')}, ${counted(Object.keys(read.rules.lists).length, 'list')}. ${read.note}`
                    : read.problem)}
            </p>
            <label className="button self-start mt-2">
              From files…
              <input
                type="file"
                multiple
                className="sr-only"
                accept=".json,.txt,.list,.netset,.ipset,text/plain"
                onChange={(event) => void takeFiles(event.target.files)}
              />
            </label>
            <p className="field-hint">
              A .json file is a rules file and replaces the text; any other file becomes a list of its name.
            </p>
          </div>
          <TextField
            label="Note"
            name="note"
            value={note}
            onChange={setNote}
            maxLength={256}
            placeholder="why, for the log of the fleet"
          />
          <div>
            <label className="fleet-check">
              <input type="checkbox" checked={atOnce} onChange={(event) => setAtOnce(event.target.checked)} />
              On all nodes at once, instead of one, 5 %, all
            </label>
            <label className="fleet-check">
              <input type="checkbox" checked={force} onChange={(event) => setForce(event.target.checked)} />
              Also on nodes where it locks out a protected address
            </label>
            {force && (
              <p className="field-problem">
                Nodes do not reject it for that: you can lose access to them. Keep another way to reach these machines.
              </p>
            )}
          </div>
          {trial !== null && <Trial trial={trial} />}
          {error !== null && (
            <FleetProblem error={error}>
              {error.code === 'conflict' && (
                <button type="button" className="button" onClick={load}>
                  Read the newest rules, and drop this text
                </button>
              )}
            </FleetProblem>
          )}
        </div>
        <footer className="sheet-foot">
          <button
            type="button"
            className="button"
            disabled={busy || !read.ok || text === null}
            onClick={() => void dryRun()}
          >
            Dry run over the last hour
          </button>
          <button type="button" className="button push" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            className="button button-primary"
            disabled={busy || !read.ok || text === null}
            data-testid="apply-rules"
          >
            Apply
          </button>
        </footer>
      </form>
    </Sheet>
  );
}

function Trial({ trial: { asked, answered, missing, sum } }: { trial: FleetResults['dry_run'] }) {
  const { newly_denied, known_good } = sum;
  return (
    <section className="fleet-trial" role="status" aria-label="Result of the dry run" data-testid="fleet-trial">
      <p>
        {newly_denied.packets === 0
          ? 'Would have denied no packets that were not denied then.'
          : `Would have denied ${counted(newly_denied.packets, 'packet')} of ${counted(newly_denied.sources, 'source')} that were not denied then${known_good.sources === 0 ? '' : `, ${formatCount(known_good.sources)} of them known-good`}.`}
      </p>
      <p className={answered < asked ? 'text-warn' : 'text-muted'}>
        {formatCount(answered)} of {counted(asked, 'node')} answered.
      </p>
      {missing.slice(0, 5).map(({ node, why }) => (
        <p key={node} className="text-small text-muted">
          {node}: {why}
        </p>
      ))}
    </section>
  );
}
