/** Changes the rules file while no loader runs, with the safety checks that apply without one. */
import { readdirSync } from 'node:fs';
import type { RulesError } from '@packetlog/common';
import { requireKernelFiles } from '../system/kernel-files.ts';
import { type EnforcedRules, readEnforcedRules } from '../xdp/enforced-rules.ts';
import { withBans, withWarnings } from './api/rule-notes.ts';
import { RulesApi } from './api/rules-api.ts';
import { Compiler } from './compiler/worker/compiler.ts';
import { Enforcement } from './engine/enforcement.ts';
import { RulesService } from './engine/rules-service.ts';
import { readStart, type Start } from './engine/start.ts';
import { KernelView } from './kernel-view.ts';
import { RulesRejection } from './ruleset/rejection.ts';
import { isExpired, type Ruleset } from './ruleset/ruleset.ts';
import { Machine } from './safety/machine.ts';
import type { FactSources } from './safety/machine-facts.ts';
import { gatherProtected } from './safety/protected-sources.ts';
import { AuditLog } from './store/audit-log.ts';
import { storedBans } from './store/bans-file.ts';
import { readCounts } from './store/counts-file.ts';
import { RuleStore } from './store/rule-store.ts';
import { lockRules } from './store/rules-lock.ts';
import {
  checkOwnerRights,
  checkStateDirectory,
  makeStateDirectory,
  pathsForRoot,
  type StatePaths,
} from './store/state-directory.ts';

/** The number of counter slots of a loader on a machine with enough memory. */
const COUNTER_SLOTS = 16_384;
const MAX_SLOTS = 63;
const TABLES = '/proc/self/net';
/** Enough to describe rules that were removed recently. */
const AUDIT_ENTRIES = 1000;

export interface OfflineRules {
  readonly rulesApi: RulesApi;
  readonly alarms: readonly string[];
  /** The rules that an earlier loader left in the kernel; undefined if there are none or they cannot be read. */
  readonly enforced: EnforcedRules | undefined;
  close(): Promise<void>;
}

export interface OfflineOptions {
  readonly paths: StatePaths;
  readonly protect: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** The bpf file system to search for pins; undefined: the default one. */
  readonly bpfFs?: string | undefined;
  /** Path of the network namespace whose rules to read; undefined: that of this process. */
  readonly netns?: string | undefined;
  /** Returns names of processes by inode of their socket; undefined: they belong to another network namespace. */
  readonly socketOwners?: FactSources['owners'];
  /** Returns whether a loader answers: one that was starting may have become ready. */
  readonly isServed?: () => Promise<boolean>;
}

/**
 * Opens and locks the rules: no loader and no other command can change them until `close`. Resolves with undefined if
 * a loader answers, which then takes the requests. Throws RulesFileError, SetupError, or the file system's error.
 */
export async function openOffline(given: OfflineOptions): Promise<OfflineRules | undefined> {
  requireKernelFiles();
  checkStateDirectory(given.paths);
  checkOwnerRights(given.paths);
  const options = { ...given, paths: pathsForRoot(given.paths) };
  const { paths, isServed } = options;
  makeStateDirectory(paths);
  const unlock = await lockRules(paths, isServed === undefined ? {} : { isServed });
  if (unlock === undefined) return undefined;
  try {
    return await openLocked(options, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

async function openLocked(
  { paths, protect, environment, bpfFs, netns, socketOwners }: OfflineOptions,
  unlock: () => void,
): Promise<OfflineRules> {
  const compiler = new Compiler();
  const notices: string[] = [];
  const store = new RuleStore(paths, {
    // The rules written here are not in force yet.
    keepsGood: false,
    keptAside: (copy) =>
      notices.push(`The rules file was overwritten. Its previous content was not usable; a copy is kept: ${copy}.`),
  });
  const audit = new AuditLog(paths.audit);
  const start = await readStart(store, compiler, paths);
  const names = readdirSync('/sys/class/net').slice(0, MAX_SLOTS);
  const enforcement = new Enforcement({ publish: async () => {}, end: async () => {} }, compiler, {
    interfaces: names.map((name, i) => ({ name, slot: i + 1 })),
    counterSlots: COUNTER_SLOTS,
    tables: TABLES,
  });
  const protectedNow = (now: Ruleset) =>
    gatherProtected({
      procNet: TABLES,
      environment,
      operators: [],
      servedPort: undefined,
      protect: [...now.protect, ...protect],
    });
  const machine = new Machine(() => ({ procNet: TABLES, servedPort: undefined, owners: socketOwners }));
  const service = new RulesService({
    enforcement,
    store,
    rulesFile: paths.rules,
    audit,
    protectedNow,
    confirmMs: undefined,
    changed: () => {},
    notice: () => {},
  });
  await service.begin(startFromEdit(start));
  // Only a loader can put the edit in force as a pending change.
  if (start.edited !== undefined) {
    store.acceptNothing();
    store.fileAgrees(start.edited);
  }
  const enforced = readKernel(bpfFs, netns);
  const bans = storedBans(paths.bans);
  const kernel = new KernelView({
    enforced: enforced.rules,
    compiler,
    bans,
    kept: readCounts(paths.counts),
    audit: () => audit.newest(AUDIT_ENTRIES),
  });
  const rulesApi = new RulesApi({
    service,
    audit,
    compiler,
    snapshot: () => withWarnings(service.snapshot({ enforcing: false, pinned: false }), undefined),
    inForce: (snapshot) => kernel.of(withBans(snapshot, bans), service.ruleset),
    bans: () => bans.filter((ban) => !isExpired(ban, Date.now())),
    dryRun: () => Promise.reject(new RulesRejection(NO_TRAFFIC)),
    proposePermits: () => {
      const { top, interfaces } = enforcement;
      // A rule for one interface is not expected to name the loopback interface, too.
      const outside = interfaces.filter(({ name }) => name !== 'lo');
      return machine.proposePermits({ top, interfaces: outside, protectedNow: protectedNow(top.ruleset) });
    },
    failed: (error) => {
      throw error;
    },
  });
  return {
    rulesApi,
    get alarms() {
      return [...service.alarms.all.map(({ message }) => message), ...enforced.alarms, ...notices];
    },
    enforced: enforced.rules,
    close: async () => {
      try {
        await service.end();
      } finally {
        await compiler.close().finally(unlock);
      }
    },
  };
}

/** Starts from the edited file, which a loader checks when it starts: nothing is in force here. */
function startFromEdit({ edited, base, ...start }: Start): Start {
  return { ...start, base: edited ?? base, edited: undefined, from: 'last good copy' };
}

/**
 * Reads the kernel's rules. A failure is only an alarm: a caller that may change the rules file may lack access to the
 * kernel.
 */
function readKernel(
  bpfFs: string | undefined,
  netns: string | undefined,
): { rules: EnforcedRules | undefined; alarms: readonly string[] } {
  try {
    return { rules: readEnforcedRules(bpfFs, netns), alarms: [] };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { rules: undefined, alarms: [`The rules in the kernel cannot be read: ${why}`] };
  }
}

const NO_TRAFFIC: RulesError = {
  code: 'unavailable',
  message: 'A dry run needs live packets, and packetlog is not running. Start it: packetlog run.',
};
