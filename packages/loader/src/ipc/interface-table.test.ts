import { describe, expect, it } from 'vitest';
import { InterfaceNames } from './interface-table.ts';

describe('InterfaceNames', () => {
  it('has all indexes of a name, including those of interfaces that were removed and returned', () => {
    const names = new InterfaceNames();
    expect(names.learn([{ ifindex: 2, name: 'eth0' }])).toBe(true);
    expect(names.learn([{ ifindex: 0, name: 'eth0' }])).toBe(false);
    expect(names.indexesOf('eth0')).toEqual([2]);
    expect(names.learn([{ ifindex: 7, name: 'eth0' }])).toBe(true);
    expect(names.indexesOf('eth0')).toEqual([2, 7]);
    expect([names.nameOf(2), names.nameOf(7), names.nameOf(9)]).toEqual(['eth0', 'eth0', '9']);
    expect(names.indexesOf('eth1')).toEqual([]);
  });

  it('follows a renamed interface', () => {
    const names = new InterfaceNames();
    names.learn([{ ifindex: 2, name: 'eth0' }]);
    expect(names.learn([{ ifindex: 2, name: 'wan' }])).toBe(true);
    expect([names.indexesOf('eth0'), names.indexesOf('wan'), names.nameOf(2)]).toEqual([[], [2], 'wan']);
  });
});
