// `npm run image`: builds the image of operator and workers as an archive, reads it back, and says what it is. A table of
// contents.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { buildImage } from './build.ts';
import { problemsOf } from './check.ts';
import { SBOM_PATH } from './contents.ts';
import { inspectArchive } from './inspect.ts';
import { type BuildOptions, parseImageOptions, USAGE } from './options.ts';

const say = (line: string): void => console.error(line);

async function build({ request, sbom }: BuildOptions): Promise<void> {
  for (const path of [request.output, sbom]) mkdirSync(dirname(path), { recursive: true });
  await buildImage(request, say);
  await inspectArchive(request.output, async (image) => {
    const { tags, architecture, sizeBytes, config } = image;
    writeFileSync(sbom, (await image.read(SBOM_PATH)) ?? '');
    const size = `${Math.round(sizeBytes / 1e6)} MB`;
    say(`${tags.join(', ')}: linux/${architecture}, ${size}, user ${config.User}`);
    say(`archive: ${request.output}; bill of materials: ${sbom}`);
    const problems = problemsOf(image, request.variant);
    if (problems.length > 0) throw new Error(problems.map((problem) => `the image is wrong: ${problem}`).join('\n'));
  });
}

const options = parseImageOptions(process.argv.slice(2));
if (options.kind === 'help') process.stdout.write(USAGE);
else if (options.kind === 'wrong') {
  for (const problem of options.problems) say(problem);
  say('npm run image -- --help tells what may be given');
  process.exitCode = 2;
} else {
  await build(options).catch((error: unknown) => {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 1;
  });
}
