// node kills.mjs DOORSTEP HOME SERVER KILLS SEED: records visits and syncs them, and kills -9 the program at random
// moments of both, KILLS times, all in one home. Then it syncs until nothing is left to do, and compares: each visit
// that was recorded is at the server whole and once, the device shows what the server has, and no visit is there that
// nobody made. Prints what was done; a sentence for each thing that is wrong, and exit 1.
//
// A visit carries "attempt N" as its note and as the reason of its task: what was told "signed" must be found by that,
// what was killed may be, and a later attempt must never be undone by an earlier one.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { makeVisit } from './visits.mjs';

const [program, home, server, killsWanted, seed] = process.argv.slice(2);
const IDENTITY = 'https://doorstep.example/fhir/NamingSystem/record';
const PROVENANCE_TAG = 'https://doorstep.example/fhir/CodeSystem/record';
const TYPES = ['Encounter', 'Observation', 'DocumentReference', 'Consent', 'MedicationStatement',
  'MedicationAdministration', 'Provenance', 'Task'];
const MADE = {
  Encounter: 1, Observation: 3, DocumentReference: 1, Consent: 1, MedicationStatement: 2, MedicationAdministration: 1,
};

const kills = { visit: 0, sync: 0 };
const wrong = [];
const say = (words) => wrong.push(words);

// mulberry32
let state = Number(seed) >>> 0;
function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let x = Math.imul(state ^ (state >>> 15), state | 1);
  x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
  return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
}

// Runs the program; kills it after so many milliseconds (undefined: lets it end).
function run(words, after) {
  return new Promise((resolve) => {
    const began = performance.now();
    const options = ['--user', 'practice', '--home', home];
    const child = spawn(program, [...options, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
    const said = ['', ''];
    child.stdout.on('data', (chunk) => { said[0] += chunk; });
    child.stderr.on('data', (chunk) => { said[1] += chunk; });
    const timer = after === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), after);
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      resolve({ status, killed: signal === 'SIGKILL', out: said[0], words: said[1], took: performance.now() - began });
    });
  });
}

// The moments are drawn from so many milliseconds: about what each kind takes. It follows what the machine does, so
// that every third or fourth run comes to its end. Opening the file (its key is made slowly on purpose) is a good part
// of it, in which nothing can go wrong: nine in ten moments fall after that, those of a sync rather early, as it sends.
const usual = { visit: 0, sync: 0, opening: 0 };
const GROWS = 1.03;
const SHRINKS = 0.93;
function moment(kind) {
  const from = random() < 0.1 ? 0 : usual.opening * 0.8;
  const where = kind === 'sync' ? random() ** 2 : random();
  return from + where * Math.max(usual[kind] - from, 10);
}
async function attempt(kind, words) {
  const ended = await run(words, usual[kind] ? moment(kind) : undefined);
  usual[kind] = usual[kind] ? usual[kind] * (ended.killed ? GROWS : SHRINKS) : ended.took;
  kills[kind] += ended.killed ? 1 : 0;
  return ended;
}

async function document(words) {
  const { out, words: why } = await run([...words, '--json']);
  try {
    return JSON.parse(out);
  } catch {
    throw new Error(`doorstep ${words.join(' ')}: ${why}${out}`);
  }
}

// --- what is there ---

async function all(type) {
  const found = [];
  let url = `${server}/${type}?_count=200&_sort=_id`;
  while (url) {
    const bundle = await (await fetch(url, { headers: { 'Cache-Control': 'no-cache' } })).json();
    found.push(...(bundle.entry ?? []).map((entry) => entry.resource));
    url = bundle.link?.find((link) => link.relation === 'next')?.url;
  }
  return found;
}
const identityOf = (resource) => (resource.resourceType === 'Provenance'
  ? resource.meta?.tag?.find(({ system }) => system === PROVENANCE_TAG)?.code
  : resource.identifier?.find(({ system }) => system === IDENTITY)?.value);
async function records() {
  return (await Promise.all(TYPES.map(all))).flat();
}
const others = new Set((await records()).map(identityOf)); // of visits made before

// --- recording and syncing ---

const charts = [];
for (const { id } of await document(['patients'])) {
  const chart = await document(['chart', id]);
  try {
    makeVisit('short', chart);
    charts.push([id, chart]);
  } catch {
    // a patient without what such a visit answers
  }
}

const attempts = [];
async function recordVisit() {
  const number = attempts.length;
  const [patient, chart] = charts[number % charts.length];
  const reason = `attempt ${number}`;
  const visit = { ...makeVisit('short', chart), note: { template: 'free', text: reason } };
  visit.tasks = [{ ...visit.tasks[0], status: number % 2 ? 'on-hold' : 'in-progress', reason }];
  writeFileSync(`${home}/visit.json`, JSON.stringify(visit));
  const ended = await attempt('visit', ['visit', patient, '--file', `${home}/visit.json`, '--json']);
  if (!ended.killed && ended.status !== 0) {
    say(`${reason}: recording ended with ${ended.status}: ${ended.words}`);
  }
  attempts.push({ number, patient, task: visit.tasks[0].id, signed: ended.status === 0, killed: ended.killed });
}
async function sync() {
  const ended = await attempt('sync', ['sync', '--json']);
  if (!ended.killed && ended.status !== 0) {
    say(`after ${kills.visit + kills.sync} kills a sync ended with ${ended.status}: ${ended.words}`);
  }
}

const began = performance.now();
usual.opening = Math.min((await run(['status'])).took, (await run(['status'])).took);
while (kills.visit + kills.sync < Number(killsWanted) && wrong.length < 10) {
  await (random() < 0.5 ? recordVisit() : sync());
}
const minutes = ((performance.now() - began) / 60000).toFixed(1);
console.log(`${kills.visit} kills while recording, ${kills.sync} while syncing, in ${minutes} minutes`);

let quiet = false;
for (let i = 0; i < 10 && !quiet; i++) {
  const ended = await run(['sync', '--json']);
  const result = ended.status === 0 ? JSON.parse(ended.out) : {};
  quiet = ended.status === 0 && result.pushed === 0 && result.pending === 0;
  if (ended.status !== 0) {
    say(`a last sync ended with ${ended.status}: ${ended.words}`);
  }
}
if (!quiet) {
  say('syncing does not come to an end');
}

// --- comparing ---

const now = await records();
const ours = now.filter((resource) => identityOf(resource) && !others.has(identityOf(resource)));
const identities = new Set();
for (const resource of ours) {
  if (identities.has(identityOf(resource))) {
    say(`${resource.resourceType} ${identityOf(resource)} is at the server more than once`);
  }
  identities.add(identityOf(resource));
}

// A signature names all that its visit made; what none names, or two, was doubled or torn.
const named = new Map();
const byName = new Map(ours.map((resource) => [`${resource.resourceType}/${resource.id}`, resource]));
for (const provenance of ours.filter(({ resourceType }) => resourceType === 'Provenance')) {
  const counts = {};
  for (const { reference } of provenance.target) {
    const [type] = reference.split('/');
    counts[type] = (counts[type] ?? 0) + 1;
    named.set(reference, (named.get(reference) ?? 0) + 1);
    if (!byName.has(reference)) {
      say(`Provenance/${provenance.id} names ${reference}, which is not there`);
    }
  }
  if (Object.entries(MADE).some(([type, count]) => counts[type] !== count)) {
    say(`Provenance/${provenance.id} names ${JSON.stringify(counts)}`);
  }
}
for (const [name, resource] of byName) {
  if (resource.resourceType !== 'Provenance' && named.get(name) !== 1) {
    say(`${name} is named by ${named.get(name) ?? 0} signatures`);
  }
}

const texts = new Map();
for (const note of ours.filter(({ resourceType }) => resourceType === 'DocumentReference')) {
  const text = Buffer.from(note.content[0].attachment.data, 'base64').toString();
  texts.set(text, (texts.get(text) ?? 0) + 1);
}
let survived = 0;
const last = new Map(); // of each task
for (const { number, task, signed, killed } of attempts) {
  const times = texts.get(`attempt ${number}`) ?? 0;
  if (times > 1 || (signed && times !== 1)) {
    say(`attempt ${number}, ${signed ? 'told signed' : 'killed'}, is at the server ${times} times`);
  }
  survived += killed && times === 1 ? 1 : 0;
  if (times === 1) {
    last.set(task, `attempt ${number}`);
  }
  texts.delete(`attempt ${number}`);
}
if (texts.size > 0) {
  say(`visits that nobody made: ${[...texts.keys()].slice(0, 5).join(', ')}`);
}
for (const [task, reason] of last) {
  const said = now.find(({ resourceType, id }) => resourceType === 'Task' && id === task)?.statusReason?.text;
  if (said !== reason) {
    say(`Task/${task} says ${said}, not ${reason}`);
  }
}
console.log(`${attempts.length} visits begun: ${attempts.filter(({ signed }) => signed).length} told signed, ` +
  `${survived} killed after they were; ${ours.length} records at the server`);
wrong.slice(0, 20).forEach((words) => console.log(words));
process.exit(wrong.length > 0 ? 1 : 0);
