import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { formatEntry } from '../../src/core/objects/entry.ts';
import { formatEvidence } from '../../src/core/objects/evidence.ts';
import { ZERO_HASH, leafHash, sha256 } from '../../src/core/hash.ts';
import type { Hash } from '../../src/core/hash.ts';
import { formatCheckpoint } from '../../src/core/note/checkpoint.ts';
import { formatNote } from '../../src/core/note/note.ts';
import { TreeRoot } from '../../src/core/merkle/tree.ts';
import { proveInSegment } from '../../src/core/merkle/proof.ts';
import { createSignerKey, signNote } from '../../src/core/note/signerKey.ts';
import { formatTlogProof } from '../../src/core/note/tlogProof.ts';
import { formatVerifierKey } from '../../src/core/note/verifierKey.ts';

/** Debian's two builds of one browser. The shell draws and prints the same, and opens a page in a third of the time. */
const BROWSERS = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'] as const;

/** CHROMIUM is where the browser is looked for that the page is tested with. */
export const CHROMIUM = BROWSERS.find((path) => existsSync(path)) ?? BROWSERS[1];

/** hasChromium tells whether it is there. */
export const hasChromium = existsSync(CHROMIUM);

/** PAGE is the built page, opened from the disk as its users do. */
export const PAGE = pathToFileURL('dist/web/check.html').href;

const LOG = 'logs.example.com/audit';
const signer = createSignerKey(LOG, Buffer.alloc(32, 5));

/** LOG_KEY is the key of the log that evidenceOf makes evidence of. */
export const LOG_KEY = formatVerifierKey(signer.verifierKey);

/** evidenceOf gives genuine evidence of a record whose text, up to its closing brace, is `members`. */
export function evidenceOf(members: string): Buffer {
  const enqueued = '2026-11-22T10:00:05.981Z';
  const seal = `"_seal":{"record":512,"event":7000,"index":0,"enqueued":"${enqueued}"}}`;
  const line = Buffer.from(`{${members}${members === '' ? '' : ','}${seal}`);
  const others = Array.from({ length: 9 }, (_, i) => leafHash(Buffer.from(`line ${i}`)));
  const hashes = [...others.slice(0, 1), leafHash(line), ...others.slice(1)];
  const proof = proveInSegment(hashes, 1);
  const entry = formatEntry({
    type: 'segment',
    size: 48_211,
    sha256: sha256(line),
    root: rootOf(hashes),
    prev: ZERO_HASH,
    partition: '3',
    index: 41,
    incarnation: 0,
    records: { first: 512, count: hashes.length - 1 },
    events: { first: 7000, last: 7051, count: 52 },
    time: { first: enqueued, last: enqueued },
    categories: new Map([['AuditEvent', hashes.length - 1]]),
  });
  const leaves = [...others.slice(0, 6), leafHash(entry)];
  const inLog = proveInSegment(leaves, 6);
  const text = formatCheckpoint({ origin: LOG, size: leaves.length, rootHash: rootOf(leaves) });
  const checkpoint = formatNote({ text, signatures: [signNote(text, signer)] }).toString();
  return formatEvidence({
    line,
    segmentProof: proof,
    entry,
    proof: formatTlogProof({ index: 6, hashes: inLog.hashes, checkpoint }),
    verifierKeys: [LOG_KEY],
  });
}

function rootOf(leaves: readonly Hash[]): Hash {
  const tree = new TreeRoot();
  for (const leaf of leaves) tree.add(leaf);
  return tree.root();
}

/** offPaper gives what a print of the page would cut off at the right edge of its paper, if that were 680 pixels wide. */
export async function offPaper(page: Page): Promise<string[]> {
  await page.emulateMedia({ media: 'print' });
  await page.setViewportSize({ width: 680, height: 900 });
  return page.evaluate(() =>
    [...document.querySelectorAll('body *')]
      .filter((shown) => shown.getBoundingClientRect().right > 680 || shown.scrollWidth > shown.clientWidth + 1)
      .filter((shown) => getComputedStyle(shown).display !== 'inline')
      .map((shown) => `${shown.tagName} ${shown.id}`),
  );
}

/** poorContrast gives the texts that are shown with less contrast than 4.5 to what is behind them. WCAG 2.2, 1.4.3. */
export function poorContrast(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const channels = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = (color: string): number => {
      const [r = 0, g = 0, b = 0] = channels(color).map((value) => {
        const part = value / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = (element: Element | null): string => {
      if (element === null) return getComputedStyle(document.body).backgroundColor;
      const color = getComputedStyle(element).backgroundColor;
      return channels(color)[3] === 0 ? behind(element.parentElement) : color;
    };
    const contrast = (a: number, b: number): number => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const poor: string[] = [];
    for (const element of document.querySelectorAll('body *')) {
      if (element.getClientRects().length === 0) continue;
      const texts = [...element.childNodes].filter(
        (node) => node.nodeType === Node.TEXT_NODE && node.nodeValue?.trim(),
      );
      const colors = texts.length > 0 ? [getComputedStyle(element).color] : [];
      if (element.matches('textarea')) colors.push(getComputedStyle(element, '::placeholder').color);
      for (const color of colors) {
        const found = contrast(luminance(color), luminance(behind(element)));
        if (found < 4.5) poor.push(`${element.tagName} ${element.className}: ${color}, ${found.toFixed(2)}`);
      }
    }
    return poor;
  });
}
