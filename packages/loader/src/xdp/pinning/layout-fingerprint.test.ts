import { describe, expect, it } from 'vitest';
import { layoutFingerprint } from './layout-fingerprint.ts';
import { LINK_NAME, linkName, mapName } from './pin-names.ts';

describe('a later loader', () => {
  // Only a changed layout changes it: otherwise an upgrade would lose the counters of the version before it.
  it('finds the fingerprint of the current layout, whatever the names in the code are', () => {
    expect(layoutFingerprint()).toBe('9d17c5007e0c2674');
  });

  it('finds names without dots, from which slot and mode can be read', () => {
    expect(mapName('0a1b2c3d', '.data.slots')).toBe('map_0a1b2c3d__data_slots');
    for (const mode of ['native_frags', 'native', 'generic'] as const) {
      expect(LINK_NAME.exec(linkName(12, mode))?.slice(1)).toEqual(['12', mode]);
    }
    expect(LINK_NAME.exec('link_1_native_frags_old')).toBeNull();
  });
});
