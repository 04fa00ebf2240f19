// Draws the dashboards for people to look at: a real run and real operators, scraped by a real Prometheus, every panel's
// queries asked of it, one PNG for each dashboard. A table of contents.

import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Chromium, findChromium } from '../browser/chromium.ts';
import { makeOwnEnvironment } from '../cluster/environment.ts';
import { askPanels } from './asked-panels.ts';
import { type DashboardName, readDashboard, SHORT_RUN } from './dashboards.ts';
import { JOB_VARIABLES, JobScene } from './job-scene.ts';
import { OPERATOR_VARIABLES, OperatorScene } from './operator-scene.ts';
import type { PrometheusServer, Window } from './server.ts';
import { drawSheet, SHEET_WIDTH } from './sheet.ts';

const [folder, only] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: npm run panels -- FOLDER [job | operator]');
  process.exit(2);
}
mkdirSync(folder, { recursive: true });

if (only !== 'operator') {
  const scene = await JobScene.start();
  try {
    const window = await scene.run();
    await draw('job', scene.prometheus, { window, variables: JOB_VARIABLES });
  } finally {
    await scene.stop();
  }
}

if (only !== 'job') {
  const environment = await makeOwnEnvironment();
  const scene = await OperatorScene.start(environment);
  try {
    const window = await scene.run(['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']);
    await draw('operator', scene.prometheus, { window, variables: OPERATOR_VARIABLES });
  } finally {
    await scene.stop();
    await environment.close();
  }
}

async function draw(
  name: DashboardName,
  prometheus: PrometheusServer,
  { window, variables }: { window: Window; variables: Readonly<Record<string, string>> },
): Promise<void> {
  const dashboard = readDashboard(name);
  const panels = await askPanels(dashboard, prometheus, { window, variables: { ...SHORT_RUN, ...variables } });
  const { html, height } = drawSheet(dashboard, panels, window);
  const path = resolve(folder!, name);
  writeFileSync(`${path}.html`, html);
  const program = findChromium();
  if (program === null) throw new Error("Chromium is missing: install Debian's package chromium");
  const chromium = await Chromium.start(program);
  try {
    await chromium.look(SHEET_WIDTH, height);
    await chromium.open(pathToFileURL(`${path}.html`).href);
    await chromium.until('document.querySelector("section")');
    writeFileSync(`${path}.png`, await chromium.screenshot());
  } finally {
    await chromium.close();
  }
  console.error(`${path}.png`);
}
