'use client';

import { useMemo } from 'react';
import { useSnapshot } from '../../node/live-context.tsx';
import { momentText } from '../../text/calendar-text.ts';
import { Section } from './frame/section.tsx';

const TONE = { info: 'text-muted', warning: 'text-warn', error: 'text-deny' } as const;

/** What clients are told of alerts: notices. Conditions and targets are known to root only. */
export function AlertNotices() {
  const notices = useSnapshot(({ figures }) => figures.notices);
  const minute = useSnapshot(({ figures }) => Math.floor(figures.wallMs / 60_000) * 60_000);
  const alerts = useMemo(() => notices.filter(({ code }) => code.startsWith('alert')), [notices]);
  return (
    <Section title="Alerts" note={alerts.length === 0 ? '' : 'since this page was opened'}>
      {alerts.length === 0 ? (
        <div className="defence-empty">
          <p className="defence-lead">No alert has fired since this page was opened.</p>
          <p className="text-muted">
            An alert sends a message when a condition holds, for example to a chat. Only root can add and list alerts,
            on the command line: <code className="font-mono">packetlog alerts</code>. This page shows when one fires and
            when it is resolved.
          </p>
        </div>
      ) : (
        <ol className="alert-notices" aria-label="Alerts" data-testid="alert-notices">
          {alerts.map(({ number, at_ms, level, message }) => (
            <li key={number}>
              <time className="font-mono text-faint" dateTime={new Date(at_ms).toISOString()}>
                {momentText(at_ms, minute)}
              </time>
              <p className={TONE[level]}>{message}</p>
            </li>
          ))}
        </ol>
      )}
    </Section>
  );
}
