import { describe, expect, it } from 'vitest';
import { chooseInterfaces } from './choose-interfaces.ts';

const none = { interfaces: [], waitForInterfaces: false, lastInterfaces: [] };
const route = (...preferred: string[]) => ({ preferred, others: [] as string[] });

describe('the interfaces to watch', () => {
  it('are those that the operator names', () => {
    const find = () => route('eth0');
    expect(chooseInterfaces({ ...none, interfaces: ['wg0'] }, false, find)).toEqual({ names: ['wg0'], others: [] });
  });

  it('are those of the previous loader, which are not listed again', () => {
    expect(chooseInterfaces(none, true, () => route('eth0')).names).toEqual([]);
  });

  it('are those of the default route, also if the last start watched others', () => {
    const given = { ...none, waitForInterfaces: true, lastInterfaces: ['eth9'] };
    const chosen = chooseInterfaces(given, false, () => ({ preferred: ['eth0'], others: ['eth1'] }));
    expect(chosen).toEqual({ names: ['eth0'], others: ['eth1'] });
  });

  it('cannot be chosen without a default route', () => {
    const find = () => route();
    expect(() => chooseInterfaces({ ...none, lastInterfaces: ['eth9'] }, false, find)).toThrow(/no default route/);
    expect(() => chooseInterfaces({ ...none, waitForInterfaces: true }, false, find)).toThrow(/no default route/);
  });
});

describe('before there is a default route', () => {
  function chosen() {
    let found = route();
    const given = { ...none, waitForInterfaces: true, lastInterfaces: ['eth9'] };
    const { names, check } = chooseInterfaces(given, false, () => found);
    if (!check) throw new Error('the default route is not waited for');
    return { names, check, appears: (...preferred: string[]) => (found = route(...preferred)) };
  }

  it('the interfaces of the last start are watched, and the route is looked for until it is there', () => {
    const { names, check, appears } = chosen();
    expect(names).toEqual(['eth9']);
    expect(check.check([], 0)).toBeUndefined();
    expect(check.waits).toBe(true);
    appears('eth9');
    expect(check.check(['eth9'], 1)).toBeUndefined();
    expect(check.waits).toBe(false);
  });

  it('one that uses an interface that is not watched is reported once', () => {
    const { check, appears } = chosen();
    appears('eth0');
    expect(check.check(['eth9'], 5)?.message).toMatch(/^The default route uses eth0, which is not watched:/);
    expect(check.check(['eth9'], 6)).toBeUndefined();
  });

  it('one that appears while nothing is watched ends the loader, because a new start can choose better', () => {
    const { check, appears } = chosen();
    appears('eth0');
    expect(() => check.check([], 5)).toThrow(/the default route uses eth0\. Start packetlog again/);
  });
});
