/** Rules that cannot be compiled. Nothing is ever cut to fit: the rules that are in force stay in force. */
export class RulesCompileError extends Error {
  override readonly name = 'RulesCompileError';
  /** `limit`: more than the tables hold. `not_found`: a rule names a set that is not there. */
  readonly code: 'limit' | 'not_found';
  /** For `limit`: how many there may be. */
  readonly limit: number | undefined;

  constructor(code: 'limit' | 'not_found', message: string, limit?: number) {
    super(message);
    this.code = code;
    this.limit = limit;
  }
}
