// biome-ignore-all lint/a11y/useSemanticElements: the rows below are positioned absolutely, which table elements do not allow; ARIA roles describe them
// biome-ignore-all lint/a11y/useFocusableInteractive: the button in the header takes the focus
'use client';

import { ArrowDown } from 'lucide-react';
import type { CSSProperties } from 'react';
import { DAY_WIDTH } from '../packets/index.ts';
import type { ConversationOrder } from './conversation-list.ts';

interface Heading {
  readonly key: string;
  readonly label: string;
  readonly title: string;
  /** The order that the column sorts by. */
  readonly order?: ConversationOrder;
}

const HEADINGS: readonly Heading[] = [
  { key: 'time', label: 'last seen', title: 'When its newest packet reached the hook', order: 'last' },
  { key: 'action', label: 'verdict', title: 'Verdict on its packets' },
  { key: 'src', label: 'source', title: 'Source address and port; * where the ports differ' },
  { key: 'dst', label: 'destination', title: 'Destination address and port; * where they differ' },
  { key: 'protocol', label: 'protocol', title: 'Protocol above IP; for other frames the Ethernet type' },
  { key: 'count', label: 'packets', title: 'Packets, and the time between the first and the last', order: 'packets' },
  { key: 'bytes', label: 'bytes', title: 'Bytes of all its frames', order: 'bytes' },
  { key: 'detail', label: 'flags, type', title: 'All TCP flags that its packets had, or the ICMP type' },
  { key: 'reason', label: 'reason', title: 'Why they got this verdict, or what could not be read' },
];

const SORTED: Readonly<Record<ConversationOrder, string>> = {
  newest: 'by start, newest first',
  last: 'latest first',
  packets: 'largest first',
  bytes: 'largest first',
};

/** Columns behind the time. */
const NARROW =
  '66px minmax(152px, 1.2fr) minmax(144px, 1fr) 56px minmax(140px, 0.6fr) 60px minmax(86px, 1fr) minmax(80px, 0.5fr)';
const WIDE = '80px 312px 312px 72px 200px 80px 280px minmax(80px, 1fr)';

/** Widths of the columns, in the variables that the style sheet of rows uses. `days`: times have their day. */
export function conversationStyle(days: boolean): CSSProperties {
  const [narrow, wide] = days ? [DAY_WIDTH, DAY_WIDTH] : [88, 96];
  return {
    '--columns-narrow': `${narrow}px ${NARROW}`,
    '--columns-narrow-min': `${880 + narrow}px`,
    '--columns-wide': `${wide}px ${WIDE}`,
    '--columns-wide-min': `${1356 + wide}px`,
  } as CSSProperties;
}

export function ConversationHead({
  order,
  setOrder,
}: {
  order: ConversationOrder;
  setOrder: (order: ConversationOrder) => void;
}) {
  return (
    <div role="rowgroup" className="table-head">
      <div role="row" aria-rowindex={1} className="row row-head">
        {HEADINGS.map(({ key, label, title, order: by }) => (
          <span
            key={key}
            role="columnheader"
            className={`cell-${key}`}
            title={title}
            {...(by !== undefined && { 'aria-sort': by === order ? 'descending' : 'none' })}
          >
            {by === undefined ? (
              label
            ) : (
              <button
                type="button"
                className="sort-button"
                title={`${title}. Press to sort: ${SORTED[by === order ? 'newest' : by]}`}
                onClick={() => setOrder(by === order ? 'newest' : by)}
              >
                {label}
                {by === order && <ArrowDown size={11} aria-hidden="true" />}
              </button>
            )}
          </span>
        ))}
      </div>
    </div>
  );
}
