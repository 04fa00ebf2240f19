/**
 * Which iteration this process works on: the coordinator decides it, its calls carry it, and so do the calls of whom it
 * calls, down to the sidecars. A process works on one iteration of one job at a time. Knows neither calls nor logs.
 */

/** From 1; null while unknown. */
let current: number | null = null;
let isDecidedHere = false;

export function currentIteration(): number | null {
  return current;
}

/** Of the coordinator, which from now on believes nobody else: workers that an earlier one called still tell of its. */
export function decideIteration(iteration: number | null): void {
  current = iteration;
  isDecidedHere = true;
}

/** What came with a call; whatever is no iteration changes nothing. */
export function hearIteration(text: unknown): void {
  if (isDecidedHere || typeof text !== 'string' || !/^[1-9]\d{0,8}$/.test(text)) return;
  current = Number(text);
}
