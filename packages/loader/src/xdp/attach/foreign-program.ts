/** The XDP program of another tool on an interface. */

import { objectInfo, programById, queryXdp } from '../../native/libbpf.ts';
import { closeDescriptor } from '../../native/libc.ts';

export interface ForeignProgram {
  id: number;
  name: string;
  mode: 'native' | 'generic' | 'hardware';
  loadedAt: Date | undefined;
}

/** Stands for a name that only CAP_SYS_ADMIN may read. */
export const UNKNOWN_NAME = '?';

/** struct bpf_prog_info of linux/bpf.h: id at 4, load_time at 40 (ns since boot), name at 64 (16 bytes). */
const PROG_INFO = { size: 80, loadTime: 40, name: 64, nameBytes: 16 };

export function foreignProgram(ifindex: number, now: { realMs: number; bootNs: bigint }): ForeignProgram | undefined {
  const { value, errno } = queryXdp(ifindex);
  if (errno) return undefined;
  const mode = (['native', 'generic', 'hardware'] as const).find((candidate) => value[candidate] !== 0);
  if (!mode) return undefined;
  return describe(value[mode], mode, now);
}

function describe(id: number, mode: ForeignProgram['mode'], now: { realMs: number; bootNs: bigint }): ForeignProgram {
  const program = programById(id);
  const unknown = { id, mode, name: UNKNOWN_NAME, loadedAt: undefined };
  if (program.errno) return unknown;
  const info = new Uint8Array(PROG_INFO.size);
  const { errno } = objectInfo(program.value, info);
  closeDescriptor(program.value);
  if (errno) return unknown;
  const name = info.subarray(PROG_INFO.name, PROG_INFO.name + PROG_INFO.nameBytes);
  const loadedNs = new DataView(info.buffer).getBigUint64(PROG_INFO.loadTime, true);
  return {
    id,
    mode,
    name: new TextDecoder().decode(name.subarray(0, name.indexOf(0))) || '(no name)',
    loadedAt: new Date(now.realMs - Number((now.bootNs - loadedNs) / 1_000_000n)),
  };
}

/** Formats the program: 'XDP program 41 "xdp_filter" (native, since 2026-01-01T00:00:00Z)'. */
export function describeForeignProgram(program: ForeignProgram): string {
  const since = program.loadedAt ? `, since ${program.loadedAt.toISOString().replace(/\.\d+Z$/, 'Z')}` : '';
  const name = program.name === UNKNOWN_NAME ? '' : ` ${JSON.stringify(program.name)}`;
  return `XDP program ${program.id}${name} (${program.mode}${since})`;
}
