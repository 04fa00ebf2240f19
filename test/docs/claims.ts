/**
 * Who runs each command that the documents' shell blocks hold. A command that nobody claims, or two do, fails
 * commands.test.ts. Plain values; runs nothing.
 */
import { type Block, commandsOf, findBlocks, findDocuments } from './documents.ts';

export type Claim = {
  /** Of the whole command, as `commandsOf` gives it. */
  readonly command: RegExp;
} & (
  | {
      /** commands.test.ts runs it on this machine: as written, or as far as the plan where it would train for minutes. */
      readonly by: 'Machine';
      readonly suffix?: string;
    }
  /** docs.cluster.ts runs it as written against a real control plane. */
  | { readonly by: 'Cluster' }
  | {
      /** Other files run what it names: each holds these words. */
      readonly by: 'Elsewhere';
      readonly words: Readonly<Record<string, readonly string[]>>;
    }
);

/** Kubelets, or what runs in pods, answer these. */
const NEEDS_PODS = 'logs|exec|cp|attach|port-forward|top|ppo (top|logs)|wait pod/';
const WHOLE = 'test/cluster/whole';

export const CLAIMS: readonly Claim[] = [
  {
    command: /^npm ci && npm start$/,
    by: 'Elsewhere',
    words: { '.ci/run': ['npm ci'], 'test/e2e/arithmetic.test.ts': ['examples/arithmetic'] },
  },
  { command: /^npm ci && npm test$/, by: 'Elsewhere', words: { '.ci/run': ['npm ci', 'npm test'] } },
  {
    command: /^npm ci && npm install --global \.$/,
    by: 'Elsewhere',
    words: { '.ci/run': ['npm ci'], 'test/operator/kubectl/launcher.test.ts': ["'install', '--global'"] },
  },
  { command: /^npm ci$/, by: 'Elsewhere', words: { '.ci/run': ['npm ci'] } },
  { command: /^npm start -- .*--(help|dry-run)$/, by: 'Machine' },
  { command: /^npm start -- (?!.*--(help|dry-run)$)/, by: 'Machine', suffix: ' --dry-run' },
  { command: /^npm start$/, by: 'Elsewhere', words: { 'test/e2e/arithmetic.test.ts': ['examples/arithmetic'] } },
  {
    command: /^npm run example:models\b/,
    by: 'Elsewhere',
    words: {
      'test/examples/arithmetic/make-models.test.ts': ['--seed', '--output'],
      'test/examples/arithmetic/models.test.ts': ['tinyRun'],
    },
  },
  { command: /^npm run image\b/, by: 'Elsewhere', words: { '.ci/run': ['npm run image'] } },
  // Other people's program: what it loads is read here as it is read there.
  {
    command: /^docker (load|push) /,
    by: 'Elsewhere',
    words: { 'test/image/archive.test.ts': ['as readers of archives look for it'] },
  },
  {
    command: /^npm run cluster -- (up|down)$/,
    by: 'Elsewhere',
    words: { '.ci/run': ['npm run --silent cluster -- down'], [`${WHOLE}/installation.ts`]: ['.up()'] },
  },
  { command: /^node examples\//, by: 'Machine' },
  { command: new RegExp(`^kubectl (?!(${NEEDS_PODS})\\b)`), by: 'Cluster' },
  {
    command: /^kubectl logs (\w+-coordinator-0|deployment\/ppo-operator)\b/,
    by: 'Elsewhere',
    words: {
      [`${WHOLE}/arithmetic.e2e.ts`]: ["'logs', 'arithmetic-coordinator-0'", "'logs', 'deployment/ppo-operator'"],
    },
  },
  {
    command: /^kubectl ppo logs /,
    by: 'Elsewhere',
    words: { 'test/cluster/kubectl-plugin.cluster.ts': ["'logs'", "'--role'", "'-f'"] },
  },
  {
    command: /^kubectl ppo top /,
    by: 'Elsewhere',
    words: { 'test/operator/kubectl/commands/top.test.ts': ["'top'"] },
  },
  {
    command: /^kubectl (wait pod\/files|exec files -- mkdir|cp) /,
    by: 'Elsewhere',
    words: { [`${WHOLE}/files.e2e.ts`]: ["documented('examples/gsm8k/README.md')", "documented('docs/tracking.md')"] },
  },
  { command: /^helm (install|upgrade|uninstall|template) /, by: 'Cluster' },
  {
    command: /^helm test /,
    by: 'Elsewhere',
    words: { [`${WHOLE}/helm.e2e.ts`]: ["'test', RELEASE", '...IN_NAMESPACE'] },
  },
  {
    command: /^prometheus --config\.file=examples\/prometheus\.yml /,
    by: 'Elsewhere',
    words: { 'test/monitoring/scraped-run.test.ts': ['examples/prometheus.yml'] },
  },
  // Other people's programs: what they read is held against their own readings of the same files.
  {
    command: /^tensorboard --logdir output\/arithmetic\/tensorboard$/,
    by: 'Elsewhere',
    words: { 'test/e2e/tracking.test.ts': ["'tensorboard'"] },
  },
  {
    command: /^wandb sync (output\/arithmetic\/)?wandb\/offline-run-\*$/,
    by: 'Elsewhere',
    words: { 'test/worker/coordinator/tracking/wandb.test.ts': ['offline-run-'] },
  },
];

export interface DocumentedCommand {
  readonly block: Block;
  readonly command: string;
  readonly claims: readonly Claim[];
}

/** Every command of every shell block, in the order written. */
export function findCommands(): DocumentedCommand[] {
  const blocks = findDocuments().flatMap((file) => findBlocks(file));
  return blocks
    .filter(({ language }) => ['sh', 'bash', 'shell', 'console'].includes(language))
    .flatMap((block) => commandsOf(block).map((command) => ({ block, command, claims: claimsOf(command) })));
}

export function claimsOf(command: string): readonly Claim[] {
  return CLAIMS.filter((claim) => claim.command.test(command));
}
