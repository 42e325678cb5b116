/** Why a change of the rules was rejected, in the form that the caller receives. */
import type { RulesError } from '@packetlog/common';

export class RulesRejection extends Error {
  override readonly name = 'RulesRejection';
  readonly error: RulesError;

  constructor(error: RulesError, options?: ErrorOptions) {
    super(error.message, options);
    this.error = error;
  }
}

export function invalid(message: string, field?: string): RulesRejection {
  return new RulesRejection(field === undefined ? { code: 'invalid', message } : { code: 'invalid', message, field });
}

export function notFound(message: string): RulesRejection {
  return new RulesRejection({ code: 'not_found', message });
}
