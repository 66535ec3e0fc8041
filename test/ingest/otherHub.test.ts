import { deriveChain } from '../support/derive.ts';
import { eventAt, eventsBetween, ingestOf, sealAll } from '../support/hub.ts';
import { KeptLog } from '../support/keptLog.ts';
import { MemoryHub } from '../support/memoryHub.ts';
import { MemoryStore } from '../support/memoryStore.ts';

// What the simulator (test/simulation) found of deliveries that are of another hub than the one that is asked, or look so.

const GONE = 'events of a hub that is gone came too late';

/** A hub that was created at a second, with what is sealed of it: `sealed` events from number 0 on, one a second. */
async function scene(second: number, sealed: number) {
  const [store, hub] = [new MemoryStore(), new MemoryHub(1, second)];
  const seal = (...events: Parameters<typeof sealAll>[1]): Promise<KeptLog> =>
    sealAll(ingestOf(store, { hub: async () => hub }), events);
  const events = eventsBetween(0, sealed - 1, second + 1);
  hub.add(events);
  if (sealed > 0) await seal(...events);
  const chain = (): string[] =>
    deriveChain(store.objects).events.map(({ incarnation, number }) => `${incarnation}/${number}`);
  return { store, hub, seal, chain };
}

describe('an event of another hub', () => {
  test('that is older than the sealed one, which is gone too, makes no gap in that (seed 845)', async () => {
    const { store, hub, seal } = await scene(1000, 2);
    hub.recreate(2000);
    const { errors } = await seal(eventAt(5, 10));
    expect(errors).toEqual([GONE]);
    expect(deriveChain(store.objects).headers.flatMap(({ gaps }) => gaps)).toEqual([]);
  });

  test('that comes before anything is sealed holds nothing', async () => {
    const { hub, seal, chain } = await scene(1000, 0);
    hub.add([eventAt(0, 1001)]);
    const { errors } = await seal(eventAt(7, 10));
    expect(errors).toEqual([GONE]);
    await seal(eventAt(0, 1001));
    expect(chain()).toEqual(['0/0']);
  });
});

describe('an event that a clock dated before its hub was created', () => {
  test('is sealed with that, though its number comes again (seed 1174)', async () => {
    const { hub, seal, chain } = await scene(0, 6);
    hub.recreate(100);
    const event = eventAt(0, 50);
    hub.add([event]);
    await seal(event);
    expect(chain().slice(6)).toEqual(['1/0']);
  });

  test('waits where the hub has it and gives nothing out (seed 8626)', async () => {
    const { hub, seal, chain } = await scene(1000, 1);
    const event = eventAt(1, 900);
    hub.add([event]);
    hub.groupSize = 0;
    await expect(seal(event)).rejects.toMatchObject({ code: 'HUB_UNAVAILABLE' });
    hub.groupSize = 100;
    await seal(event);
    expect(chain()).toEqual(['0/0', '0/1']);
  });
});
