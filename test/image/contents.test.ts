// What the image holds, found in the working tree: this platform's production install, its programs, its bill of materials;
// and that it starts from there with nothing else of this machine.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { REPOSITORY, workingTreeImage } from '../../image/build.ts';
import { type Arch, packageFiles, SBOM_PATH } from '../../image/contents.ts';
import { type Layer, writeTree } from '../../image/tree.ts';
import { USER_ID } from '../../operator/api/names.ts';

const LIMIT_BYTES = 400e6;
const MODULES = '/app/node_modules';
const isRootOnLinux = process.platform === 'linux' && process.getuid?.() === 0;

describe('the image', { skip: process.platform === 'linux' ? false : 'it is of Linux' }, () => {
  const files = new Map<string, string>();
  const texts: Record<string, string> = {};
  const layers: Layer[] = [];
  before(async () => {
    for (const layer of (await workingTreeImage('ppo-operator:test')).layers) {
      assert.ok(typeof layer !== 'string');
      layers.push(layer);
      for (const [to, from] of layer.files) files.set(to, from);
      Object.assign(texts, layer.texts);
    }
  });
  const components = (): readonly { name: string; purl?: string; cpe?: string }[] =>
    JSON.parse(texts[SBOM_PATH] ?? '').components;

  it('holds the production install, the programs, and the example where its manifest looks for it', () => {
    const has = (prefix: string): boolean => [...files.keys()].some((path) => path.startsWith(prefix));
    for (const name of ['@grpc/grpc-js', 'koffi', 'onnxruntime-node', 'zod'])
      assert.ok(has(`${MODULES}/${name}/`), name);
    for (const path of ['/app/operator/main.ts', '/app/worker/main.ts', '/app/LICENSE', '/usr/local/bin/node']) {
      assert.ok(files.has(path), path);
    }
    assert.ok(files.has('/workspace/data/train.jsonl'));
    assert.ok(files.has('/workspace/models/actor/model.safetensors'));
  });

  it('holds nothing of development, no package manager, no shell, no path of this machine', () => {
    const paths = [...files.keys()];
    const allowed =
      /^\/(?:app|workspace|usr\/local\/bin\/node$|usr\/share\/doc|(?:usr\/)?lib(?:64)?)(?:\/|$)|^\/usr\/local\/bin\/node$/;
    assert.deepEqual(
      paths.filter((path) => !allowed.test(path)),
      [],
    );
    const unwanted = /\/(?:npm|npx|corepack|yarn|typescript|@biomejs)(?:\/|$)|\/app\/(?:test|image)\//;
    assert.deepEqual(
      paths.filter((path) => unwanted.test(path)),
      [],
    );
    assert.deepEqual(
      paths.filter((path) => path.startsWith(`${MODULES}/`) && /\.(?:ts|map)$/.test(path)),
      [],
    );
  });

  it('stays under 400 MB', () => {
    const bytes = [...files.values()].map((path) => statSync(path).size).reduce((sum, size) => sum + size, 0);
    assert.ok(bytes < LIMIT_BYTES, `${Math.round(bytes / 1e6)} MB`);
  });

  for (const arch of ['x64', 'arm64'] as const satisfies readonly Arch[]) {
    it(`holds of native libraries those for linux/${arch} alone`, () => {
      const native = [...packageFiles(REPOSITORY, arch).keys()].filter((path) =>
        /\.(?:node|so[.\d]*|dll|dylib)$/.test(path),
      );
      const others = arch === 'x64' ? /arm64|darwin|win32|musl/ : /x64\/|darwin|win32|musl/;
      const own = native.filter((path) => path.includes('/onnxruntime-node/'));
      assert.deepEqual(own.map((path) => path.replace(/^.*\/bin\//, '')).sort(), [
        `napi-v6/linux/${arch}/libonnxruntime.so.1`,
        `napi-v6/linux/${arch}/onnxruntime_binding.node`,
      ]);
      // koffi's package for another platform isn't installed here.
      const here = arch === process.arch ? native : own;
      assert.deepEqual(
        here.filter((path) => others.test(path)),
        [],
      );
      if (arch === process.arch) assert.ok(native.some((path) => path.endsWith('koffi.node')));
    });
  }

  it('has every module that its programs import', () => {
    const programs = [...files].filter(([path]) => /^\/app\/(?:operator|worker)\/.*\.ts$/.test(path));
    const imports = programs.flatMap(([path, file]) =>
      importsOf(readFileSync(file, 'utf8')).map((name) => ({ path, name, isRelative: name.startsWith('.') })),
    );
    assert.ok(imports.filter(({ isRelative }) => !isRelative).length > 20);
    const needed = imports.map(({ path, name, isRelative }) =>
      isRelative ? posix.join(posix.dirname(path), name) : `${MODULES}/${packageName(name)}/package.json`,
    );
    assert.deepEqual(
      needed.filter((path) => !files.has(path)),
      [],
    );
  });

  it('names in its bill of materials every package that it has, the native ones among them', () => {
    const purls = new Set(components().map(({ purl = '' }) => purl.replace(/@[^@]*$/, '').replace('%40', '@')));
    const packages = new Set(
      [...files.keys()].flatMap((path) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []),
    );
    assert.ok(packages.size > 50);
    for (const name of packages) assert.ok(purls.has(`pkg:npm/${name}`), name);
    assert.ok(purls.has(`pkg:npm/node-linux-${process.arch}`));
    const node = components().find(({ name }) => name === `node-linux-${process.arch}`);
    assert.equal(node?.cpe, `cpe:2.3:a:nodejs:node.js:${process.versions.node}:*:*:*:*:*:*:*`);
    for (const name of ['typescript', '@biomejs/biome']) assert.ok(!purls.has(`pkg:npm/${name}`), name);
  });

  it("names the distribution's packages there, and where scanners look for them", (context) => {
    if (texts['/etc/os-release']?.match(/^ID(?:_LIKE)?=.*debian/m) == null) return context.skip('not on Debian');
    const names = components()
      .filter(({ purl }) => purl?.startsWith('pkg:deb/'))
      .map(({ name }) => name);
    for (const name of ['libc6', 'libstdc++6', 'libgcc-s1']) {
      assert.ok(names.includes(name), name);
      assert.match(
        texts[`/var/lib/dpkg/status.d/${name}`] ?? '',
        new RegExp(`^Package: ${name.replaceAll('+', '\\+')}$`, 'm'),
      );
    }
  });

  /** An image's own, and one that no account is of: as OpenShift gives them, without the image's group. */
  const USERS = { 'as its own user': `${USER_ID}:${USER_ID}`, 'as any user': '1000680000:0' };
  describe('with a read-only root', { skip: isRootOnLinux ? false : 'this is not root' }, () => {
    const root = mkdtempSync(join(tmpdir(), 'ppo-root-'));
    before(() => {
      for (const layer of layers) writeTree(layer, root);
    });
    after(() => rmSync(root, { recursive: true, force: true }));
    /** In a mount namespace of its own: nothing is left when it ends. */
    const startAs = async (user: string, args: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
      const script =
        'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && cd "$0" && exec chroot --userspec="$USERSPEC" "$0" ' +
        '/usr/local/bin/node "$@"';
      try {
        const environment = { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', HOME: '/', USERSPEC: user };
        const all = ['--mount', 'sh', '-c', script, root, ...args];
        const result = await promisify(execFile)('unshare', all, { env: environment, timeout: 120_000 });
        return { code: 0, ...result };
      } catch (error) {
        const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
        return { code, stdout, stderr };
      }
    };

    for (const [title, user] of Object.entries(USERS)) {
      const start = (...args: string[]) => startAs(user, args);

      it(`starts the operator ${title}`, async () => {
        const { code, stdout, stderr } = await start('/app/operator/main.ts', '--help');
        assert.equal(stderr, '');
        assert.equal(code, 0);
        assert.match(stdout, /Runs PPOJobs on a Kubernetes cluster/);
      });

      it(`starts a worker, which says what it lacks ${title}`, async () => {
        const { code, stdout, stderr } = await start('/app/worker/main.ts');
        assert.equal(code, 1);
        assert.match(stdout + stderr, /worker environment is wrong:.*PPO_ROLE/s);
      });

      it(`loads its native libraries, and all that the operator is made of ${title}`, async () => {
        const script = `
          const { loadOrtLibrary } = await import('/app/worker/runtime/ort-library.ts');
          loadOrtLibrary();
          await import('/app/operator/in-cluster.ts');
          console.log('loaded');`;
        const { stdout, stderr } = await start('--input-type=module', '--eval', script);
        assert.equal(stdout, 'loaded\n', stderr);
      });

      it(`writes nowhere but where a volume is ${title}`, async () => {
        const { stdout } = await start(
          '--eval',
          'try { fs.writeFileSync("/app/x", ""); } catch (e) { console.log(e.code); }',
        );
        assert.equal(stdout, 'EROFS\n');
      });
    }
  });
});

/** Names of modules in the statements of a program, without Node.js' own and without types. */
function importsOf(text: string): string[] {
  const statements = text.matchAll(
    /^(?:import|export)\s(?!type\s)(?:[^'";]*?\sfrom\s)?'([^']+)'|\bimport\('([^']+)'\)/gm,
  );
  return [...statements].map(([, name, dynamic = '']) => name ?? dynamic).filter((name) => !name.startsWith('node:'));
}

function packageName(module: string): string {
  return module
    .split('/')
    .slice(0, module.startsWith('@') ? 2 : 1)
    .join('/');
}
