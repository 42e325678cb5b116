/** A part of a rule that cannot be read. `message` is a sentence that ends with the fix. */
export class RuleValueError extends Error {
  override readonly name = 'RuleValueError';
  /** What was to be parsed. */
  readonly text: string;

  constructor(text: string, problem: string, options?: ErrorOptions) {
    super(`${JSON.stringify(text)} ${problem}`, options);
    this.text = text;
  }
}
