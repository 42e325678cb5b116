'use client';

import type { PastFacts } from '@packetlog/common';
import { useState } from 'react';
import { useLive, useSnapshot } from '../../node/live-context.tsx';
import type { PastAnswers } from '../../node/messages/past-events.ts';
import type { TimeSpan } from '../../node/past/past.ts';
import { usePastAnswer } from '../../node/recorded/use-past-answer.ts';
import { useRecorder, useShownRange } from '../../node/recorded/use-recorder.ts';
import { momentText, rangeText } from '../../text/calendar-text.ts';
import { spanText } from '../../text/clock.ts';
import { formatBytes, quantityText } from '../../text/number.ts';
import { Sheet } from '../../ui/sheet.tsx';
import { TextField } from '../../ui/text-field.tsx';
import { BookmarkList } from './bookmark-list.tsx';
import { readTime, TIME_EXAMPLES } from './read-time.ts';
import './time-sheet.css';

const NOT_A_TIME = 'Not a time of the past. Try 21:03, yesterday 21:03, or 21:03-21:10.';

/** Shows a time or a range that is typed. */
export function TimeSheet({ onClose }: { onClose: () => void }) {
  const { range, store } = useLive();
  const shown = useShownRange();
  const now = useSnapshot(({ figures }) => Math.floor(figures.wallMs / 1000) * 1000);
  const [text, setText] = useState('');
  const [isTried, setTried] = useState(false);
  const span = readTime(text, now);
  const show = (next: typeof span) => {
    onClose();
    range.show(next);
  };
  return (
    <Sheet
      title="Show a time"
      note={shown === null ? 'Now showing: live' : `Now showing: ${rangeText(shown, now)}`}
      onClose={onClose}
    >
      <form
        className="contents"
        onSubmit={(event) => {
          event.preventDefault();
          const wanted = readTime(text, store.getSnapshot().figures.wallMs);
          if (wanted === null) setTried(true);
          else show(wanted);
        }}
      >
        <div className="sheet-body">
          <TextField
            label="Time or range"
            name="time"
            value={text}
            onChange={setText}
            placeholder="yesterday 21:03"
            hint={
              span === null
                ? 'In the time zone of this browser. A time of day is the latest one that has passed.'
                : `${rangeText(span, now)}, ${spanText(span.toMs - span.fromMs)}`
            }
            problem={isTried && span === null ? NOT_A_TIME : ''}
          />
          <div>
            <h3 className="field-label">Examples</h3>
            <ul className="time-examples">
              {TIME_EXAMPLES.map((example) => (
                <li key={example}>
                  <button type="button" className="link-button font-mono" onClick={() => setText(example)}>
                    {example}
                  </button>
                </li>
              ))}
            </ul>
          </div>
          <Recorded now={now} onShow={show} />
        </div>
        <footer className="sheet-foot">
          <button type="button" className="button push" onClick={onClose}>
            Cancel
          </button>
          {shown !== null && (
            <button type="button" className="button" onClick={() => show(null)}>
              Back to live
            </button>
          )}
          <button type="submit" className="button button-primary" data-testid="show-time">
            Show
          </button>
        </footer>
      </form>
    </Sheet>
  );
}

/** How far back recorded packets reach, and the bookmarks. */
function Recorded({ now, onShow }: { now: number; onShow: (range: TimeSpan) => void }) {
  const recorder = useRecorder();
  const isRecorded = recorder === 'on' || recorder === 'some';
  const [changes, setChanges] = useState(0);
  const { value, problem } = usePastAnswer(
    'past:facts',
    isRecorded ? { key: `facts ${changes}`, request: () => ({}), againAfter: () => null } : null,
  );
  return (
    <>
      {value !== null && (
        <BookmarkList
          bookmarks={value.bookmarks}
          now={now}
          onShow={({ from_ms, to_ms }) => onShow({ fromMs: from_ms, toMs: to_ms })}
          onChanged={() => setChanges(changes + 1)}
        />
      )}
      <p className="field-hint whitespace-pre-line" data-testid="past-reach">
        {recorder === 'off' && NOT_RECORDED}
        {isRecorded && (problem ?? reachText(value, now))}
      </p>
    </>
  );
}

const NOT_RECORDED =
  'Nothing is recorded: chart and top lists reach back up to 12 h, and the rows stay live. Start packetlog with --record on to keep packets.';

/** Says how far back the packets of the node reach, or of each node. */
function reachText(answer: PastAnswers['past:facts'] | null, now: number): string {
  if (answer === null) return 'Loading…';
  if (answer.nodes === undefined) return nodeReachText(answer, now);
  return answer.nodes
    .map(({ name, facts }) => `${name}: ${typeof facts === 'string' ? facts : nodeReachText(facts, now)}`)
    .join('\n');
}

function nodeReachText(facts: PastFacts, now: number): string {
  const { oldest_ms, bytes, max_bytes, is_anonymized } = facts;
  if (oldest_ms === 0) return 'Nothing is recorded yet.';
  const room = `${quantityText(formatBytes(bytes))} of at most ${quantityText(formatBytes(max_bytes))}`;
  const networks = is_anonymized ? ' Addresses are recorded as networks.' : '';
  return `Recorded packets reach back to ${momentText(oldest_ms, now)}: ${room}.${networks}`;
}
