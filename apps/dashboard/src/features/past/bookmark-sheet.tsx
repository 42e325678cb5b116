'use client';

import { MAX_BOOKMARK_NOTE } from '@packetlog/common';
import { Bookmark } from 'lucide-react';
import { useState } from 'react';
import { useLive, useSnapshot } from '../../node/live-context.tsx';
import { useShownRange } from '../../node/recorded/use-recorder.ts';
import { rangeText } from '../../text/calendar-text.ts';
import { Sheet } from '../../ui/sheet.tsx';
import { TextField } from '../../ui/text-field.tsx';
import { toasts } from '../../ui/toast-store.ts';

/** Bookmarks the shown range: its packets are kept until the bookmark is removed. */
export function BookmarkSheet({ onClose }: { onClose: () => void }) {
  const { askPast } = useLive();
  const range = useShownRange();
  const now = useSnapshot(({ figures }) => Math.floor(figures.wallMs / 60_000) * 60_000);
  const [note, setNote] = useState('');
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);
  const add = async () => {
    if (range === null || isBusy) return;
    setBusy(true);
    const request = { from_ms: range.fromMs, to_ms: range.toMs, note: note.trim() };
    const answer = await askPast('past:bookmark', request);
    setBusy(false);
    if (!answer.ok) return setProblem(answer.error.message);
    onClose();
    toasts.show({ text: 'Bookmarked. The packets of this range are kept; press t for the list.', tone: 'done' });
  };
  if (range === null) return null;
  return (
    <Sheet
      title="Bookmark this range"
      note={<span className="font-mono">{rangeText(range, now)}</span>}
      onClose={onClose}
    >
      <form
        className="contents"
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <div className="sheet-body">
          <TextField
            label="Note"
            name="note"
            value={note}
            onChange={(text) => {
              setNote(text);
              setProblem('');
            }}
            placeholder="port scan of the mail server"
            maxLength={MAX_BOOKMARK_NOTE}
            hint="The recorded packets of this range are not deleted for age or room until the bookmark is removed."
            problem={problem}
          />
        </div>
        <footer className="sheet-foot">
          <button type="button" className="button push" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button button-primary" data-testid="bookmark-submit" disabled={isBusy}>
            <Bookmark size={13} aria-hidden="true" />
            Bookmark
          </button>
        </footer>
      </form>
    </Sheet>
  );
}
