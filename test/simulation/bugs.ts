/** Bug is a mistake that somebody could make: one place of a source file, and what would stand there. */
export interface Bug {
  readonly file: string;
  readonly right: string;
  readonly wrong: string;
}

/**
 * BUGS is mistakes that the simulator has to find. plantBug.ts puts one into a source as Node loads it, in a process of its
 * own: src has nothing of it.
 */
export const BUGS: Readonly<Record<string, Bug>> = {
  'the chain is not read again where a name was taken': {
    file: 'src/ingest/ingest.ts',
    right: 'this.#places.set(partition, await findChainHead({ ...this.#deps, log }, partition, index));',
    wrong: 'this.#places.set(partition, { ...(this.#places.get(partition) as Place), index: index + 1 });',
  },
  'a checkpoint is signed before its batch is stored': {
    file: 'src/integrate/integrate.ts',
    right: `    if ((await store.create(batchName(next), bytes, batchMetadata(bytes))) === 'exists') return undefined;
    tree.append(entries);`,
    wrong: `    tree.append(entries);
    await this.#deps.signers[0]?.sign(formatCheckpoint({ origin: this.#deps.origin, ...tree.head }));
    if ((await store.create(batchName(next), bytes, batchMetadata(bytes))) === 'exists') return undefined;`,
  },
  'a delivery that begins with a duplicate is one': {
    file: 'src/ingest/plan.ts',
    right: '  for (const event of delivered) {',
    wrong: `  if ((delivered[0]?.sequenceNumber ?? Infinity) <= lastEvent)
    return { events, duplicates: delivered.length, strangers, seen: delivered.length };
  for (const event of delivered) {`,
  },
  'a new incarnation has the number of the one before': {
    file: 'src/ingest/place.ts',
    right: 'incarnation: head.incarnation + 1,',
    wrong: 'incarnation: head.incarnation,',
  },
  'the last event before a split is lost': {
    file: 'src/ingest/writeEvents.ts',
    right: 'events: written.events + taken,',
    wrong: 'events: written.events + taken + (taken < rest.length ? 1 : 0),',
  },
  'a heartbeat repeats what the hub said before': {
    file: 'src/ingest/watch.ts',
    right: "{ kind: 'heartbeat', hub: word })",
    wrong: "{ kind: 'heartbeat', hub: { ...word, asked: new Date(now()).toISOString() } })",
  },
  'what the trigger skips is believed to be nothing': {
    file: 'src/ingest/plan.ts',
    right: "return sequenceNumber === lastEvent + 1 ? 'next' : 'odd';",
    wrong: "return 'next';",
  },
  'what the hub never gives out is called expired': {
    file: 'src/ingest/fill.ts',
    right: "sequenceNumber - 1, 'unreadable')];",
    wrong: "sequenceNumber - 1, 'expired')];",
  },
  'what was read is of the hub that was asked before': {
    file: 'src/ingest/fill.ts',
    right: 'if (word.created === created) return word;',
    wrong: 'if (word.created >= created) return { ...word, created };',
  },
  'a clock that goes back dates a segment': {
    file: 'src/core/segment/chain.ts',
    right: 'return time > sealed ? time : sealed;',
    wrong: 'return time;',
  },
  'the hub is not asked again which one it is': {
    file: 'src/ingest/askHub.ts',
    right: 'if (after.created === created) return { created, asked, ...state };',
    wrong: 'if (after.created >= created) return { created, asked, ...state };',
  },
  // What follows was so until the simulator found it.
  'a hub that gives nothing out for a while is taken for one without such events': {
    file: 'src/ingest/settle.ts',
    right: 'if (given >= Math.min(to, last)) return genuine;',
    wrong: 'if (given >= -1) return genuine;',
  },
  'two runs of one process share the tree of the log': {
    file: 'src/integrate/integrate.ts',
    right: 'this.#underWay ??= this',
    wrong: 'this.#underWay = this',
  },
  'a partition whose events have all expired stays behind': {
    file: 'src/ingest/watch.ts',
    right: `if (word.first > first)
      return { state: (await this.#isMoving(partition, place, log)) ? 'behind' : 'stuck', ...bound };`,
    wrong: "if (word.first > word.last) return { state: 'behind' };",
  },
};
