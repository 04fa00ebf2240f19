/**
 * A block of lines at the bottom of a terminal that is drawn over itself. What it shows it doesn't know.
 */
import type { WriteStream } from 'node:tty';
import { printable } from './printable.ts';

const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const CLEAR_LINE_REST = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

export class TerminalBlock {
  readonly #stream: WriteStream;
  #numLines = 0;

  constructor(stream: WriteStream) {
    this.#stream = stream;
  }

  get size(): { columns: number; rows: number; hasColor: boolean } {
    const { columns, rows } = this.#stream;
    return { columns: columns || 80, rows: rows || 24, hasColor: this.#stream.hasColors() };
  }

  draw(lines: readonly string[]): void {
    const up = this.#numLines > 0 ? `\x1b[${this.#numLines}A\r` : HIDE_CURSOR;
    const text = lines.map((line) => `${printable(line, this.size.hasColor)}${CLEAR_LINE_REST}\n`).join('');
    this.#stream.write(`${up}${text}${CLEAR_BELOW}`);
    this.#numLines = lines.length;
  }

  /** Leaves what is drawn and gives the cursor back. */
  release(): void {
    if (this.#numLines > 0) this.#stream.write(SHOW_CURSOR);
    this.#numLines = 0;
  }
}
