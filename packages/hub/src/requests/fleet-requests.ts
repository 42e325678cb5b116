/** Answers requests of people and commands: parses them, checks the role, calls the handler, writes the audit trail. */
import {
  type CheckedFleetRequest,
  type FleetAnswer,
  type FleetError,
  type FleetVerb,
  fleetRequestSchemas,
} from '@packetlog/common/fleet';
import { StateConflict, StateError } from '../state/hub-state.ts';
import type { Audit } from './audit.ts';
import { type Caller, type FleetHandler, type FleetHandlers, FleetRejection } from './handlers.ts';
import { changesSomething, isEnough, missingRoleText, neededRole } from './roles.ts';

/** Rejected requests in the trail for each person and minute: those of one person must not push out all others. */
const REJECTED_PER_MINUTE = 10;
const MINUTE_MS = 60_000;

export interface RequestParts {
  readonly handlers: FleetHandlers;
  readonly audit: Audit;
  readonly groupOf: (node: string) => string | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly failed: (error: unknown, message: string) => void;
}

export function isFleetVerb(text: string): text is FleetVerb {
  return Object.hasOwn(fleetRequestSchemas, text);
}

export class FleetRequests {
  readonly #parts: RequestParts;
  readonly #rejected = new Map<string, number>();
  #rejectedSince = 0;

  constructor(parts: RequestParts) {
    this.#parts = parts;
  }

  /** Never rejects. */
  async ask<Verb extends FleetVerb>(verb: Verb, request: unknown, caller: Caller): Promise<FleetAnswer<Verb>> {
    const parsed = fleetRequestSchemas[verb].safeParse(request);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const field = issue?.path.join('.') ?? '';
      const message = `${field || 'request'}: ${issue?.message ?? 'not valid'}`;
      return { ok: false, error: { code: 'invalid', message, ...(field !== '' && { field }) } };
    }
    const checked = parsed.data as CheckedFleetRequest<Verb>;
    const answer = await this.#answer(verb, checked, caller);
    if (changesSomething(verb)) await this.#write(verb, checked, caller, answer.ok ? undefined : answer.error);
    return answer;
  }

  async #answer<Verb extends FleetVerb>(
    verb: Verb,
    request: CheckedFleetRequest<Verb>,
    caller: Caller,
  ): Promise<FleetAnswer<Verb>> {
    const { handlers, groupOf } = this.#parts;
    const needed = neededRole(verb, request, groupOf);
    if (!isEnough(caller.role, needed)) {
      return { ok: false, error: { code: 'forbidden', message: missingRoleText(needed) } };
    }
    const handler = handlers[verb] as FleetHandler<Verb> | undefined;
    if (handler === undefined) return { ok: false, error: { code: 'unavailable', message: noHandlerText(verb) } };
    try {
      return { ok: true, value: await handler(request, caller) };
    } catch (error) {
      return { ok: false, error: this.#errorOf(error, verb) };
    }
  }

  #errorOf(error: unknown, verb: FleetVerb): FleetError {
    if (error instanceof FleetRejection) return { code: error.code, message: error.message, ...error.details };
    if (error instanceof StateConflict) {
      return { code: 'conflict', message: 'Another change came first. Read the state again, and repeat the change.' };
    }
    this.#parts.failed(error, `the request ${verb} failed`);
    if (error instanceof StateError) return { code: 'unavailable', message: error.message };
    return { code: 'internal', message: 'The hub failed to do this. Its log says why.' };
  }

  async #write(
    verb: FleetVerb,
    request: CheckedFleetRequest<FleetVerb>,
    { person, address }: Caller,
    error: FleetError | undefined,
  ): Promise<void> {
    if (error !== undefined && !this.#hasRoomForRejected(person)) return;
    const entry = {
      at_ms: this.#parts.now(),
      person,
      ...(address !== undefined && { address }),
      what: verb,
      target: targetOf(request),
      ...(error !== undefined && { rejected: error.message }),
    };
    await this.#parts.audit.add(entry).catch((cause: unknown) => {
      this.#parts.failed(cause, 'the audit trail could not be written');
    });
  }

  #hasRoomForRejected(person: string): boolean {
    const now = this.#parts.now();
    if (now - this.#rejectedSince >= MINUTE_MS) {
      this.#rejected.clear();
      this.#rejectedSince = now;
    }
    const count = (this.#rejected.get(person) ?? 0) + 1;
    this.#rejected.set(person, count);
    return count <= REJECTED_PER_MINUTE;
  }
}

/** Returns what a request is about, such as `web1`, or `web1 to web2` for a new name or group. */
function targetOf(request: object): string {
  const fields = request as Readonly<Record<string, unknown>>;
  const texts = ['node', 'person', 'to', 'group', 'id'].flatMap((name) =>
    typeof fields[name] === 'string' ? [fields[name]] : [],
  );
  return texts.join(' to ');
}

function noHandlerText(verb: FleetVerb): string {
  return `${verb} needs the running hub. Start it: packetlog hub.`;
}
