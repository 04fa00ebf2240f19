// A program run to its end: how it ended is a result, whatever that is. It knows no program.

import { execFile } from 'node:child_process';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly timeoutMs: number;
  readonly env?: NodeJS.ProcessEnv;
}

const MAX_OUTPUT_BYTES = 64 * 2 ** 20;

/** A program that doesn't start, or not end in time, has 1 as its code, and says why on standard error. */
export function runCommand(
  path: string,
  args: readonly string[],
  { timeoutMs, env = process.env }: CommandOptions,
): Promise<CommandResult> {
  const options = { timeout: timeoutMs, env, maxBuffer: MAX_OUTPUT_BYTES };
  return new Promise((resolve) => {
    execFile(path, args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
      else
        resolve({
          code: 1,
          stdout,
          stderr: `${stderr}${error.killed ? `not done in ${timeoutMs} ms` : error.message}`,
        });
    });
  });
}

/** What a command says that must not fail; `what` is how it was called. */
export async function assertSuccess(what: string, running: Promise<CommandResult>): Promise<string> {
  const { code, stdout, stderr } = await running;
  if (code !== 0) throw new Error(`${what} ended with ${code}: ${stderr || stdout}`);
  return stdout;
}
