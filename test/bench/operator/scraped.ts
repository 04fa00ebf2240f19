// Counters of another process, as its /metrics tell them. It knows no metric by name.

/** The sum of a counter's series whose labels match. */
export async function scrapeSum(port: number, name: string, matches: (labels: string) => boolean): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return text
    .split('\n')
    .map((line) => /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line))
    .filter((match) => match?.[1] === name && matches(match[2] ?? ''))
    .reduce((sum, match) => sum + Number(match?.[3]), 0);
}
