import type { Json, Lies } from '../support/handLog.ts';
import { timeOf } from '../support/forge.ts';
import { ALICE, ROWS, fault, lied, unitTerms } from './answers.ts';

/** postings gives alice's postings in unit 1, which have two records of two segments, as somebody wrote them. */
const postings = (...bytes: number[]): Lies => ({
  terms: (terms, unit) =>
    new Map([...terms].map(([key, own]) => [key, unit === 1 && key === ALICE ? Buffer.from(bytes) : own])),
});
/** rows changes the rows of unit 1. */
const rows = (edit: (bytes: Buffer) => Buffer): Lies => ({
  terms: (terms, unit) =>
    new Map([...terms].map(([key, own]) => [key, unit === 1 && key === ROWS ? edit(Buffer.from(own)) : own])),
});
const unit = (number: number, edit: Json): Lies => ({
  manifest: (it) => ({
    ...it,
    units: it.units.map((own: Json, i: number) => (i === number ? { ...own, ...edit } : own)),
  }),
});
const HUGE = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];

describe('what whoever signs the log says is taken only as the format has it', () => {
  test('postings of two segments', () => {
    expect(unitTerms(1).get(ALICE)).toEqual(Buffer.of(2, 0, 1, 0, 0, 1, 2));
  });

  test.each<[string, Lies, string]>([
    [
      'off by one: a unit that ends too early',
      unit(0, { entries: [0, 31] }),
      'no unit of the index covers the entries from 31 to 31',
    ],
    ['off by one: a unit that ends too late', unit(0, { entries: [0, 33] }), 'two units of the index cover entry 32'],
    ['off by one: the last unit ends too early', unit(1, { entries: [32, 39] }), 'cover the entries below 39'],
    ['off by one: the last unit ends too late', unit(1, { entries: [32, 41] }), 'cover the entries below 41'],
    ['a hole at the beginning', unit(0, { entries: [1, 32] }), 'no unit of the index covers the entries from 0 to 0'],
    ['two overlapping units', unit(1, { entries: [0, 40] }), 'two units of the index cover entry 0'],
    ['no units', { manifest: (it) => ({ ...it, units: [] }) }, 'the entries below 0, and it states those below 40'],
    ['a unit with more segments than entries', unit(1, { segments: 9 }), 'contradicts itself'],
    ['a unit with segments and without time', unit(1, { time: undefined }), 'contradicts itself'],
    [
      'a unit without segments that has terms',
      unit(1, { segments: 0, records: 0, time: undefined }),
      'contradicts itself',
    ],
    ['a unit with segments and one term', unit(1, { terms: 1 }), 'contradicts itself'],
    ['a unit with more records than its segments can have', unit(1, { records: 9e6 }), 'contradicts itself'],
    ['other rules', { manifest: (it) => ({ ...it, rules: 2 }) }, 'by other rules than the log states'],
    [
      'rules that are not known',
      { heads: (it) => ({ ...it, index: { ...it.index, rules: 2 } }) },
      'version 2 of the rules',
    ],
    [
      'other entries',
      { heads: (it) => ({ ...it, index: { ...it.index, entries: 41 } }) },
      'of other entries than the log states',
    ],
    [
      'entries behind the heads',
      { heads: (it) => ({ ...it, index: { ...it.index, entries: 42 } }) },
      'that are behind them',
    ],
    ['heads without an index', { heads: (it) => ({ ...it, index: undefined }) }, 'state no index'],
    [
      'heads in another order',
      { heads: ({ type, keys: own, ...it }) => ({ type, ...it, keys: own }) },
      'not as a ledger writes',
    ],
    [
      'a manifest of another version',
      { manifest: (it) => ({ ...it, version: 2 }) },
      'the manifest of the index is not one',
    ],
    [
      'a manifest with a member more',
      { manifest: (it) => ({ ...it, more: 1 }) },
      'the manifest of the index is not one',
    ],
    ['a number in more bytes than it takes', postings(2, 0x80, 0, 1, 0, 0, 1, 2), 'in more bytes than it takes'],
    ['a number that is cut off', postings(2, 0, 1, 0, 0, 1, 0x82), 'a number is cut off'],
    ['a number above 2^53 - 1', postings(2, ...HUGE.slice(0, 7), 0x10, 1, 0), 'above 2^53 - 1'],
    ['a number of nine bytes', postings(2, ...HUGE.slice(0, 7), 0xff, 1, 1, 0), 'above 2^53 - 1'],
    ['no postings', postings(), 'a number is cut off'],
    ['postings of no record', postings(0), 'no record has the term'],
    [
      'postings of more records than the unit has',
      postings(5, 0, 1, 1, 3),
      '5 records have the term, and the unit has 4',
    ],
    [
      'another number of records than the runs have',
      postings(3, 0, 1, 0, 0, 1, 2),
      'it states 3 records, and its runs have 2',
    ],
    ['fewer records than the runs have', postings(1, 0, 1, 0, 0, 1, 2), 'it states 1 records, and its runs have more'],
    ['a segment that is none of the unit', postings(2, 2, 1, 0), "segment 2 is none of the unit's 2"],
    ['a segment far away', postings(2, ...HUGE, 1, 0), 'is none of the unit'],
    ['a segment without runs', postings(2, 0, 0), 'segment 0 has no run of records'],
    ['runs that touch', postings(2, 0, 2, 0, 0), 'two runs of records of segment 0 touch'],
    ['a run as long as can be', postings(2, 0, 1, 1, ...HUGE), 'a run of records leads out of segment 0'],
    ['a run as far away as can be', postings(2, 0, 1, 0xfe, ...HUGE.slice(1)), 'leads out of segment 0'],
    ['more runs than there are bytes', postings(2, 0, ...HUGE, 0), 'a number is cut off'],
    [
      'a run beyond the records of the row',
      postings(2, 0, 1, 4, 0, 1, 2),
      'segment 0 has 2 records, and postings name number 2',
    ],
    ['rows that are cut off', rows((it) => it.subarray(0, -1)), 'a number is cut off'],
    ['a row too much', rows((it) => Buffer.concat([it, Buffer.of(0)])), 'something follows its 2 rows'],
    [
      'a row of an entry beyond the unit',
      rows((it) => Buffer.concat([Buffer.of(9), it.subarray(1)])),
      "entry 41 can't be one",
    ],
    ['a row of another entry', rows((it) => Buffer.concat([Buffer.of(0), it.subarray(1)])), 'it is missing'],
    [
      'a row of another index',
      rows((it) => Buffer.concat([it.subarray(0, 2), Buffer.of(7), it.subarray(3)])),
      'another index',
    ],
    [
      'a row of another partition',
      rows((it) => Buffer.concat([it.subarray(0, 1), Buffer.of(7), it.subarray(2)])),
      'another partition',
    ],
    [
      'a row of another number of records',
      rows((it) => Buffer.concat([it.subarray(0, 7), Buffer.of(3), it.subarray(8)])),
      'another number of records',
    ],
    [
      "a row's time changed",
      rows((it) => Buffer.concat([it.subarray(0, -1), Buffer.of(0x7f)])),
      'beyond those of its unit',
    ],
    [
      "an entry's time changed",
      { entry: (it) => ({ ...it, time: { ...it.time, last: timeOf(111) } }) },
      'entry 1 states another latest time than the row',
    ],
    [
      'a seal of another place',
      { line: (line) => line.replace('"record":2,', '"record":1,') },
      'record 2 of segments/0/000000000000.jsonl.zst: its seal states another record number',
    ],
    [
      'a seal of another event',
      { line: (line) => line.replace('"event":2,', '"event":9,') },
      'is not one of the segment',
    ],
    [
      'a seal of another time',
      { line: (line) => line.replace(timeOf(20), timeOf(31)) },
      'its time is not one of the segment',
    ],
    [
      'a seal with a time that is none',
      { line: (line) => line.replace(timeOf(20), `${timeOf(20).slice(0, -1)}z`) },
      'its time is not',
    ],
    [
      'a line without a seal',
      { line: (line) => line.replace('"_seal"', '"_sea1"') },
      'does not end in the seal of a record',
    ],
    ['an entry that is none', { entry: (it) => ({ ...it, size: -1 }) }, 'no whole number'],
  ])('%s', async (_name, lies, says) => {
    expect(await fault(lied(lies))).toContain(says);
  });

  test('rows with another number of records than the unit', async () => {
    expect(await fault(lied(unit(1, { records: 5 }), {}))).toBe(
      'unit 1 of the index: its rows have 4 records, and the manifest states 5',
    );
  });

  test('a segment of many records is compared as far as the answer reaches, however many the index says there are', async () => {
    const lies = {
      ...rows((it) => Buffer.concat([it.subarray(0, 7), Buffer.of(0xff, 0xff, 0x7f), it.subarray(8)])),
      ...unit(1, { records: 2_097_153 }),
    };
    expect(await fault(lied(lies, {}))).toContain('states another number of records than the row');
  });
});
