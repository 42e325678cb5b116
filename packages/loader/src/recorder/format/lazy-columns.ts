/** The columns of a segment, each decompressed when it is read for the first time. */
import { type AddressColumn, type AddressField, PACKET_LOG_FIELDS, type RecordColumns } from '@packetlog/common';
import { SealedSegment } from './sealed-segment.ts';
import type { Segment } from './segment.ts';

/**
 * Returns columns that are valid while the segment is open. The dictionary of an address column is read without its
 * indexes. Reading a property throws CorruptSegmentError.
 */
export function lazyColumns(segment: Segment): RecordColumns {
  const columns = { count: segment.facts.records };
  for (const { name } of PACKET_LOG_FIELDS) {
    once(columns, name, () =>
      name === 'src_addr' || name === 'dst_addr' ? lazyAddresses(segment, name) : segment.columns([name])[name],
    );
  }
  return columns as RecordColumns;
}

function lazyAddresses(segment: Segment, name: AddressField): AddressColumn {
  if (!(segment instanceof SealedSegment)) return segment.columns([name])[name];
  const addresses = {};
  once(addresses, 'dictionary', () => segment.dictionary(name));
  once(addresses, 'indexes', () => segment.columns([name])[name].indexes);
  return addresses as AddressColumn;
}

/** Defines a property that is computed when it is read for the first time. */
function once(target: object, name: string, compute: () => unknown): void {
  const get = () => {
    const value = compute();
    Object.defineProperty(target, name, { value, enumerable: true });
    return value;
  };
  Object.defineProperty(target, name, { get, enumerable: true, configurable: true });
}
