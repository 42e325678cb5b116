/** `packetlog unload`: removes the leftover program, maps and pins of an earlier loader, and prints what it removed. */
import { EXIT } from '../errors/exit-codes.ts';
import { SetupError } from '../errors/setup-error.ts';
import { printableName } from '../system/interface-name.ts';
import { requireKernelFiles } from '../system/kernel-files.ts';
import { findBpfFileSystem } from '../xdp/pinning/bpf-file-system.ts';
import { PinDirectory } from '../xdp/pinning/pin-directory.ts';
import { type Removed, removePins } from '../xdp/pinning/removal.ts';

/** Removes the leftovers. `bpfFs`: undefined for the default one. Returns the exit code; throws SetupError. */
export function unload(bpfFs: string | undefined, print: (line: string) => void): number {
  requireKernelFiles();
  let removedAny = false;
  let firstError: SetupError | undefined;
  for (const name of directoryNames(bpfFs)) {
    try {
      const removed = removePins(bpfFs, name);
      if (removed) for (const line of sentences(removed)) print(line);
      removedAny ||= removed !== undefined;
    } catch (error) {
      // Leftovers of another network namespace may still be removable.
      if (!(error instanceof SetupError)) throw error;
      firstError ??= error;
    }
  }
  if (firstError) throw firstError;
  if (!removedAny) print('Nothing was loaded.');
  return EXIT.ok;
}

function directoryNames(bpfFs: string | undefined): string[] {
  const fileSystem = findBpfFileSystem(bpfFs);
  if (!fileSystem) return [];
  const names = PinDirectory.list(fileSystem);
  fileSystem.release();
  return names;
}

function sentences({ path, links, maps }: Removed): string[] {
  const lines = links.map(({ name, mode, program, isGone }) =>
    isGone
      ? `Removed the leftovers of ${printableName(name)}, which no longer exists.`
      : `Removed XDP program ${program} from ${printableName(name)} (${mode.replace('_', ' with ')}).`,
  );
  return [...lines, `Removed ${maps} ${maps === 1 ? 'map' : 'maps'} and ${path}.`];
}
