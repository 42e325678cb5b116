/** Reports a condition of an alert that cannot be read. `message` is a sentence that ends with what to write. */
export class AlertConditionError extends Error {
  override readonly name = 'AlertConditionError';

  constructor(problem: string, whatToWrite: string, options?: ErrorOptions) {
    super(`${problem}: ${whatToWrite}`, options);
  }
}
