import { readFileSync, readdirSync } from 'node:fs';
import { sliceBody } from '../../../src/core/segment/body.ts';
import { minify } from '../../../src/core/segment/jsonScanner.ts';
import { expectedRecords } from '../../support/referenceBody.ts';
import { bodyVectors } from '../../support/vectors.ts';

interface Kept {
  readonly form: string;
  readonly original: string;
  readonly envelope?: string;
}

/** What sliceBody says a body gives, in the terms of the vectors. */
const sliced = (body: Buffer): Kept[] =>
  sliceBody(body).map(({ form, start, end, envelope }) => {
    const text = body.subarray(start, end);
    const isWhole = form === 'text' || form === 'base64';
    const original = isWhole || !/[\r\n]/.test(text.toString('latin1')) ? text : minify(text);
    return { form, original: original.toString('latin1'), ...(envelope && { envelope: envelope.toString('latin1') }) };
  });
const referenced = (body: Buffer): Kept[] =>
  expectedRecords(body).map((record) => ({ ...record, original: record.original.toString('latin1') }));

const EXAMPLES = new URL('../../../local/examples/', import.meta.url);

describe('sliceBody', () => {
  test.each(bodyVectors())('gives what the vectors say: $name', ({ body, records }) => {
    const expected = records.map(({ form, original, envelope }) => ({
      form,
      original: original.toString('latin1'),
      ...(envelope !== undefined && { envelope: envelope.toString('latin1') }),
    }));
    expect(sliced(body)).toEqual(expected);
    expect(referenced(body)).toEqual(expected);
  });

  test.each(bodyVectors())('reads every truncation as the reference does: $name', ({ body }) => {
    for (let length = 0; length < body.length; length++) {
      const cut = body.subarray(0, length);
      expect(sliced(cut)).toEqual(referenced(cut));
    }
  });

  test.each(readdirSync(EXAMPLES))('reads the example %s as the reference does', (name) => {
    const body = readFileSync(new URL(name, EXAMPLES));
    expect(sliced(body)).toEqual(referenced(body));
  });

  test.each([
    ['', 'empty body'],
    ['{"a":1,}', 'not JSON at byte 7'],
    ['  ', 'not JSON at byte 2'],
    ['{"records":[01]}', 'not JSON at byte 13'],
    ['[1', 'not JSON at byte 2'],
    ['1 12x', 'not JSON at byte 4'],
  ])('says why %j is kept whole', (body, reason) => {
    expect(sliceBody(Buffer.from(body))).toEqual([{ form: 'text', start: 0, end: body.length, reason }]);
  });

  test('says why other records are no objects', () => {
    expect(sliceBody(Buffer.of(0xff))).toEqual([{ form: 'base64', start: 0, end: 1, reason: 'not UTF-8' }]);
    expect(sliceBody(Buffer.from('[7]'))).toEqual([{ form: 'value', start: 1, end: 2, reason: 'not an object' }]);
  });

  test('takes any depth, in every place', () => {
    const deep = '['.repeat(500_000) + ']'.repeat(500_000);
    expect(sliceBody(Buffer.from(deep))).toHaveLength(1);
    expect(sliceBody(Buffer.from(`{"records":[${deep},{"a":${deep}}],"x":${deep}}`)).map(({ form }) => form)).toEqual([
      'value',
      'object',
    ]);
    expect(sliceBody(Buffer.from('{"a":'.repeat(500_000)))[0]).toMatchObject({ form: 'text' });
    const envelopes = `${'{"records":['.repeat(200_000)}${']}'.repeat(200_000)}`;
    expect(sliceBody(Buffer.from(`[${envelopes}]`))).toHaveLength(1);
  });

  test('takes very many records and members', () => {
    expect(sliceBody(Buffer.from(`[${'1,'.repeat(300_000)}1]`))).toHaveLength(300_001);
    expect(sliceBody(Buffer.from('{}'.repeat(300_000)))).toHaveLength(300_000);
    const members = '"records2":[],'.repeat(100_000);
    expect(sliceBody(Buffer.from(`{${members}"records":[{}]}`))[0]?.envelope).toHaveLength(members.length + 1);
  });
});
