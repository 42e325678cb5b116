/** Returns a function that calls `act` at most once per `ms` milliseconds, and otherwise does nothing. */
export function every(ms: number, act: () => void): () => void {
  let next = 0;
  return () => {
    if (performance.now() < next) return;
    next = performance.now() + ms;
    act();
  };
}
