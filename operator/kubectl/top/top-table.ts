/** The table of `kubectl ppo top`. Pure. */
import { formatCount, formatNumber, formatPercent } from '../../local/format.ts';
import { renderTable } from '../table.ts';
import type { Figures } from './figures.ts';
import { formatBytes, formatCpu } from './quantity.ts';

export interface TopRow {
  readonly pod: string;
  readonly role: string;
  /** Of the whole pod, by the metrics server; null where that says nothing. */
  readonly usage: { readonly cpus: number; readonly memoryBytes: number } | null;
  /** Null where the worker's page can't be had. */
  readonly figures: Figures | null;
}

const HEADER = ['POD', 'ROLE', 'CPU', 'MEMORY', 'TOKENS/S', 'RUNNING', 'WAITING', 'KV USE', 'STEP'];
const NONE = '-';

export function renderTop(rows: readonly TopRow[]): string {
  return renderTable(
    HEADER,
    rows.map(({ pod, role, usage, figures }) => [
      ...[pod, role],
      show(usage?.cpus ?? figures?.cpus, formatCpu),
      show(usage?.memoryBytes ?? figures?.memoryBytes, formatBytes),
      show(figures?.tokensPerSecond, formatCount),
      show(figures?.running, formatCount),
      show(figures?.waiting, formatCount),
      show(figures?.cacheShare, formatPercent),
      show(figures?.stepSeconds, (seconds) => `${formatNumber(seconds)} s`),
    ]),
  );
}

function show(value: number | null | undefined, format: (value: number) => string): string {
  return value === null || value === undefined ? NONE : format(value);
}
