// The chart as it may have been in the version before: another version, another CRD. For tests of upgrades; it knows no Helm.

import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHART } from './chart.ts';

export const VERSION_BEFORE = '0.0.9';
/** Words by which `kubectl explain` tells the CRDs apart. */
export const DESCRIPTION = 'A PPOJob trains a language model';
export const DESCRIPTION_BEFORE = 'A PPOJob of the version before trains a language model';

/** A folder below `directory`. */
export function writeChartBefore(directory: string): string {
  const chart = mkdtempSync(join(directory, 'before-'));
  cpSync(CHART, chart, { recursive: true });
  const edit = (name: string, change: (text: string) => string): void => {
    const text = readFileSync(join(chart, name), 'utf8');
    const changed = change(text);
    assert.notEqual(changed, text, name);
    writeFileSync(join(chart, name), changed);
  };
  edit('Chart.yaml', (text) => text.replace(/^version: .*$/m, `version: ${VERSION_BEFORE}`));
  edit('templates/crds/ppojobs.yaml', (text) => text.replace(DESCRIPTION, DESCRIPTION_BEFORE));
  return chart;
}
