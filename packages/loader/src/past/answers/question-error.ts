/** Says why a question cannot be answered as it was asked; the message is a sentence that ends with the next step. */
export class QuestionError extends Error {
  override readonly name = 'QuestionError';
}
