'use client';

import type { ExplainedField, Filter } from '@packetlog/common';
import type { ReactNode } from 'react';
import { useLive } from '../../../node/live-context.tsx';
import { onlyThis, withoutThis } from '../../../text/filter-edit.ts';
import { readFilterText } from '../../../text/filter-text.ts';
import { toasts } from '../../../ui/toast-store.ts';
import { Age } from './age.tsx';
import { FirstSeenNote } from './first-seen-note.tsx';
import { ListenerNote, PlaceNote, ReverseName } from './lookup-notes.tsx';
import { RuleNote } from './rule-note.tsx';
import type { PacketDetail } from './use-packet-detail.ts';

/** A field of the record: value, explanation, lookups, and filters for its value. */
export function Field({ field, detail }: { field: ExplainedField; detail: PacketDetail }) {
  const { key, label, value, sentence, mark, filter } = field;
  return (
    <div className="packet-field" data-testid="packet-field" data-field={key}>
      <dt>{label}</dt>
      <dd>
        <span className="packet-value font-mono">
          {value === '' ? <span className="text-faint">not read</span> : value}
        </span>
        {sentence !== '' && (
          <span className="packet-sentence">
            {mark !== undefined && (
              <span className="address-mark" title={`${mark.sentence} ${mark.source}`}>
                {mark.name}
              </span>
            )}
            {sentence}
            {mark !== undefined && <span className="text-faint"> {mark.source}</span>}
          </span>
        )}
        <More field={field} detail={detail} />
        {filter !== undefined && <FilterLinks what={`${label} ${value}`} filter={filter} />}
      </dd>
    </div>
  );
}

function More({ field: { key, value }, detail }: { field: ExplainedField; detail: PacketDetail }): ReactNode {
  const { packet, timeMs } = detail;
  switch (key) {
    case 'time':
      return <Age timeMs={timeMs} />;
    case 'rule':
      return <RuleNote id={packet.rule_id} />;
    case 'source':
      return value === '' ? null : (
        <>
          <FirstSeenNote address={value} />
          <PlaceNote address={value} />
          <ReverseName key={value} address={value} />
        </>
      );
    case 'destination':
      return value === '' ? null : (
        <>
          <PlaceNote address={value} />
          <ReverseName key={value} address={value} />
        </>
      );
    case 'destination_port':
      return value === '' ? null : <ListenerNote ip_protocol={packet.ip_protocol} port={packet.dst_port} />;
    default:
      return null;
  }
}

function FilterLinks({ what, filter: term }: { what: string; filter: Filter }) {
  const { filter } = useLive();
  const apply = (text: string) => {
    const { trouble } = readFilterText(text);
    if (trouble === null) filter.apply(text);
    else toasts.show({ text: `Not added to the filter: ${trouble.message}`, tone: 'problem' });
  };
  return (
    <span className="filter-links">
      <button
        type="button"
        className="filter-link"
        aria-label={`Only this: ${what}`}
        title="Add to the filter: only packets with this value"
        onClick={() => apply(onlyThis(filter.text, term))}
      >
        only this
      </button>
      <button
        type="button"
        className="filter-link"
        aria-label={`Without this: ${what}`}
        title="Add to the filter: no packets with this value"
        onClick={() => apply(withoutThis(filter.text, term))}
      >
        without this
      </button>
    </span>
  );
}
