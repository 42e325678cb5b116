/** For tests: the rules service on a kernel that is played by the images it was given. */

import { RULE_HEADER } from '@packetlog/bpf';
import { type AuditEntry, ETHER_TYPE_IPV4, type Notice, parseAddress, ruleDraftSchema } from '@packetlog/common';
import type { RuleSlot } from '../../src/ipc/rule-slot.ts';
import type { CallerIdentity } from '../../src/ipc/rules-access.ts';
import { Mutex } from '../../src/mutex.ts';
import { Compiler } from '../../src/rules/compiler/worker/compiler.ts';
import { adding } from '../../src/rules/engine/change.ts';
import { Enforcement, type RuleKernel } from '../../src/rules/engine/enforcement.ts';
import { RulesService } from '../../src/rules/engine/rules-service.ts';
import { RuleImage } from '../../src/rules/index.ts';
import { contentHash } from '../../src/rules/ruleset/content-hash.ts';
import { RulesRejection } from '../../src/rules/ruleset/rejection.ts';
import { EMPTY_RULESET, type Ruleset } from '../../src/rules/ruleset/ruleset.ts';
import type { Protected } from '../../src/rules/safety/protected-sources.ts';
import { endRules, nodesOffset } from '../../src/xdp/end-rules.ts';

const TCP = 6;
const SYN = 0x02;

export const ROOT: CallerIdentity = { name: 'root', via: 'control', uid: 0 };

type Draft = Parameters<typeof ruleDraftSchema.parse>[0] & object;

export class FakeKernel implements RuleKernel {
  readonly #slots: { [Slot in RuleSlot]?: Uint8Array } = {};
  readonly published: { slot: RuleSlot; fresh: readonly number[] }[] = [];
  /** Thrown by the next calls, one each; undefined: that call succeeds. */
  faults: (Error | undefined)[] = [];
  /** Thrown by the next calls of `end`. */
  endFaults: Error[] = [];
  /** Rules that were ended without a new image. */
  readonly ended: number[] = [];
  /** Called when the next publication was sent, before it takes effect. */
  sent: (() => void) | undefined;
  /** The kernel gets one message after the other. */
  readonly #messages = new Mutex();
  /** Whether it has what was put there last. */
  isCurrent = true;

  publish(slot: RuleSlot, image: SharedArrayBuffer | undefined, fresh: readonly number[]): Promise<void> {
    return this.#messages.run(() => this.#publish(slot, image, fresh));
  }

  end(ids: readonly number[]): Promise<void> {
    return this.#messages.run(async () => {
      const fault = this.endFaults.shift();
      if (fault) throw fault;
      this.ended.push(...ids);
      for (const image of Object.values(this.#slots)) endRules(image.subarray(nodesOffset(image)), new Set(ids));
    });
  }

  async #publish(slot: RuleSlot, image: SharedArrayBuffer | undefined, fresh: readonly number[]): Promise<void> {
    const { sent } = this;
    this.sent = undefined;
    await Promise.resolve();
    sent?.();
    const fault = this.faults.shift();
    if (fault) throw fault;
    this.published.push({ slot, fresh });
    if (image) this.#slots[slot] = new Uint8Array(image).slice();
    else delete this.#slots[slot];
  }

  async inForce(): Promise<{ images: boolean }> {
    return { images: this.isCurrent };
  }

  /** What becomes of a TCP packet, as the program decides. */
  verdict(source: string, port = 80, at = Date.now()): string {
    const image = this.#inForce();
    if (image === undefined) return 'permit';
    const view = new DataView(parseAddress(source).buffer);
    const found = new RuleImage(image).verdict(
      {
        etherType: ETHER_TYPE_IPV4,
        ipProtocol: TCP,
        source: [view.getUint32(12)],
        destination: undefined,
        destinationPort: port,
        tcpFlags: SYN,
        length: 60,
        isFragment: false,
        interfaceSlot: 1,
      },
      BigInt(at) * 1_000_000n,
    );
    return found.by === 'rule' ? `${found.action} ${found.ruleId}` : found.action;
  }

  #inForce(): Uint8Array | undefined {
    const { provisional, confirmed } = this.#slots;
    if (provisional === undefined) return confirmed;
    const until = new DataView(provisional.buffer).getBigUint64(RULE_HEADER.until_mono_ns, true);
    return process.hrtime.bigint() < until ? provisional : confirmed;
  }
}

export function fakeService(options: { confirmMs?: number; counterSlots?: number } = {}) {
  const kernel = new FakeKernel();
  const compiler = new Compiler();
  const target = {
    interfaces: [{ name: 'eth0', slot: 1 }],
    counterSlots: options.counterSlots ?? 64,
    tables: '',
  };
  const saved: Ruleset[] = [];
  const wrote: { fileSaysIt: boolean }[] = [];
  const audit: AuditEntry[] = [];
  const accepted = new Set<string>();
  const unconfirmed = new Set<string>();
  const notices: Notice[] = [];
  const world = {
    protected: [] as Protected[],
    saveFault: undefined as Error | undefined,
    noteFault: undefined as Error | undefined,
    commitFault: undefined as Error | undefined,
    changes: 0,
    changed: () => {},
    /** Monotonic time of the trials of limits. */
    nowMs: 0,
  };
  const service = new RulesService({
    enforcement: new Enforcement(kernel, compiler, target, () => world.nowMs),
    store: {
      prepare: (ruleset, { fileSaysIt = false } = {}) => {
        if (world.saveFault) throw world.saveFault;
        return {
          commit: () => {
            if (world.commitFault) throw world.commitFault;
            accepted.add(contentHash(ruleset));
            saved.push(ruleset);
            wrote.push({ fileSaysIt });
          },
          abandon: () => {},
        };
      },
      noteUnconfirmed: (ruleset) => {
        if (world.noteFault) throw world.noteFault;
        unconfirmed.add(contentHash(ruleset));
      },
      isAccepted: (content) => accepted.has(content),
      isUnconfirmed: (content) => unconfirmed.has(content),
      fileAgrees: () => {},
    },
    rulesFile: '/etc/packetlog/rules.json',
    audit: { append: (entry) => audit.push(entry) },
    protectedNow: ({ protect }) => [
      ...world.protected,
      ...protect.map((address): Protected => ({ kind: 'protect', address, ports: [] })),
    ],
    confirmMs: 'confirmMs' in options ? options.confirmMs : 60_000,
    changed: () => {
      world.changes++;
      world.changed();
    },
    notice: (notice) => notices.push(notice),
  });
  return {
    kernel,
    service,
    saved,
    /** How each of them was written. */
    wrote,
    audit,
    notices,
    world,
    /** A rule that denies, unless `draft` says otherwise. */
    add: (draft: Draft, force = false) =>
      service.ask(adding({ rule: ruleDraftSchema.parse({ action: 'deny', ...draft }), force }, ROOT)),
    begin: (ruleset: Partial<Ruleset> = {}, edited?: Ruleset) =>
      service.begin({
        base: { ...EMPTY_RULESET, ...ruleset },
        from: 'last good copy',
        edited,
        fileAlarm: undefined,
        lost: [],
      }),
    end: async () => {
      await service.end();
      await compiler.close();
    },
  };
}

/** Returns the rejection as clients receive it, another error as it is, and undefined if the work succeeded. */
export async function rejection(work: Promise<unknown>): Promise<unknown> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof RulesRejection ? error.error : error;
}
