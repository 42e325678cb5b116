'use client';

import type { PastLearned, RuleDraft, RulesRequest } from '@packetlog/common';
import { Check } from 'lucide-react';
import { useMemo, useState } from 'react';
import type { TimeSpan } from '../../../node/past/past.ts';
import { counted } from '../../../text/number.ts';
import { matchText } from '../../../text/rule-text.ts';
import { Segments } from '../../../ui/segments.tsx';
import { useRulesView } from '../change/use-rules.ts';
import { PastDryRun } from '../dry-run/past-dry-run.tsx';
import '../dry-run/dry-run.css';
import { ImportSheet } from '../form/import-sheet.tsx';
import { filledBy } from '../form/rule-form.ts';
import { RuleFormSheet } from '../form/rule-form-sheet.tsx';
import { isInForce, uncoveredText } from './learn-text.ts';

interface ProposedRule {
  readonly rule: RuleDraft;
  readonly note: string;
}

/** The proposed rules, each with a button that opens the form, and the dry run of all of them over the same range. */
export function ProposedRules({ learned, range }: { learned: PastLearned; range: TimeSpan }) {
  const { by_kind, by_source } = learned;
  const [choice, setChoice] = useState<'kind' | 'source'>(by_kind.rules.length > 0 ? 'kind' : 'source');
  const [open, setOpen] = useState<RuleDraft | null>(null);
  const view = useRulesView();
  const rules = useMemo(() => rulesOf(learned, choice), [learned, choice]);
  const request = useMemo(() => dryRunOf(rules, by_source.list), [rules, by_source]);
  const close = () => setOpen(null);
  const set = open?.source.startsWith('set:') ? open.source.slice('set:'.length) : null;
  return (
    <>
      <div>
        <Segments
          label="Proposed rules deny"
          segments={[
            { value: 'kind', label: 'only these kinds', title: 'From any source, what only these sources sent' },
            { value: 'source', label: 'these sources', title: 'Everything from these sources' },
          ]}
          value={choice}
          onChange={setChoice}
        />
        <p className="field-hint">
          {choice === 'kind'
            ? 'From any source, the kinds of traffic that only these sources sent.'
            : 'Everything from these sources, including kinds that other sources also send.'}
        </p>
      </div>
      {rules.length === 0 ? (
        <p className="text-muted">No rule for a kind of traffic denies only packets of these sources.</p>
      ) : (
        <ul className="proposed" aria-label="Proposed rules">
          {rules.map(({ rule, note }) => {
            const text = matchText(rule);
            return (
              <li key={text} className="proposed-rule" data-testid="proposed-rule">
                <span className="proposed-match">
                  <span className="text-deny">deny</span> <span className="font-mono">{text}</span>{' '}
                  <span className="text-faint">{note}</span>
                </span>
                {isInForce(rule, view?.snapshot.rules ?? []) ? (
                  <span className="text-muted proposed-done">
                    <Check size={12} aria-hidden="true" /> added
                  </span>
                ) : (
                  <button
                    type="button"
                    className="button button-small"
                    aria-label={`Add the rule ${text}`}
                    onClick={() => setOpen(rule)}
                  >
                    Add…
                  </button>
                )}
              </li>
            );
          })}
        </ul>
      )}
      {choice === 'kind' &&
        [...by_kind.warnings, uncoveredText(learned)].filter(Boolean).map((warning) => (
          <p key={warning} className="text-warn">
            {warning}
          </p>
        ))}
      {choice === 'source' && by_source.unlisted > 0 && (
        <p className="text-warn">
          The list lacks {counted(by_source.unlisted, 'source')}: <code>packetlog rules learn</code> prints them all.
        </p>
      )}
      {request !== null && (
        <section className="dry-run" aria-label="Dry run">
          <PastDryRun request={request} range={range} />
        </section>
      )}
      {open !== null && set === null && <RuleFormSheet filled={filledBy(open)} onClose={close} />}
      {open !== null && set !== null && (
        <ImportSheet
          existing={view?.snapshot.sets.map(({ name }) => name) ?? []}
          proposed={{ name: set, text: by_source.list.join('\n'), reason: open.reason ?? '' }}
          onClose={close}
        />
      )}
    </>
  );
}

function rulesOf({ by_kind, by_source }: PastLearned, choice: 'kind' | 'source'): readonly ProposedRule[] {
  if (choice === 'kind') {
    return by_kind.rules.map(({ rule, packets }) => ({ rule, note: counted(packets, 'packet') }));
  }
  const note = by_source.list.length === 0 ? '' : counted(by_source.list.length, 'source');
  return by_source.rules.map((rule) => ({ rule, note }));
}

function dryRunOf(
  rules: readonly ProposedRule[],
  list: readonly string[],
): Omit<RulesRequest<'test'>, 'seconds'> | null {
  if (rules.length === 0) return null;
  const set = rules.map(({ rule }) => rule.source).find((source) => source.startsWith('set:'));
  return {
    rules: rules.map(({ rule }) => rule),
    ...(set !== undefined && { sets: { [set.slice('set:'.length)]: list.join('\n') } }),
  };
}
