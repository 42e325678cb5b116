/** What the kernel's verifier says about a program of the compiled object. */
import { OBJECT_PATH, PROGRAMS } from '@packetlog/bpf';
import { C, call, checked } from './native.ts';

const LOG_BYTES = 1 << 20;
/** BPF_LOG_STATS of the kernel. */
const STATISTICS = 4;

/** Returns the stack depth of each function of a program in bytes, as the verifier reports it. */
export function stackDepths(program: string): number[] {
  const object = call('libbpf', 'bpf_object__open_file', C.pointer, [C.string, OBJECT_PATH], [C.size, 0]).value;
  const find = (name: string) =>
    call('libbpf', 'bpf_object__find_program_by_name', C.pointer, [C.pointer, object], [C.string, name]).value;
  const log = new Uint8Array(LOG_BYTES);
  try {
    for (const name of Object.values(PROGRAMS).flatMap((each) => Object.values(each))) {
      checked('libbpf', 'bpf_program__set_autoload', [C.pointer, find(name)], [C.int, name === program ? 1 : 0]);
    }
    checked('libbpf', 'bpf_program__set_log_buf', [C.pointer, find(program)], [C.bytes, log], [C.size, log.length]);
    checked('libbpf', 'bpf_program__set_log_level', [C.pointer, find(program)], [C.unsigned, STATISTICS]);
    checked('libbpf', 'bpf_object__load', [C.pointer, object]);
  } finally {
    call('libbpf', 'bpf_object__close', C.pointer, [C.pointer, object]);
  }
  const text = new TextDecoder().decode(log.subarray(0, log.indexOf(0)));
  const depths = /stack depth ([\d+]+)/.exec(text)?.[1];
  if (depths === undefined) throw new Error(`the verifier's log has no stack depth: ${text.slice(0, 300)}`);
  return depths.split('+').map(Number);
}
