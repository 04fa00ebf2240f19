/**
 * The page in a real browser, beside a real job of this machine: the job is listed, its curves are drawn, its pods and
 * events are there; nobody else is asked for anything, and nothing is complained of. Texts of a job stay texts.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { systemClock } from '../../operator/cluster/clock.ts';
import type { Cluster } from '../../operator/cluster/cluster.ts';
import type { PageHost } from '../../operator/page/page-api.ts';
import { PageSource } from '../../operator/page/page-source.ts';
import { type PageServer, startPageServer } from '../../operator/page/server.ts';
import { PPO_JOBS } from '../../operator/reconcile/ppojob-kind.ts';
import { Chromium, findChromium } from '../browser/chromium.ts';
import { addJob, buildWorld, EVIL, HOST, status } from '../operator/page/fixtures.ts';

const HINT = "install Debian's package chromium";
const program = findChromium();
if (program === null && process.env['CI']) throw new Error(`no Chromium in PATH: ${HINT}`);
const skip = program === null ? `no Chromium in PATH: ${HINT}` : false;
const ROOT = join(import.meta.dirname, '..', '..');
const NUM_ITERATIONS = 6;
const SMALL = [
  ...[`spec.algorithm.numIterations=${NUM_ITERATIONS}`, 'spec.rollout.batchSize=64', 'spec.training.minibatchSize=32'],
  ...['spec.training.microbatchSize=32', 'spec.evaluation.everyIterations=2', 'spec.dataset.evaluation.limit=100'],
].flatMap((field) => ['--set', field]);

describe('the page in Chromium', { skip }, () => {
  let browser: Chromium;
  before(async () => {
    browser = await Chromium.start(program ?? '');
  });
  after(() => browser?.close());

  /** All that the page asks for is the page's own. */
  const assertAlone = (url: string): void => {
    assert.deepEqual(browser.complaints, []);
    assert.deepEqual(
      browser.requests.filter((asked) => !asked.startsWith(url) && asked !== 'about:blank'),
      [],
    );
  };

  describe('beside a job of this machine', () => {
    const output = mkdtempSync(join(tmpdir(), 'ppo-page-test-'));
    let run: ChildProcess;
    let text = '';
    let url = '';
    let exit: Promise<number | null>;

    before(async () => {
      const args = [join(ROOT, 'operator', 'local', 'main.ts'), '--keep-page', '--plain', '--output', output, ...SMALL];
      run = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
      for (const stream of [run.stdout, run.stderr]) stream?.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      exit = new Promise((resolve) => run.once('close', resolve));
      while (url === '') {
        assert.equal(run.exitCode, null, text);
        url = /^page: (http:\S+)/m.exec(text)?.[1] ?? '';
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    });
    after(async () => {
      run?.kill('SIGKILL');
      await exit;
      rmSync(output, { recursive: true, force: true });
    });

    it('lists the job while it runs, and draws its curves up to its end', async () => {
      await browser.look(1200, 900);
      await browser.open(url);
      await browser.until(`document.querySelector('.jobs a')?.textContent === 'arithmetic'`);
      await browser.evaluate(`document.querySelector('.jobs a').click()`);
      await browser.until(`document.title === 'arithmetic · PPO jobs'`);
      await browser.until(`document.querySelector('h1 .badge')?.textContent === 'Succeeded'`);
      const numPoints = `document.querySelector('.chart polyline')?.getAttribute('points').split(' ').length`;
      await browser.until(`${numPoints} === ${NUM_ITERATIONS}`);
      const titles = await browser.evaluate<string[]>(
        `[...document.querySelectorAll('.chart .title')].map((one) => one.textContent)`,
      );
      for (const title of ['Mean score', 'KL from the reference', 'Held-out accuracy', 'Value loss', 'Parity']) {
        assert.ok(titles.includes(title), `${title} in ${titles}`);
      }
      const said = await browser.evaluate<string>('document.body.innerText');
      for (const word of ['6 of 6', 'PPO epochs', 'coordinator', 'PodsReady', '7 pods exist', 'live']) {
        assert.ok(said.includes(word), `${word} in ${said}`);
      }
      assert.match(await browser.evaluate<string>(`document.querySelector('.code').textContent`), /numIterations: 6/);
      assertAlone(url);
    });

    it('reads single values out, with the keys and with the pointer, in all charts alike', async () => {
      const readouts = `[...document.querySelectorAll('.readout .at')].map((one) => one.textContent)`;
      await browser.evaluate(`document.querySelector('.plot').focus()`);
      await browser.press('Home');
      await browser.press('ArrowRight');
      await browser.until(`${readouts}[0] === 'iteration 2'`);
      assert.ok(new Set(await browser.evaluate<string[]>(readouts)).has('iteration 2'));
      await browser.press('Escape');
      await browser.until(`${readouts}.length === 0`);
      const box = await browser.evaluate<{ x: number; y: number; width: number; height: number }>(
        `(document.querySelector('.plot').scrollIntoView(), document.querySelector('.plot').getBoundingClientRect().toJSON())`,
      );
      await browser.moveTo(box.x + box.width * 0.97, box.y + box.height / 2);
      await browser.until(`${readouts}[0] === 'iteration 6'`);
      assertAlone(url);
    });

    it('is whole on a phone, in dark as in light', async () => {
      for (const scheme of ['light', 'dark'] as const) {
        await browser.look(360, 740, scheme);
        for (const hash of ['#/', '#/jobs/default/arithmetic']) {
          await browser.open(url + hash);
          await browser.until(`document.querySelector('${hash === '#/' ? '.jobs' : '.chart polyline'}')`);
          const width = await browser.evaluate<number>('document.documentElement.scrollWidth');
          assert.ok(width <= 360, `${hash} is ${width} wide`);
        }
      }
      assertAlone(url);
    });

    it('goes on after the job’s end until it is told to stop, then says that the connection is lost', async () => {
      assert.match(text, /^job +Succeeded/m);
      run.kill('SIGINT');
      assert.equal(await exit, 0, text);
      await browser.until(
        `document.querySelector('#connection').textContent.includes('connection lost: nobody answers')`,
      );
      assert.ok(await browser.evaluate(`document.body.classList.contains('stale')`));
      assert.ok(await browser.evaluate(`document.querySelector('#retry') !== null`));
      // What can't be loaded is in the console, and only that.
      assert.deepEqual(
        browser.complaints.filter((complaint) => !complaint.includes('ERR_CONNECTION_REFUSED')),
        [],
      );
      browser.complaints.length = 0;
      browser.requests.length = 0;
    });
  });

  describe('of an operator', () => {
    let host: PageHost = HOST;
    let server: PageServer;
    let cluster: Cluster;
    before(async () => {
      const world = await buildWorld();
      cluster = world.cluster;
      const { uid } = world.job.metadata;
      const heardAtMs = Date.now() - 3_660_000;
      const series = [{ name: 'rollout/score', iterations: [1, 2], values: [1, 2] }];
      const read = (_: string, jobUid: string) => (jobUid === uid ? { revision: 1, heardAtMs, series } : null);
      const figures = { read };
      const source = new PageSource({ clock: systemClock, read: async () => ({ cluster, host, figures }) });
      server = await startPageServer({ address: { host: '127.0.0.1', port: 0 }, source, onError: () => {} });
    });
    after(() => server?.close());

    it('shows what anybody may have written as text, and a coordinator’s silence', async () => {
      await browser.look(1200, 900);
      await browser.open(`${server.url}#/jobs/default/evil`);
      await browser.until(`document.querySelector('.chart polyline')`);
      const said = await browser.evaluate<string>('document.body.innerText');
      assert.ok(said.includes(EVIL), said);
      assert.match(said, /no word from the coordinator for 1 h/);
      assert.match(said, /Last failure: evil-actor-0\nexit code 1, program/);
      assert.equal(await browser.evaluate('document.title'), 'evil · PPO jobs');
      assert.equal(await browser.evaluate(`document.querySelectorAll('main script, main img').length`), 0);
      assertAlone(server.url);
    });

    it('has its content skipped to where it is, and lists the jobs under an address that names none', async () => {
      await browser.evaluate(`document.querySelector('.skip').focus()`);
      await browser.press('Enter');
      await browser.until(`document.activeElement.id === 'main'`);
      assert.equal(await browser.evaluate('location.hash'), '#/jobs/default/evil');
      await browser.evaluate(`location.hash = '#/jobs/%/evil'`);
      await browser.until(`document.querySelector('.jobs a')?.textContent === 'evil'`);
      assertAlone(server.url);
    });

    it('says no more of a wait that is over', async () => {
      await browser.evaluate(`document.querySelector('.jobs a').click()`);
      await browser.until(`document.querySelector('h1')?.textContent.startsWith('evil')`);
      assert.doesNotMatch(await browser.evaluate<string>('document.body.innerText'), /waits until/);
    });

    it('begins anew with another job of the same name, without the curves of the one before', async () => {
      await cluster.delete(PPO_JOBS, { namespace: 'default', name: 'evil' });
      await browser.until(`document.querySelector('main').textContent.includes('This job is gone')`);
      await addJob(cluster, 'evil', status());
      await browser.until(`document.querySelector('h1 .badge')?.textContent === 'Running'`);
      await browser.until(`document.querySelector('.charts').textContent.startsWith('The curves are not known')`);
      assert.ok(await browser.evaluate(`document.querySelector('.chart') === null`));
      browser.complaints.length = 0;
    });

    it('tells of a job that is suspended or has ended how far it came, not what it did then', async () => {
      const conditions = (type: string) => [{ ...status().conditions![0]!, type: type as 'Running' }];
      await addJob(cluster, 'rests', status({ conditions: conditions('Suspended') }));
      await addJob(cluster, 'failed', status({ conditions: conditions('Failed') }));
      for (const name of ['rests', 'failed']) {
        await browser.evaluate(`location.hash = '#/jobs/default/${name}'`);
        await browser.until(`document.querySelector('h1')?.textContent.startsWith('${name}')`);
        assert.equal(await browser.evaluate(`document.querySelector('.activity').textContent`), '');
        const head = await browser.evaluate<string>(`document.querySelector('.head').innerText`);
        assert.match(head, /3 of 12/);
        assert.doesNotMatch(head, / left/);
      }
      assertAlone(server.url);
    });

    it('cuts nothing off, however long names are and however narrow the screen is', async () => {
      await addJob(cluster, 'long'.repeat(15), status());
      await browser.evaluate(`location.hash = '#/'`);
      await browser.until(`document.querySelectorAll('.jobs a').length === 4`);
      const isWithin = `(inner, outer) => inner.right <= outer.right && inner.left >= outer.left`;
      for (const width of [320, 360, 768, 1001]) {
        await browser.look(width, 740);
        const cut = await browser.evaluate<string[]>(
          `[...document.querySelectorAll('.jobs tbody tr')].flatMap((row) => [...row.querySelectorAll('a, span, td')]
            .filter((one) => !(${isWithin})(one.getBoundingClientRect(), row.getBoundingClientRect()))
            .map((one) => one.outerHTML))`,
        );
        assert.deepEqual(cut, []);
        assert.equal(await browser.evaluate('document.documentElement.scrollWidth'), width);
      }
      assertAlone(server.url);
    });

    it('says where the curves are when it doesn’t lead, and that a job is gone', async () => {
      host = { ...HOST, mode: 'following', leader: 'ppo-operator-b' };
      await browser.until(
        `document.querySelector('#notices').textContent.includes('kubectl --namespace ops port-forward pod/ppo-operator-b 8081')`,
      );
      await browser.open(`${server.url}#/jobs/default/gone`);
      await browser.until(`document.querySelector('main').textContent.includes('This job is gone')`);
      browser.complaints.length = 0;
    });
  });
});
