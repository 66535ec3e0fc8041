import { formatEvidence, parseEvidence } from '../../src/core/objects/evidence.ts';
import type { Evidence } from '../../src/core/objects/evidence.ts';
import { MINE, STORY, TRUE, evidenceOf, rewriteAll, says, tell } from './attackScene.ts';
import type { Scene } from './attackScene.ts';

/** EvidenceAttack is an evidence file that somebody forges, and what a verifier is told about it. */
export interface EvidenceAttack {
  readonly name: string;
  readonly does: string;
  /** forges a file about record 2 of partition 0 */
  readonly forge: (scene: Scene) => Promise<Buffer>;
  /** what `check` says to who has the log's key, and its exit status; without a key it says `unchecked` of all */
  readonly check: readonly [string, number];
  /** what `verify` finds, given the key, and the file's checkpoint as --anchor, as "code object" */
  readonly finds: readonly string[];
}

const [chain0, chain1] = STORY.chains;
const chains = [chain0.with(2, says(999)), chain1] as const;

async function changed(scene: Scene, change: (evidence: Evidence) => Partial<Evidence>): Promise<Buffer> {
  const evidence = parseEvidence(await evidenceOf(scene.objects));
  return formatEvidence({ ...evidence, ...change(evidence) });
}

const replaced = (text: string, from: string | RegExp, to: string): string => {
  const other = text.replace(from, to);
  if (other === text) throw new Error(`nothing was changed: there is no ${String(from)}`);
  return other;
};

/** forgedLog gives a file from a history that the attacker made, and signed with that key. */
async function forgedLog(scene: Scene, seed: number): Promise<Buffer> {
  const own = { ...scene };
  await rewriteAll(own, { chains, seed });
  return evidenceOf(own.objects);
}

export const EVIDENCE_ATTACKS: readonly EvidenceAttack[] = [
  {
    name: 'change the record',
    does: 'puts other content into the record',
    forge: (scene) => changed(scene, ({ line }) => ({ line: Buffer.from(replaced(line.toString(), '13', '99')) })),
    check: ['refuted', 1],
    finds: [],
  },
  {
    name: 'give it another number',
    does: 'lets the record’s seal say that it is another record of the chain',
    forge: (scene) =>
      changed(scene, ({ line }) => ({
        line: Buffer.from(replaced(line.toString(), '"record":2,"event":2', '"record":3,"event":3')),
      })),
    check: ['refuted', 1],
    finds: [],
  },
  {
    name: 'change the entry',
    does: 'changes the record, its segment’s root and the entry, and keeps the signed checkpoint',
    forge: async (scene) => {
      const mine = parseEvidence(await forgedLog(scene, MINE));
      return changed(scene, () => ({ line: mine.line, segmentProof: mine.segmentProof, entry: mine.entry }));
    },
    check: ['refuted', 1],
    finds: [],
  },
  {
    name: 'sign it with a new key',
    does: 'makes the log anew around the record, signs with his own key, and names that key in the file',
    forge: (scene) => forgedLog(scene, MINE),
    check: ['refuted', 1],
    finds: ['checkpoint-invalid kept'],
  },
  {
    name: 'take it from another ledger',
    does: 'gives evidence that is true of a ledger of another name, with that one’s key in it',
    forge: async () => {
      const ledger = 'logs.example.com/other';
      return evidenceOf(await tell({ ...STORY, ledger, seed: 3 }));
    },
    check: ['refuted', 1],
    finds: ['checkpoint-invalid kept'],
  },
  {
    name: 'take it from a fork',
    does: 'has the log’s own key, and proves a record of another history that he signed with it',
    forge: (scene) => forgedLog(scene, TRUE),
    check: ['proved', 0],
    finds: ['checkpoint-inconsistent kept'],
  },
];
