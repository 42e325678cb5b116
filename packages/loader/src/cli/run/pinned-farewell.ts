/** Formats the last message of a loader whose program stays in the kernel, and warns if it will not stay for long. */
import type { Notice } from '@packetlog/common';
import type { DrainLedger } from '../../ipc/messages.ts';
import { isContained } from '../../system/container.ts';
import { printableName } from '../../system/interface-name.ts';

export class PinnedFarewell {
  readonly #endsWithContainer: boolean;
  readonly #notice: (notice: Notice) => void;
  #isReported = false;

  /** `given`: the bpf file system of `--bpf-fs`, which is assumed to last; undefined: the default one. */
  constructor(given: string | undefined, notice: (notice: Notice) => void, contained = isContained()) {
    this.#endsWithContainer = given === undefined && contained;
    this.#notice = notice;
  }

  /**
   * Returns the path of the pins if they are certain to outlive the loader. In a container they are not: its bpf file
   * system ends with it, and it may end with the loader. Reports that once.
   */
  promised(pinned: string | undefined): string | undefined {
    if (pinned === undefined || !this.#endsWithContainer) return pinned;
    if (!this.#isReported) this.#notice({ at_ms: Date.now(), level: 'warning', code: 'pinned', message: WARNING });
    this.#isReported = true;
    return undefined;
  }

  /** Returns the last line of a loader whose program stays. */
  farewell({ interfaces }: Pick<DrainLedger, 'interfaces'>, pinned: string): string {
    const names = interfaces.filter(({ state }) => state === 'attached').map(({ name }) => printableName(name));
    const where = `The program stays on ${names.join(', ')}`;
    const next = 'The next packetlog takes over; packetlog unload removes it.';
    return this.#endsWithContainer
      ? `${where} until this container ends (${pinned}); afterwards nothing is denied. ${next}`
      : `${where} and keeps running without the loader (${pinned}). ${next}`;
  }
}

const WARNING =
  'Rules end with this container: it has a separate PID namespace, and pins in its /sys/fs/bpf end with it. ' +
  'To keep them, mount the bpf file system of the machine into the container and name it with --bpf-fs DIR.';
