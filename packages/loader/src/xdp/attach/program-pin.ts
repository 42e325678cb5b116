/** Finds the pin that keeps a BPF program, in the bpf file systems of this mount namespace. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pinnedObject } from '../../native/bpf-objects.ts';
import { closeDescriptor } from '../../native/libc.ts';
import { parseMounts } from '../../system/mounts.ts';

/** Limits of the search: pins of large systems are deeper or more numerous, and then none is named. */
const MAX_DEPTH = 5;
const MAX_PINS = 2000;

/** Returns the path of a pin of this program or of a link to it; undefined if none is found. */
export function programPin(program: number, roots = bpfFileSystems()): string | undefined {
  const line = new RegExp(`^prog_id:\\s*${program}$`, 'm');
  let left = MAX_PINS;
  const search = (directory: string, depth: number): string | undefined => {
    for (const entry of entriesOf(directory)) {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) {
        const found = depth < MAX_DEPTH ? search(path, depth + 1) : undefined;
        if (found !== undefined) return found;
      } else if (entry.isFile() && left-- > 0 && line.test(descriptorInfo(path))) return path;
    }
    return undefined;
  };
  for (const root of roots) {
    const found = search(root, 0);
    if (found !== undefined) return found;
  }
  return undefined;
}

function bpfFileSystems(): string[] {
  const mounts = parseMounts(readFileSync('/proc/self/mountinfo', 'utf8'));
  return mounts.filter(({ type }) => type === 'bpf').map(({ point }) => point);
}

function entriesOf(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** Returns the text of /proc/self/fdinfo for a descriptor of the pinned object. */
function descriptorInfo(path: string): string {
  const { value, errno } = pinnedObject(path);
  if (errno) return '';
  try {
    return readFileSync(`/proc/self/fdinfo/${value}`, 'utf8');
  } catch {
    return '';
  } finally {
    closeDescriptor(value);
  }
}
