'use client';

import { useSnapshot } from '../../node/live-context.tsx';
import type { NumberedNotice } from '../../node/state/figures.ts';
import { clockText } from '../../text/clock.ts';
import { LossMark } from '../../ui/marks.tsx';

/** Lists the loader's notices, newest first. */
export function Notices() {
  const notices = useSnapshot(({ figures }) => figures.notices);
  return (
    <section className="panel panel-notices" aria-labelledby="notices-title" data-testid="notices">
      <h2 className="panel-title" id="notices-title">
        Notices
        {notices.length > 0 && <span className="text-faint font-normal font-mono">{notices.length}</span>}
      </h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so it must be reachable by keyboard */}
      <div role="log" aria-labelledby="notices-title" className="notices" tabIndex={0}>
        {notices.length === 0 ? (
          <p className="panel-empty">No capture problems since this page was opened.</p>
        ) : (
          <ol>
            {notices.map((notice) => (
              <NoticeItem key={notice.number} notice={notice} />
            ))}
          </ol>
        )}
      </div>
    </section>
  );
}

const TONE = { info: 'text-muted', warning: 'text-warn', error: 'text-deny' } as const;

function NoticeItem({ notice }: { notice: NumberedNotice }) {
  const loss = notice.code === 'loss_began';
  return (
    <li className="notice appear" data-code={notice.code}>
      <span className={`notice-mark ${loss ? 'text-lost' : TONE[notice.level]}`}>
        {loss ? <LossMark lost /> : <LevelMark level={notice.level} />}
      </span>
      <time className="font-mono text-faint" dateTime={new Date(notice.at_ms).toISOString()}>
        {clockText(notice.at_ms)}
      </time>
      <p>
        <span className="sr-only">{notice.level}: </span>
        {notice.message}
      </p>
    </li>
  );
}

function LevelMark({ level }: { level: NumberedNotice['level'] }) {
  return (
    <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
      {level === 'info' && <circle cx="5" cy="5" r="2" fill="currentColor" />}
      {level === 'warning' && <path d="M5 1 9.3 9H.7z" fill="none" stroke="currentColor" strokeWidth="1.25" />}
      {level === 'error' && <path d="M1 1h8v8H1z" fill="currentColor" />}
    </svg>
  );
}
