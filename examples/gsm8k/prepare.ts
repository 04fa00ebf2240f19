/**
 * Makes the example's prompts from GSM8K's own files (JSON lines of question and answer): the question in the chat format
 * of Qwen2.5, and the number that the solution ends in. Refuses a file in which a line isn't one of GSM8K's.
 *
 *   node examples/gsm8k/prepare.ts train.jsonl > prompts/train.jsonl
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const INSTRUCTION = 'Reason step by step. End with #### and the final number.';

/** The chat template of Qwen2.5-Instruct for one question, up to where the assistant begins. */
export function toPrompt(question: string): string {
  const turns = [`system\n${INSTRUCTION}`, `user\n${question}`].map((turn) => `<|im_start|>${turn}<|im_end|>\n`);
  return `${turns.join('')}<|im_start|>assistant\n`;
}

/** One line of GSM8K as a line of ours. Throws a RangeError that says what is wrong with it. */
export function convertLine(line: string): string {
  const { question, answer } = JSON.parse(line) as { question?: unknown; answer?: unknown };
  if (typeof question !== 'string' || typeof answer !== 'string') {
    throw new RangeError('a line of GSM8K has a text "question" and a text "answer"');
  }
  const number = /####\s*(-?[\d,.]+)\s*$/.exec(answer)?.[1];
  if (number === undefined) throw new RangeError('the answer does not end in "#### <number>"');
  return JSON.stringify({ prompt: toPrompt(question), answer: number.replaceAll(',', '') });
}

/** A whole file. Throws with the number of the first line that can't be converted. */
export function convertFile(text: string): string {
  const lines = text.split('\n').map((line, index) => {
    if (line.trim() === '') return '';
    try {
      return `${convertLine(line)}\n`;
    } catch (error) {
      throw new RangeError(`line ${index + 1}: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
  return lines.join('');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = process.argv[2];
  if (path === undefined) {
    console.error('usage: node examples/gsm8k/prepare.ts FILE   (train.jsonl or test.jsonl of GSM8K)');
    process.exitCode = 2;
  } else {
    process.stdout.write(convertFile(readFileSync(path, 'utf8')));
  }
}
