import { faultIn } from '../../core/errors.ts';
import { cosignatureTime, verifyCosignature } from '../../core/note/cosignature.ts';
import type { VerifiedSignature } from '../../core/note/note.ts';
import { evaluateQuorum } from '../../core/note/witnessPolicy.ts';
import type { WitnessPolicy } from '../../core/note/witnessPolicy.ts';
import { checkpointName, cosignaturePrefix, parseCosignatureName } from '../../core/objects/names.ts';
import type { CosignaturePlace } from '../../core/objects/names.ts';
import type { CosignatureReport, FindingCode } from '../../core/objects/report.ts';
import { mapInOrder } from '../../ledger/concurrency.ts';
import { readCosignature } from '../../ledger/cosignatures.ts';
import type { StoredCosignature } from '../../ledger/cosignatures.ts';
import { GONE, WHY_UNREAD } from '../../ports/store.ts';
import type { Context } from '../context.ts';

/** CosignatureStart is where a check of cosignatures begins. */
export interface CosignatureStart {
  readonly number: number;
  /** what an earlier check found that ended there; of it only the time counts, because its policy may have been another */
  readonly cosignatures?: CosignatureReport;
  /** those of that checkpoint were counted */
  readonly isCounted?: boolean;
}

interface Stored extends CosignaturePlace {
  readonly name: string;
  /** undefined if it couldn't be read */
  readonly line: StoredCosignature['line'] | undefined;
}

/** Signed is the checkpoint that is cosigned. */
interface Signed {
  /** what was signed; undefined if the checkpoint is none of this log */
  readonly text: string | undefined;
  /** when its batch was made, if the batches have its tree */
  readonly time: string | undefined;
}

const AHEAD = 4;

/** CosignatureCheck follows the cosignatures from checkpoint to checkpoint, and holds them against a policy. */
export class CosignatureCheck {
  readonly #context: Context;
  readonly #policy: WitnessPolicy | undefined;
  readonly #countedNumber: number;
  readonly #objects: AsyncGenerator<Stored | undefined>;
  #next: Promise<Stored | undefined> | undefined;
  #verified = 0;
  #notChecked = 0;
  #quorum: CosignatureReport['quorum'] = null;
  #waitingSince: string | null;
  #newest: { readonly number: number; readonly cosigned: readonly string[] } | undefined;

  /** The policy says whose cosignatures count; without one none is verified. */
  constructor(context: Context, policy: WitnessPolicy | undefined, start: CosignatureStart = { number: 0 }) {
    this.#context = context;
    this.#policy = policy;
    this.#countedNumber = start.isCounted === true ? start.number : -1;
    this.#waitingSince = start.cosignatures?.waitingSince ?? null;
    const names = context.store.list('cosignatures/', cosignaturePrefix(start.number));
    this.#objects = mapInOrder(names, Math.max(AHEAD, context.requests ?? 0), async ({ name }) => this.#read(name));
  }

  #say(code: FindingCode, object: string, detail: string): void {
    this.#context.findings.error(code, object, detail);
  }

  async #read(name: string): Promise<Stored | undefined> {
    const { store, tally } = this.#context;
    const place = parseCosignatureName(name);
    // A name that is no cosignature's is found elsewhere.
    if (place === undefined) return undefined;
    try {
      const line = await readCosignature(store, name, place);
      if (line !== undefined && line !== 'archived') return { ...place, name, line };
      tally.addUnreadable(name, line === undefined ? GONE : WHY_UNREAD[line]);
    } catch (error) {
      tally.addUnreadable(name, faultIn(error).message);
    }
    return { ...place, name, line: undefined };
  }

  /** peek gives the first object that wasn't looked at, undefined if there are no more. */
  async #peek(): Promise<Stored | undefined> {
    this.#next ??= (async () => {
      for (;;) {
        const { done, value } = await this.#objects.next();
        if (done === true) return undefined;
        if (value !== undefined) return value;
      }
    })();
    return this.#next;
  }

  async #takeUpTo(number: number): Promise<Stored | undefined> {
    const object = await this.#peek();
    if (object === undefined || object.number > number) return undefined;
    this.#next = undefined;
    return object;
  }

  /**
   * check looks at what is stored of a checkpoint and of those before it that have no object. `text` is what was signed,
   * undefined if the checkpoint is none of this log; `time` is when its batch was made, if the batches have its tree.
   */
  async check(number: number, text: string | undefined, time: string | undefined): Promise<void> {
    const verified: VerifiedSignature[] = [];
    for (let it = await this.#takeUpTo(number); it !== undefined; it = await this.#takeUpTo(number)) {
      if (it.number < number) await this.#checkOther(it);
      else verified.push(...this.#checkLine(it, { text, time }));
    }
    const policy = this.#policy;
    if (policy === undefined || time === undefined) return;
    const { isMet, cosigned } = evaluateQuorum(policy, verified);
    this.#newest = { number, cosigned };
    if (isMet) this.#quorum = { number, witnesses: cosigned };
    this.#waitingSince = isMet ? null : (this.#waitingSince ?? time);
  }

  /** checkOther looks at one whose checkpoint isn't, or isn't one of a batch that was read. */
  async #checkOther(stored: Stored): Promise<void> {
    const { number, name } = stored;
    // In a ledger that is in use, the checkpoint may have come just now.
    if (await this.#context.store.exists(checkpointName(number)))
      this.#checkLine(stored, { text: undefined, time: undefined });
    else this.#say('cosignature-invalid', name, 'there is no checkpoint of its number');
  }

  #checkLine({ number, name, keyId, line }: Stored, { text, time }: Signed): VerifiedSignature[] {
    if (line === undefined) return [];
    const counted = number === this.#countedNumber ? 0 : 1;
    if (typeof line === 'string') {
      const malformed = 'it is not one signature line, ended by LF, of the key ID and the SHA-256 in its name';
      this.#say('cosignature-invalid', name, line === 'malformed' ? malformed : WHY_UNREAD[line]);
      return [];
    }
    const known = (this.#policy?.witnesses ?? []).filter(({ verifierKey }) => verifierKey.keyId === keyId);
    const key = known.find(({ verifierKey }) => verifierKey.keyName === line.keyName)?.verifierKey;
    if (known.length > 0 && key === undefined) {
      this.#say('cosignature-invalid', name, 'it has the key ID of a witness of the policy, and another key name');
    } else if (key === undefined || text === undefined) this.#notChecked += counted;
    else if (verifyCosignature(key, text, line.signature)) {
      this.#verified += counted;
      if (time !== undefined) this.#context.clock.cosignature(name, cosignatureTime(line.signature), time);
      return [{ keyName: key.keyName, keyId, type: key.type }];
    } else this.#say('cosignature-invalid', name, `the signature by ${key.keyName} is not one of its checkpoint`);
    return [];
  }

  /** finish says if the newest checkpoint lacks the quorum, and does so for longer than `delayMs` where that is given. */
  async finish(delayMs: number | undefined, hasLog: boolean): Promise<void> {
    for (let it = await this.#takeUpTo(Infinity); it !== undefined; it = await this.#takeUpTo(Infinity)) {
      await this.#checkOther(it);
    }
    if (this.#newest === undefined) {
      const isDemanded = this.#policy?.quorum !== undefined && delayMs === undefined && hasLog;
      const why = 'no checkpoint was found that fits the batches, and so none has the quorum of the policy';
      if (isDemanded) this.#say('checkpoint-uncosigned', checkpointName(0), why);
      return;
    }
    if (this.#waitingSince === null) return;
    if (delayMs !== undefined && this.#context.now() - Date.parse(this.#waitingSince) <= delayMs) return;
    const { number, cosigned } = this.#newest;
    const who = cosigned.length === 0 ? "none of the policy's witnesses" : `only ${cosigned.join(', ')}`;
    const last =
      this.#quorum === null
        ? 'no checkpoint that was looked at has'
        : `the last that has is ${checkpointName(this.#quorum.number)}`;
    this.#say(
      'checkpoint-uncosigned',
      checkpointName(number),
      `${who} cosigned it, which is not the policy's quorum; ${last}`,
    );
  }

  /** close ends what is being read. */
  async close(): Promise<void> {
    await this.#next?.catch(() => {});
    await this.#objects.return(undefined);
  }

  get report(): CosignatureReport {
    return {
      verified: this.#verified,
      notChecked: this.#notChecked,
      quorum: this.#quorum,
      waitingSince: this.#waitingSince,
    };
  }
}
