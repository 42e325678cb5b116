/** Handlers of the requests of people. Each part of the hub adds its own: see `fleetRequestSchemas`. */
import type { CheckedFleetRequest, FleetError, FleetResults, FleetVerb, Role } from '@packetlog/common/fleet';

/** Who made a request. */
export interface Caller {
  readonly person: string;
  readonly role: Role;
  /** Absent: a command on the hub. */
  readonly address?: string;
}

/** Called after the request was parsed and the person's role checked. Throws FleetRejection. */
export type FleetHandler<Verb extends FleetVerb> = (
  request: CheckedFleetRequest<Verb>,
  caller: Caller,
) => Promise<FleetResults[Verb]> | FleetResults[Verb];

export type FleetHandlers = { readonly [Verb in FleetVerb]?: FleetHandler<Verb> };

/** The hub rejects a request. The message ends with the next step. */
export class FleetRejection extends Error {
  readonly code: FleetError['code'];
  readonly details: Pick<FleetError, 'field' | 'retry_after_ms'>;

  constructor(code: FleetError['code'], message: string, details: Pick<FleetError, 'field' | 'retry_after_ms'> = {}) {
    super(message);
    this.name = 'FleetRejection';
    this.code = code;
    this.details = details;
  }
}
