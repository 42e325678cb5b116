import { SLOT_TABLE } from '@packetlog/bpf';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { InterfaceCounters } from '../kernel/interface-counters.ts';
import { SlotTable } from '../kernel/slots.ts';
import { SystemCallError } from '../native/libc.ts';
import type { LinkFacts } from '../native/link-message.ts';
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
  broadcast: new Uint8Array(6),
  xdpPrograms: [PROGRAM],
};
const kernel = vi.hoisted(() => ({ facts: (): unknown => undefined, closed: [] as number[] }));

vi.mock('../native/rtnetlink.ts', () => ({ linkFactsOf: () => kernel.facts() }));
vi.mock('../native/pinning.ts', () => ({ objectId: () => PROGRAM, updateLink: () => ({ value: 0, errno: 0 }) }));
vi.mock('../kernel/attach.ts', () => ({
  attach: () => ({ link: LINK, mode: 'native', reason: undefined }),
  linkFacts: () => ({ ifindex: IFINDEX, program: PROGRAM }),
}));
vi.mock('../native/libc.ts', async (original) => ({
  ...(await original<object>()),
  interfaceIndex: () => IFINDEX,
  interfaceName: () => 'eth0',
  closeDescriptor: (fd: number) => kernel.closed.push(fd),
}));

describe('a watched interface', () => {
  let interfaces: WatchedInterfaces;

  beforeEach(() => {
    kernel.closed = [];
    kernel.facts = () => ETH0;
    const counters = { seen: () => 0 } as unknown as InterfaceCounters;
    const slots = new SlotTable(new Uint8Array(SLOT_TABLE.size));
    interfaces = new WatchedInterfaces({ single: 3, frags: undefined }, slots, counters, 'auto', () => 0);
    interfaces.add('eth0');
    interfaces.attach();
  });

  it('is let go when it is in another network namespace', () => {
    kernel.facts = () => undefined;
    expect(interfaces.look(0).map(({ code }) => code)).toEqual(['interface_gone']);
    expect(kernel.closed).toEqual([LINK]);
    expect(interfaces.unfiltered()).toHaveLength(1);
  });

  it('keeps the program while the kernel does not say what it is', () => {
    kernel.facts = () => {
      throw new SystemCallError('RTM_GETLINK', ENOBUFS);
    };
    expect(interfaces.look(0)).toEqual([]);
    expect(kernel.closed).toEqual([]);
    expect(interfaces.attached()).toEqual([{ name: 'eth0', ifindex: IFINDEX, mode: 'native' }]);
    kernel.facts = () => ETH0;
    expect(interfaces.look(1)).toEqual([]);
  });
});
