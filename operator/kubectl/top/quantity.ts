/** Kubernetes quantities as numbers, and back as people read them. Pure. */

const FACTORS: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50 },
};

/** NaN for what is none. */
export function parseQuantity(text: string): number {
  const match = /^([+-]?[\d.]+(?:e[+-]?\d+)?)([numkMGTP]i?|Ki)?$/i.exec(text);
  const factor = FACTORS[match?.[2] ?? ''];
  return match === null || factor === undefined ? Number.NaN : Number(match[1]) * factor;
}

/** CPUs in thousandths: "250m". */
export function formatCpu(cpus: number): string {
  return `${Math.round(cpus * 1000)}m`;
}

/** "512Mi", "3.2Gi". */
export function formatBytes(bytes: number): string {
  const mebibytes = bytes / 2 ** 20;
  return mebibytes < 1024 ? `${Math.round(mebibytes)}Mi` : `${(mebibytes / 1024).toFixed(1)}Gi`;
}
