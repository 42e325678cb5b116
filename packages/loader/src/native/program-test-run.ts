/** Runs an XDP program on single frames, without an interface: BPF_PROG_TEST_RUN. */
import { need } from './check.ts';
import { testRun } from './libbpf.ts';
import { allocate } from './libc.ts';

/** struct bpf_test_run_opts of libbpf 1.x: the offsets used here, and its size. */
const OPTIONS = { data_in: 8, data_size_in: 24, data_size_out: 28, retval: 56, repeat: 60, size: 80 } as const;
/** The frame follows the options. */
const FRAME = 128;

/**
 * Bytes of a frame that every kernel accepts for a program without frags: the smallest page less XDP_PACKET_HEADROOM and
 * struct skb_shared_info (`bpf_prog_test_run_xdp`, net/bpf/test_run.c). Such a program sees no more of a longer frame.
 */
const ONE_BUFFER = 4096 - 256 - 320;
/** Bytes that fit into one buffer and MAX_SKB_FRAGS pages, rounded down. */
const ALL_BUFFERS = 70_000;

export class ProgramTestRun {
  readonly #program: number;
  /** Bytes of a frame that the program gets, and counts, at most. */
  readonly mostBytes: number;
  readonly #address: number;
  readonly #bytes: Uint8Array;
  readonly #options: DataView;

  /** `frags`: the program that takes frames in several buffers, if the kernel has it. */
  constructor({ single, frags }: { readonly single: number; readonly frags: number | undefined }) {
    this.#program = frags ?? single;
    this.mostBytes = frags === undefined ? ONE_BUFFER : ALL_BUFFERS;
    const { address, bytes } = allocate(FRAME + ALL_BUFFERS);
    this.#address = address;
    this.#bytes = bytes;
    this.#options = new DataView(bytes.buffer, bytes.byteOffset, OPTIONS.size);
    this.#options.setBigUint64(0, BigInt(OPTIONS.size), true);
    this.#options.setBigUint64(OPTIONS.data_in, BigInt(address + FRAME), true);
    this.#options.setUint32(OPTIONS.repeat, 1, true);
  }

  /**
   * Runs the program on a frame of at least 14 bytes. Cuts frames that are longer than the kernel takes: no header that
   * the program can read lies there. Returns the XDP action; throws SetupError.
   */
  run(frame: Uint8Array): number {
    const size = Math.min(frame.length, this.mostBytes);
    this.#bytes.set(size === frame.length ? frame : frame.subarray(0, size), FRAME);
    this.#options.setUint32(OPTIONS.data_size_in, size, true);
    // The kernel writes the frame's size here, and reads it as the available space in the next run.
    this.#options.setUint32(OPTIONS.data_size_out, 0, true);
    need(testRun(this.#program, this.#address), 'run program on', `a frame of ${size} bytes`);
    return this.#options.getUint32(OPTIONS.retval, true);
  }
}
