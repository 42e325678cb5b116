'use client';

import { parseDuration, type RulesError } from '@packetlog/common';
import { type ReactNode, useId, useState } from 'react';
import { ACTION_TEXT } from '../../../text/action-text.ts';
import { addedText, effectSentence } from '../../../text/rule-text.ts';
import { VerdictMark } from '../../../ui/marks.tsx';
import { Segments } from '../../../ui/segments.tsx';
import { Sheet } from '../../../ui/sheet.tsx';
import { TextField } from '../../../ui/text-field.tsx';
import { Rejection } from '../change/rejection.tsx';
import { useRuleActions, useRulesView } from '../change/use-rules.ts';
import { DryRun } from '../dry-run/dry-run.tsx';
import { actionSegments } from './action-segments.tsx';
import { NO_CONDITIONS } from './condition-form.ts';
import { conflictSentence, type DenyChoice, denyDraft, type PacketSource } from './deny-choice.ts';
import { DurationField } from './duration-field.tsx';
import { EMPTY_FORM, readForm } from './rule-form.ts';

const ACTIONS = actionSegments(['deny', 'observe'] as const);

/** Makes a rule from a packet or a source: source, destination, duration. */
export function DenySheet({
  subject,
  note,
  source,
  onClose,
  onDone,
}: {
  /** What it denies: 'packets like this one'. */
  subject: string;
  note: ReactNode;
  source: PacketSource;
  onClose: () => void;
  /** Called when the rule is in force. */
  onDone: () => void;
}) {
  const actions = useRuleActions();
  const standing = conflictSentence(source, useRulesView()?.snapshot.rules ?? []);
  const [choice, setChoice] = useState<DenyChoice>({
    source: 'address',
    destination: 'everything',
    action: 'deny',
    lasts: '1h',
    reason: '',
  });
  const [rejection, setRejection] = useState<RulesError | null>(null);
  const [busy, setBusy] = useState(false);
  const draft = denyDraft(source, choice);
  const { problems } = readForm({
    ...EMPTY_FORM,
    ...choice,
    ...NO_CONDITIONS,
    source: draft.source,
    protocol: String(draft.protocol ?? ''),
    port: String(draft.destination_port ?? ''),
    interface: '',
  });
  const lasts = problems?.lasts !== undefined || choice.lasts === '' ? null : parseDuration(choice.lasts);
  const set = (changes: Partial<DenyChoice>) => {
    setChoice({ ...choice, ...changes });
    setRejection(null);
  };
  const submit = async (force = false) => {
    if (busy || problems !== null) return;
    setBusy(true);
    const error = await actions.add(draft, addedText(draft, lasts), force);
    setBusy(false);
    if (error === null) onDone();
    else setRejection(error);
  };
  return (
    <Sheet title={`${choice.action === 'deny' ? 'Deny' : 'Observe'} ${subject}`} note={note} onClose={onClose}>
      <form
        className="contents"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <div className="sheet-body">
          {standing !== '' && <p className="standing">{standing}</p>}
          <Choices
            label="Source"
            value={choice.source}
            onChange={(from) => set({ source: from })}
            choices={[
              { value: 'address', text: source.addr, note: 'this source' },
              { value: 'network', text: source.network, note: 'its network' },
            ]}
          />
          {source.service !== null && (
            <Choices
              label="Destination"
              value={choice.destination}
              onChange={(destination) => set({ destination })}
              choices={[
                { value: 'everything', text: 'everything', note: 'all protocols and ports' },
                {
                  value: 'service',
                  text: `${source.service.protocol} port ${source.service.port}`,
                  note: 'this port only',
                },
              ]}
            />
          )}
          <DurationField value={choice.lasts} onChange={(value) => set({ lasts: value })} problem={problems?.lasts} />
          <TextField
            label="Reason"
            name="reason"
            value={choice.reason}
            onChange={(reason) => set({ reason })}
            placeholder="brute force"
            hint="Shown with the rule"
            problem={problems?.reason ?? ''}
          />
          <div>
            <Segments label="Action" segments={ACTIONS} value={choice.action} onChange={(action) => set({ action })} />
            <p className="field-hint">{ACTION_TEXT[choice.action]}</p>
          </div>
          <DryRun request={problems === null ? { add: draft } : null} />
          {rejection !== null && <Rejection error={rejection} force={() => void submit(true)} />}
        </div>
        <footer className="sheet-foot">
          <p className="sheet-preview" data-testid="rule-preview">
            {problems === null ? effectSentence(draft, lasts) : 'Incomplete'}
          </p>
          <button type="button" className="button push" onClick={onClose}>
            Cancel
          </button>
          <button
            type="submit"
            className={`button ${choice.action === 'deny' ? 'button-danger' : 'button-primary'}`}
            data-testid="deny-submit"
            disabled={busy || problems !== null}
          >
            <VerdictMark verdict={choice.action === 'deny' ? 'deny' : 'would_deny'} />
            {choice.action === 'deny' ? 'Deny' : 'Observe'}
          </button>
        </footer>
      </form>
    </Sheet>
  );
}

function Choices<T extends string>({
  label,
  choices,
  value,
  onChange,
}: {
  label: string;
  choices: readonly { value: T; text: string; note: string }[];
  value: T;
  onChange: (value: T) => void;
}) {
  const name = useId();
  return (
    <fieldset className="field">
      <legend className="field-label">{label}</legend>
      {choices.map((choice) => (
        <label key={choice.value} className="choice">
          <input type="radio" name={name} checked={choice.value === value} onChange={() => onChange(choice.value)} />
          <span className="font-mono break-all">{choice.text}</span>
          <span className="choice-note">{choice.note}</span>
        </label>
      ))}
    </fieldset>
  );
}
