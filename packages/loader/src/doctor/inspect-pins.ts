/** Observes the bpf file system, and what an earlier loader left in it. Changes nothing. */
import { accessSync, constants } from 'node:fs';
import type { RequestedTransport } from '../ipc/settings.ts';
import { closeDescriptor } from '../native/libc.ts';
import { hasCapability, ownCapabilities } from '../system/capabilities.ts';
import { linkFacts } from '../xdp/attach/attach.ts';
import { type BpfFileSystem, inspectBpfFileSystem, OURS } from '../xdp/pinning/bpf-file-system.ts';
import { MOUNT_YOURSELF, unreachableMounts } from '../xdp/pinning/bpf-file-system-errors.ts';
import { livingLinks, reusableTransport, STARTS_EMPTY, slotNames } from '../xdp/pinning/leftover-pins.ts';
import { PinDirectory, pinsInUse } from '../xdp/pinning/pin-directory.ts';
import { readAbout } from '../xdp/pinning/pin-names.ts';
import { cannotMakeDirectory } from '../xdp/pinning/private-directory.ts';
import { attempt, type Check, fail, ok, warn } from './doctor-check.ts';

export interface PinOptions {
  pin: 'auto' | 'always' | 'never';
  bpfFs: string | undefined;
  transport: RequestedTransport;
  /** Pid of the loader that already runs with these settings. */
  loader: number | undefined;
  /** Undefined: --ring-size is wrong. */
  ringBytes: number | undefined;
}

export interface PinFindings {
  checks: Check[];
  /** Ids of the programs that are pinned. */
  programs: ReadonlySet<number>;
  /** Names of their interfaces. */
  names: readonly string[];
}

export function inspectPins(options: PinOptions): PinFindings {
  let left: PinFindings = none();
  const checks = attempt('bpf_fs', () => {
    const found = inspectBpfFileSystem(options.bpfFs);
    if (found === undefined) return [absentCheck(options.pin)];
    if (found === 'unreachable') return [unreachableCheck(options.pin)];
    const access = accessCheck(found, options.pin);
    const pins = attempt('pins', () => {
      const seen = readPins(found, options);
      left = seen;
      return seen.checks;
    });
    return [access, ...pins];
  });
  return { ...left, checks };
}

function absentCheck(pin: PinOptions['pin']): Check {
  if (pin === 'never') return NOT_NEEDED;
  if (hasCapability(ownCapabilities(), 'CAP_SYS_ADMIN'))
    return ok('bpf_fs', 'No bpf file system is mounted; packetlog mounts one when it pins');
  const problem = 'No bpf file system is mounted, and only root can mount one: rules would end with packetlog';
  return (pin === 'always' ? fail : warn)('bpf_fs', { problem, next: MOUNT_YOURSELF });
}

function unreachableCheck(pin: PinOptions['pin']): Check {
  if (pin === 'never') return NOT_NEEDED;
  return pin === 'always' ? fail('bpf_fs', unreachableMounts()) : warn('bpf_fs', unreachableMounts());
}

const NOT_NEEDED = ok('bpf_fs', 'Not needed, because of --pin never');

/** A loader with `--pin auto` pins only once a rule denies something. */
function accessCheck({ path, base }: BpfFileSystem, pin: PinOptions['pin']): Check {
  try {
    accessSync(base, constants.W_OK);
    return ok('bpf_fs', `${path} is a bpf file system that only its owner can change`);
  } catch (cause) {
    if (pin === 'never') return ok('bpf_fs', `${path} is not writable, and --pin never does not need it`);
    const error = cannotMakeDirectory(`${path}/${OURS}`, (cause as NodeJS.ErrnoException).code, cause);
    return pin === 'always' ? fail('bpf_fs', error) : warn('bpf_fs', error);
  }
}

function readPins(fileSystem: BpfFileSystem, { transport, ringBytes, loader }: PinOptions): PinFindings {
  let directory: PinDirectory | undefined;
  try {
    directory = PinDirectory.openForReading(fileSystem, PinDirectory.ownName());
    if (!directory) {
      fileSystem.release();
      return none();
    }
    const owner = directory.owner();
    const links = livingLinks(directory);
    const programs = new Set(links.map(({ fd }) => linkFacts(fd).program));
    for (const { fd } of links) closeDescriptor(fd);
    const slots = slotNames(directory);
    const names = links.flatMap(({ slot }) => slots.get(slot) ?? []);
    if (owner !== undefined && owner === loader)
      return { checks: [ok('pins', `packetlog with pid ${owner} uses ${directory.path}`)], programs, names };
    if (owner !== undefined) return { checks: [fail('pins', pinsInUse(directory.path, owner))], programs, names };
    if (links.length === 0) return none();
    const isReused = reusableTransport(readAbout(directory), ringBytes ?? 0, transport) !== undefined;
    const left = `${directory.path} has the program of an earlier packetlog, which the next one takes over`;
    const next = 'Start packetlog with the options of the earlier one to keep them, or remove it: packetlog unload.';
    const check = isReused
      ? ok('pins', left)
      : warn('pins', { problem: `${left}. ${STARTS_EMPTY.slice(0, -1)}`, next });
    return { checks: [check], programs, names };
  } finally {
    directory?.close();
  }
}

const none = (): PinFindings => ({
  checks: [ok('pins', 'No earlier packetlog left its program in this network namespace')],
  programs: new Set(),
  names: [],
});
