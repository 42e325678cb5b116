/** Why a change of the rules was not made, as it is sent to whoever asked. */
import type { RulesError } from '@packetlog/common';

export class RulesRefusal extends Error {
  override readonly name = 'RulesRefusal';
  readonly error: RulesError;

  constructor(error: RulesError, options?: ErrorOptions) {
    super(error.message, options);
    this.error = error;
  }
}

export function invalid(message: string, field?: string): RulesRefusal {
  return new RulesRefusal(field === undefined ? { code: 'invalid', message } : { code: 'invalid', message, field });
}

export function notFound(message: string): RulesRefusal {
  return new RulesRefusal({ code: 'not_found', message });
}
