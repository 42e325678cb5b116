'use client';

import { useMemo } from 'react';
import { useSnapshot } from '../../node/live-context.tsx';
import { FindingRow, shownFindings } from '../findings/index.ts';
import { Section } from './frame/section.tsx';

/** All findings that the loader keeps, open ones first. */
export function FindingsHistory() {
  const messages = useSnapshot(({ figures }) => figures.findings);
  const now = useSnapshot(({ figures }) => Math.floor(figures.wallMs / 1000) * 1000);
  const { open, closed } = useMemo(() => shownFindings(messages), [messages]);
  const all = [...open, ...closed];
  return (
    <Section title="Findings" note={all.length === 0 ? '' : open.length === 0 ? 'none open' : `${open.length} open`}>
      {all.length === 0 ? (
        <div className="defence-empty">
          <p className="defence-lead">No findings since the loader started.</p>
          <p className="text-muted">
            A finding names an attack in one line: a scan of ports or addresses, many connection attempts to a login
            service, a flood. It denies nothing.
          </p>
        </div>
      ) : (
        <ol className="defence-findings" aria-label="Findings" data-testid="finding-history">
          {all.map(({ key, node, finding }) => (
            <FindingRow key={key} node={node} finding={finding} now={now} />
          ))}
        </ol>
      )}
    </Section>
  );
}
