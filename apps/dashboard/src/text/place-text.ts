import type { Place } from '@packetlog/common';

/** Describes a place: 'New Zealand, AS64496 Example Networks'; '' if nothing is known. */
export function placeText(place: Place | null | undefined): string {
  if (!place) return '';
  const country = place.country_name ?? place.country ?? '';
  const network = place.asn === undefined ? '' : `AS${place.asn}${place.organisation ? ` ${place.organisation}` : ''}`;
  return [country, network].filter((part) => part !== '').join(', ');
}

/** Returns a short mark to show beside an address: 'NZ' or 'AS64496'. */
export function placeMark(place: Place | null | undefined): string {
  if (!place) return '';
  return place.country ?? (place.asn === undefined ? '' : `AS${place.asn}`);
}
