/** "Did you mean": the nearest of the allowed words. Knows no schema. */

/** Levenshtein distance without regard to case. */
function distance(a: string, b: string): number {
  const [from, to] = [a.toLowerCase(), b.toLowerCase()];
  let previous = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const current = [i];
    for (let j = 1; j <= to.length; j++) {
      const replace = (previous[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
      current.push(Math.min((previous[j] as number) + 1, (current[j - 1] as number) + 1, replace));
    }
    previous = current;
  }
  return previous[to.length] as number;
}

/** Shorter ones begin too many words. */
const MIN_BEGINNING = 3;

/** The one allowed word that `word` is the beginning of. */
function completion(word: string, allowed: readonly string[]): string | undefined {
  const begun = allowed.filter((candidate) => candidate.toLowerCase().startsWith(word.toLowerCase()));
  return word.length >= MIN_BEGINNING && begun.length === 1 ? begun[0] : undefined;
}

/**
 * The allowed word that `word` is probably a slip (no more than a third of its letters) or the beginning of; undefined
 * where there is none.
 */
export function nearest(word: string, allowed: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.floor(word.length / 3));
  let best: { word: string; distance: number } | undefined;
  for (const candidate of allowed) {
    if (Math.abs(candidate.length - word.length) > limit) continue;
    const d = distance(word, candidate);
    if (d <= limit && (best === undefined || d < best.distance)) best = { word: candidate, distance: d };
  }
  return best?.word ?? completion(word, allowed);
}
