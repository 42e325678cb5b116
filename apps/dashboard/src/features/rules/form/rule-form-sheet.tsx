'use client';

import { packetConditionText, parseDuration, type Rule, type RulesError } from '@packetlog/common';
import { useState } from 'react';
import { useSnapshot } from '../../../node/live-context.tsx';
import { ACTION_TEXT, WILL } from '../../../text/action-text.ts';
import { limitPart } from '../../../text/limit-part.ts';
import { addedText, effectSentence, expiryText, timeLeft } from '../../../text/rule-text.ts';
import { Segments } from '../../../ui/segments.tsx';
import { Sheet } from '../../../ui/sheet.tsx';
import { TextField } from '../../../ui/text-field.tsx';
import { Rejection } from '../change/rejection.tsx';
import { useRuleActions } from '../change/use-rules.ts';
import { DryRun } from '../dry-run/dry-run.tsx';
import { ALL_ACTIONS } from './action-segments.tsx';
import { ConditionFields } from './condition-fields.tsx';
import { DurationField } from './duration-field.tsx';
import { LimitFields } from './limit-fields.tsx';
import { changesOf, EMPTY_FORM, type FilledFields, formOf, KEEP, type RuleForm, readForm } from './rule-form.ts';

const PROTOCOLS = ['tcp', 'udp', 'icmp', 'icmpv6', 'sctp', 'udplite', 'gre', 'esp'];

/** Adds a rule, or edits one. `filled`: fields of a new rule that are not empty at first. */
export function RuleFormSheet({
  rule,
  filled = {},
  onClose,
}: {
  rule?: Rule | undefined;
  filled?: FilledFields;
  onClose: () => void;
}) {
  const interfaces = useSnapshot(({ figures }) => figures.interfaces);
  const sets = useSnapshot(({ rules }) => rules?.snapshot.sets);
  const now = useSnapshot(({ figures }) => Math.floor(figures.wallMs / 1000) * 1000);
  const actions = useRuleActions();
  const [form, setForm] = useState<RuleForm>(rule === undefined ? { ...EMPTY_FORM, ...filled } : formOf(rule));
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [rejection, setRejection] = useState<RulesError | null>(null);
  const { draft, problems } = readForm(form);
  const lasts =
    draft?.for !== undefined ? parseDuration(draft.for) : rule && form.lasts === KEEP ? timeLeft(rule, now) : null;

  const set = (changes: Partial<RuleForm>) => {
    setForm({ ...form, ...changes });
    setRejection(null);
  };
  // Empty fields are not errors before the first submit.
  const problemOf = (field: keyof RuleForm) => (tried || form[field] !== '' ? (problems?.[field] ?? '') : '');

  const submit = async (force = false) => {
    setTried(true);
    if (draft === null || busy) return;
    setBusy(true);
    const changes = rule === undefined ? null : changesOf(rule, form, draft);
    const error =
      rule === undefined
        ? await actions.add(draft, addedText(draft, lasts, `${packetConditionText(draft)}${limitPart(draft)}`), force)
        : changes === null
          ? null
          : await actions.edit(rule.id, changes, { force });
    setBusy(false);
    if (error === null) onClose();
    else setRejection(error);
  };

  return (
    <Sheet title={rule === undefined ? 'Add a rule' : `Edit rule ${rule.id}`} onClose={onClose}>
      <form
        className="contents"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <div className="sheet-body">
          <div>
            <Segments
              label="Action"
              segments={ALL_ACTIONS}
              value={form.action}
              onChange={(action) => set({ action })}
            />
            <p className="field-hint">{ACTION_TEXT[form.action]}</p>
          </div>
          <TextField
            label="Source"
            name="source"
            mono
            value={form.source}
            onChange={(source) => set({ source })}
            placeholder="203.0.113.0/24"
            hint="An address, a network, set:NAME, or any"
            problem={problemOf('source')}
            suggestions={['any', ...(sets ?? []).map(({ name }) => `set:${name}`)]}
          />
          <div className="fields-row">
            <TextField
              label="Protocol"
              name="protocol"
              mono
              value={form.protocol}
              onChange={(protocol) => set({ protocol })}
              placeholder="any"
              problem={problemOf('protocol')}
              suggestions={PROTOCOLS}
            />
            <TextField
              label="Destination port"
              name="port"
              mono
              value={form.port}
              onChange={(port) => set({ port })}
              placeholder="any, 22, 1000-2000"
              problem={problemOf('port')}
            />
          </div>
          {(interfaces.length > 1 || form.interface !== '') && (
            <TextField
              label="Interface"
              name="interface"
              mono
              value={form.interface}
              onChange={(name) => set({ interface: name })}
              placeholder="any"
              problem={problemOf('interface')}
              suggestions={interfaces.map(({ name }) => name)}
            />
          )}
          <ConditionFields form={form} set={set} problemOf={problemOf} />
          {form.action === 'limit' && <LimitFields form={form} set={set} problemOf={problemOf} />}
          <DurationField
            value={form.lasts}
            onChange={(value) => set({ lasts: value })}
            problem={problemOf('lasts')}
            current={
              rule?.expires_at === undefined
                ? undefined
                : { value: KEEP, label: `unchanged (${expiryText(rule, now)})` }
            }
          />
          <TextField
            label="Reason"
            name="reason"
            value={form.reason}
            onChange={(reason) => set({ reason })}
            placeholder="brute force"
            hint="Shown with the rule"
            problem={problemOf('reason')}
          />
          <DryRun request={draft === null ? null : { add: draft }} />
          {rejection !== null && <Rejection error={rejection} force={() => void submit(true)} />}
        </div>
        <footer className="sheet-foot">
          <p className="sheet-preview" data-testid="rule-preview">
            {draft === null
              ? 'Incomplete'
              : effectSentence(draft, lasts, WILL, packetConditionText(draft) + limitPart(draft))}
          </p>
          <button type="button" className="button push" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button button-primary" disabled={busy}>
            {rule === undefined ? 'Add rule' : 'Save'}
          </button>
        </footer>
      </form>
    </Sheet>
  );
}
