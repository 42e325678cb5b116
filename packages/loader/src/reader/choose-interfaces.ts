/** Which interfaces to watch: those of the command line, of the previous loader, or of the default route. */
import type { Notice } from '@packetlog/common';
import { SetupError } from '../errors/setup-error.ts';
import type { DrainOptions } from '../ipc/messages.ts';
import { defaultRouteInterfaces } from '../system/default-route.ts';
import { printableName } from '../system/interface-name.ts';

export interface ChosenInterfaces {
  readonly names: readonly string[];
  /** Interfaces with a default route that are not watched, because another route is preferred. */
  readonly others: readonly string[];
  /** Set if there is no default route yet, and the interfaces of the last start are watched instead. */
  readonly check?: DefaultRouteCheck;
}

type Choice = Pick<DrainOptions, 'interfaces' | 'waitForInterfaces' | 'lastInterfaces'>;

/** `continues`: a previous loader's program is taken over, with its interfaces. Throws SetupError. */
export function chooseInterfaces(
  { interfaces, waitForInterfaces, lastInterfaces }: Choice,
  continues: boolean,
  find = defaultRouteInterfaces,
): ChosenInterfaces {
  if (interfaces.length > 0 || continues) return { names: interfaces, others: [] };
  const { preferred, others } = find();
  if (preferred.length > 0) return { names: preferred, others };
  if (waitForInterfaces && lastInterfaces.length > 0) {
    return { names: lastInterfaces, others: [], check: new DefaultRouteCheck(find) };
  }
  throw new SetupError({
    step: 'choose',
    target: 'interface',
    problem: 'there is no default route',
    next: 'Name one with --iface NAME (see: ip -br link).',
    exit: 'not_found',
  });
}

/** Waits for the default route, and compares it with the interfaces that are watched in its absence. */
export class DefaultRouteCheck {
  readonly #find: typeof defaultRouteInterfaces;
  #isDone = false;

  constructor(find: typeof defaultRouteInterfaces) {
    this.#find = find;
  }

  /** Whether `check` has to be called about once a second: no event signals a new route. */
  get waits(): boolean {
    return !this.#isDone;
  }

  /**
   * `watched`: the names of the interfaces that exist and have the program. Returns a notice if the default route uses
   * others. If none is watched, throws SetupError: a new start then chooses those of the default route.
   */
  check(watched: readonly string[], atMs: number): Notice | undefined {
    if (this.#isDone) return undefined;
    const { preferred } = this.#find();
    if (preferred.length === 0) return undefined;
    this.#isDone = true;
    const missing = preferred.filter((name) => !watched.includes(name)).map(printableName);
    if (missing.length === 0) return undefined;
    const route = missing.join(', ');
    if (watched.length === 0) {
      throw new SetupError({
        step: 'watch',
        target: 'the interfaces of the last start',
        problem: `none of them exists, and the default route uses ${route}`,
        next: 'Start packetlog again: it then watches the interfaces of the default route.',
        exit: 'not_found',
      });
    }
    const message = `The default route uses ${route}, which is not watched: when packetlog started there was no default route, and it watches the interfaces of its last start. Restart packetlog, or name all interfaces with --iface.`;
    return { at_ms: atMs, level: 'error', code: 'attach_failed', message };
  }
}
