// What `npm run image` may be told, and what it means. Pure.

import { parseArgs } from 'node:util';
import { DEFAULT_IMAGE } from '../operator/api/names.ts';
import { type BuildRequest, VARIANTS } from './build.ts';
import { BUILDER_NAMES } from './builders.ts';

const PLATFORMS = ['linux/amd64', 'linux/arm64'];

export const USAGE = `usage: npm run image -- [options]

Builds the image of operator and workers from the Dockerfile: with docker, podman or buildah, whichever can; where none can,
runs the Dockerfile's stages on this machine (Linux). Writes it as an archive, and its bill of materials beside it.

  --tag NAME        default: ${DEFAULT_IMAGE}; of the CUDA variant: ${DEFAULT_IMAGE}-cuda
  --variant NAME    ${VARIANTS.join(' or ')}; default: cpu
  --builder NAME    ${BUILDER_NAMES.join(', ')}, none, or auto; default: auto
  --platform NAME   ${PLATFORMS.join(' or ')}; default: this machine's
  --npmrc FILE      npm's settings for the install, such as a registry of your own; they don't get into the image
  --output FILE     default: output/image.tar; for \`docker load -i\`, \`kind load image-archive\`, \`ctr images import\`
  --sbom FILE       CycloneDX; default: output/image.cdx.json
  --help
`;

const OPTIONS = {
  tag: { type: 'string' },
  variant: { type: 'string', default: 'cpu' },
  builder: { type: 'string', default: 'auto' },
  platform: { type: 'string' },
  npmrc: { type: 'string' },
  output: { type: 'string', default: 'output/image.tar' },
  sbom: { type: 'string', default: 'output/image.cdx.json' },
  help: { type: 'boolean', default: false },
} as const;

export interface BuildOptions {
  readonly kind: 'build';
  readonly request: BuildRequest;
  readonly sbom: string;
}

export type ImageOptions =
  | BuildOptions
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly problems: readonly string[] };

export function parseImageOptions(args: readonly string[]): ImageOptions {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS });
    return values.help ? { kind: 'help' } : interpret(values);
  } catch (error) {
    return { kind: 'wrong', problems: [error instanceof Error ? error.message : String(error)] };
  }
}

function interpret(values: ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values']): ImageOptions {
  const problems: string[] = [];
  const oneOf = <T extends string>(option: 'variant' | 'builder' | 'platform', allowed: readonly T[]): T | null => {
    const found = allowed.find((value) => value === values[option]);
    if (found === undefined && values[option] !== undefined) {
      problems.push(`--${option} ${values[option]}: must be one of ${allowed.join(', ')}`);
    }
    return found ?? null;
  };
  const variant = oneOf('variant', VARIANTS) ?? 'cpu';
  const builder = oneOf('builder', [...BUILDER_NAMES, 'none', 'auto'] as const) ?? 'auto';
  const platform = oneOf('platform', PLATFORMS);
  if (variant === 'cuda' && platform === 'linux/arm64') {
    problems.push('--variant cuda --platform linux/arm64: ONNX Runtime has CUDA for linux/amd64 alone');
  }
  if (problems.length > 0) return { kind: 'wrong', problems };
  const name = values.tag ?? (variant === 'cpu' ? DEFAULT_IMAGE : `${DEFAULT_IMAGE}-${variant}`);
  const builders = builder === 'auto' ? BUILDER_NAMES : builder === 'none' ? [] : [builder];
  const { output, sbom, npmrc = null } = values;
  const isForced = builder !== 'auto' && builder !== 'none';
  return { kind: 'build', request: { name, variant, builders, isForced, platform, npmrc, output }, sbom };
}
