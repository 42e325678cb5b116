'use client';

import type { NodeWithout } from '../../node/messages/past-events.ts';
import { type PastRowsState, useRows } from '../../node/recorded/rows-context.tsx';
import { useAppliedFilter } from '../../node/recorded/use-recorder.ts';
import { NO_FILTER } from '../../text/filter-text.ts';
import { counted } from '../../text/number.ts';
import { SelectedPacket } from './selection/selected-packet.tsx';

/** Says why a range of the past has no rows. */
export function NoPastRows({ state }: { state: PastRowsState }) {
  const isFiltered = useAppliedFilter() !== NO_FILTER;
  return (
    <div className="no-rows appear" data-testid="no-past-rows">
      {state.step === 'failed' ? (
        <p className="text-warn">Recorded packets could not be read: {state.message} This page tries again.</p>
      ) : state.step === 'complete' ? (
        <>
          <p>
            {isFiltered
              ? 'No recorded packet of this range matches the filter.'
              : 'No packet was recorded in this range.'}
            {withoutNames(state.without, (names) => ` Not asked: ${names}.`)}
          </p>
          <p className="text-muted">Choose another time (t), or go back to live (Esc).</p>
        </>
      ) : (
        <p>Loading recorded packets…</p>
      )}
    </div>
  );
}

/** Shows how many recorded rows are loaded, and how to see others. */
export function PastTableState({ state }: { state: PastRowsState }) {
  const { rows } = useRows();
  return (
    <p
      className="table-bar-state"
      data-testid="table-state"
      data-state="past"
      data-loaded={rows.shown.size}
      data-step={state.step}
    >
      {rows.selected !== null ? (
        <SelectedPacket row={rows.selected} />
      ) : (
        <span className={state.step === 'failed' ? 'text-warn' : 'text-faint'}>
          {pastRowsText(state, rows.shown.size)}
          {withoutNames(state.without, (names) => `; without ${names}`)}
        </span>
      )}
    </p>
  );
}

/** Returns a text with the names of the nodes that are not among several; '' if there are none. */
function withoutNames(without: readonly NodeWithout[] | undefined, text: (names: string) => string): string {
  return without === undefined || without.length === 0 ? '' : text(without.map(({ name }) => name).join(', '));
}

function pastRowsText(state: PastRowsState, loaded: number): string {
  const rows = counted(loaded, 'recorded row');
  switch (state.step) {
    case 'loading':
      return loaded === 0 ? 'loading…' : `${rows}, loading older ones…`;
    case 'more':
      return `the newest ${rows}; scroll down for older ones`;
    case 'complete':
      return `all ${rows}, newest first`;
    case 'full':
      return `the newest ${rows}; choose a shorter range or a filter for older ones`;
    case 'failed':
      return `${rows}; older ones could not be read: ${state.message}`;
  }
}
