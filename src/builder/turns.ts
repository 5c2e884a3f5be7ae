import pLimit from 'p-limit';

/**
 * Of `docker` clients that all start at once the most urgent one is as late as the last. So each has a CPU to itself until its build begins:
 * the function given waits for a free one of `atOnce`, in the order of the calls, and gives the function that frees it again.
 */
export function takeTurns(atOnce: number): () => Promise<() => void> {
  const starting = pLimit(atOnce);
  return () =>
    new Promise((resolve) => {
      void starting(() => new Promise<void>((free) => resolve(free)));
    });
}
