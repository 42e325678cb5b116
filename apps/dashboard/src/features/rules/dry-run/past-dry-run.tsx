'use client';

import { hasPorts, protocolName, type RulesRequest } from '@packetlog/common';
import { useEffect, useRef, useState } from 'react';
import { useLive } from '../../../node/live-context.tsx';
import type { PastTrial } from '../../../node/messages/past-events.ts';
import type { TimeSpan } from '../../../node/past/past.ts';
import { useOldestRecorded, useShownRange } from '../../../node/recorded/use-recorder.ts';
import { rangeText } from '../../../text/calendar-text.ts';
import { knownGoodText, missingText, pastLimitText, pastSpans, pastVerdict } from './past-dry-run-text.ts';
import { Volumes } from './volumes.tsx';

type DryRunRequest = Omit<RulesRequest<'test'>, 'seconds'>;
type State =
  | { readonly at: 'idle' }
  | { readonly at: 'running'; readonly span: TimeSpan }
  | { readonly at: 'done'; readonly span: TimeSpan; readonly report: PastTrial }
  | { readonly at: 'rejected'; readonly message: string };

/**
 * Evaluates the change over recorded packets, without enforcing it. `request` is null while the form is incomplete;
 * `range` is evaluated at once.
 */
export function PastDryRun({
  request,
  range,
  onDone,
}: {
  request: DryRunRequest | null;
  range?: TimeSpan;
  /** Called with each report. */
  onDone?: () => void;
}) {
  const { askPast, store } = useLive();
  const [shown, oldest] = [useShownRange(), useOldestRecorded()];
  const [state, setState] = useState<State>({ at: 'idle' });
  const unwanted = useRef(new AbortController());
  const about = JSON.stringify(request);
  // A report about earlier content of the form would mislead.
  useEffect(() => {
    setState({ at: 'idle' });
    if (range !== undefined) void run(range);
    return () => unwanted.current.abort();
  }, [about, range]);
  const now = store.getSnapshot().figures.wallMs;
  const spans = range === undefined ? pastSpans(now, oldest, shown) : withRange(range, pastSpans(now, oldest, null));
  const run = async (span: TimeSpan) => {
    if (request === null) return;
    unwanted.current.abort();
    unwanted.current = new AbortController();
    const { signal } = unwanted.current;
    setState({ at: 'running', span });
    const times = { from_ms: Math.floor(span.fromMs), to_ms: Math.ceil(span.toMs) };
    const answer = await askPast('past:dry_run', { ...request, ...times }, signal);
    if (signal.aborted) return;
    if (answer.ok) onDone?.();
    setState(
      answer.ok ? { at: 'done', span, report: answer.value } : { at: 'rejected', message: answer.error.message },
    );
  };
  return (
    <>
      <div className="dry-run-head">
        <p className="field-label">Dry run over recorded packets</p>
        {spans.map(({ label, span }) => (
          <button
            key={label}
            type="button"
            className="button button-small"
            title={rangeText(span, now)}
            disabled={request === null || state.at === 'running'}
            onClick={() => void run(span)}
          >
            {label}
          </button>
        ))}
      </div>
      <div aria-live="polite">
        {state.at === 'running' && <p className="field-hint">Evaluating {rangeText(state.span, now)} …</p>}
        {state.at === 'rejected' && <p className="field-problem">The dry run failed: {state.message}</p>}
        {state.at === 'done' && <PastReport report={state.report} span={state.span} now={now} />}
      </div>
    </>
  );
}

/** Returns the range, and the spans that are not as long. */
function withRange(range: TimeSpan, spans: ReturnType<typeof pastSpans>): ReturnType<typeof pastSpans> {
  const lengthOf = ({ fromMs, toMs }: TimeSpan) => toMs - fromMs;
  return [{ label: 'this range', span: range }, ...spans.filter(({ span }) => lengthOf(span) !== lengthOf(range))];
}

function PastReport({ report, span, now }: { report: PastTrial; span: TimeSpan; now: number }) {
  const { newly_denied, by_source, by_port, known_good, limits = [] } = report;
  return (
    <div className="report appear" data-testid="past-dry-run-report" data-denied={newly_denied.packets}>
      {(limits.length === 0 || newly_denied.packets > 0) && (
        <p className={newly_denied.packets > 0 ? 'report-verdict text-deny' : 'report-verdict'}>
          {pastVerdict(report)}
        </p>
      )}
      {limits.map((limit) => (
        <p key={limit.rule} className="report-verdict" data-testid="past-limit">
          {pastLimitText(limit)}
        </p>
      ))}
      <p className="field-hint">
        {rangeText(span, now)}. {missingText(report)}
      </p>
      {known_good.by_source.map((source) => (
        <p key={source.addr} className="report-lockout">
          {knownGoodText(source)}
        </p>
      ))}
      <Volumes
        title="By source"
        total={newly_denied.packets}
        rows={by_source.map(({ addr, newly_denied: { packets } }) => ({ key: addr, name: addr, note: '', packets }))}
      />
      <Volumes
        title="By destination port"
        total={newly_denied.packets}
        rows={by_port
          .filter(({ ip_protocol }) => hasPorts(ip_protocol))
          .map(({ ip_protocol, port, newly_denied: { packets } }) => ({
            key: `${ip_protocol}/${port}`,
            name: String(port),
            note: protocolName(ip_protocol),
            packets,
          }))}
      />
    </div>
  );
}
