'use client';

import dynamic from 'next/dynamic';
import { type ReactNode, useRef } from 'react';
import { RateChart } from '../../features/chart/rate-chart.tsx';
import { useOverview } from '../../features/chart/use-overview.ts';
import { Packets } from '../../features/packets/packets.tsx';
import { type PacketSelection, usePacketSelection } from '../../features/packets/selection/use-packet-selection.ts';
import { lazyWithRetry } from '../../node/lazy-with-retry.ts';
import { useLive, useSnapshot } from '../../node/live-context.tsx';
import { NO_ROWS, RowsProvider } from '../../node/recorded/rows-context.tsx';
import { usePastRows } from '../../node/recorded/use-past-rows.ts';
import { useRecorder, useShownRange } from '../../node/recorded/use-recorder.ts';
import { useKeys } from '../../ui/keys/keys.ts';
import { useHeight } from '../../ui/measure/use-height.ts';
import { useMedia } from '../../ui/measure/use-media.ts';
import { Tabs } from '../../ui/tabs.tsx';
import { Notices } from './notices.tsx';
import { QueryBar } from './query-bar.tsx';
import { useLinkedNode } from './use-linked-node.ts';

const PathStrip = dynamic(
  async () => (await lazyWithRetry(() => import('../../features/packet-path/path-strip.tsx'))).PathStrip,
  { ssr: false, loading: () => <div style={{ height: 36 }} /> },
);

const PathDiagram = dynamic(
  async () => (await lazyWithRetry(() => import('../../features/packet-path/path-diagram.tsx'))).PathDiagram,
);

const TopPanels = dynamic(
  async () => (await lazyWithRetry(() => import('../../features/top-lists/top-panels.tsx'))).TopPanels,
  { ssr: false },
);

const ConversationTable = dynamic(
  async () =>
    (await lazyWithRetry(() => import('../../features/conversations/conversation-table.tsx'))).ConversationTable,
  { ssr: false },
);

/** Not part of the first load: what it shows is rare. */
const FindingsPanel = dynamic(
  async () => (await lazyWithRetry(() => import('../../features/findings/findings-panel.tsx'))).FindingsPanel,
  { ssr: false },
);

/** Not part of the first load: loaded when a packet is selected or denied for the first time. */
const DenySelected = dynamic(
  async () => (await lazyWithRetry(() => import('../../features/rules/form/deny-selected.tsx'))).DenySelected,
  {
    ssr: false,
  },
);
const PacketDrawer = dynamic(
  async () => (await lazyWithRetry(() => import('../../features/packets/drawer/packet-drawer.tsx'))).PacketDrawer,
  {
    ssr: false,
  },
);

/** At this width and above, the lists are beside the table. */
const SIDE_BY_SIDE = '(min-width: 1280px)';

/** The Live page: filter and time, chart, packet path, packets, top lists, notices. Packets are new or recorded ones. */
export function LivePage() {
  const past = usePastRows();
  const [range, recorder] = [useShownRange(), useRecorder()];
  // Until it is known whether packets are recorded, no newer rows take the place of those that a link shows.
  const isPast = range !== null && recorder !== 'off';
  useLinkedNode();
  return (
    <RowsProvider source={past ?? (isPast ? NO_ROWS : null)}>
      <LiveContent />
    </RowsProvider>
  );
}

function LiveContent() {
  const selection = usePacketSelection();
  const { row } = selection;
  return (
    <>
      <LiveView selection={selection}>
        {selection.isShown && row !== null && <PacketDrawer row={row} selection={selection} />}
      </LiveView>
      {selection.isDenying && row !== null && (
        <DenySelected row={row} onClose={selection.stopDenying} onDone={selection.clear} />
      )}
    </>
  );
}

function LiveView({ selection, children }: { selection: PacketSelection; children: ReactNode }) {
  const old = useSnapshot(({ connection }) => connection.state !== 'live');
  usePauseKey();
  const overview = useOverview();
  const sideBySide = useMedia(SIDE_BY_SIDE);
  const side = useRef<HTMLElement>(null);
  const height = useHeight(side, sideBySide);
  const noticeCount = useSnapshot(({ figures }) => figures.notices.length);
  if (sideBySide) {
    return (
      <main id="content" className="instrument" data-old={old}>
        <QueryBar />
        <RateChart overview={overview} />
        <PathStrip />
        <Packets selection={selection} Conversations={ConversationTable} />
        <div className="side">
          <FindingsPanel />
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls on a low screen */}
          <section ref={side} className="side-top" aria-label="Top lists" tabIndex={0}>
            <TopPanels overview={overview} height={height ?? 0} />
          </section>
          <Notices />
        </div>
        {children}
      </main>
    );
  }
  return (
    <main id="content" className="instrument" data-old={old}>
      <QueryBar />
      <RateChart overview={overview} />
      <FindingsPanel which="open" />
      <Tabs
        label="What to show below the chart"
        tabs={[
          {
            id: 'packets',
            label: 'Packets',
            content: <Packets selection={selection} Conversations={ConversationTable} />,
          },
          { id: 'top', label: 'Top', content: <TopPanels overview={overview} height={null} /> },
          { id: 'path', label: 'Path', content: <PathDiagram /> },
          {
            id: 'notices',
            label: 'Notices',
            ...(noticeCount > 0 && { note: String(noticeCount) }),
            content: (
              <>
                <FindingsPanel which="closed" />
                <Notices />
              </>
            ),
          },
        ]}
      />
      {children}
    </main>
  );
}

/** Makes Space pause and resume the rows, unless the focused control uses Space. */
function usePauseKey() {
  const { store, setPaused } = useLive();
  const paused = useSnapshot(({ figures }) => figures.paused !== null);
  useKeys('page', [
    {
      keys: ['space'],
      name: paused ? 'Resume the rows' : 'Pause the rows',
      group: 'Rows',
      keywords: 'stop freeze hold go on continue',
      run: () => setPaused(!store.state.rows.paused),
    },
  ]);
}
