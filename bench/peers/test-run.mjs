/** Runs XDP programs repeatedly on one frame (BPF_PROG_TEST_RUN), and reads the average time per packet. */
import { OBJECT_PATH } from '../../packages/bpf/dist/index.js';
import { C, call } from '../../packages/loader/dist/native/ffi.js';
import * as libbpf from '../../packages/loader/dist/native/libbpf.js';
import { loadProgram } from '../../packages/loader/dist/xdp/program.js';

export const PACKETS = 200_000;
export const RING_BYTES = 64 << 20;
const LOOPBACK_IFINDEX = 1;

/** @param {{ value: number, errno: number }} outcome */
export function need({ value, errno }) {
  if (errno) throw new Error(`errno ${errno}`);
  return value;
}

/** An IPv4 UDP frame; programs of traffic/random_source.bpf.c overwrite its source. */
const frame = Uint8Array.from(
  `020000000002 020000000001 0800 45000032 00004000 4011 0000 c0000201 0a000001 c350 0035 001e 0000 ${'00'.repeat(22)}`
    .replaceAll(' ', '')
    .match(/../g) ?? [],
  (byte) => Number.parseInt(byte, 16),
);

/** Returns the average ns of a program per packet. @param {number} program @param {number} [packets] */
export function measure(program, packets = PACKETS) {
  const address = frameMemory();
  const options = new Uint8Array(80); // struct bpf_test_run_opts
  const view = new DataView(options.buffer);
  view.setBigUint64(0, 80n, true);
  view.setBigUint64(8, BigInt(address), true); // data_in
  view.setUint32(24, frame.length, true); // data_size_in
  view.setUint32(60, packets, true); // repeat
  const { value } = call('libbpf', 'bpf_prog_test_run_opts', C.int, [
    [C.int, program],
    [C.bytes, options],
  ]);
  if (value < 0) throw new Error(`test run: errno ${-value}`);
  return view.getUint32(64, true);
}

/** @type {number | undefined} */
let memory;

/** Returns the address of a copy of the frame. */
function frameMemory() {
  if (memory !== undefined) return memory;
  const protection = 3;
  const privateAnonymous = 0x22;
  const { value } = call('libc', 'mmap', C.pointer, [
    [C.size, 0],
    [C.size, 4096],
    [C.int, protection],
    [C.int, privateAnonymous],
    [C.int, -1],
    [C.long, 0],
  ]);
  call('libc', 'memcpy', C.pointer, [
    [C.pointer, value],
    [C.bytes, frame],
    [C.size, frame.length],
  ]);
  memory = value;
  return value;
}

/** Loads an object. Returns the descriptors of its programs and maps by name. @param {string} path */
export function load(path) {
  const opened = need(libbpf.openObject(path));
  need(libbpf.loadObject(opened));
  return {
    program: (/** @type {string} */ name) => libbpf.programDescriptor(need(libbpf.findProgram(opened, name))),
    map: (/** @type {string} */ name) => libbpf.mapDescriptor(need(libbpf.findMap(opened, name))),
  };
}

/** Loads traffic/random_source.bpf.c, whose programs tail-call `next`. @param {string} path @param {number} [next] */
export function loadSources(path, next) {
  const object = load(path);
  if (next !== undefined) need(libbpf.putMap(object.map('next'), 0, next));
  return object;
}

/** Overwrites the only value of a map. @param {number} map @param {Uint8Array} value */
export function setValue(map, value) {
  const { value: outcome } = call('libbpf', 'bpf_map_update_elem', C.int, [
    [C.int, map],
    [C.bytes, new Uint8Array(4)],
    [C.bytes, value],
    [C.size, 0],
  ]);
  if (outcome < 0) throw new Error(`set value: errno ${-outcome}`);
}

/** Loads PacketLog's program as the loader does. */
export function loadPacketlog(objectPath = OBJECT_PATH) {
  const packetlog = loadProgram({
    transport: 'array',
    ringBytes: RING_BYTES,
    logPermits: true,
    sample: 1,
    clock: 'precise',
    objectPath,
  });
  packetlog.slots[LOOPBACK_IFINDEX] = 1;
  return packetlog;
}

/**
 * Measures a program that tail-calls PacketLog's, with rings in the polling state, as with a reader at such rates.
 * @param {ReturnType<typeof loadPacketlog>} packetlog @param {number} program
 */
export function measurePacketlog({ transport }, program) {
  const ns = measure(program);
  for (const ring of transport.rings) {
    ring.drain(() => {}, RING_BYTES);
    ring.commit(transport.canPoll ? 'polling' : 'holdLast');
  }
  return ns;
}
