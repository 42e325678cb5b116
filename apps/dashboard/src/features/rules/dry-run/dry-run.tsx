'use client';

import { type DryRunReport, hasPorts, protocolName, type RulesRequest } from '@packetlog/common';
import { useEffect, useState } from 'react';
import { useLive } from '../../../node/live-context.tsx';
import { useRecorder } from '../../../node/recorded/use-recorder.ts';
import { Rejection } from '../change/rejection.tsx';
import { protectedText } from '../change/rejection-text.ts';
import { coverageSentence, verdictSentence } from './dry-run-text.ts';
import { PastDryRun } from './past-dry-run.tsx';
import { Volumes } from './volumes.tsx';
import './dry-run.css';

type DryRunRequest = Omit<RulesRequest<'test'>, 'seconds'>;
type State =
  | { readonly at: 'idle' }
  | { readonly at: 'running'; readonly seconds: number; readonly since: number }
  | { readonly at: 'done'; readonly report: DryRunReport }
  | { readonly at: 'rejected'; readonly error: Parameters<typeof Rejection>[0]['error'] };

const SECONDS = [10, 60] as const;
/** Extra time for the answer, beyond the dry run itself. */
const ANSWER_SLACK_MS = 15_000;

/** Runs the change on live traffic without enforcing it. `request` is null while the form is incomplete. */
export function DryRun({ request }: { request: DryRunRequest | null }) {
  const { ask } = useLive();
  const isRecorded = useRecorder() === 'on';
  const [state, setState] = useState<State>({ at: 'idle' });
  const about = JSON.stringify(request);
  // A report about earlier content of the form would mislead.
  useEffect(() => setState({ at: 'idle' }), [about]);
  const run = async (seconds: number) => {
    if (request === null) return;
    const mine: State = { at: 'running', seconds, since: performance.now() };
    setState(mine);
    const answer = await ask('test', { ...request, seconds } as RulesRequest<'test'>, seconds * 1000 + ANSWER_SLACK_MS);
    setState((now) =>
      now !== mine ? now : answer.ok ? { at: 'done', report: answer.value } : { at: 'rejected', error: answer.error },
    );
  };
  if (request?.add?.action === 'limit') {
    return (
      <section className="dry-run" aria-label="Dry run">
        <p className="field-hint">
          On live traffic, the limit itself is the dry run: it observes until you enforce it, and shows what was over.
        </p>
        {isRecorded && <PastDryRun request={request} />}
      </section>
    );
  }
  return (
    <section className="dry-run" aria-label="Dry run">
      <div className="dry-run-head">
        <p className="field-label">Dry run on live traffic</p>
        {SECONDS.map((seconds) => (
          <button
            key={seconds}
            type="button"
            className="button button-small"
            data-testid={`dry-run-${seconds}`}
            disabled={request === null || state.at === 'running'}
            onClick={() => void run(seconds)}
          >
            {seconds} s
          </button>
        ))}
      </div>
      <div aria-live="polite">
        {state.at === 'idle' && (
          <p className="field-hint">Counts the packets that the change would deny. Nothing is changed.</p>
        )}
        {state.at === 'running' && <Running key={state.since} seconds={state.seconds} />}
        {state.at === 'done' && <Report report={state.report} />}
      </div>
      {state.at === 'rejected' && <Rejection error={state.error} />}
      {isRecorded && <PastDryRun request={request} />}
    </section>
  );
}

function Running({ seconds }: { seconds: number }) {
  return (
    <div className="dry-run-running">
      <p className="field-hint">Checking packets for {seconds} s …</p>
      <span className="dry-run-bar" style={{ animationDuration: `${seconds}s` }} />
    </div>
  );
}

function Report({ report }: { report: DryRunReport }) {
  const { denied, judged, by_source, by_port, lockouts } = report;
  return (
    <div className="report appear" data-testid="dry-run-report" data-denied={denied.packets} data-judged={judged}>
      <p className={denied.packets > 0 ? 'report-verdict text-deny' : 'report-verdict'}>{verdictSentence(report)}</p>
      <p className="field-hint">{coverageSentence(report)}</p>
      {lockouts.map((entry) => (
        <p key={`${entry.kind}${entry.address}`} className="report-lockout">
          It would lock out {protectedText(entry)}.
        </p>
      ))}
      <Volumes
        title="By source"
        total={denied.packets}
        rows={by_source.map(({ addr, packets }) => ({ key: addr, name: addr, note: '', packets }))}
      />
      <Volumes
        title="By destination port"
        total={denied.packets}
        rows={by_port
          .filter(({ ip_protocol }) => hasPorts(ip_protocol))
          .map(({ ip_protocol, port, packets }) => ({
            key: `${ip_protocol}/${port}`,
            name: String(port),
            note: protocolName(ip_protocol),
            packets,
          }))}
      />
    </div>
  );
}
