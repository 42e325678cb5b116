'use client';

import { clsx } from 'clsx';
import { useSyncExternalStore } from 'react';
import type { Loader } from '../../node/connection/loader.ts';
import { ConnectionMark, STATE_COLOR } from '../../node/connection-mark.tsx';
import { useLive } from '../../node/live-context.tsx';
import { modeText, modeTitle } from '../../text/attach-mode-text.ts';
import { formatCompact, formatCount } from '../../text/number.ts';
import { UNWATCHED } from '../../text/unwatched-text.ts';
import { Count, Measure } from '../../ui/count.tsx';
import { LossMark } from '../../ui/marks.tsx';
import { nodeText } from './node-text.ts';

const STATE_TEXT: Readonly<Record<string, string>> = { gone: 'unreachable' };

/** One node. Figures of an unreachable node stay, greyed, with their age. */
export function NodeRow({
  loader,
  name,
  shown,
  onEdit,
}: {
  loader: Loader;
  name: string;
  /** Whether the other pages show this node. */
  shown: boolean;
  onEdit: () => void;
}) {
  const { nodes } = useLive();
  const { connection, now, figures } = useSyncExternalStore(
    loader.store.subscribe,
    loader.store.getSnapshot,
    () => loader.store.initial,
  );
  const { rates, loss, hello, interfaces, ledger } = figures;
  const isHome = nodes.isHome(loader);
  const text = nodeText({
    connection,
    now,
    address: loader.address,
    isHome,
    blocked: nodes.isBlocked(loader.address),
    page: typeof location === 'undefined' ? '' : location.origin,
  });
  const old = connection.state !== 'live';
  return (
    <tr
      data-testid="node-row"
      data-state={text.state}
      data-address={loader.address}
      {...(shown && { 'aria-current': true })}
    >
      <th scope="row">
        <button
          type="button"
          className="link-button"
          title="Show this node on the other pages"
          onClick={() => void nodes.show(loader.address)}
        >
          {name}
        </button>
        {shown && <span className="text-faint"> shown</span>}
        <span className="node-address">
          {loader.address}
          {isHome && <span className="font-sans"> this page</span>}
        </span>
        {text.sentence !== '' && <span className="node-sentence">{text.sentence}</span>}
      </th>
      <td data-label="state">
        <span className={clsx('node-state', STATE_COLOR[connection.state])}>
          <ConnectionMark state={connection.state} />
          {STATE_TEXT[text.state] ?? text.state}
          {text.age !== '' && <span className="font-mono text-muted">{text.age}</span>}
        </span>
      </td>
      <td data-old={old} data-label="packets/s">
        {rates === null ? '—' : <Measure quantity={formatCompact(rates.packets)} exact={rates.packets} per="/s" />}
      </td>
      <td data-old={old} data-label="denied/s">
        {rates === null ? (
          '—'
        ) : (
          <span className={rates.deny > 0 ? 'text-deny' : 'text-faint'}>
            <Measure quantity={formatCompact(rates.deny)} exact={rates.deny} per="/s" />
          </span>
        )}
      </td>
      <td data-old={old} data-label="rows lost">
        {hello === null ? (
          '—'
        ) : (
          <span
            className={clsx('node-lost', loss.total > 0 ? 'text-lost hatched' : 'text-faint')}
            title={`${formatCount(loss.ring)} in the ring, ${formatCount(loss.queue)} in the loader, ${formatCount(loss.page)} between the loader and this page`}
          >
            {loss.total > 0 && <LossMark lost />}
            <Count value={loss.total} />
          </span>
        )}
      </td>
      <td data-old={old} data-label="interfaces" className="node-interfaces">
        <ul>
          {interfaces.map((entry) => (
            <li key={entry.name} title={modeTitle(entry)}>
              <span className="font-mono">{entry.name}</span>{' '}
              <span className={entry.state === 'attached' ? 'text-faint' : 'text-warn'}>{modeText(entry)}</span>
            </li>
          ))}
          {ledger?.unwatched && (
            <li className="text-muted" title={UNWATCHED.title}>
              {UNWATCHED.name}
            </li>
          )}
        </ul>
      </td>
      <td data-old={old} data-label="version">
        <span className="font-mono">{hello?.version ?? '—'}</span>
      </td>
      <td className="node-tools">
        {old && (
          <button type="button" className="button" onClick={() => loader.retry()}>
            Try again
          </button>
        )}
        {!isHome && (
          <button type="button" className="button" aria-label={`Edit ${name}`} onClick={onEdit}>
            Edit…
          </button>
        )}
      </td>
    </tr>
  );
}
