/** Replays captured frames: decides which of them XDP would have seen, as which interface, and under which rules. */
import { INTERFACE_SLOTS } from '@packetlog/bpf';
import { PACKET_LOG_SIZE, PacketLogView } from '@packetlog/common';
import type { CapturedFrame, CaptureInterface } from '../capture-file/captured-frame.ts';
import { type NotReplayed, seenFrame } from '../capture-file/seen-frame.ts';
import { SetupError } from '../errors/setup-error.ts';
import type { ReplayBatch, ReplayProgram } from './replay-program.ts';
import type { ReplayRules } from './replay-rules.ts';

/** Frames of the file: `frames` is the sum of the others. */
export interface FrameCounts {
  frames: number;
  replayed: number;
  /** The capturing machine sent them: XDP sees received frames only. */
  outgoing: number;
  /** Less than 14 bytes were captured. */
  too_short: number;
  /** Their link type has neither Ethernet nor IP headers. */
  link_type: number;
}

export interface RuleHits {
  packets: number;
  bytes: number;
}

export interface ReplayOptions {
  readonly program: ReplayProgram;
  readonly rules: ReplayRules;
  /** Name for the interfaces that the file does not name. */
  readonly defaultName: string;
  /** Name for all interfaces, in place of those in the file. */
  readonly name: string | undefined;
  /** Receives the records of a batch. */
  readonly deliver: (batch: ReplayBatch) => void;
}

export class Replay {
  readonly counts: FrameCounts = { frames: 0, replayed: 0, outgoing: 0, too_short: 0, link_type: 0 };
  /** Frames by link type that was not replayed. */
  readonly otherLinkTypes = new Map<number, number>();
  /** Slot, which is the ifindex in records too, by interface name. */
  readonly slots = new Map<string, number>();
  /** What each rule decided, by its id. */
  readonly hits = new Map<number, RuleHits>();
  readonly #options: ReplayOptions;
  readonly #slotOf = new Map<CaptureInterface, number>();
  #period = -1;

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  /** Compiles the rules. Call it first. Throws SetupError. */
  async begin(): Promise<void> {
    const { program, rules } = this.#options;
    program.setRules(await rules.compile(this.slots, program.cpus));
  }

  /** Whether `add` takes frames of this interface. */
  knows(from: CaptureInterface): boolean {
    return this.#slotOf.has(from);
  }

  /** Prepares for frames of an interface. Throws SetupError. */
  async learn(from: CaptureInterface): Promise<void> {
    const { name, defaultName, rules } = this.#options;
    const called = name ?? from.name ?? defaultName;
    const known = this.slots.get(called);
    const slot = known ?? this.slots.size + 1;
    if (slot >= INTERFACE_SLOTS) throw tooManyInterfaces(called);
    this.#slotOf.set(from, slot);
    if (known !== undefined) return;
    this.flush();
    this.slots.set(called, slot);
    if (rules.interfaces.has(called)) await this.begin();
  }

  /** Replays a frame, unless XDP would not have seen it. */
  add(frame: CapturedFrame): void {
    const { program, rules } = this.#options;
    this.counts.frames++;
    const seen = seenFrame(frame);
    if (typeof seen === 'string') {
      this.#skip(seen, frame.interface.linkType);
      return;
    }
    this.counts.replayed++;
    const period = rules.periods.of(frame.timestampNs);
    if (period !== this.#period) this.#begin(period);
    program.run(seen, frame.timestampNs, this.#slotOf.get(frame.interface) ?? 0);
    if (program.isFull) this.flush();
  }

  /** Delivers the records of the frames so far. */
  flush(): void {
    const { program, rules, deliver } = this.#options;
    const batch = program.take();
    if (batch.count === 0) return;
    if (rules.ruleset.rules.length > 0) this.#count(batch);
    deliver(batch);
    // The clock goes on while frames run: set it back now and then.
    if (this.#period >= 0) this.#begin(this.#period);
  }

  #begin(period: number): void {
    this.#period = period;
    this.#options.program.setTime(this.#options.rules.periods.timeOf(period));
  }

  #skip(why: NotReplayed, linkType: number): void {
    this.counts[why]++;
    if (why === 'link_type') this.otherLinkTypes.set(linkType, (this.otherLinkTypes.get(linkType) ?? 0) + 1);
  }

  #count({ bytes, count }: ReplayBatch): void {
    const view = new PacketLogView(bytes, { count, stride: PACKET_LOG_SIZE, recordOffset: 0 });
    for (let i = 0; i < count; i++) {
      const rule = view.ruleId(i);
      if (rule === 0) continue;
      const hits = this.hits.get(rule) ?? { packets: 0, bytes: 0 };
      hits.packets++;
      hits.bytes += view.frameLength(i);
      this.hits.set(rule, hits);
    }
  }
}

function tooManyInterfaces(name: string): SetupError {
  return new SetupError({
    step: 'replay frames of',
    target: name,
    problem: `the file names more than ${INTERFACE_SLOTS - 1} interfaces`,
    next: 'Give all of them one name with --iface.',
    exit: 'failed',
  });
}
