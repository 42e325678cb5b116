// biome-ignore-all lint/a11y/useSemanticElements: windowed rows are positioned absolutely, which table elements do not allow; ARIA roles describe them
'use client';

import { MAX_PLACE_ADDRESSES, MAX_REVERSE_ADDRESSES } from '@packetlog/common';
import { clsx } from 'clsx';
import { useEffect, useRef, useSyncExternalStore } from 'react';
import type { Lookups } from '../../../node/connection/lookups.ts';
import { RowLookups } from '../../../node/connection/row-lookups.ts';
import { useLive } from '../../../node/live-context.tsx';
import { ABSENT } from '../../../text/number.ts';
import type { PacketRow } from '../../../text/row-text.ts';
import type { LookupColumn } from './columns.ts';
import { countryOf, lookupKey, namesOf, processesOf, UNAVAILABLE } from './row-lookup-text.ts';

type NodeLookups = Readonly<Record<LookupColumn, RowLookups<string>>>;

/** A process may end, and another one listen. */
const PROCESS_FRESH_MS = 5000;
const NAME_FRESH_MS = 10 * 60_000;
/** All listeners are in one answer. */
const MAX_PORTS = 1000;

const ofNode = new WeakMap<Lookups, NodeLookups>();

function lookupsOf(lookups: Lookups): NodeLookups {
  const known = ofNode.get(lookups);
  if (known !== undefined) return known;
  const process = new RowLookups<string>(
    async (keys) => {
      const answer = await lookups.listeners();
      return answer.ok ? { ok: true, value: processesOf(answer.value, keys) } : answer;
    },
    { maxKeys: MAX_PORTS, freshMs: PROCESS_FRESH_MS },
  );
  const country = new RowLookups<string>(
    async (keys) => {
      const answer = await lookups.places(keys);
      if (!answer.ok) return answer;
      return { ok: true, value: Object.fromEntries(keys.map((key) => [key, countryOf(answer.value[key])])) };
    },
    { maxKeys: MAX_PLACE_ADDRESSES, freshMs: Number.POSITIVE_INFINITY },
  );
  const name = new RowLookups<string>(
    async (keys) => {
      const answer = await lookups.reverseAll(keys);
      return answer.ok ? { ok: true, value: namesOf(answer.value) } : answer;
    },
    {
      maxKeys: MAX_REVERSE_ADDRESSES,
      freshMs: NAME_FRESH_MS,
    },
  );
  const all = { process, country, name };
  ofNode.set(lookups, all);
  return all;
}

/** A cell that the loader looks up while it is on the screen. */
export function LookupCell({ column, packet }: { column: LookupColumn; packet: PacketRow }) {
  const lookups = lookupsOf(useLive().lookups)[column];
  useSyncExternalStore(lookups.subscribe, lookups.version, lookups.version);
  const cell = useRef({});
  const key = lookupKey(column, packet);
  useEffect(() => {
    const { current } = cell;
    if (key === null) lookups.hide(current);
    else lookups.show(current, key);
    return () => lookups.hide(current);
  }, [lookups, key]);
  const value = key === null ? null : lookups.get(key);
  const isUnavailable = value === undefined && lookups.isUnavailable;
  const text = isUnavailable ? UNAVAILABLE[column] : value === null ? ABSENT : (value ?? '');
  return (
    <span
      role="cell"
      className={clsx(`cell-${column}`, (isUnavailable || text === ABSENT) && 'absent')}
      data-field={column}
    >
      {text}
    </span>
  );
}
