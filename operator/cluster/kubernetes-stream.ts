// Bytes of an answer as text, whole or line by line, never more than a limit. It refuses to know what they mean.

/** The API server stores nothing larger than 1.5 MiB; a watch's line holds one object. */
const MAX_LINE_CHARACTERS = 16 * 2 ** 20;

/** Throws when there is more than the limit. */
export async function readText(body: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let numBytes = 0;
  for await (const chunk of body) {
    numBytes += chunk.length;
    if (numBytes > maxBytes) throw new Error(`the server's answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/**
 * Lines without their ends, empty ones left out. A last line without an end may not be whole: it is left out unless
 * `keepsRest`.
 */
export async function* readLines(body: AsyncIterable<Buffer>, keepsRest = false): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pending: string[] = [];
  let numPending = 0;
  for await (const chunk of body) {
    const [first = '', ...rest] = decoder.decode(chunk, { stream: true }).split('\n');
    pending.push(first);
    numPending += first.length;
    for (const next of rest) {
      const line = pending.join('');
      if (line !== '') yield line;
      pending = [next];
      numPending = next.length;
    }
    if (numPending > MAX_LINE_CHARACTERS) throw new Error(`a line is longer than ${MAX_LINE_CHARACTERS} characters`);
  }
  const rest = pending.join('');
  if (keepsRest && rest !== '') yield rest;
}
