'use client';

import { ShieldPlus } from 'lucide-react';
import dynamic from 'next/dynamic';
import { useState } from 'react';
import { lazyWithRetry } from '../../node/lazy-with-retry.ts';
import { useRowState, useRows } from '../../node/recorded/rows-context.tsx';
import { useAppliedFilter, useRecorder } from '../../node/recorded/use-recorder.ts';
import { NO_FILTER } from '../../text/filter-text.ts';
import { useKeys } from '../../ui/keys/keys.ts';
import { loadLearnSheet, useMayChange, useRulesView } from '../rules/index.ts';

const LearnSheet = dynamic(() => lazyWithRetry(loadLearnSheet).then(({ LearnSheet }) => LearnSheet), { ssr: false });

/**
 * Proposes rules from the source of the selected packet, or from the sources of the filter: where packets are recorded
 * and this connection may change rules. A compact bar has no room for it beside the actions on a selected packet.
 */
export function LearnButton({ compact }: { compact: boolean }) {
  const { rows } = useRows();
  const selected = useRowState((state) => state.selected);
  const filter = useAppliedFilter();
  const mayChange = useMayChange() && useRulesView() !== null;
  const isRecorded = useRecorder() === 'on';
  const [addr, setAddr] = useState<string | null | undefined>(undefined);
  const isOffered = isRecorded && mayChange && (selected !== null || filter !== NO_FILTER);
  const open = () => setAddr(selectedSource(rows, selected));
  useKeys(
    'page',
    isOffered
      ? [
          {
            keys: [],
            name: 'Propose rules from these sources…',
            group: 'Rules',
            keywords: 'learn suggest deny scan only past',
            run: open,
          },
        ]
      : [],
  );
  return (
    <>
      {isOffered && !(compact && selected !== null) && (
        <button
          type="button"
          className="button button-icon"
          aria-label="Propose rules from these sources…"
          aria-haspopup="dialog"
          title="Propose rules that deny what only these sources sent"
          data-testid="learn-button"
          onClick={open}
        >
          <ShieldPlus size={14} aria-hidden="true" />
        </button>
      )}
      {addr !== undefined && <LearnSheet addr={addr} filter={filter} onClose={() => setAddr(undefined)} />}
    </>
  );
}

/** Returns the source of the selected packet; null without one, or if the packet has no addresses. */
function selectedSource(rows: ReturnType<typeof useRows>['rows'], selected: number | null): string | null {
  if (selected === null || !rows.has(selected)) return null;
  const { view, index } = rows.shown.read(selected);
  return view.addressesRead(index) ? view.srcAddr(index) : null;
}
