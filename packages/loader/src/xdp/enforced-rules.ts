/** Reads the rules that an earlier loader left in force in the kernel, without changing them. */
import { INTERFACE_SLOTS, MAPS, RULE_COUNTER, RULE_HEADER, RULE_LINE, RULE_SLOTS } from '@packetlog/bpf';
import type { AttachMode } from '@packetlog/common';
import type { RuleCount } from '../ipc/rule-counts.ts';
import { mapShape } from '../native/bpf-objects.ts';
import { innerMapId, mapById } from '../native/libbpf.ts';
import { closeDescriptor, mapShared, monotonicTime, pageSize } from '../native/libc.ts';
import type { LinkFacts } from '../native/link-message.ts';
import { possibleCpus } from '../system/cpus.ts';
import { printableName } from '../system/interface-name.ts';
import { networkNamespaceId } from '../system/network-namespace.ts';
import { toKernelMonotonic } from '../system/time-namespace.ts';
import { devicesOf, unlessUnknown } from './attach/link-device.ts';
import { findBpfFileSystem } from './pinning/bpf-file-system.ts';
import { layoutFingerprint } from './pinning/layout-fingerprint.ts';
import { type LeftoverLink, livingLinks, slotNames } from './pinning/leftover-pins.ts';
import { PinDirectory } from './pinning/pin-directory.ts';
import { mapName, readAbout } from './pinning/pin-names.ts';
import { RuleCounters } from './rule-counters.ts';
import { RULE_OWNERS, RuleOwners } from './rule-owners.ts';

export interface EnforcedRules {
  /** Directory of the pins. */
  readonly path: string;
  /** Pid of a loader that runs on these pins, even with another state directory. */
  readonly owner: number | undefined;
  /** Where the program is attached. */
  readonly interfaces: readonly { name: string; ifindex: number; mode: AttachMode; slot: number }[];
  /** Undefined if another version created the maps, so that their layout is unknown. */
  readonly tables: EnforcedTables | undefined;
}

export interface EnforcedTables {
  /** The image in force; undefined if there is none, so that all packets are permitted. */
  readonly image: Uint8Array | undefined;
  /** Names by slot, including interfaces that are gone, as the image was compiled for. */
  readonly slots: readonly { name: string; slot: number }[];
  /** Number of counter slots, including slot 0. */
  readonly counterSlots: number;
  /** Counter slot by rule; may include deleted rules. */
  readonly owners: ReadonlyMap<number, number>;
  readonly counters: { read(slot: number): RuleCount };
}

/**
 * Returns the rules in force; undefined if no program is pinned. `given`: undefined for the usual bpf file system;
 * `netns`: path of a network namespace, undefined for the one of this thread. Takes no lock and changes nothing. Throws
 * SetupError, or the error of the file system.
 */
export function readEnforcedRules(given: string | undefined, netns?: string): EnforcedRules | undefined {
  const own = PinDirectory.ownName();
  const name = netns === undefined ? own : `net_${networkNamespaceId(netns)}`;
  const fileSystem = findBpfFileSystem(given);
  if (!fileSystem) return undefined;
  const directory = PinDirectory.openForReading(fileSystem, name);
  if (!directory) {
    fileSystem.release();
    return undefined;
  }
  try {
    const names = slotNames(directory);
    const links = livingLinks(directory);
    const interfaces = linksHere(links, names, name === own).map(({ slot, mode, ifindex, device }) => {
      const called = device?.name ?? names.get(slot) ?? String(ifindex);
      return { name: printableName(called), ifindex, mode, slot };
    });
    for (const { fd } of links) closeDescriptor(fd);
    if (interfaces.length === 0) return undefined;
    return {
      path: directory.path,
      owner: directory.owner(),
      interfaces,
      tables: tablesOf(directory, names, interfaces),
    };
  } finally {
    directory.close();
  }
}

/**
 * Filters links by device. A device that moved to another network namespace took its program along: no rule acts on the
 * device that has its ifindex here.
 */
function linksHere(
  links: readonly LeftoverLink[],
  names: ReadonlyMap<number, string>,
  isOurs: boolean,
): (LeftoverLink & { device?: LinkFacts })[] {
  // Devices of another namespace than this thread's cannot be queried.
  if (!isOurs) return [...links];
  const asked = unlessUnknown(() => devicesOf(links, ({ slot }, device) => names.get(slot) === device.name));
  if (asked === 'unknown') return [...links];
  return asked.flatMap(({ link, device }) => (device ? [{ ...link, device }] : []));
}

function tablesOf(
  directory: PinDirectory,
  names: ReadonlyMap<number, string>,
  interfaces: EnforcedRules['interfaces'],
): EnforcedTables | undefined {
  const about = readAbout(directory);
  if (about?.layout !== layoutFingerprint()) return undefined;
  const pinned = (map: string) => directory.get(mapName(about.generation, map));
  const images = pinned(MAPS.ruleImages);
  const counters = pinned(MAPS.ruleCounters);
  const owners = pinned(RULE_OWNERS);
  if (images === undefined || counters === undefined || owners === undefined) return undefined;
  const cpus = possibleCpus();
  const counterSlots = Math.floor(mapShape(counters).value.entries / cpus);
  const called = new Map([...names, ...interfaces.map(({ slot, name }) => [slot, name] as const)]);
  return {
    image: imageInForce(images),
    slots: [...called].filter(([slot]) => slot < INTERFACE_SLOTS).map(([slot, name]) => ({ name, slot })),
    counterSlots,
    owners: RuleOwners.open(counterSlots, owners).slots(),
    counters: new RuleCounters(mapped(counters, counterSlots * cpus * RULE_COUNTER.size), cpus),
  };
}

/** As `image_in_force` of rule_verdict.h. */
function imageInForce(images: number): Uint8Array | undefined {
  const provisional = imageAt(images, RULE_SLOTS.provisional);
  if (provisional !== undefined && stillHolds(provisional)) return provisional;
  return imageAt(images, RULE_SLOTS.confirmed);
}

function imageAt(images: number, index: number): Uint8Array | undefined {
  const { value: id, errno } = innerMapId(images, index);
  if (errno !== 0) return undefined;
  const map = mapById(id);
  if (map.errno !== 0) return undefined;
  const { value: shape } = mapShape(map.value);
  const image = mapped(map.value, shape.entries * RULE_LINE.size);
  closeDescriptor(map.value);
  return image;
}

/** Returns whether a provisional image has not expired. `readNs`: CLOCK_MONOTONIC as this process reads it, in ns. */
export function stillHolds(image: Uint8Array, readNs = monotonicTime(), toKernel = toKernelMonotonic): boolean {
  const until = new DataView(image.buffer, image.byteOffset).getBigUint64(RULE_HEADER.until_mono_ns, true);
  return toKernel(readNs) < until;
}

function mapped(fd: number, bytes: number): Uint8Array {
  const page = pageSize();
  return mapShared(fd, 0, Math.ceil(bytes / page) * page, 'read').subarray(0, bytes);
}
