import { MAX_ACTION_BYTES, MAX_ACTION_TEXT, formatAction, parseAction } from '../../../src/core/objects/action.ts';
import type { Action } from '../../../src/core/objects/action.ts';
import { coded, damaged, expectExact } from '../../support/logVectors.ts';
import { TIME } from '../../support/segments.ts';

const LOCK: Action = {
  version: 1,
  kind: 'lock',
  outcome: 'attempted',
  time: TIME,
  account: 'account1',
  container: 'ledger',
  days: 365,
  who: 'ann@example.com',
  why: 'production',
  guard: { policy: { state: 'Unlocked', days: 365, etag: '8d57a8b2ff50332' }, tags: ['case1'] },
};
const CLEARED: Action = {
  version: 1,
  kind: 'hold-clear',
  outcome: 'failed',
  time: TIME,
  account: 'account1',
  container: 'ledger',
  tag: 'case1',
  case: 'Case-1',
  who: 'ann',
  why: 'closed',
  attempt: 'actions/000000000000.json',
  guard: null,
  error: "can't clear the hold",
};

describe('an action', () => {
  test.each([LOCK, CLEARED])('prints as one line, and back', (action) => {
    const bytes = formatAction(action);
    expect(bytes.toString().indexOf('\n')).toBe(bytes.length - 1);
    expect(parseAction(bytes)).toEqual(action);
  });

  test('reads only what it prints', () => {
    for (const [seed, action] of [LOCK, CLEARED].entries())
      expectExact(damaged(formatAction(action), seed, 2000), ['ACTION_MALFORMED'], (it) =>
        formatAction(parseAction(it)),
      );
  });

  test.each<[string, object]>([
    ['another version', { version: 2 }],
    ['an unknown kind', { kind: 'unlock' }],
    ['an unknown outcome', { outcome: 'maybe' }],
    ['a day that does not exist', { time: '2026-02-30T00:00:00.000Z' }],
    ['no days', { days: 0 }],
    ['too many days', { days: 146_001 }],
    ['a container that is none', { container: 'a/b' }],
    ['nobody', { who: ' ' }],
    ['two lines of reason', { why: 'a\nb' }],
    ['a terminal sequence', { why: 'a\u009bb' }],
    ['a long reason', { why: 'a'.repeat(MAX_ACTION_TEXT + 1) }],
    ['half a character', { why: '\ud800' }],
    ['an attempt with an outcome', { outcome: 'done' }],
    ['an outcome of something else', { outcome: 'done', attempt: 'reports/x.json' }],
    ['no guard', { guard: null }],
    ['a policy in no state', { guard: { policy: { state: 'Open', days: 1, etag: '' }, tags: [] } }],
    ['a tag that Azure does not take', { guard: { policy: null, tags: ['Case1'] } }],
    ['eleven tags', { guard: { policy: null, tags: Array.from({ length: 11 }, () => 'abc') } }],
  ])('refuses %s', (_what, change) => {
    const changed = { ...LOCK, ...change } as Action;
    expect(() => formatAction(changed)).toThrow(coded('ACTION_MALFORMED'));
    expect(() => parseAction(Buffer.from(`${JSON.stringify(changed)}\n`))).toThrow(coded('ACTION_MALFORMED'));
  });

  test('refuses what is too large, before it looks', () => {
    const text = `{"version":1,${' '.repeat(MAX_ACTION_BYTES)}}\n`;
    expect(() => parseAction(Buffer.from(text))).toThrow(`more than the ${MAX_ACTION_BYTES} bytes`);
  });
});
