'use client';

import type { AuditEntry } from '@packetlog/common';
import { useEffect, useState } from 'react';
import { useLive, useSnapshot } from '../../node/live-context.tsx';
import { clockText } from '../../text/clock.ts';
import { auditSentence, authorText } from './change/audit-text.ts';
import './changes.css';

const MAX_ENTRIES = 200;

/** The newest entries of the loader's audit file. */
export function Changes() {
  const { ask } = useLive();
  const revision = useSnapshot(({ rules }) => rules?.snapshot.revision);
  const pending = useSnapshot(({ rules }) => rules?.snapshot.pending === undefined);
  const [entries, setEntries] = useState<readonly AuditEntry[] | null>(null);
  const [problem, setProblem] = useState('');
  useEffect(() => {
    let current = true;
    void ask('audit', { limit: MAX_ENTRIES }).then((answer) => {
      if (!current) return;
      if (answer.ok) setEntries([...answer.value.entries].sort((a, b) => (a.at < b.at ? 1 : -1)));
      setProblem(answer.ok ? '' : answer.error.message);
    });
    return () => {
      current = false;
    };
  }, [ask, revision, pending]);
  if (problem !== '') return <p className="rules-empty">{problem}</p>;
  if (entries === null) return <p className="rules-empty text-faint">Loading…</p>;
  if (entries.length === 0) return <p className="rules-empty">No changes yet.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: scroll containers must be reachable by keyboard
    <div className="changes-scroll" tabIndex={0}>
      <ol className="changes" data-testid="changes">
        {entries.map((entry, i) => (
          <li key={`${entry.at}${entry.revision}${i}`} className="change">
            <time className="font-mono text-faint" dateTime={entry.at} title={entry.at}>
              {dayText(entry.at)} {clockText(Date.parse(entry.at))}
            </time>
            <span className="change-who" title={whoTitle(entry)}>
              {entry.who.name}
            </span>
            <p>
              {auditSentence(entry)}
              {entry.forced === true && <span className="text-deny">, forced past the lockout guard</span>}
              {entry.why !== '' && entry.what !== 'undo' && <span className="text-muted">, reason: {entry.why}</span>}
            </p>
          </li>
        ))}
      </ol>
    </div>
  );
}

function dayText(iso: string): string {
  return new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short' }).format(new Date(iso));
}

function whoTitle({ who }: AuditEntry): string {
  const from = who.address === undefined ? '' : `, ${who.address}`;
  return `${authorText(who)}${who.uid === undefined ? '' : `, uid ${who.uid}`}${from}`;
}
