/** Reports an invalid part of a rule. `message` is a sentence that ends with the fix. */
export class RuleValueError extends Error {
  override readonly name = 'RuleValueError';
  /** The text that could not be parsed. */
  readonly text: string;

  constructor(text: string, problem: string, options?: ErrorOptions) {
    super(`${JSON.stringify(text)} ${problem}`, options);
    this.text = text;
  }
}
