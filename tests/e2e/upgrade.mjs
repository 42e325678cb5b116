// @ts-check
/**
 * Upgrades the program in place, several times, as a loader does that starts after another one ended:
 * `upgrade.mjs INTERFACE BPF_FILE_SYSTEM TIMES`. Prints {"attached": true} and, after a line of input,
 * {"upgrades": n, "programs": number of different programs}. Its pins stay.
 */
import { createInterface } from 'node:readline';
import { updateLink } from '../../packages/loader/dist/native/bpf-objects.js';
import { closeDescriptor, interfaceIndex } from '../../packages/loader/dist/native/libc.js';
import { attach, linkFacts } from '../../packages/loader/dist/xdp/attach/attach.js';
import { findLeftoverPins } from '../../packages/loader/dist/xdp/pinning/leftover-pins.js';
import { Pins } from '../../packages/loader/dist/xdp/pinning/pins.js';
import { loadProgram } from '../../packages/loader/dist/xdp/program.js';
import { SlotTable } from '../../packages/loader/dist/xdp/slots.js';

const [name = '', place, times = '0'] = process.argv.slice(2);
const OPTIONS = /** @type {const} */ ({
  transport: 'auto',
  ringBytes: 1 << 20,
  logPermits: true,
  clock: 'precise',
  sample: 1,
});

/** @type {(program: ReturnType<typeof loadProgram>, leftover?: Exclude<ReturnType<typeof findLeftoverPins>, 'discarded'>) => Pins} */
const pinsOf = (program, leftover) =>
  new Pins(
    { transport: program.transportName, ringBytes: OPTIONS.ringBytes, maps: program.maps },
    place,
    leftover,
    program.reused,
  );

const ifindex = interfaceIndex(name);
const first = loadProgram(OPTIONS);
const slot = new SlotTable(first.slots).assign(name, ifindex);
const { link, mode } = attach(first, name, { ifindex, kind: undefined }, 'native');
const pins = pinsOf(first);
pins.pin([{ slot, mode, name, fd: link }]);
pins.leave();
console.log(JSON.stringify({ attached: true }));

for await (const _ of createInterface({ input: process.stdin })) break;
const programs = new Set();
for (let upgrade = 0; upgrade < Number(times); upgrade++) {
  const leftover = findLeftoverPins(place);
  const found = leftover === 'discarded' ? undefined : leftover?.links[0];
  if (!leftover || leftover === 'discarded' || !found) throw new Error('nothing to take over');
  const program = loadProgram({ ...OPTIONS, leftover });
  if (!program.reused) throw new Error('the maps were not taken over');
  const { errno } = updateLink(found.fd, (found.mode === 'native_frags' ? program.frags : undefined) ?? program.single);
  if (errno) throw new Error(`upgrade ${upgrade}: errno ${errno}`);
  programs.add(linkFacts(found.fd).program);
  const next = pinsOf(program, leftover);
  next.pin([{ ...found, name }]);
  next.leave();
  closeDescriptor(found.fd);
}
console.log(JSON.stringify({ upgrades: Number(times), programs: programs.size }));
