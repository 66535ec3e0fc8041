import { isAnswer } from '../verify/answer/answer.ts';
import { checkEvidence } from '../verify/checkEvidence.ts';
import { MAX_EVIDENCE_BYTES, parseEvidence } from '../verify/evidence.ts';
import type { Evidence } from '../verify/evidence.ts';
import { utf8 } from '../verify/bytes.ts';
import { Fault } from '../verify/fault.ts';
import { sha256 } from '../verify/merkle.ts';
import { MAX_KEYS, readKeys } from '../verify/verifierKey.ts';
import { checkAnswerFile, faultOf } from './answerFile.ts';
import { showAnswer } from './answerResult.ts';
import { byId, element, untrusted } from './dom.ts';
import { askedInterval, fillInterval, onInterval } from './interval.ts';
import { showKeyFaults } from './keyFaults.ts';
import { answerIn, checkMirrorFiles, filesOfDrop, filesOfPicker, isNoMirror } from './mirror.ts';
import type { MirrorFiles } from './mirror.ts';
import { showLedger, showNoFolder, showNoMirror } from './mirrorResult.ts';
import { number, size } from './parts.ts';
import { showOutcome, showUnread, showUnreadable } from './result.ts';
import {
  markSheets,
  refusedKeys,
  showBanner,
  showKeys,
  showPrinting,
  showSigning,
  unmarkSheets,
} from './certificate.ts';
import { fingerprintOf } from './fingerprint.ts';
import { chosenFile, chosenFolder, showThisCheck } from './thisCheck.ts';
import type { Checked } from './thisCheck.ts';
import type { Running } from './workerRun.ts';

const input = byId('file', HTMLInputElement);
const keyField = byId('keys', HTMLTextAreaElement);
const keyFaults = byId('key-faults', HTMLElement);
const busy = byId('busy', HTMLElement);
/** For screen readers: the verdict, not all of the record. */
const spoken = byId('spoken', HTMLElement);
const result = byId('result', HTMLElement);
const folderInput = byId('folder', HTMLInputElement);
const mirrorPart = byId('mirror', HTMLElement);
const bar = byId('progress', HTMLProgressElement);
const barText = byId('progress-text', HTMLElement);
const stopButton = byId('stop', HTMLButtonElement);
const againButton = byId('again', HTMLButtonElement);
const againHint = byId('again-hint', HTMLElement);
const TITLE = document.title;
/** This page's bytes: the build writes it as a browser prints it, and nothing has changed it yet. */
const ownBytes = utf8(`<!doctype html>${document.documentElement.outerHTML}`);

/** Proof is what was read of the chosen file. An answer may be large: another thread reads it. */
type Proof =
  { readonly kind: 'evidence'; readonly content: Evidence } | { readonly kind: 'answer'; readonly file: Blob };

/** Chosen describes what was chosen, for the result. */
type Chosen = Pick<Checked, 'of' | 'chosen' | 'sha256'>;

let proof: { readonly read: Proof; readonly chosen: Chosen; readonly name: string } | undefined;
let mirror: MirrorFiles | undefined;
let running: Pick<Running<unknown>, 'stop'> | undefined;
/** Counts what the user did, so that a slow check never overwrites the result of a later one. */
let turn = 0;

/** say tells where the page is, to the eye and to a screen reader. */
function say(...content: (Node | string)[]): void {
  busy.replaceChildren(...content);
  if (spoken.textContent !== busy.textContent) spoken.textContent = busy.textContent;
}

/** withdraw takes back what was said: it was about something else, or for other keys. */
function withdraw(): void {
  result.replaceChildren();
  unmarkSheets();
  document.title = TITLE;
}

/** show shows a result: its status, what the file says, what the check was of and with, and the rest. */
function show([status, ...parts]: readonly HTMLElement[], about: Checked): void {
  const said = status?.querySelector('h2')?.textContent ?? '';
  const first = about.of === 'file' ? parts.splice(0, 1) : [];
  result.replaceChildren(
    ...refusedKeys(about),
    ...showBanner(status, about),
    ...(status === undefined ? [] : [status]),
    showPrinting(about),
    ...first,
    showThisCheck(about, said),
    showKeys(about),
    ...parts,
    showSigning(),
  );
  markSheets(status, about);
  busy.textContent = '';
  spoken.textContent = said;
  document.title = `Auditseal: ${spoken.textContent}`;
}

/** showVerdict shows what the user has waited for, and goes there. */
function showVerdict(verdict: readonly HTMLElement[], about: Checked): void {
  show(verdict, about);
  document.getElementById('status')?.focus();
}

/** begin ends what runs and takes back what is shown, because the user chose something. It gives the user's turn. */
function begin(): number {
  running?.stop();
  running = mirror = proof = undefined;
  mirrorPart.hidden = true;
  withdraw();
  return ++turn;
}

async function open(chosen: File | undefined): Promise<void> {
  if (chosen === undefined) return;
  const mine = begin();
  say('Reading the file ', untrusted(chosen.name));
  let hash: string | undefined;
  let bytes: Uint8Array<ArrayBuffer> | undefined;
  try {
    if (chosen.size > MAX_EVIDENCE_BYTES) {
      throw new Fault(
        'EVIDENCE_MALFORMED',
        'the file is larger than 64 MiB, the most that evidence or an answer may have',
      );
    }
    bytes = new Uint8Array(await chosen.arrayBuffer());
    hash = await sha256(bytes);
    if (mine === turn) proof = { read: readProof(bytes), chosen: chosenFile(chosen, hash), name: chosen.name };
  } catch (error) {
    const verdict = verdictOf(chosen.name, error, bytes);
    const about = await checked(chosenFile(chosen, hash));
    if (mine === turn) showVerdict(verdict, about);
  }
  if (proof !== undefined && mine === turn) await check(proof, showVerdict);
}

const readProof = (bytes: Uint8Array<ArrayBuffer>): Proof =>
  isAnswer(bytes) ? { kind: 'answer', file: new Blob([bytes]) } : { kind: 'evidence', content: parseEvidence(bytes) };

/** checked describes a check that begins now, with the keys as they are. */
async function checked(chosen: Chosen): Promise<Checked> {
  const at = Date.now();
  const { keys, faults } = await readKeys(keyField.value);
  const given = keys.map(async (key) => ({ key, fingerprint: await fingerprintOf(key) }));
  return { ...chosen, keys: await Promise.all(given), refused: faults, at, pageHash: await sha256(ownBytes) };
}

/** verdictOf says why nothing could be checked; a defect of this page is thrown on. */
function verdictOf(name: string, error: unknown, bytes?: Uint8Array): HTMLElement[] {
  if (error instanceof Fault) return showUnreadable(name, error, bytes);
  if (error instanceof DOMException) return showUnread(name, error.message);
  throw error;
}

/** openMirror checks a folder; one that is `again` the same fills nothing in. */
async function openMirror(reading: MirrorFiles | Promise<MirrorFiles>, again = false): Promise<void> {
  const mine = begin();
  say('Reading the names of the files in the folder');
  try {
    const chosen = await reading;
    if (mine !== turn) return;
    const answer = answerIn(chosen);
    if (answer !== undefined) return await open(answer);
    if (isNoMirror(chosen)) {
      const total = chosen.files.reduce((sum, { file }) => sum + file.size, 0);
      const about = await checked(chosenFolder(chosen, total));
      if (mine === turn) showVerdict(showNoMirror(chosen), about);
      return;
    }
    mirror = chosen;
    if (!again) await fillInterval(chosen);
    if (mine !== turn) return;
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    const about = await checked({ of: 'folder', chosen: [] });
    if (mine === turn) showVerdict(showNoFolder(error.message), about);
    return;
  }
  await checkMirror(mirror);
}

const AGAIN = {
  reread: 'This lists the folder again and reads all of it, with the keys as they are then.',
  same:
    'This reads the same files again, with the keys as they are then. The browser listed the folder once, when you chose it: ' +
    'files that were added since are not seen, and files that were changed since are refused. To check the folder as it ' +
    'is now, choose it again in step 1, or drop it on this page.',
  file: 'This checks the same file again, with the keys as they are then.',
};
/** An answer is checked when no key was typed for so long, and how far that is is shown when it takes so long. */
const TYPING_MS = 250;
const SOON_MS = 300;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** checkMirror checks the chosen folder, with the keys as they are, and shows how far it is. */
async function checkMirror(chosen: MirrorFiles): Promise<void> {
  const mine = ++turn;
  running?.stop();
  withdraw();
  const asked = askedInterval();
  if ('fault' in asked) return sayNoInterval();
  say('Checking the folder ', untrusted(chosen.name));
  const total = chosen.files.reduce((sum, { file }) => sum + file.size, 0);
  bar.value = 0;
  barText.textContent = '';
  mirrorPart.hidden = false;
  againButton.textContent = 'Check the folder again';
  againHint.textContent = chosen.reread === undefined ? AGAIN.same : AGAIN.reread;
  showRunning(true);
  let quarter = 0;
  const run = checkMirrorFiles(chosen, keyField.value, asked.interval, ({ name, files, bytes }) => {
    const part = total === 0 ? 1 : Math.min(bytes / total, 1);
    bar.value = part;
    const of = `${size(bytes)} of ${size(total)}, ${number(files)} of ${number(chosen.files.length)} files: `;
    barText.replaceChildren(of, untrusted(name.slice(0, 200)));
    if (Math.floor(part * 4) <= quarter) return;
    quarter = Math.floor(part * 4);
    spoken.textContent = `${quarter * 25} % checked`;
  });
  running = run;
  try {
    const [about, outcome] = await Promise.all([checked(chosenFolder(chosen, total, asked.interval)), run.outcome]);
    if (mine === turn) showVerdict(showLedger(chosen, outcome), about);
  } finally {
    if (mine === turn) {
      running = undefined;
      showRunning(false);
    }
  }
}

/** sayNoInterval says that nothing is checked for what stands in step 3. */
function sayNoInterval(): void {
  mirrorPart.hidden = false;
  againButton.textContent = 'Check the folder again';
  showRunning(false);
  say('Nothing was checked: what stands in step 3 is no interval.');
}

/** changeInterval takes back at once what was said for the interval of before. */
function changeInterval(): void {
  if (mirror === undefined) return;
  stopRunning();
  withdraw();
  askedInterval();
  say(
    'You changed the interval, so nothing is said about the folder ',
    untrusted(mirror.name),
    ' any more. Press \u201cCheck the folder again\u201d to check it for this one.',
  );
}

function showRunning(isRunning: boolean): void {
  stopButton.hidden = bar.hidden = barText.hidden = !isRunning;
  againButton.hidden = againHint.hidden = isRunning;
}

function stopRunning(): void {
  turn++;
  running?.stop();
  running = undefined;
  showRunning(false);
}

async function checkAgain(): Promise<void> {
  if (mirror !== undefined) await openMirror(mirror.reread?.() ?? mirror, true);
  else if (proof !== undefined) await check(proof, showVerdict);
}

/**
 * changeKeys takes back at once what was said for the keys of before. A folder is checked when the user asks: it may take minutes;
 * an answer when nothing more is typed.
 */
async function changeKeys(): Promise<void> {
  const text = keyField.value;
  if (mirror !== undefined) {
    stopRunning();
    withdraw();
    say(
      'You changed the keys, so nothing is said about the folder ',
      untrusted(mirror.name),
      ' any more. Press \u201cCheck the folder again\u201d to check it with these keys.',
    );
  }
  if (proof?.read.kind === 'answer') {
    stopRunning();
    const mine = turn;
    mirrorPart.hidden = true;
    withdraw();
    say('Checking the file');
    await pause(TYPING_MS);
    if (mine !== turn) return;
  }
  if (proof !== undefined) return check(proof, show);
  const { faults, refused } = await readKeys(text);
  if (text === keyField.value) showFaults(faults, refused);
}

function showFaults(faults: readonly string[], refused: readonly string[]): void {
  keyField.setAttribute('aria-invalid', String(faults.length > 0));
  keyFaults.replaceChildren(...showKeyFaults(faults, refused));
}

/** check checks the chosen file with the keys as they are. */
async function check({ read, chosen, name }: NonNullable<typeof proof>, showIt: typeof show): Promise<void> {
  const mine = ++turn;
  running?.stop();
  withdraw();
  busy.textContent = 'Checking the file';
  const given = await readKeys(keyField.value);
  if (mine !== turn) return;
  showFaults(given.faults, given.refused);
  const verdict = read.kind === 'evidence' ? await judge(read.content) : await judgeAnswer(read.file, name);
  const about = await checked(chosen);
  if (mine === turn) showIt(verdict, about);
}

async function judge(evidence: Evidence): Promise<HTMLElement[]> {
  const trust = keyField.value.trim() === '' ? 'file' : 'user';
  const { keys } = await readKeys(
    trust === 'user' ? keyField.value : evidence.verifierKeys.slice(0, MAX_KEYS).join('\n'),
  );
  return showOutcome(evidence, await checkEvidence(evidence, keys), trust, keys.length);
}

/** judgeAnswer checks an answer, and shows how far that is where it takes long. Nothing comes of it once it is stopped. */
async function judgeAnswer(file: Blob, name: string): Promise<HTMLElement[]> {
  const mine = turn;
  bar.value = 0;
  const run = checkAnswerFile(file, keyField.value, (part) => (bar.value = part));
  running = run;
  const soon = setTimeout(() => {
    if (mine !== turn) return;
    barText.textContent = '';
    againButton.textContent = 'Check the file again';
    againHint.textContent = AGAIN.file;
    mirrorPart.hidden = false;
    showRunning(true);
  }, SOON_MS);
  try {
    const { answer, outcome, fault, trust, logKeys } = await run.outcome;
    return showAnswer(answer, { ...outcome, fault: fault && faultOf(fault) }, trust, logKeys);
  } catch (error) {
    return verdictOf(name, error);
  } finally {
    clearTimeout(soon);
    if (mine === turn) {
      running = undefined;
      mirrorPart.hidden = true;
    }
  }
}

/** start runs what a handler began; what goes wrong in it is shown, never swallowed. */
function start(work: Promise<void>): void {
  work.catch((error: unknown) => {
    withdraw();
    busy.textContent = '';
    const why = ['This page failed, so nothing was checked: ', untrusted(String(error))];
    result.append(element('p', { class: 'note', role: 'alert' }, ...why));
    throw error;
  });
}

input.addEventListener('change', () => start(open(input.files?.[0])));
keyField.addEventListener('input', () => start(changeKeys()));
onInterval(changeInterval);
document.addEventListener('dragover', (event) => {
  event.preventDefault();
  document.body.classList.add('dropping');
});
document.addEventListener('dragleave', () => document.body.classList.remove('dropping'));
document.addEventListener('drop', (event) => {
  event.preventDefault();
  document.body.classList.remove('dropping');
  const folder = event.dataTransfer === null ? undefined : filesOfDrop(event.dataTransfer.items);
  start(folder === undefined ? open(event.dataTransfer?.files[0]) : openMirror(folder));
});
folderInput.addEventListener('change', () => {
  if (folderInput.files !== null && folderInput.files.length > 0) start(openMirror(filesOfPicker(folderInput.files)));
});
// A browser says nothing when what is chosen already is chosen again.
for (const chooser of [input, folderInput]) chooser.addEventListener('click', () => (chooser.value = ''));
stopButton.addEventListener('click', () => {
  stopRunning();
  say(`Stopped: nothing is said about this ${mirror === undefined ? 'file' : 'folder'}.`);
  againButton.focus();
});
againButton.addEventListener('click', () => {
  start(checkAgain());
});
if (!window.isSecureContext) {
  input.disabled = folderInput.disabled = true;
  busy.textContent =
    'This browser hashes nothing for pages from this address. Open the file from your disk, or over HTTPS.';
}
