// The example's folder: data/ and models/. Knows where everything lies; refuses to know how it was made.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { saveModelFolder } from '../../worker/models/folder.ts';
import type { HeadKind } from '../../worker/models/layout.ts';
import { writeTokenizer } from '../../worker/models/tokenizer-json.ts';
import type { TrainedModel } from './sft.ts';
import { answerText, MODEL_CONFIG, type Problem, promptText, VOCABULARY } from './task.ts';

/** data/<name>.jsonl: a line {"prompt":"12+34=","answer":"46"} for each problem. */
export function writeProblems(directory: string, name: string, problems: readonly Problem[]): void {
  const folder = join(directory, 'data');
  mkdirSync(folder, { recursive: true });
  const lines = problems.map((problem) => JSON.stringify({ prompt: promptText(problem), answer: answerText(problem) }));
  writeFileSync(join(folder, `${name}.jsonl`), `${lines.join('\n')}\n`);
}

/** models/actor, models/reward and models/critic, which starts as the reward model. */
export function writeModels(directory: string, actor: TrainedModel, reward: TrainedModel): void {
  const tokenizerFrom = mkdtempSync(join(tmpdir(), 'arithmetic-tokenizer-'));
  try {
    writeTokenizer(tokenizerFrom, VOCABULARY, MODEL_CONFIG.maxPositions);
    const save = (name: string, head: HeadKind, model: TrainedModel) =>
      saveModelFolder(join(directory, 'models', name), { ...model, head, tokenizerFrom });
    save('actor', 'language-model', actor);
    save('reward', 'score', reward);
    save('critic', 'score', reward);
  } finally {
    rmSync(tokenizerFrom, { recursive: true, force: true });
  }
}
