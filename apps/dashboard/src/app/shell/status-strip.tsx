'use client';

import type { Interface } from '@packetlog/common';
import { clsx } from 'clsx';
import { Pause, Play } from 'lucide-react';
import dynamic from 'next/dynamic';
import { nodeOfAddress } from '../../node/connection/loader-address.ts';
import { ConnectionMark, STATE_COLOR } from '../../node/connection-mark.tsx';
import { useLive, useSnapshot } from '../../node/live-context.tsx';
import { ALL_NODES, FLEET } from '../../node/nodes.ts';
import { connectionText } from '../../node/state/connection-text.ts';
import { ledgerSum } from '../../node/state/ledger-sum.ts';
import { useNodes } from '../../node/use-nodes.ts';
import { modeText, modeTitle } from '../../text/attach-mode-text.ts';
import { formatBytes, formatCompact, formatCount, quantityText } from '../../text/number.ts';
import { VERDICT_TEXT } from '../../text/verdict-text.ts';
import { Count, Measure } from '../../ui/count.tsx';
import { overlay } from '../../ui/keys/overlay.ts';
import { Logo, LossMark, VerdictMark } from '../../ui/marks.tsx';
import { useMedia } from '../../ui/measure/use-media.ts';
import { ThemeButton } from '../../ui/theme/theme-button.tsx';
import { Nav } from './nav.tsx';
import { PaletteButton } from './overlays.tsx';
import './status-strip.css';
import { lazyWithRetry } from '../../node/lazy-with-retry.ts';

/** Loaded only if there is more than one node. */
const NodeSwitch = dynamic(
  async () => (await lazyWithRetry(() => import('../../features/nodes/node-switch.tsx'))).NodeSwitch,
  {
    ssr: false,
  },
);

/** Loaded only at a hub. */
const FleetWhere = dynamic(
  async () => (await lazyWithRetry(() => import('../../features/fleet/fleet-where.tsx'))).FleetWhere,
  { ssr: false },
);

/** The strip at the top of every page: node, state of the connection, rates, denied, lost. */
export function StatusStrip({ old }: { old: boolean }) {
  return (
    <header className="strip">
      <div className="strip-name">
        <h1 className="flex items-center gap-2 font-medium tracking-[-0.01em]">
          <Logo />
          <span className="strip-word">PacketLog</span>
        </h1>
        <Where />
      </div>
      <Nav />
      <div className="strip-figures">
        <State />
        <Rates old={old} />
        <Denied />
        <Lost />
      </div>
      <NodesBelow />
      <div className="strip-actions">
        <PauseButton />
        <PaletteButton />
        <ThemeButton />
      </div>
    </header>
  );
}

function Where() {
  const ownName = useSnapshot(({ figures }) => figures.hello?.node);
  const interfaces = useSnapshot(({ figures }) => figures.interfaces);
  const roomy = useMedia('(min-width: 860px)');
  const { loaders, shown, hub } = useNodes();
  // The fleet's name of a node need not be its host name.
  const node = hub === null ? ownName : nodeOfAddress(shown);
  const several = loaders.length > 1;
  if (shown === FLEET)
    return (
      <div className="strip-where">
        <FleetWhere />
      </div>
    );
  if ((node === undefined && !several) || (several && !roomy)) return null;
  // Interface names with node names are long; the Nodes page lists them.
  const max = shown === ALL_NODES || !roomy ? 0 : 3;
  const listed = interfaces.slice(0, max);
  return (
    <div className="strip-where">
      {several ? (
        <NodeSwitch />
      ) : (
        <span className="text-muted truncate" title={node}>
          {node}
        </span>
      )}
      {listed.map((entry) => (
        <InterfaceName key={entry.name} entry={entry} />
      ))}
      {max > 0 && interfaces.length > listed.length && (
        <span className="text-faint whitespace-nowrap">+{interfaces.length - listed.length} more</span>
      )}
    </div>
  );
}

/** Puts the node switch on its own line on a phone. */
function NodesBelow() {
  const roomy = useMedia('(min-width: 860px)');
  const { loaders } = useNodes();
  if (roomy || loaders.length < 2) return null;
  return (
    <div className="strip-nodes">
      <NodeSwitch />
    </div>
  );
}

function InterfaceName({ entry }: { entry: Interface }) {
  const gone = entry.state !== 'attached';
  return (
    <span className="flex gap-1.5 min-w-0" title={modeTitle(entry)}>
      <span className={clsx('font-mono truncate', gone && 'line-through text-faint')}>{entry.name}</span>
      <span className={gone ? 'text-warn' : 'interface-mode text-faint'}>{modeText(entry)}</span>
    </span>
  );
}

function State() {
  const { connection, now, loader } = useSnapshot((snapshot) => snapshot);
  const { label, age, sentence } = connectionText(connection, now, loader);
  return (
    <>
      <span
        className={`strip-state ${STATE_COLOR[connection.state]}`}
        data-testid="connection-state"
        data-state={connection.state}
        title={sentence || `Figures from ${loader} arrive once a second.`}
      >
        <ConnectionMark state={connection.state} />
        <span className="whitespace-nowrap">{label}</span>
        {age !== '' && <span className="strip-age font-mono text-muted whitespace-nowrap">{age}</span>}
      </span>
      {/* Only the label, not the age: screen readers announce each change. */}
      <span role="status" className="sr-only">
        Connection: {label}
      </span>
    </>
  );
}

function Rates({ old }: { old: boolean }) {
  const rates = useSnapshot(({ figures }) => figures.rates);
  if (rates === null) return null;
  return (
    <span className="strip-rates" data-old={old}>
      <Measure quantity={formatCompact(rates.packets)} exact={rates.packets} per="pkt/s" testId="rate-packets" />
      <Measure quantity={formatBytes(rates.bytes)} exact={rates.bytes} per="/s" testId="rate-bytes" />
    </span>
  );
}

/** Counts from here on are abbreviated, so that the strip keeps its layout. */
const SHORTENED_FROM = 100_000;

/** Packets denied since the loader started: exact, from the kernel. */
function Denied() {
  const denied = useSnapshot(({ figures }) => figures.ledger && ledgerSum(figures.ledger, 'denied'));
  const perSecond = useSnapshot(({ figures }) => figures.rates?.deny ?? 0);
  if (denied === null) return null;
  const title = `${formatCount(denied)} packets were denied since the loader started, ${formatCount(Math.round(perSecond))} in the last second.`;
  return (
    <span className={clsx('strip-denied', denied > 0 ? 'text-deny' : 'text-faint')} title={title}>
      <VerdictMark verdict="deny" />
      {VERDICT_TEXT.deny.label}{' '}
      <data className="font-mono" value={denied} data-value={denied} data-testid="total-denied">
        {denied < SHORTENED_FROM ? formatCount(denied) : quantityText(formatCompact(denied))}
      </data>
    </span>
  );
}

/** Rows lost, with the cause in the tooltip. Opens the packet path. */
function Lost() {
  const loss = useSnapshot(({ figures }) => figures.loss);
  const hello = useSnapshot(({ figures }) => figures.hello);
  if (hello === null) return null;
  const lost = loss.total > 0;
  const title = `Lost rows: ${formatCount(loss.ring)} because the kernel's ring was full, ${formatCount(loss.queue)} inside the loader, ${formatCount(loss.page)} between the loader and this page. Press to see the packet path (w).`;
  return (
    <button
      type="button"
      className={clsx('strip-lost', lost ? 'hatched text-lost' : 'text-faint')}
      title={title}
      aria-haspopup="dialog"
      aria-keyshortcuts="W"
      data-lost={lost}
      data-testid="open-path"
      onClick={() => overlay.show('path')}
    >
      <LossMark lost={lost} />
      lost <Count value={loss.total} testId="total-lost" />
    </button>
  );
}

function PauseButton() {
  const { setPaused } = useLive();
  const paused = useSnapshot(({ figures }) => figures.paused !== null);
  const hello = useSnapshot(({ figures }) => figures.hello);
  if (hello === null) return null;
  return (
    <button
      type="button"
      className={clsx('button button-pause', paused && 'button-accent')}
      data-testid="pause-button"
      aria-keyshortcuts="Space"
      title={paused ? 'Resume (space)' : 'Pause the rows (space)'}
      onClick={() => setPaused(!paused)}
    >
      {paused ? <Play size={12} aria-hidden="true" /> : <Pause size={12} aria-hidden="true" />}
      <span>{paused ? 'Resume' : 'Pause'}</span>
    </button>
  );
}
