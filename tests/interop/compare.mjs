// node compare.mjs COMMAND ...: the JSON work of the interop tests. Prints what is asked for, or, for the commands that
// judge, nothing when all is well and a sentence for each difference when it is not (exit 1).
import assert from 'node:assert';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { makeVisit, noteText, partsMissing } from './visits.mjs';

const DAY = 24 * 60 * 60 * 1000;
const differences = [];
const differ = (words) => differences.push(words);
const read = (file) => JSON.parse(readFileSync(file, 'utf8'));
const readLines = (file) => readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
const resources = (bundle) => (bundle.entry ?? []).map((entry) => entry.resource).filter(Boolean);
const idOf = (reference) => reference.split('/').pop();

function sameSets(words, here, there) {
  const missing = [...there].filter((id) => !here.has(id));
  const extra = [...here].filter((id) => !there.has(id));
  if (missing.length > 0) {
    differ(`${words}: not on the device: ${missing.join(' ')}`);
  }
  if (extra.length > 0) {
    differ(`${words}: not at the server: ${extra.join(' ')}`);
  }
}

// --- the caseload ---

// bundles CASELOAD SIZE FOLDER [TYPE]: writes the lines of an NDJSON file as batches (or transactions) of PUTs,
// FOLDER/batch-NNN.json.
function bundles(caseload, size, folder, type = 'batch') {
  const all = readLines(caseload);
  for (let from = 0; from < all.length; from += Number(size)) {
    const entry = all.slice(from, from + Number(size)).map((resource) => (
      { resource, request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` } }));
    const number = String(from / Number(size)).padStart(3, '0');
    writeFileSync(`${folder}/batch-${number}.json`, JSON.stringify({ resourceType: 'Bundle', type, entry }));
  }
}

// taken ANSWER...: every entry of every answer to a batch or transaction is a success.
function taken(...files) {
  for (const file of files) {
    const answer = read(file);
    const bad = (answer.entry ?? []).filter((entry) => !entry.response.status.startsWith('2'));
    if (!['batch-response', 'transaction-response'].includes(answer.type) || bad.length > 0) {
      differ(`${file}: ${JSON.stringify(bad[0] ?? answer).slice(0, 500)}`);
    }
  }
}

// belongings CASELOAD PATIENT: the lines of an NDJSON file that make up one patient's chart, and the people in it.
function belongings(caseload, patient) {
  for (const resource of readLines(caseload)) {
    const text = JSON.stringify(resource);
    const shared = ['Practitioner', 'Organization'].includes(resource.resourceType);
    const collection = ['Group', 'List'].includes(resource.resourceType);
    if (shared || (!collection && (resource.id === patient || text.includes(`"Patient/${patient}"`)))) {
      console.log(text);
    }
  }
}

// patients LIST SCOPE ALL: `doorstep patients --json` lists exactly whom the scope names (a Group, a List, or a Bundle of
// Appointments or Patients, as the server has it), complete, and as the server describes them.
function patients(listFile, scopeFile, allFile) {
  const list = read(listFile);
  const scope = read(scopeFile);
  const all = new Map(resources(read(allFile)).map((patient) => [patient.id, patient]));
  const members = new Set();
  const earlier = Date.now() - 7 * DAY;
  const later = Date.now() + 14 * DAY;
  const named = scope.resourceType === 'List' ? scope.entry.map((entry) => entry.item)
    : (scope.member ?? []).map((member) => member.entity);
  named.forEach((entity) => members.add(idOf(entity.reference)));
  for (const resource of resources(scope)) {
    const at = Date.parse(resource.start);
    if (resource.resourceType === 'Patient') {
      members.add(resource.id);
    } else if (at >= earlier && at < later) {
      resource.participant.map((p) => p.actor?.reference ?? '').filter((r) => r.startsWith('Patient/'))
        .forEach((r) => members.add(idOf(r)));
    }
  }
  if (members.size === 0) {
    differ('the server names nobody');
  }
  sameSets('patients', new Set(list.map((row) => row.id)), members);
  for (const row of list) {
    const patient = all.get(row.id);
    const families = (patient?.name ?? []).map((name) => name.family ?? name.text);
    if (!patient || row.birthDate !== patient.birthDate || row.gender !== patient.gender ||
        !families.some((family) => row.name.includes(family)) || !row.complete) {
      differ(`${row.id} is shown as ${JSON.stringify(row)}`);
    }
  }
}

// chart CHART FOLDER: `doorstep chart --json` shows every resource of this patient that the server has
// (FOLDER/TYPE.json), each once, and no other.
function chart(chartFile, folder) {
  const shown = read(chartFile);
  const panel = (resource) => resource.hasMember && !resource.component; // its members are shown, not the panel itself
  const server = (type) => new Set(resources(read(`${folder}/${type}.json`)).filter((resource) => !panel(resource))
    .map((resource) => resource.id));
  const ids = (rows) => new Set(rows.map((row) => row.id));
  const kind = (name) => ids(shown.medications.filter((row) => row.kind === name));
  const readings = shown.vitals.map((row) => `${row.observation} ${row.code}`);
  sameSets('Observation', new Set(shown.vitals.map((row) => row.observation)), server('Observation'));
  sameSets('AllergyIntolerance', ids(shown.allergies), server('AllergyIntolerance'));
  sameSets('Condition', ids(shown.conditions), server('Condition'));
  sameSets('Consent', ids(shown.consents), server('Consent'));
  sameSets('DocumentReference', ids(shown.notes), server('DocumentReference'));
  sameSets('Task', ids(shown.tasks.filter((row) => row.source === 'Task')), server('Task'));
  sameSets('MedicationRequest', kind('request'), server('MedicationRequest'));
  sameSets('MedicationStatement', kind('statement'), server('MedicationStatement'));
  sameSets('MedicationAdministration', kind('administration'), server('MedicationAdministration'));
  sameSets('Flag', ids(shown.alerts.filter((row) => row.type === 'Flag')), server('Flag'));
  if (new Set(readings).size !== readings.length) {
    differ('a reading is shown twice');
  }
  if (!shown.patient.complete || readings.length === 0) {
    differ('the chart is empty or not complete');
  }
}

// --- a visit ---

// visit KIND CHART [TASK]: prints VISIT.json for this patient.
function visit(kind, chartFile, task) {
  console.log(JSON.stringify(makeVisit(kind, read(chartFile), task)));
}

// parts EXPORT: what the whole visit must consist of.
function parts(exportFile) {
  partsMissing(resources(read(exportFile))).forEach(differ);
}

// A resource of ours as a search at the server: by our identifier, a Provenance by our tag, an update by its id.
function search(resource) {
  const identifier = resource.identifier?.find(({ value }) => value === resource.id);
  const tag = resource.meta?.tag?.find(({ code }) => code === resource.id);
  if (identifier) {
    return `${resource.resourceType}?identifier=${encodeURIComponent(`${identifier.system}|${identifier.value}`)}`;
  }
  return tag ? `${resource.resourceType}?_tag=${encodeURIComponent(`${tag.system}|${tag.code}`)}`
    : `${resource.resourceType}/${resource.id}`;
}

// searches EXPORT: how to ask the server for each exported resource, one a line.
function searches(exportFile) {
  resources(read(exportFile)).forEach((resource) => console.log(search(resource)));
}

function replaceReferences(value, ids) {
  if (Array.isArray(value)) {
    return value.map((item) => replaceReferences(item, ids));
  }
  if (value === null || typeof value !== 'object') {
    return value;
  }
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [
    name, name === 'reference' && ids.has(member) ? ids.get(member) : replaceReferences(member, ids)]));
}

// arrived EXPORT FOLDER TYPE:LEAST...: each exported resource, of which there are LEAST at least of a TYPE, is at the
// server exactly once (FOLDER/NUMBER.json is the server's answer to its search) and says the same, but for ids and
// meta. A type whose LEAST is 0 is left out.
function arrived(exportFile, folder, ...rows) {
  const least = new Map(rows.map((row) => row.split(':')).map(([type, count]) => [type, Number(count)]));
  const sent = resources(read(exportFile));
  const found = sent.map((_, i) => {
    const answer = existsSync(`${folder}/${i}.json`) ? read(`${folder}/${i}.json`) : {};
    return answer.resourceType === 'Bundle' ? resources(answer) : [answer];
  });
  const ids = new Map(sent.map((resource, i) => [
    `${resource.resourceType}/${resource.id}`, `${resource.resourceType}/${found[i][0]?.id}`]));
  const plain = ({ id, meta, ...rest }) => ({ ...rest, tag: meta?.tag });
  for (const [type, count] of least) {
    const made = sent.filter((resource) => resource.resourceType === type).length;
    if (made < count) {
      differ(`${made} ${type} were made, not ${count}`);
    }
  }
  sent.forEach((resource, i) => {
    const which = `${resource.resourceType} ${resource.id}`;
    if (least.get(resource.resourceType) === 0) {
      return;
    }
    if (found[i].length !== 1) {
      differ(`${which} is at the server ${found[i].length} times`);
      return;
    }
    try {
      assert.deepStrictEqual(plain(found[i][0]), replaceReferences(plain(resource), ids));
    } catch (error) {
      differ(`${which} differs (+ at the server, - sent):\n${error.message}`);
    }
  });
}

// note EXPORT FOLDER VISIT: the note's text at the server is the text that was typed in VISIT.json.
function note(exportFile, folder, visitFile) {
  const at = resources(read(exportFile)).findIndex((resource) => resource.resourceType === 'DocumentReference');
  const attachment = resources(read(`${folder}/${at}.json`))[0].content[0].attachment;
  const text = Buffer.from(attachment.data, 'base64').toString('utf8');
  if (text !== noteText(read(visitFile).note)) {
    differ(`the note reads: ${text}`);
  }
}

// signed-by EXPORT FOLDER PRACTITIONER: who visited, at the server, is this Practitioner.
function signedBy(exportFile, folder, practitioner) {
  const at = resources(read(exportFile)).findIndex((resource) => resource.resourceType === 'Encounter');
  const who = resources(read(`${folder}/${at}.json`))[0].participant[0].individual.reference;
  if (who !== `Practitioner/${practitioner}`) {
    differ(`the visit is by ${who}, not by Practitioner/${practitioner}`);
  }
}

// --- small things ---

// get FILE MEMBER...: a member, as text.
function get(file, ...members) {
  const value = members.reduce((object, member) => object?.[member], read(file));
  console.log(typeof value === 'object' ? JSON.stringify(value) : String(value));
}

// lines FILE...: documents (Bundles too) as they are, one a line, each once.
function lines(...files) {
  new Set(files.map((file) => JSON.stringify(read(file)))).forEach((line) => console.log(line));
}

// found FILE...: the resources that searches and reads brought, one a line, each once.
function found(...files) {
  const all = files.map(read).flatMap((answer) => (answer.resourceType === 'Bundle' ? resources(answer) : [answer]));
  new Set(all.map((resource) => JSON.stringify(resource))).forEach((line) => console.log(line));
}

const commands = {
  bundles, taken, belongings, patients, chart, visit, parts, searches, arrived, note, 'signed-by': signedBy, get, lines,
  found,
};
const [command, ...words] = process.argv.slice(2);
commands[command](...words);
differences.forEach((words) => console.log(words));
process.exit(differences.length > 0 ? 1 : 0);
