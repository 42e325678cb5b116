import { SLOT_LINK, SLOT_TABLE } from '@packetlog/bpf';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { RequestedMode } from '../ipc/settings.ts';
import { SystemCallError } from '../native/libc.ts';
import type { LinkFacts } from '../native/link-message.ts';
import type { InterfaceCounters } from '../xdp/interface-counters.ts';
import { SlotTable } from '../xdp/slots.ts';
import { WatchedInterfaces } from './watched-interfaces.ts';

const IFINDEX = 7;
const PROGRAM = 91;
const LINK = 12;
const ENOBUFS = 105;
const ETH0: LinkFacts = {
  ifindex: IFINDEX,
  name: 'eth0',
  type: 1,
  kind: undefined,
  tunType: undefined,
  ipvlanMode: undefined,
  master: 0,
  broadcast: new Uint8Array(6),
  xdpPrograms: [PROGRAM],
  isUp: true,
  hasCarrier: true,
  mtu: 1500,
  lower: 0,
};

/** The fake kernel's state, and the requests it received. */
const kernel = vi.hoisted(() => ({
  facts: (_ifindex: number): unknown => undefined,
  /** Device and program of a link. */
  links: new Map<number, { ifindex: number; program: number }>(),
  closed: [] as number[],
  /** Modes that were requested. */
  attached: [] as string[],
  exists: true,
}));

vi.mock('../native/rtnetlink.ts', () => ({ linkFactsOf: (ifindex: number) => kernel.facts(ifindex) }));
vi.mock('../native/bpf-objects.ts', () => ({
  objectId: () => PROGRAM,
  detachLink: () => ({ value: 0, errno: 0 }),
  updateLink: (link: number) => {
    const at = kernel.links.get(link);
    if (at) kernel.links.set(link, { ...at, program: PROGRAM });
    return { value: 0, errno: 0 };
  },
}));
vi.mock('../xdp/attach/attach.ts', () => ({
  attach: (_: unknown, __: string, { ifindex }: LinkFacts, requested: string) => {
    kernel.attached.push(requested);
    kernel.links.set(LINK, { ifindex, program: PROGRAM });
    return { link: LINK, mode: requested === 'generic' ? 'generic' : 'native', reason: undefined };
  },
  linkFacts: (link: number) => kernel.links.get(link) ?? { ifindex: 0, program: 0 },
}));
vi.mock('../native/libc.ts', async (original) => ({
  ...(await original<object>()),
  interfaceIndex: (name: string) => (name === 'eth0' && kernel.exists ? IFINDEX : 0),
  interfaceName: (ifindex: number) => (ifindex === 0 ? undefined : 'eth0'),
  closeDescriptor: (fd: number) => {
    kernel.closed.push(fd);
    kernel.links.delete(fd);
  },
}));

const counters = (seen = () => 0) =>
  ({
    seen,
    reasons: (slot: number) => (slot === 0 ? [0, 3, 1] : [0, 10, 0]),
    read: (slot: number) => ({ seen: slot }),
  }) as unknown as InterfaceCounters;

beforeEach(() => {
  kernel.exists = true;
  kernel.closed = [];
  kernel.attached = [];
  kernel.links.clear();
});

describe('a watched interface', () => {
  let interfaces: WatchedInterfaces;
  let [seen, unwatched] = [0, 0];

  beforeEach(() => {
    kernel.facts = () => ETH0;
    seen = 0;
    unwatched = 0;
    const slots = new SlotTable(new Uint8Array(SLOT_TABLE.size));
    interfaces = new WatchedInterfaces(
      { single: 3, frags: undefined },
      slots,
      counters(() => seen),
      'auto',
      () => unwatched,
    );
    interfaces.add('eth0');
    interfaces.attach();
  });

  it('is released when it is in another network namespace', () => {
    kernel.facts = () => undefined;
    expect(interfaces.check(0).map(({ code }) => code)).toEqual(['interface_gone']);
    expect(kernel.closed).toEqual([LINK]);
    expect(interfaces.unfiltered()).toHaveLength(1);
  });

  it('is attached again at once when another tool detached the program', () => {
    kernel.links.clear();
    expect(interfaces.check(0).map(({ code }) => code)).toEqual(['interface_gone', 'interface_returned']);
    expect(interfaces.attached()).toEqual([{ name: 'eth0', ifindex: IFINDEX, mode: 'native' }]);
  });

  it('keeps the program while the kernel does not answer', () => {
    kernel.facts = () => {
      throw new SystemCallError('RTM_GETLINK', ENOBUFS);
    };
    expect(interfaces.check(0)).toEqual([]);
    expect(kernel.closed).toEqual([]);
    expect(interfaces.attached()).toEqual([{ name: 'eth0', ifindex: IFINDEX, mode: 'native' }]);
    kernel.facts = () => ETH0;
    expect(interfaces.check(1)).toEqual([]);
  });

  it('is released, with the reason, when XDP cannot see its packets in its new mode, and taken back', () => {
    kernel.facts = () => ({ ...ETH0, kind: 'ipvlan', ipvlanMode: 'l3s' });
    expect(interfaces.check(0)).toMatchObject([{ code: 'attach_failed', message: expect.stringMatching(/L3S mode/) }]);
    expect(interfaces.attached()).toEqual([]);
    expect(interfaces.unfiltered()).toMatchObject([{ name: 'eth0', why: expect.stringMatching(/L3S mode/) }]);
    expect(interfaces.check(1)).toEqual([]);
    kernel.facts = () => ({ ...ETH0, kind: 'ipvlan', ipvlanMode: 'l2' });
    expect(interfaces.check(2).map(({ code }) => code)).toEqual(['interface_returned']);
  });

  it('has a part, such as the VF of a netvsc, that is named when packets arrive there, although it shows no program', () => {
    unwatched = 9;
    kernel.facts = (ifindex) =>
      ifindex === 9 ? { ...ETH0, ifindex, name: 'vf0', master: IFINDEX, xdpPrograms: [] } : ETH0;
    seen = 2;
    const [notice] = interfaces.check(0);
    expect(notice?.code).toBe('unwatched_packets');
    expect(notice?.message).toMatch(/vf0 \(number 9\).* It is part of eth0: with --mode generic/);
  });

  it('is not the only one whose reasons are counted', () => {
    expect(interfaces.reasons()).toEqual([0, 13, 1]);
  });
});

describe('an interface that does not exist yet', () => {
  function added(...wait: boolean[]) {
    kernel.exists = false;
    kernel.facts = () => ETH0;
    const slots = new SlotTable(new Uint8Array(SLOT_TABLE.size));
    const programs = { single: 3, frags: undefined };
    const interfaces = new WatchedInterfaces(programs, slots, counters(), 'auto', () => 0);
    for (const each of wait) interfaces.add('eth0', each);
    interfaces.attach();
    return interfaces;
  }

  it('is an error, unless the operator wants to wait for it', () => {
    expect(() => added(false)).toThrow(/watch eth0: no such interface/);
  });

  it('is waited for, has its slot, and is attached to when it appears', () => {
    const interfaces = added(true, true);
    expect(interfaces.slots()).toEqual([{ name: 'eth0', slot: 1 }]);
    expect(interfaces.attachedNames).toEqual([]);
    expect(interfaces.unfiltered()).toEqual([{ name: 'eth0', why: 'the interface does not exist yet' }]);
    expect(interfaces.ledger()).toMatchObject([{ state: 'waiting', ifindex: 0 }]);
    expect(interfaces.waits).toBe(true);
    expect(interfaces.check(0).map(({ code }) => code)).toEqual(['interface_waiting']);
    expect(interfaces.waits).toBe(false);
    kernel.exists = true;
    expect(interfaces.check(1)).toMatchObject([
      { code: 'interface_returned', message: 'Interface eth0 has appeared and is watched (native).' },
    ]);
    expect(interfaces.attached()).toEqual([{ name: 'eth0', ifindex: IFINDEX, mode: 'native' }]);
    expect(interfaces.ledger()).toMatchObject([{ state: 'attached', ifindex: IFINDEX }]);
  });
});

describe('what the previous loader left', () => {
  const OLD = 40;
  const [FIRST, SECOND] = [21, 22];
  const bonds: Record<number, Partial<LinkFacts>> = { 5: { name: 'bond0' }, 6: { name: 'bond1' } };
  /** The device of each link. */
  const linkOn: Record<number, number> = { 5: FIRST, 6: SECOND };
  const programOn = (ifindex: number) => {
    const link = kernel.links.get(linkOn[ifindex] ?? 0) ?? kernel.links.get(LINK);
    return link?.ifindex === ifindex ? [link.program] : [];
  };
  const remaining = [
    { slot: 1, mode: 'native' as const, ifindex: 5, fd: FIRST },
    { slot: 2, mode: 'native' as const, ifindex: 6, fd: SECOND },
  ];

  function takenOver(mode: RequestedMode, reused: boolean) {
    const table = new Uint8Array(SLOT_TABLE.size);
    const detached: number[] = [];
    const keeper = {
      attached: () => {},
      renamed: () => {},
      detached: ({ slot }: { slot: number }) => detached.push(slot),
    };
    const programs = { single: 3, frags: undefined };
    const interfaces = new WatchedInterfaces(programs, new SlotTable(table), counters(), mode, () => 0, keeper);
    const names = new Map([
      [1, 'bond0'],
      [2, 'bond1'],
    ]);
    interfaces.resume(remaining, names, reused);
    return { interfaces, table, detached };
  }

  beforeEach(() => {
    kernel.links.set(FIRST, { ifindex: 5, program: OLD });
    kernel.links.set(SECOND, { ifindex: 6, program: OLD });
    kernel.facts = (ifindex) => {
      const device = bonds[ifindex];
      return device && { ...ETH0, ...device, ifindex, kind: 'bond', xdpPrograms: programOn(ifindex) };
    };
  });

  it.each([true, false])(
    'on two bonds in native mode is kept on one; the other is attached to in generic mode (same maps: %s)',
    (reused) => {
      const { interfaces, table, detached } = takenOver('auto', reused);
      interfaces.attach();
      expect(kernel.attached).toEqual(['generic']);
      expect(kernel.closed).toEqual([SECOND]);
      expect(detached).toEqual([2]);
      expect(interfaces.attached()).toEqual([
        { name: 'bond0', ifindex: 5, mode: 'native' },
        { name: 'bond1', ifindex: 6, mode: 'generic' },
      ]);
      expect(interfaces.ledger()[1]?.mode_reason).toMatch(/members of two bonds cannot be told apart/);
      // Members are those of the first.
      expect([table[5], table[6], table[90]]).toEqual([1, 2, 1 | SLOT_LINK.member]);
    },
  );

  it('on two bonds is left unchanged if only native mode was requested', () => {
    const { interfaces, detached } = takenOver('native', true);
    expect(() => interfaces.attach()).toThrow(/members of two bonds cannot be told apart.*Use --mode auto/);
    expect(detached).toEqual([]);
    expect(programOn(6)).toEqual([OLD]);
  });

  it('is on one device only, although two links have its number: the other device left the namespace', () => {
    kernel.links.set(FIRST, { ifindex: 6, program: OLD });
    const { interfaces, detached } = takenOver('auto', false);
    interfaces.attach();
    expect(interfaces.attached()).toEqual([{ name: 'bond1', ifindex: 6, mode: 'native' }]);
    expect(interfaces.unfiltered()).toEqual([
      { name: 'bond0', why: 'the interface is in another network namespace now' },
    ]);
    expect(detached).toEqual([1]);
    expect(interfaces.check(0).map(({ code }) => code)).toEqual(['interface_gone']);
    expect(interfaces.check(1)).toEqual([]);
  });
});
