/** Checks of lookup answers, see messages.ts. */
import type { Listener, Place } from '@packetlog/common';
import { type Check, isCount, isList, isRecord, isShape, isText, mayBe } from './shape.ts';

export const isListeners = isList(
  isShape<Listener>({ ip_protocol: isCount, port: isCount, pid: isCount, process: isText }),
);

const isPlace = isShape<Place>({
  country: mayBe(isText),
  country_name: mayBe(isText),
  asn: mayBe(isCount),
  organisation: mayBe(isText),
}) as Check<Place>;

export const isPlaces = isRecord(orNull(isPlace));
export const isReverseNames = isRecord(orNull(isText));

function orNull<T>(check: Check<T>): Check<T | null> {
  return (value): value is T | null => value === null || check(value);
}
