// Reads a Dockerfile: its stages, its arguments, the configuration that a stage gives its image. Only instructions and forms
// that the project's own Dockerfile uses; every other one is refused, never ignored. It runs nothing.

export interface Instruction {
  readonly name: string;
  readonly text: string;
}

export interface Stage {
  readonly name: string;
  /** An image, another stage, or "scratch". */
  readonly base: string;
  readonly instructions: readonly Instruction[];
}

export interface Dockerfile {
  /** Defaults of the arguments before the first stage. */
  readonly args: Readonly<Record<string, string>>;
  readonly stages: readonly Stage[];
}

/** "config" of an OCI image. */
export interface ImageConfig {
  readonly User?: string;
  readonly WorkingDir?: string;
  readonly Env?: readonly string[];
  readonly Labels?: Readonly<Record<string, string>>;
  readonly Entrypoint?: readonly string[];
  readonly Cmd?: readonly string[];
}

const INSTRUCTIONS = ['ARG', 'CMD', 'COPY', 'ENTRYPOINT', 'ENV', 'FROM', 'LABEL', 'RUN', 'USER', 'WORKDIR'];

export function parseDockerfile(text: string): Dockerfile {
  const args: Record<string, string> = {};
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const instruction of instructionsOf(text)) {
    const stage = stages.at(-1);
    if (instruction.name === 'FROM') stages.push(parseFrom(instruction.text));
    else if (stage !== undefined) stage.instructions.push(instruction);
    else if (instruction.name === 'ARG') Object.assign(args, parsePairs(instruction.text));
    else throw new Error(`Dockerfile: ${instruction.name} before the first FROM`);
  }
  return { args, stages };
}

export function stageNamed({ stages }: Dockerfile, name: string): Stage {
  const stage = stages.find((one) => one.name === name);
  if (stage === undefined)
    throw new Error(`Dockerfile: no stage ${name}; it has ${stages.map((one) => one.name).join(', ')}`);
  return stage;
}

type Draft = { -readonly [Key in keyof ImageConfig]: ImageConfig[Key] };
type Setter = (config: Draft, text: string) => void;

const SETTERS: Readonly<Record<string, Setter>> = {
  USER: (config, text) => {
    config.User = text;
  },
  WORKDIR: (config, text) => {
    config.WorkingDir = text;
  },
  ENTRYPOINT: (config, text) => {
    config.Entrypoint = parseList(text);
  },
  CMD: (config, text) => {
    config.Cmd = parseList(text);
  },
  LABEL: (config, text) => {
    config.Labels = { ...config.Labels, ...parsePairs(text) };
  },
  ENV: (config, text) => {
    const pairs = Object.entries(parsePairs(text)).map(([key, value]) => `${key}=${value}`);
    config.Env = [...(config.Env ?? []), ...pairs];
  },
};

/** `given` arguments go before the stage's defaults. */
export function configOf(stage: Stage, given: Readonly<Record<string, string>>): ImageConfig {
  const args: Record<string, string> = {};
  const config: Draft = {};
  for (const { name, text } of stage.instructions) {
    if (name === 'ARG') {
      for (const [key, value] of Object.entries(parsePairs(text))) args[key] = given[key] ?? value;
    }
    SETTERS[name]?.(config, expand(text, args));
  }
  return config;
}

export interface Copy {
  /** A stage, or null: the build's context. */
  readonly from: string | null;
  readonly sources: readonly string[];
  readonly to: string;
}

export function parseCopy(text: string): Copy {
  const words = text.split(/\s+/);
  const from = /^--from=(\S+)$/.exec(words[0] ?? '')?.[1] ?? null;
  const paths = words.slice(from === null ? 0 : 1);
  const to = paths.pop();
  if (to === undefined || paths.length === 0 || paths.some((path) => path.startsWith('--'))) {
    throw new Error(`Dockerfile: COPY ${text}: only --from, sources and a target are understood`);
  }
  return { from, sources: paths, to };
}

/** The command of a RUN, without mounts of secrets and caches: they change no result. */
export function parseRun(text: string): string {
  const command = text.replace(/^(?:--mount=type=(?:secret|cache)\S*\s+)+/, '');
  if (command.startsWith('--'))
    throw new Error(`Dockerfile: RUN ${text}: only mounts of secrets and caches are understood`);
  return command;
}

export function expand(text: string, args: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{(\w+)\}/g, (whole, name: string) => {
    const value = args[name];
    if (value === undefined) throw new Error(`Dockerfile: ${whole} has no ARG`);
    return value;
  });
}

function instructionsOf(text: string): Instruction[] {
  const lines = text.split('\n').filter((line) => !/^\s*#/.test(line));
  const statements = lines
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  return statements
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map((line) => {
      const [, name = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
      if (!INSTRUCTIONS.includes(name)) throw new Error(`Dockerfile: this is not understood: ${line}`);
      return { name, text: rest };
    });
}

function parseFrom(text: string): Stage & { instructions: Instruction[] } {
  const [, base, name] = /^(\S+) AS (\S+)$/.exec(text) ?? [];
  if (base === undefined || name === undefined) throw new Error(`Dockerfile: FROM ${text}: must be IMAGE AS NAME`);
  return { name, base, instructions: [] };
}

/** key=value and key="value"; the only quotes understood. */
function parsePairs(text: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  const rest = text.replace(/([\w.]+)=(?:"([^"]*)"|(\S*))\s*/g, (_, key: string, quoted?: string, plain = '') => {
    pairs[key] = quoted ?? plain;
    return '';
  });
  if (rest !== '') throw new Error(`Dockerfile: must be NAME=VALUE: ${rest}`);
  return pairs;
}

function parseList(text: string): string[] {
  const list: unknown = JSON.parse(text);
  if (!Array.isArray(list)) throw new Error(`Dockerfile: must be a list of strings: ${text}`);
  return list.map(String);
}
