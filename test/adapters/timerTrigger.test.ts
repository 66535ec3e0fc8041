import { previousRunOf } from '../../src/adapters/timerTrigger.ts';

test.each<[string, Parameters<typeof previousRunOf>[0], number | undefined]>([
  ['that ran', { scheduleStatus: { last: '2026-11-22T10:15:00.0000000+00:00' } }, Date.UTC(2026, 10, 22, 10, 15)],
  ['that never ran', { scheduleStatus: { last: '0001-01-01T00:00:00' } }, undefined],
  ['whose status the host does not keep', { scheduleStatus: null }, undefined],
  ['that was started by hand', {}, undefined],
  ['that was started by hand with a body', { scheduleStatus: { last: 'x' } }, undefined],
  ['without anything', undefined, undefined],
])('a timer %s', (_what, timer, expected) => {
  expect(previousRunOf(timer)).toBe(expected);
});
