export function demo(): Promise<number> {
  throw new Error('later');
}
