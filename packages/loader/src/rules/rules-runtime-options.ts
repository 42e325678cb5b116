/** The settings and callbacks that a loader gives its rules. */
import type { Notice, Rule, RuleCounters } from '@packetlog/common';
import type { RuleHits } from '../ipc/rule-counts.ts';
import type { LoaderDescription } from './control/control-server.ts';
import type { FactSources } from './safety/machine-facts.ts';
import type { StatePaths } from './store/state-directory.ts';

export interface RulesRuntimeOptions {
  readonly paths: StatePaths;
  /** Addresses and networks from `--protect`. */
  readonly protect: readonly string[];
  readonly confirmMs: number;
  readonly environment: NodeJS.ProcessEnv;
  /** Port to which clients connect. */
  readonly servedPort: number | undefined;
  /** Returns the addresses of the clients that may change rules. */
  readonly operators: () => readonly string[];
  /** Returns the deny rules of the bans that outlived the last loader. */
  readonly bans: () => readonly Rule[];
  readonly changed: () => void;
  /** Called with new counts, before the report of the same second. */
  readonly counted: (counters: RuleCounters, hits: readonly RuleHits[]) => void;
  /** Bans denied packets. */
  readonly bansCounted: () => void;
  readonly notice: (notice: Notice) => void;
  /** Requests all rows for dry runs, or no longer. */
  readonly wantRows: (isWanted: boolean) => void;
  /** Returns names of processes by inode of their socket; undefined: they belong to another network namespace. */
  readonly socketOwners: FactSources['owners'];
  readonly failed: (error: unknown) => void;
  readonly loader: LoaderDescription;
}
