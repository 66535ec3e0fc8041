import { sha } from '../support/handLog.ts';
import type { Json } from '../support/handLog.ts';
import { handAnswer, printAnswer } from '../support/handAnswer.ts';
import { isAnswer, parseAnswer } from '../../web/verify/answer/answer.ts';
import { checkAnswer } from '../../web/verify/answer/checkAnswer.ts';
import { isIndexedValue } from '../../web/verify/answer/query.ts';
import { ACTOR, ALICE, RIGHT, check, keys, termOf } from './answers.ts';

describe('an answer is read only as it is printed', () => {
  const good = printAnswer(handAnswer(RIGHT, { ...ACTOR('alice'), hasReport: true })).toString();
  const said = (text: string | Uint8Array): string => {
    try {
      parseAnswer(Buffer.from(text));
      return 'nothing';
    } catch (error) {
      return (error as Error).message;
    }
  };

  test('what is right is', () => {
    expect(said(good)).toBe('nothing');
    expect(isAnswer(Buffer.from(good))).toBe(true);
    expect(isAnswer(Buffer.from('{"version":1,"line":"x"'))).toBe(false);
    expect(isAnswer(Buffer.from(good.replace('"version":1', '"version":23')))).toBe(true);
  });

  test.each<[string, string, string]>([
    ['white space', good.replace('"query":', '"query": '), 'at character'],
    ['a later version', good.replace('"version":1', '"version":2'), 'version 2; this page knows 1'],
    ['no LF', good.slice(0, -1), 'one line feed, and nothing behind it, should stand'],
    ['two LFs', `${good}\n`, 'one line feed, and nothing behind it, should stand'],
    [
      'a member in another place',
      good.replace(/"from":null,"to":null/, '"to":null,"from":null'),
      '{"from": should stand',
    ],
    ['an escape that is not needed', good.replace('alice', '\\u0061lice'), 'a string should stand'],
    ['half of a surrogate pair', good.replace('alice', '\\ud800'), 'a string should stand'],
    ['a number with a zero before it', good.replace('"unit":0', '"unit":00'), 'a number should stand'],
    ['a number with a fraction', good.replace('"unit":0', '"unit":0.0'), '"terms": should stand'],
    ['a number above 2^53 - 1', good.replace('"unit":0', '"unit":9007199254740992'), 'a number should stand'],
    ['a key in capitals', good.replace(ALICE, ALICE.toUpperCase()), 'a key should stand'],
    ['a hash that is too short', good.replace('"hashes":["', '"hashes":["A'), 'is longer than 44'],
    ['base64 with spare bits', good.replace(/("postings":"[A-Za-z0-9+/]*)[AQgw]==/, '$1B=='), 'base64 should stand'],
    ['a time that is none', good.replace('"from":null', '"from":"2025-02-30T00:00:00.000Z"'), 'a time should stand'],
    [
      'a partition that is none',
      good.replace('"partitions":null', '"partitions":["01"]'),
      'not ids in ascending order',
    ],
    [
      'partitions in another order',
      good.replace('"partitions":null', '"partitions":["2","1"]'),
      'not ids in ascending',
    ],
    [
      'an interval that ends when it begins',
      good.replace('"from":null,"to":null', '"from":"2025-11-22T00:00:00.000Z","to":"2025-11-22T00:00:00.000Z"'),
      'the interval of its query ends before it begins',
    ],
    [
      'an interval that ends before it begins',
      good.replace('"from":null,"to":null', '"from":"2025-11-22T00:00:00.001Z","to":"2025-11-22T00:00:00.000Z"'),
      'the interval of its query ends before it begins',
    ],
    ['no end', good.replace(/"end":.*?\},(?="manifest")/, ''), ',"end": should stand'],
    ['a report without consistency', good.replace(/,"consistency":\[[^\]]*\]/, ''), ',"consistency": should stand'],
    ['no partition', good.replace('"partitions":null', '"partitions":[]'), 'asks for no partition'],
    ['a field that no index has', good.replace('"field":"actor"', '"field":"time"'), 'a field that no index has'],
    ["a field of the index's own", good.replace('"field":"actor"', '"field":"_notJson"'), 'a field that no index has'],
    ['a field twice', good.replace('"terms":[{', '"terms":[{"field":"actor","values":["bob"]},{'), 'a field twice'],
    ['no values', good.replace('["alice"]', '[]'), 'names no value of actor'],
    ['a value twice', good.replace('["alice"]', '["alice","alice"]'), 'a value of actor twice'],
    ['a value that is not folded', good.replace('["alice"]', '["Alice"]'), 'a value of actor that no index has'],
    ['a value with a space at its end', good.replace('["alice"]', '["alice "]'), 'a value of actor that no index has'],
    ['an empty value', good.replace('["alice"]', '[""]'), 'a value of actor that no index has'],
    [
      'an address with a port',
      good.replace('"actor","values":["alice"]', '"ip","values":["1.2.3.4:5"]'),
      'a value of ip',
    ],
    [
      'a target with a query',
      good.replace('"actor","values":["alice"]', '"target","values":["/a?b"]'),
      'a value of target',
    ],
    ['a record of two lines', good.replace('"line":"{\\"category\\"', '"line":"{\\n\\"category\\"'), 'not one line'],
    ['a deep list', good.replace('"units":[', `"units":${'['.repeat(1_000_000)}`), '{"unit": should stand'],
    ['a member more', good.replace(/\}\n$/, ',"more":1}\n'), 'should stand'],
  ])('%s is not', (_name, text, says) => {
    expect(text).not.toBe(good);
    expect(said(text)).toContain(says);
  });

  test.each(['/a/', '//a/', '/a//', 'http://', 'https://a/', '/a#b', '/a?', 'http:///?', '/a \t/', '/a /?b', '/a?/'])(
    'the target %j is found by what stands before its query, without slashes and spaces at its end',
    (value) => expect(isIndexedValue('target', value)).toBe(false),
  );
  test.each(['/', '//', '/?', '/?a', '// /?a/', '/#/', '/a', '/ a', 'https://a', 'http:', 'a/', 'a?b', 'kv/#'])(
    'the target %j is found by itself: nothing would be left, or it is no URL or path',
    (value) => expect(isIndexedValue('target', value)).toBe(true),
  );

  test('segments in another order, too many hashes, and bytes that are no text are not', () => {
    const answer = handAnswer(RIGHT, ACTOR('alice'));
    expect(said(printAnswer({ ...answer, segments: answer.segments.toReversed() }))).toContain(
      'not in ascending order',
    );
    expect(said(Buffer.of(0xff))).toContain('not text in UTF-8');
    expect(said('')).toContain('does not begin as an answer does');
    const hashes = Array.from({ length: 64 }, () => sha('').toString('base64'));
    expect(said(printAnswer({ ...answer, heads: { ...answer.heads, hashes } }))).toContain('more than 63 items');
    const records = Array.from({ length: 10_001 }, () => answer.records[0]);
    expect(said(printAnswer({ ...answer, records }))).toContain('more than 10000 items');
  });

  test('cut at any place, it is not', () => {
    for (let length = 0; length < good.length; length += 97) expect(said(good.slice(0, length))).not.toBe('nothing');
  });

  test('with one byte changed, it is not, or it is refuted', async () => {
    const right = await check(handAnswer(RIGHT, ACTOR('alice')));
    const bytes = printAnswer(handAnswer(RIGHT, ACTOR('alice')));
    const keysAt = [bytes.indexOf('"verifierKeys"'), bytes.indexOf('"heads"')] as const;
    for (let at = 0; at < bytes.length; at += 53) {
      if (at >= keysAt[0] && at < keysAt[1]) continue;
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 1;
      if (said(changed) !== 'nothing') continue;
      const outcome = await checkAnswer(parseAnswer(changed), keys);
      if (outcome.fault === undefined)
        expect({ at, complete: outcome.complete }).toEqual({ at, complete: right.complete });
    }
  });

  test('a large list of postings is read in pieces', () => {
    const large = Buffer.alloc(100_000, 7);
    const answer = handAnswer(RIGHT, ACTOR('alice'));
    termOf(answer, 0, ALICE).postings = large.toString('base64');
    const term = parseAnswer(printAnswer(answer)).units[0]?.terms.find(({ key }) => key === ALICE);
    expect(Buffer.from((term as Json).postings)).toEqual(large);
  });
});
