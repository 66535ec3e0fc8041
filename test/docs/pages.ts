import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../tools/pages/markedBlock.ts';

const LEFT_OUT = new Set(['node_modules', 'dist', 'coverage', '.git', '.cache']);

/** pageNames lists every Markdown file of the checkout. */
export function pageNames(folder = ''): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return LEFT_OUT.has(entry.name) ? [] : pageNames(name);
    return entry.name.endsWith('.md') ? [name] : [];
  });
}

export const readPage = (name: string): string => readFileSync(join(ROOT, name), 'utf8');

export interface CodeBlock {
  readonly language: string;
  readonly text: string;
}

/** codeBlocks gives the fenced blocks of a page, in order. */
export const codeBlocks = (page: string): CodeBlock[] =>
  [...page.matchAll(/^```(\S*)\n([^]*?)^```$/gm)].map(([, language, text]) => ({
    language: language as string,
    text: (text as string).replace(/\n$/, ''),
  }));

/** headings gives the texts of a page's headings of one level. */
export const headings = (page: string, level: number): string[] =>
  [...page.replaceAll(/^```[^]*?^```$/gm, '').matchAll(new RegExp(`^#{${level}} (.+)$`, 'gm'))].map(
    ([, text]) => text as string,
  );

/** section gives what stands under a heading, down to the next one of the same level. */
export function section(page: string, heading: string): string {
  const [mark] = heading.split(' ') as [string];
  const start = page.indexOf(`${heading}\n`);
  if (start < 0) throw new Error(`the page has no heading ${heading}`);
  const rest = page.slice(start + heading.length);
  const end = rest.search(new RegExp(`^${mark} `, 'm'));
  return end < 0 ? rest : rest.slice(0, end);
}

/** firstCells gives the code spans in the first column of a section's tables. */
export const firstCells = (text: string): string[] =>
  [...text.matchAll(/^\| ([^|]+?) +\|/gm)].flatMap(([, cell]) =>
    [...(cell as string).matchAll(/`([^`]+)`/g)].map(([, name]) => name as string),
  );

/** anchorsOf gives the names that links to headings of a page have, as GitHub makes them. */
export const anchorsOf = (page: string): string[] =>
  [...page.replaceAll(/^```[^]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm)].map(([, text]) =>
    (text as string)
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
