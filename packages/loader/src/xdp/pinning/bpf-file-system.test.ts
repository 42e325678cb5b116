import { describe, expect, it } from 'vitest';
import { type Mount, parseMounts } from '../../system/mounts.ts';
import { accessTo } from './bpf-file-system.ts';

const ROOT: Mount = { id: 27, device: '254:0', point: '/', type: 'ext4', source: '/dev/vda' };
const BPF: Mount = { id: 40, device: '0:39', point: '/sys/fs/bpf', type: 'bpf', source: 'bpf' };
/** The same mounts as seen in another mount namespace. */
const copied = (mounts: Mount[]) => mounts.map((mount) => ({ ...mount, id: mount.id + 1000 }));

describe('the usual bpf file system', () => {
  it.each([
    [
      'is ours and the machine’s: used as it is',
      [ROOT, BPF],
      [ROOT, BPF],
      [1],
      { state: 'mounted', via: 'own', ours: false },
    ],
    ['is not mounted: mounted where we are', [ROOT], [ROOT], [1], { state: 'absent', via: 'own' }],
    [
      'is the machine’s, and we have a copy of the mount: used as it is',
      copied([ROOT, BPF]),
      [ROOT, BPF],
      [],
      { state: 'mounted', via: 'own', ours: false },
    ],
    [
      'is the machine’s, and we have none: used through the first process',
      copied([ROOT]),
      [ROOT, BPF],
      [1, 77],
      { state: 'mounted', via: 1, ours: false },
    ],
    [
      'is another one here, which ends with us: not used',
      copied([ROOT, { ...BPF, device: '0:99' }]),
      [ROOT, BPF],
      [77],
      { state: 'mounted', via: 77, ours: false },
    ],
    [
      'is nowhere, and these mounts end with us: mounted for the machine',
      copied([ROOT]),
      [ROOT],
      [77],
      { state: 'absent', via: 77 },
    ],
    ['is out of reach', copied([ROOT]), [ROOT, BPF], [], { state: 'unreachable' }],
    [
      'was mounted by this project: its to unmount',
      [ROOT, { ...BPF, source: 'packetlog' }],
      [ROOT, { ...BPF, source: 'packetlog' }],
      [1],
      { state: 'mounted', via: 'own', ours: true },
    ],
  ])('%s', (_, own, machine, candidates, access) => {
    expect(accessTo(own, machine, candidates)).toEqual(access);
  });
});

describe('a list of mounts', () => {
  it('is read with or without optional fields, and with blanks in names', () => {
    const text = [
      '27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard',
      '67 48 0:39 / /sys/fs/bpf rw,relatime shared:9 master:2 - bpf packetlog rw,mode=700',
      String.raw`90 27 0:50 / /mnt/a\040b\134c rw - tmpfs tmpfs rw`,
      '',
    ].join('\n');
    expect(parseMounts(text)).toEqual([
      { id: 27, device: '254:0', point: '/', type: 'ext4', source: '/dev/vda' },
      { id: 67, device: '0:39', point: '/sys/fs/bpf', type: 'bpf', source: 'packetlog' },
      { id: 90, device: '0:50', point: String.raw`/mnt/a b\c`, type: 'tmpfs', source: 'tmpfs' },
    ]);
  });
});
