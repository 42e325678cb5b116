/** Runs a loaded XDP program on single frames: BPF_PROG_TEST_RUN. */
import { allocate, C, checked, unmap } from './native.ts';

const LARGEST_FRAME = 1 << 17;

/** struct bpf_test_run_opts of libbpf 1.x: the offsets used here, and its size. */
const RUN_OPTIONS = {
  data_in: 8,
  data_size_in: 24,
  data_size_out: 28,
  retval: 56,
  repeat: 60,
  duration: 64,
  size: 80,
} as const;

/** Returns a runner of the program behind `programFd`; `run` returns the program's result and the average ns of its runs. */
export function testRunner(programFd: number) {
  const frames = allocate(LARGEST_FRAME);
  const options = new Uint8Array(RUN_OPTIONS.size);
  const view = new DataView(options.buffer);
  view.setBigUint64(0, BigInt(RUN_OPTIONS.size), true);
  view.setBigUint64(RUN_OPTIONS.data_in, BigInt(frames.address), true);
  return {
    run(frame: Uint8Array, repeat: number): { returned: number; ns: number } {
      frames.bytes.set(frame);
      view.setUint32(RUN_OPTIONS.repeat, repeat, true);
      view.setUint32(RUN_OPTIONS.data_size_in, frame.length, true);
      // The kernel writes the frame's size here, and would read it as the available space in the next run.
      view.setUint32(RUN_OPTIONS.data_size_out, 0, true);
      checked('libbpf', 'bpf_prog_test_run_opts', [C.int, programFd], [C.bytes, options]);
      return { returned: view.getUint32(RUN_OPTIONS.retval, true), ns: view.getUint32(RUN_OPTIONS.duration, true) };
    },
    close: () => unmap(frames),
  };
}
