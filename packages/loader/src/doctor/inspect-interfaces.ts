/** Observes the interfaces that `packetlog run` would watch. Call it in their network namespace. */
import { release } from 'node:os';
import type { RequestedMode } from '../ipc/settings.ts';
import type { LinkFacts } from '../native/link-message.ts';
import { allLinks, linkFactsOf, namedInterface } from '../native/rtnetlink.ts';
import { chooseInterfaces } from '../reader/choose-interfaces.ts';
import { otherRoutesProblem } from '../system/default-route.ts';
import { lookUpInterface } from '../system/interface-lookup.ts';
import { printableName } from '../system/interface-name.ts';
import { isBefore } from '../system/kernel-version.ts';
import { occupied } from '../xdp/attach/attach-errors.ts';
import { observeNative } from '../xdp/attach/observe-native.ts';
import { observeWarnings } from '../xdp/attach/observe-warnings.ts';
import { programHolder } from '../xdp/attach/program-holder.ts';
import { absentInterface, noSuchInterface } from '../xdp/attach/watch-errors.ts';
import { attempt, type Check, fail, ok, warn } from './doctor-check.ts';
import { driverCheck, linkTypeCheck, nativeCheck, vlanCheck } from './interface-checks.ts';

export interface InterfaceOptions {
  /** Names that were given; empty: those of the pins, or of the default route. */
  given: readonly string[];
  /** Interfaces may appear later. */
  waitForInterfaces: boolean;
  /** Those of the last start. */
  lastInterfaces: readonly string[];
  mode: RequestedMode;
  /** Pid of the loader that already runs with these settings. */
  loader: number | undefined;
  /** Ids of the programs that an earlier loader left pinned: the next one takes over. */
  leftoverPrograms: ReadonlySet<number>;
  /** Names of the interfaces that have them. */
  leftoverNames: readonly string[];
}

export function interfaceChecks(options: InterfaceOptions): Check[] {
  const { given, leftoverNames, waitForInterfaces, lastInterfaces } = options;
  return attempt('interface', () => {
    const choice = { interfaces: [...new Set(given)], waitForInterfaces, lastInterfaces };
    const { names, others } = chooseInterfaces(choice, leftoverNames.length > 0);
    const watched = names.length > 0 ? names : leftoverNames;
    const unwatched = others.map(printableName);
    return [
      ...watched.flatMap((name) => checksOf(name, options)),
      ...(unwatched.length > 0 ? [warn('interface', otherRoutesProblem(unwatched))] : []),
    ];
  });
}

function checksOf(given: string, { mode, loader, leftoverPrograms, waitForInterfaces }: InterfaceOptions): Check[] {
  return attempt('interface', () => {
    const name = lookUpInterface(given);
    const link = linkFactsOf(namedInterface(name));
    if (!link) return [missingCheck(printableName(name), waitForInterfaces)];
    const shown = printableName(link.name);
    const { state, member } = observeWarnings(link);
    const native = observeNative(link, !isBefore(release(), [5, 18]));
    const foreign = link.xdpPrograms.filter((id) => !leftoverPrograms.has(id));
    return [
      state ? warn('interface', state) : ok('interface', `${shown} is up`),
      driverCheck(shown, link.kind, native.driver),
      linkTypeCheck(shown, link),
      nativeCheck(native, mode),
      foreign.length > 0 ? takenCheck(shown, link, loader) : freeCheck(shown, link),
      member ? warn('membership', member) : ok('membership', `${shown} is not a part of a bond, team or bridge`),
      vlanCheck(shown, native.features, hasVlans(link)),
    ];
  });
}

function missingCheck(name: string, isAwaited: boolean): Check {
  return isAwaited ? warn('interface', absentInterface(name)) : fail('interface', noSuchInterface(name));
}

function takenCheck(name: string, { ifindex, xdpPrograms }: LinkFacts, loader: number | undefined): Check {
  const isRunning = loader !== undefined && xdpPrograms.some((id) => programHolder(id) === loader);
  return (isRunning ? warn : fail)('xdp_program', occupied(name, ifindex));
}

function freeCheck(name: string, { xdpPrograms }: LinkFacts): Check {
  const left =
    xdpPrograms.length > 0 ? 'the program of an earlier packetlog, which the next one takes over' : 'no XDP program';
  return ok('xdp_program', `${name} has ${left}`);
}

function hasVlans({ ifindex }: LinkFacts): boolean {
  return allLinks().some(({ kind, lower }) => kind === 'vlan' && lower === ifindex);
}
