import { describe, expect, it } from 'vitest';
import { placeOf } from './place.ts';

describe('placeOf', () => {
  it.each<[what: string, entry: unknown, place: unknown]>([
    [
      'MaxMind and DB-IP',
      { country: { iso_code: 'DE', names: { en: 'Germany' } }, city: { names: { en: 'Bonn' } } },
      { country: 'DE', country_name: 'Germany' },
    ],
    ['the country where it is registered', { registered_country: { iso_code: 'DE' } }, { country: 'DE' }],
    [
      'IPinfo',
      { country: 'Germany', country_code: 'DE', asn: 'AS3320', as_name: 'Telekom' },
      { country: 'DE', asn: 3320, organisation: 'Telekom' },
    ],
    ['IPinfo about networks', { asn: 'AS64496', name: 'Example' }, { asn: 64_496, organisation: 'Example' }],
    [
      'networks',
      { autonomous_system_number: 1, autonomous_system_organization: 'Le\u001b[31mvel' },
      { asn: 1, organisation: 'Le [31mvel' },
    ],
    ['nothing it knows', { city: { names: { en: 'Bonn' } } }, undefined],
    ['nothing at all', null, undefined],
    ['what is no object', 'DE', undefined],
    ['words where codes belong', { country: { iso_code: 'Germany' } }, undefined],
    ['a number that no network has', { asn: 'AS99999999999' }, undefined],
  ])('reads %s', (_, entry, place) => {
    expect(placeOf(entry)).toEqual(place);
  });

  it('truncates long text', () => {
    expect(placeOf({ asn: 1, as_name: 'x'.repeat(5000) })?.organisation).toHaveLength(120);
  });
});
