'use client';

import type { Bookmark } from '@packetlog/common';
import { Trash2 } from 'lucide-react';
import { useLive } from '../../node/live-context.tsx';
import { rangeText } from '../../text/calendar-text.ts';
import { formatBytes, quantityText } from '../../text/number.ts';
import { IconButton } from '../../ui/icon-button.tsx';
import { toasts } from '../../ui/toast-store.ts';
import { useMayChange } from '../rules/index.ts';

/** The bookmarked ranges, newest first: open one, or remove it. */
export function BookmarkList({
  bookmarks,
  now,
  onShow,
  onChanged,
}: {
  bookmarks: readonly Bookmark[];
  now: number;
  onShow: (bookmark: Bookmark) => void;
  onChanged: () => void;
}) {
  const { askPast } = useLive();
  const mayChange = useMayChange();
  const remove = async ({ id }: Bookmark) => {
    const answer = await askPast('past:unbookmark', { id });
    if (answer.ok) onChanged();
    else toasts.show({ text: `The bookmark was not removed: ${answer.error.message}`, tone: 'problem' });
  };
  if (bookmarks.length === 0) return null;
  return (
    <div>
      <h3 className="field-label">Bookmarks</h3>
      <ul className="bookmarks" data-testid="bookmarks">
        {bookmarks
          .toSorted((a, b) => b.from_ms - a.from_ms)
          .map((bookmark) => (
            <li key={bookmark.id}>
              <button type="button" className="bookmark-open" onClick={() => onShow(bookmark)}>
                <span className="bookmark-note">{bookmark.note || 'No note'}</span>
                <span className="text-muted">
                  {rangeText({ fromMs: bookmark.from_ms, toMs: bookmark.to_ms }, now)},{' '}
                  {quantityText(formatBytes(bookmark.bytes))} kept
                </span>
              </button>
              {mayChange && (
                <IconButton
                  label={`Remove the bookmark: ${bookmark.note || 'no note'}`}
                  onClick={() => void remove(bookmark)}
                >
                  <Trash2 size={13} aria-hidden="true" />
                </IconButton>
              )}
            </li>
          ))}
      </ul>
    </div>
  );
}
