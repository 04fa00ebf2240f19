/** What may go to a terminal of texts that anybody may have written: words, lines and colours, nothing that acts. Pure. */

/** A colour as this project sets them, which is kept; or another control character than the end of a line or a tab. */
const CONTROL = /(\p{Cc}\[(?:[0-2]|[39]\d)m)|[^\P{Cc}\n\t]/gu;

export function printable(text: string, hasColor: boolean): string {
  return text.replace(CONTROL, (_, color?: string) => (hasColor && color?.startsWith('\x1b') ? color : ''));
}
