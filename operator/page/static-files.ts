// The files of the page's browser side, read once: a list by name, so that no path of a request ever reaches the disk.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

export interface StaticFile {
  readonly type: string;
  readonly body: Buffer;
  readonly etag: string;
}

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

export const STATIC_NAMES = [
  ...['index.html', 'page.css', 'icon.svg'],
  ...['main.js', 'connection.js', 'dom.js', 'format.js', 'ticks.js'],
  ...['list-view.js', 'job-view.js', 'job-parts.js', 'chart.js', 'charts-view.js', 'phases.js', 'spark.js'],
];

/** By path; the page itself is `/`. */
export function readStaticFiles(): ReadonlyMap<string, StaticFile> {
  return new Map(
    STATIC_NAMES.map((name) => {
      const body = readFileSync(new URL(`./static/${name}`, import.meta.url));
      const type = TYPES[name.slice(name.lastIndexOf('.') + 1)] as string;
      return [name === 'index.html' ? '/' : `/${name}`, { type, body, etag: etagOf(body) }];
    }),
  );
}

export function etagOf(body: Buffer | string): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`;
}
