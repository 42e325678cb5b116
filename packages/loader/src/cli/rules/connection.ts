/** Connects `packetlog rules` to the running loader or, if none runs, to the rules file. */
import type { LimitTriedRequest, RulesAnswer, RulesRequest, RulesVerb } from '@packetlog/common';
import { socketOwners } from '../../enrichment/socket-owners.ts';
import { privilegeAdvice } from '../../errors/privilege.ts';
import { SetupError } from '../../errors/setup-error.ts';
import type { Caller } from '../../ipc/rules-access.ts';
import { ControlClient, NoLoaderError } from '../../rules/control/control-client.ts';
import { type OfflineRules, openOffline } from '../../rules/offline-rules.ts';
import { RulesFileError } from '../../rules/store/rules-document.ts';
import { checkStateDirectory, type StatePaths } from '../../rules/store/state-directory.ts';
import { networkNamespaceId } from '../../system/network-namespace.ts';
import type { EnforcedRules } from '../../xdp/enforced-rules.ts';
import { commandUser } from '../process/command-user.ts';

export interface ConnectionOptions {
  readonly paths: StatePaths;
  readonly protect: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Path of the network namespace whose rules to change; undefined: that of this process. */
  readonly netns?: string | undefined;
  readonly bpfFs?: string | undefined;
}

const DENIED: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM']);

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #client: ControlClient;
  readonly #user: string;
  #offline: OfflineRules | undefined;
  #isChecked = false;

  constructor(options: ConnectionOptions) {
    const { environment, paths } = options;
    this.#options = options;
    const user = commandUser(environment);
    this.#user = user.user;
    this.#client = new ControlClient(paths.controlSocket, user);
  }

  /** True if no loader runs: only the file is changed. */
  get isOffline(): boolean {
    return this.#offline !== undefined;
  }

  /** The rules that the kernel enforces without a loader. */
  get enforced(): EnforcedRules | undefined {
    return this.#offline?.enforced;
  }

  get alarms(): readonly string[] {
    return this.#offline?.alarms ?? [];
  }

  /** Throws SetupError if neither a loader nor the file can be reached. */
  ask<Verb extends RulesVerb>(verb: Verb, request: RulesRequest<Verb>): Promise<RulesAnswer<Verb>> {
    return this.#either(
      () => this.#client.ask(verb, request),
      ({ rulesApi }, caller) => rulesApi.ask(verb, request, caller),
    );
  }

  /** Tells the running loader about the dry run of a limit. Returns false if none took it. */
  async limitTried(request: LimitTriedRequest): Promise<boolean> {
    try {
      return (await this.#isServed()) && (await this.#client.limitTried(request)).ok;
    } catch {
      // The dry run itself succeeded.
      return false;
    }
  }

  importBytes(query: Readonly<Record<string, string>>, list: Uint8Array): Promise<RulesAnswer<'import'>> {
    const flags = new Set(['force', 'skip_bad', 'allow_empty']);
    const request = Object.fromEntries(Object.entries(query).map(([k, v]) => [k, flags.has(k) ? v === 'true' : v]));
    return this.#either(
      () => this.#client.importBytes(query, list),
      ({ rulesApi }, caller) => rulesApi.importBytes(request, list, caller),
    );
  }

  async close(): Promise<void> {
    await this.#offline?.close();
  }

  async #either<T>(online: () => Promise<T>, offline: (rules: OfflineRules, caller: Caller) => Promise<T>): Promise<T> {
    if (this.#offline === undefined && (await this.#isServed())) {
      try {
        return await online();
      } catch (error) {
        if (!(error instanceof NoLoaderError)) throw asSetupError(this.#options.paths.controlSocket, error);
        // The loader ended between the check and the request.
        this.#isChecked = false;
      }
    }
    try {
      this.#offline ??= await openOffline({
        ...this.#options,
        ...(this.#options.netns === undefined && { socketOwners: (inodes) => socketOwners(undefined, inodes) }),
        isServed: () => this.#isServed(),
      });
    } catch (error) {
      throw asSetupError(this.#options.paths.rules, error);
    }
    if (this.#offline === undefined) return await this.#either(online, offline);
    const name = this.#user === 'root' ? 'root' : `root (${this.#user})`;
    return offline(this.#offline, { who: { name, via: 'file' }, mayChange: true, mayNameFiles: true });
  }

  /** Returns whether a loader answers. Throws SetupError if it watches another network namespace. */
  async #isServed(): Promise<boolean> {
    const { paths, netns } = this.#options;
    try {
      if (!this.#isChecked) await requireLoaderOf(paths, netns, this.#client);
      this.#isChecked = true;
      return true;
    } catch (error) {
      if (error instanceof NoLoaderError) return false;
      throw asSetupError(paths.controlSocket, error);
    }
  }
}

/**
 * Throws SetupError if the loader watches another network namespace: its rules would not apply to this one. Throws
 * NoLoaderError if no loader answers.
 */
async function requireLoaderOf(paths: StatePaths, netns: string | undefined, client: ControlClient): Promise<void> {
  checkStateDirectory(paths);
  const requested = networkNamespaceId(netns);
  const { pid, network_namespace } = await client.identity();
  if (network_namespace === requested) return;
  throw new SetupError({
    step: 'reach rules at',
    target: paths.controlSocket,
    problem: `the loader there (pid ${pid}) watches another network namespace (net:[${network_namespace}], not net:[${requested}])`,
    next: 'Select the namespace with --netns NAME, or set PACKETLOG_STATE_DIR to the state directory of the loader that watches this one.',
    exit: 'not_found',
  });
}

function asSetupError(target: string, cause: unknown): unknown {
  if (cause instanceof SetupError) return cause;
  const code = (cause as NodeJS.ErrnoException).code;
  if (DENIED.has(code)) {
    return new SetupError({
      step: 'reach rules at',
      target,
      problem: 'permission denied',
      next: privilegeAdvice({ command: 'packetlog rules …' }),
      exit: 'privilege',
      cause,
    });
  }
  const isFile = cause instanceof RulesFileError;
  return new SetupError({
    step: isFile ? 'read rules' : 'reach rules at',
    target,
    exit: isFile ? 'usage' : 'failed',
    cause,
  });
}
