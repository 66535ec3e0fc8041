import { readdirSync, readFileSync } from 'node:fs';
import { isIPv4, isIPv6 } from 'node:net';
import { gunzipSync } from 'node:zlib';

const FOLDER = new URL('../../local/examples/', import.meta.url);
const files = readdirSync(FOLDER).filter((name) => name !== 'README.md');
const bytesOf = (name: string): Buffer => readFileSync(new URL(name, FOLDER));

/** tableOf reads the README's rows: file name -> number of records. */
function tableOf(markdown: string): Map<string, number> {
  const table = new Map<string, number>();
  for (const [, name, count] of markdown.matchAll(/^\| `([^`]+)` *\|.*\| *(\d+) *\|$/gm)) {
    if (table.has(String(name))) throw new Error(`${name} is listed twice`);
    table.set(String(name), Number(count));
  }
  return table;
}

function tryParse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

/** jsonTexts reads JSON texts one behind the other by taking the shortest start that parses; undefined if any part isn't JSON. */
function jsonTexts(text: string): unknown[] | undefined {
  const whole = tryParse(text);
  if (whole) return [whole.value];
  const values: unknown[] = [];
  let rest = text.trim();
  while (rest !== '') {
    let end = 0;
    let parsed: ReturnType<typeof tryParse>;
    for (const { index } of rest.matchAll(/[}\]]/g)) {
      end = index + 1;
      parsed = tryParse(rest.slice(0, end));
      if (parsed) break;
    }
    if (!parsed) return undefined;
    values.push(parsed.value);
    rest = rest.slice(end).trim();
  }
  return values.length > 0 ? values : undefined;
}

function countOpened(value: unknown): number {
  if (typeof value !== 'object' || value === null || !('records' in value) || !Array.isArray(value.records)) return 1;
  return value.records.length === 0 && Object.keys(value).length > 1 ? 1 : value.records.length;
}

/**
 * countRecords says how many records a body holds, by JSON.parse alone. It can't see a repeated `records` key, nor split
 * lone numbers and words behind each other; no example has either.
 */
function countRecords(body: Buffer): number {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return 1;
  }
  const values = jsonTexts(text);
  if (!values) return 1;
  return values
    .flatMap((value): unknown[] => (Array.isArray(value) ? value : [value]))
    .reduce<number>((sum, value) => sum + countOpened(value), 0);
}

describe('local/examples', () => {
  const table = tableOf(bytesOf('README.md').toString());

  test('the table names every file, and nothing else', () => {
    expect([...table.keys()].sort()).toEqual([...files].sort());
    expect(files.filter((name) => !/^[a-z0-9]+(-[a-z0-9]+)+\.(json|ndjson|txt|bin)$/.test(name))).toEqual([]);
  });

  test.each(files)('%s holds as many records as the table says', (name) => {
    expect(countRecords(bytesOf(name))).toBe(table.get(name));
  });

  test('the file name tells whether the body is JSON', () => {
    const isJson = (name: string): boolean => {
      const body = bytesOf(name);
      return body.length > 0 && jsonTexts(new TextDecoder().decode(body)) !== undefined;
    };
    expect(files.filter((name) => isJson(name) !== name.endsWith('json'))).toEqual([]);
  });

  test('bytes that editors and git like to change are still there', () => {
    expect(bytesOf('edge-bom.json').subarray(0, 4).toString('hex')).toBe('efbbbf7b');
    expect(bytesOf('edge-pretty-crlf.json').toString()).toMatch(/^\{\r\n {4}"records": \[\r\n[^]*\r\n\}\r\n$/);
    expect(bytesOf('edge-pretty-bare.json').toString()).toMatch(/^\{\n\t"time"[^]*\n\}\n$/);
    expect(bytesOf('edge-control-character.txt').toString()).toContain('tab\there');
    expect(bytesOf('edge-latin1.bin').includes(0xfc)).toBe(true);
    expect(bytesOf('edge-empty.txt')).toHaveLength(0);
    expect(bytesOf('edge-big-numbers.json').toString()).toContain('9007199254740993');
    expect(bytesOf('edge-hostile-strings.json').toString()).toContain('\\ud83d"');
    expect(bytesOf('edge-hostile-strings.json').toString()).toContain('\u2028\u2029');
  });
});

describe('local/examples hold nothing real', () => {
  // Front Door writes HTTP versions with four parts.
  const texts = files.map((name) => {
    const body = name === 'edge-gzip.bin' ? gunzipSync(bytesOf(name)) : bytesOf(name);
    return { name, text: body.toString('latin1').replaceAll(/"httpVersion":"[^"]*"/g, '') };
  });
  const hits = (pattern: RegExp, isBad: (hit: string) => boolean): string[] =>
    texts.flatMap(({ name, text }) => (text.match(pattern) ?? []).filter(isBad).map((hit) => `${name}: ${hit}`));

  test('addresses are from the ranges for documentation', () => {
    const isDocumentation = /^(192\.0\.2|198\.51\.100|203\.0\.113)\.\d+$/;
    expect(
      hits(/(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)/g, (hit) => isIPv4(hit) && !isDocumentation.test(hit)),
    ).toEqual([]);
    expect(
      hits(/(?<![\w:])[\da-f]*:[\da-f]*:[\da-f:]*(?![\w:])/gi, (hit) => isIPv6(hit) && !/^2001:db8:/i.test(hit)),
    ).toEqual([]);
    expect(hits(/"mac(?:Address)?":"[^"]*"/g, (hit) => !/"00005E0053..."?$/.test(hit))).toEqual([]);
  });

  test('GUIDs and hashes are visibly made up', () => {
    const madeUp = /^([\da-f])\1{7}-?([\da-f])\2{3}-?4([\da-f])\3{2}-?8([\da-f])\4{2}-?[0]{6}[\da-f]{6}$/i;
    const counting = '0123456789abcdef'.repeat(6);
    const isMadeUp = (hit: string): boolean =>
      madeUp.test(hit) || /^0+$/.test(hit) || counting.includes(hit.toLowerCase());
    expect(hits(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/gi, (hit) => !madeUp.test(hit))).toEqual([]);
    expect(hits(/(?<![\da-f.])[\da-f]{32,}(?![\da-f])/gi, (hit) => !isMadeUp(hit))).toEqual([]);
  });

  test('e-mail addresses and principal names are from example domains', () => {
    const isExample = /@([a-z-]+\.)*(contoso\.example|example\.(com|net|org))$/i;
    expect(hits(/(?<![\w.+#-])[\w.+#-]+@[\w-]+(?:\.[\w-]+)+/g, (hit) => !isExample.test(hit))).toEqual([]);
  });

  test('nothing looks like a key', () => {
    const pattern =
      /AccountKey=|SharedAccess|passw(?:or)?d"?\s*[=:]|PRIVATE KEY|eyJ[\w-]{10}|gh[pousr]_\w|AKIA\w|sig=(?!XXXXX)|[A-Za-z\d+/]{86}==/gi;
    expect(hits(pattern, () => true)).toEqual([]);
  });
});
