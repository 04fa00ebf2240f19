/** The documents of the repository and what is in them: links, headings, code blocks. Touches no cluster. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
const SKIPPED = new Set(['node_modules', '.git', 'output', 'outputs']);

export interface Block {
  /** From the repository's root. */
  readonly file: string;
  /** Of the block's first line. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
}

/** Every Markdown file, by its path from the repository's root. */
export function findDocuments(folder = REPOSITORY): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : findDocuments(path);
    return entry.name.endsWith('.md') ? [relative(REPOSITORY, path)] : [];
  });
}

export function readDocument(file: string): string {
  return readFileSync(join(REPOSITORY, file), 'utf8');
}

export function findBlocks(file: string): Block[] {
  const blocks: Block[] = [];
  let open: { line: number; language: string; lines: string[] } | null = null;
  for (const [index, line] of readDocument(file).split('\n').entries()) {
    const fence = /^\s*```(\w*)/.exec(line);
    if (fence === null) open?.lines.push(line);
    else if (open === null) open = { line: index + 1, language: fence[1] ?? '', lines: [] };
    else {
      blocks.push({ file, line: open.line, language: open.language, text: open.lines.join('\n') });
      open = null;
    }
  }
  return blocks;
}

/** Commands of a shell block: lines without comments, continued ones joined. */
export function commandsOf({ text }: Block): string[] {
  const joined = text.replaceAll(/\\\n\s*/g, '');
  return joined
    .split('\n')
    .map((line) => line.replace(/(^|\s+)#.*$/, '').trim())
    .filter((line) => line !== '');
}

/** The anchor that a heading gets on the sites that show Markdown. */
export function anchorOf(heading: string): string {
  const text = heading.replaceAll('`', '').toLowerCase();
  return text.replaceAll(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-');
}

/** What is wrong with the document's links to files and headings, a sentence each. */
export function brokenLinks(file: string): string[] {
  const text = readDocument(file).replaceAll(/```[\s\S]*?```/g, '');
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] as string);
  return links.flatMap((link) => {
    if (/^[a-z]+:/.test(link)) return [];
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? file : relative(REPOSITORY, resolve(REPOSITORY, dirname(file), path));
    if (!existsSync(join(REPOSITORY, target))) return [`${file} links to ${link}, which is not there`];
    if (anchor === undefined || !target.endsWith('.md')) return [];
    const headings = [...readDocument(target).matchAll(/^#+ (.*)$/gm)].map((match) => anchorOf(match[1] as string));
    const isExplicit = readDocument(target).includes(`id="${anchor}"`);
    return headings.includes(anchor) || isExplicit ? [] : [`${file} links to ${link}, and there is no such heading`];
  });
}
