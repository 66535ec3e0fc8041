import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { Page } from 'playwright-core';

/** PAPERS is what people print on. */
export const PAPERS = ['A4', 'Letter'] as const;

/**
 * printed gives the text of a print of a page, squashed, without what the browser puts on each sheet's edge: a value
 * may be broken over lines and sheets. `edges` is that of the sheets' edges.
 */
export async function printed(
  page: Page,
  format: (typeof PAPERS)[number],
): Promise<{ readonly text: string; readonly edges: readonly string[] }> {
  // As people print by default: without backgrounds.
  const pdf = await page.pdf({ format, printBackground: false });
  const lines = execFileSync('pdftotext', ['-', '-'], { input: pdf, maxBuffer: 2 ** 26 })
    .toString('utf8')
    .split(/[\n\f]/);
  const isEdge = (line: string): boolean =>
    /^Result: .*Checked \d{4}-|^Auditseal: certificate of a check$|^Page \d+ of \d+$/.test(line);
  return { text: squashed(lines.filter((line) => !isEdge(line)).join('')), edges: lines.filter(isEdge) };
}

/** squashed takes the white space out of a text, and the hyphens: of those pdftotext takes any at the end of a line for its own. */
export const squashed = (text: string): string => text.replace(/[\s-]+/g, '');

/** joinsOf gives, in hex, the leaf hash of bytes and all hashes of an inclusion proof on the way up, each once: written from RFC 6962. */
export function joinsOf(leaf: string | Uint8Array, index: number, size: number, proof: readonly string[]): string[] {
  const sha = (...parts: (string | Uint8Array)[]): Buffer => {
    const hash = createHash('sha256');
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  const path = proof.map((hash) => Buffer.from(hash, 'base64'));
  /** gives the root of the leaves [start, end), of which only the one at `index` is known */
  const seen: Buffer[] = [...path];
  const up = (start: number, end: number): Buffer => {
    if (end - start === 1) return keep(sha(Buffer.of(0), leaf));
    let split = 1;
    while (split * 2 < end - start) split *= 2;
    const isLeft = index < start + split;
    const known = isLeft ? up(start, start + split) : up(start + split, end);
    const sibling = path.shift() ?? Buffer.alloc(0);
    return keep(isLeft ? sha(Buffer.of(1), known, sibling) : sha(Buffer.of(1), sibling, known));
  };
  const keep = (hash: Buffer): Buffer => {
    seen.push(hash);
    return hash;
  };
  up(0, size);
  return seen.map((hash) => hash.toString('hex'));
}
