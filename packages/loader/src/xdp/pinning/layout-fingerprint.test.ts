import { describe, expect, it } from 'vitest';
import { layoutFingerprint } from './layout-fingerprint.ts';
import { LINK_NAME, linkName, mapName } from './pin-names.ts';

describe('what a later loader relies on', () => {
  it('is the same for the same layouts, and short', () => {
    expect(layoutFingerprint()).toMatch(/^[0-9a-f]{16}$/);
    expect(layoutFingerprint()).toBe(layoutFingerprint());
  });

  it('are names without dots, from which slot and mode can be read', () => {
    expect(mapName('0a1b2c3d', '.data.slots')).toBe('map_0a1b2c3d__data_slots');
    for (const mode of ['native_frags', 'native', 'generic'] as const) {
      expect(LINK_NAME.exec(linkName(12, mode))?.slice(1)).toEqual(['12', mode]);
    }
    expect(LINK_NAME.exec('link_1_native_frags_old')).toBeNull();
  });
});
