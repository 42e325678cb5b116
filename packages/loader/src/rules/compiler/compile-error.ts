/** Rules that cannot be compiled. Rules are never truncated to fit: the rules in force stay in force. */
export class RulesCompileError extends Error {
  override readonly name = 'RulesCompileError';
  /** `limit`: more than the tables hold. `not_found`: a rule names a set that does not exist. */
  readonly code: 'limit' | 'not_found';
  /** For `limit`: the highest permitted number. */
  readonly limit: number | undefined;

  constructor(code: 'limit' | 'not_found', message: string, limit?: number) {
    super(message);
    this.code = code;
    this.limit = limit;
  }
}
