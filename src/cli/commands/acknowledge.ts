import { openCredential } from '../../adapters/credential.ts';
import { openKeyVaultSigner } from '../../adapters/keyVaultSigner.ts';
import { keySigner } from '../../adapters/logKeys.ts';
import { parseVaultKeyUrl } from '../../config/azureIds.ts';
import { withoutSecret } from '../../config/secrets.ts';
import { faultIn } from '../../core/errors.ts';
import { ACKNOWLEDGEABLE } from '../../core/objects/acknowledgement.ts';
import type { AcknowledgedFinding } from '../../core/objects/acknowledgement.ts';
import type { LogPosition } from '../../core/objects/heads.ts';
import { isObjectName } from '../../core/objects/names.ts';
import { formatVerifierKey, parseVerifierKey } from '../../core/note/verifierKey.ts';
import { ledgerOfOperator, operatorName } from '../../core/signed/acknowledgementSignature.ts';
import { acknowledgeFinding, claimedHeads } from '../../ledger/acknowledge.ts';
import { seenAs } from '../../ledger/seen.ts';
import type { Signer } from '../../ports/signing.ts';
import type { ObjectStore } from '../../ports/store.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exits.ts';
import { askWhoAndWhy } from '../guardAction.ts';
import { readSignerKey } from '../keys.ts';
import { ACTION_OPTIONS, CONTAINER_MEANING } from '../options.ts';
import { printItem } from '../output.ts';
import { openTarget } from '../target.ts';
import { isUrl, unusable, usageError } from '../usage.ts';

export const command = defineCommand(
  {
    name: 'acknowledge',
    arguments: ['TARGET'],
    usage: [
      'TARGET --finding CODE:OBJECT --key FILE [options]',
      'TARGET --finding CODE:OBJECT --vault-key URL [options]',
    ],
    description: [
      'Acknowledges findings that somebody has looked into and that will stay, such as events that are gone. Nothing is ' +
        'deleted: a signed action goes into the ledger, and once the log has an entry of it, checks show the findings as ' +
        'acknowledged, with who, why and when, and judge the ledger by the others.',
      '',
      `Only these can be acknowledged: ${ACKNOWLEDGEABLE.join(', ')}. Of sequence-gap only what a segment declares itself; ` +
        'what says that evidence was changed, never. An acknowledgement is of the object as it is now.',
      '',
      CONTAINER_MEANING,
    ],
    options: {
      finding: {
        type: 'names',
        placeholder: 'CODE:OBJECT',
        meaning:
          "code and object of the finding, as verify prints them; a name with characters that can't be seen as the JSON of verify has it",
      },
      key: {
        type: 'file',
        placeholder: 'FILE',
        meaning: "the operator's signer key, as keygen makes it. The log must know the key: OPERATOR_VERIFIER_KEYS",
      },
      'vault-key': {
        type: 'text',
        placeholder: 'URL',
        meaning: "instead of --key: one version of the operator's key in Azure Key Vault",
      },
      why: ACTION_OPTIONS.why,
      who: { type: 'text', placeholder: 'NAME', meaning: 'who looked into it (default: asked for at the terminal)' },
    },
    exits: {
      fine: 'recorded; it counts once the log has an entry of it',
      unknown: "it can't be recorded, or the log doesn't know the key",
    },
    examples: [
      'auditseal acknowledge https://account.blob.core.windows.net/ledger --finding ' +
        "sequence-gap:segments/0/000000000041.jsonl.zst --why 'hub was full on 3 May' --who ann --key operator.key",
    ],
  },
  async ({ given: [target], options }, outside) => {
    const { key, 'vault-key': keyUrl } = options;
    if (options.finding.length === 0) throw usageError('give --finding');
    if ((key === undefined) === (keyUrl === undefined)) throw usageError('give --key or --vault-key, one of the two');
    if (!isUrl(target)) throw usageError('TARGET must be the URL of a container: in a copy nothing counts');
    const stated = options.finding.map(parseFinding);
    const given = key === undefined ? undefined : keySigner(await readSignerKey(key));
    const ledger = given && ledgerOfOperator(given.verifierKey.keyName);
    if (given !== undefined && ledger === undefined)
      throw usageError(
        `--key: the key's name is ${given.verifierKey.keyName}; expected that of an operator, ${operatorName('NAME')}`,
      );
    const store = await openTarget(target);
    const heads = await claimedHeads(store);
    const signer = given ?? (await vaultSigner(keyUrl as string, heads));
    requireRegistered(signer, heads);
    const findings: AcknowledgedFinding[] = [];
    for (const finding of withoutRepeats(stated))
      findings.push({ ...finding, sha256: await look(store, finding.object) });
    const words = await askWhoAndWhy(options, outside);
    for (const finding of findings) {
      const name = await acknowledgeFinding({ store, signer, now: outside.now }, finding, words);
      printItem(`recorded    ${name}: ${finding.code}: ${finding.object}`);
    }
    printItem(
      'It counts once the log has an entry of it, which takes a minute. If verify lists that finding then, it is shown as acknowledged.',
    );
    return EXIT.fine;
  },
);

type StatedFinding = Pick<AcknowledgedFinding, 'code' | 'object'>;

function parseFinding(text: string): StatedFinding {
  const colon = text.indexOf(':');
  const [stated, object] = [text.slice(0, colon), text.slice(colon + 1)];
  if (colon < 0 || !isObjectName(object))
    throw usageError('--finding must be CODE:OBJECT, such as sequence-gap:segments/0/000000000041.jsonl.zst');
  const code = ACKNOWLEDGEABLE.find((one) => one === stated);
  if (code !== undefined) return { code, object };
  throw usageError(
    `--finding: ${withoutSecret(stated)} can't be acknowledged; these can: ${ACKNOWLEDGEABLE.join(', ')}`,
  );
}

const withoutRepeats = (stated: readonly StatedFinding[]): Iterable<StatedFinding> =>
  new Map(stated.map((finding) => [`${finding.code}:${finding.object}`, finding])).values();

async function vaultSigner(keyUrl: string, heads: LogPosition | undefined): Promise<Signer> {
  try {
    parseVaultKeyUrl(keyUrl);
  } catch (error) {
    throw usageError(`--vault-key: ${faultIn(error, 'malformed').message}`);
  }
  const [first] = heads?.keys ?? [];
  if (first === undefined) throw unusable(NO_LOG);
  const { keyName } = parseVerifierKey(first);
  return openKeyVaultSigner(keyUrl, operatorName(keyName), await openCredential({ managed: false }));
}

const NO_LOG = 'the ledger has no log, so no key of an operator counts in it';

/** requireRegistered refuses a key whose acknowledgement would be a foreign object for ever. */
function requireRegistered({ verifierKey }: Signer, heads: LogPosition | undefined): void {
  if (heads === undefined) throw unusable(NO_LOG);
  const text = formatVerifierKey(verifierKey);
  const known = heads.operators.find(({ key }) => key === text);
  if (known === undefined)
    throw unusable(
      `the log doesn't know this key: add it to the app's setting OPERATOR_VERIFIER_KEYS, and wait a minute: ${text}`,
    );
  if (known.until !== undefined) throw unusable('the log has revoked this key: nothing that it signs counts any more');
}

async function look(store: ObjectStore, object: string): Promise<AcknowledgedFinding['sha256']> {
  const seen = await seenAs(store, object).catch((error: unknown) => {
    throw unusable(`--finding: ${withoutSecret(faultIn(error).message)}`, error);
  });
  if (seen !== undefined) return seen;
  throw unusable(`--finding: there is no object ${withoutSecret(object)}, or it is in the archive tier`);
}
