import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deleteRefusal, putPolicy, retainedUntil, setHold } from '../../../local/worm/policy.ts';
import type { ContainerWorm, PolicySettings } from '../../../local/worm/policy.ts';
import { isRefusal } from '../../../local/worm/errors.ts';
import { loadWormState } from '../../../local/worm/wormState.ts';
import { DAY_MS } from './harness.ts';

const ACTOR = { etag: 'e1', timestamp: '2026-01-01T00:00:00.000Z', objectIdentifier: 'o', tenantId: 't' };

describe('how long a blob is kept', () => {
  const createdAt = Date.UTC(2026, 0, 1);
  const modifiedAt = createdAt + 100 * DAY_MS;
  const rows: readonly (readonly [string, string, PolicySettings, number])[] = [
    ['a block blob from its creation', 'BlockBlob', { periodDays: 7 }, createdAt],
    ['an append blob from its creation', 'AppendBlob', { periodDays: 7 }, createdAt],
    [
      'an append blob that may grow from its last change',
      'AppendBlob',
      { periodDays: 7, allowProtectedAppendWrites: true },
      modifiedAt,
    ],
    [
      'an append blob that may grow, all kinds of appends',
      'AppendBlob',
      { periodDays: 7, allowProtectedAppendWritesAll: true },
      modifiedAt,
    ],
    ['a block blob beside them', 'BlockBlob', { periodDays: 7, allowProtectedAppendWrites: true }, createdAt],
  ];
  test.each(rows)('%s', (_label, type, settings, from) => {
    const worm = changed(putPolicy({}, settings, ACTOR));
    const blob = { type, createdAt, modifiedAt, etag: '"x"' };
    const end = from + 7 * DAY_MS;
    expect(worm.policy === undefined ? 0 : retainedUntil(worm.policy, blob)).toBe(end);
    expect(deleteRefusal(worm, blob, end - 1)?.code).toBe('BlobImmutableDueToPolicy');
    expect(deleteRefusal(worm, blob, end)).toBeUndefined();
    const held = changed(setHold(worm, ['abc'], undefined, ACTOR));
    expect(deleteRefusal(held, blob, end)?.code).toBe('BlobImmutableDueToLegalHold');
  });
});

test('changes that come at once are applied one after the other, and kept', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'worm-'));
  const state = await loadWormState({}, folder);
  const tags = Array.from({ length: 10 }, (_unused, i) => `tag${i}`);
  await Promise.all(tags.map(async (tag) => state.change('con', (worm) => setHold(worm, [tag], undefined, ACTOR))));
  const again = await loadWormState({}, folder);
  for (const one of [state, again]) expect(one.of('con').hold?.tags.map(({ tag }) => tag)).toEqual(tags);
  await rm(folder, { recursive: true });
});

function changed(worm: ReturnType<typeof putPolicy>): ContainerWorm {
  if (isRefusal(worm)) throw new Error(worm.message);
  return worm;
}
