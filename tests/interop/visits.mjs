// The visits of the interop tests: what the nurse types, and what must have become of it.

const minutesAgo = (minutes) => new Date(Date.now() - minutes * 60 * 1000).toISOString();

// One of everything, on oxygen, in three languages.
function whole({ orders, task }) {
  return {
    start: minutesAgo(30),
    vitals: {
      bp: '142/88', pulse: '91', rr: '18', spo2: '94', oxygen: '2 L/min', consciousness: 'A', temp: '36.9',
      weight: 'nd could not stand', glucose: '110', pain: '3',
    },
    note: {
      template: 'soap',
      s: '어젯밤에 잘 잤어요. “괜찮아요”라고 하심. よく眠れました。痛みは少しだけ。',
      o: 'Alert, warm. 발목 부종 없음. 下腿の浮腫なし（左右とも）。SpO₂ 94 % on 2 L/min.',
      a: 'Stable – 안정적. 安定している。',
      p: 'Weigh daily; 내일 전화. 明日電話で確認する。\nLine two: <b>"quoted" & kept</b> \\ ½ 𠮷',
    },
    consents: [
      { purpose: 'share-record', decision: 'permit', by: 'patient', method: 'verbal-witnessed' },
      { purpose: 'research', decision: 'deny', by: 'child', name: '이지은', method: 'refused' },
    ],
    medications: [
      { request: orders[0].id, taking: 'differently', reason: 'takes it at noon',
        given: { dose: '2.5', unit: 'mg', route: 'oral' } },
      { request: orders[1].id, taking: 'not', reason: '속이 쓰려서' },
    ],
    tasks: [{ id: task.id, status: 'completed' }],
  };
}

// The other forms: one half of a pressure, other units, off the scale, refused, confirmed, withdrawn, failed.
function others({ orders, task }) {
  return {
    start: minutesAgo(45),
    end: minutesAgo(5),
    vitals: {
      bp: '148/', pulse: '58', rr: 'nd asleep', spo2: '97', oxygen: 'air', consciousness: 'V', temp: '98.6 F',
      weight: '107 lb', glucose: 'HI', pain: 'nd refused', height: '158.5',
    },
    confirmed: ['temp', 'weight', 'glucose', 'height', 'bp'],
    note: { template: 'free', text: '  二行の記録。\n두 번째 줄.\n' },
    consents: [
      { purpose: 'monitoring', decision: 'withdraw', by: 'patient', method: 'verbal' },
      { purpose: 'photo', decision: 'permit', by: 'guardian', name: 'Ann O’Hara', method: 'typed-name' },
    ],
    medications: [
      { request: orders[0].id, taking: true },
      { request: orders[1].id, taking: 'unknown', reason: 'was not asked', given: { dose: '1', unit: '정' } },
    ],
    tasks: [{ id: task.id, status: 'failed', reason: '부재중' }],
  };
}

// A short visit: glucose in mmol/L, oxygen as a fraction, no note.
function short({ orders, task }) {
  return {
    vitals: { glucose: '5.4 mmol', oxygen: '28 %', spo2: '90' },
    confirmed: ['glucose', 'oxygen'],
    consents: [{ purpose: 'home-care', decision: 'permit', by: 'other', name: 'B. Kim', method: 'paper' }],
    medications: [
      { request: orders[0].id, taking: 'not', reason: 'none left' },
      { request: orders[1].id, given: { dose: '0.5', unit: 'mL', route: 'subcutaneous' }, taking: 'differently' },
    ],
    tasks: [{ id: task.id, status: 'on-hold', reason: 'waits for the doctor' }],
  };
}

const kinds = { whole, others, short };

// VISIT.json of one kind for a patient whose `doorstep chart --json` this is; it answers the task that is wanted, or the
// first open one.
export function makeVisit(kind, chart, wanted) {
  const orders = chart.medications.filter((row) => row.kind === 'request' && row.status === 'active');
  const task = chart.tasks.find((row) => row.source === 'Task' && row.open && (!wanted || row.id === wanted));
  return { identity: 'name and birth date', sign: true, ...kinds[kind]({ orders, task }) };
}

// The text that a note must have at the server.
export function noteText({ template, s, o, a, p, text }) {
  return template === 'soap' ? `S: ${s}\n\nO: ${o}\n\nA: ${a}\n\nP: ${p}` : text;
}

// What the whole visit must have become, however it is written down; returns what does not hold.
export function partsMissing(resources) {
  const of = (type) => resources.filter((resource) => resource.resourceType === type);
  const observation = (code) => of('Observation').find((one) => one.code.coding.some((coding) => coding.code === code));
  const made = resources.filter((resource) => !['Provenance', 'Task'].includes(resource.resourceType));
  const pressure = observation('85354-9')?.component?.map((part) => part.valueQuantity?.value);
  const weight = observation('29463-7');
  const claims = {
    'the pressure is 142 over 88': pressure?.join('/') === '142/88',
    'the saturation is 94 %': observation('2708-6')?.valueQuantity?.value === 94,
    'oxygen is a reading of its own': observation('3151-8')?.valueQuantity?.value === 2,
    'the glucose is 110': observation('41653-7')?.valueQuantity?.value === 110,
    'the weight says why it is missing': weight?.dataAbsentReason && !weight.valueQuantity,
    'NEWS2 is 4, from its seven parts': observation('news2-total')?.valueInteger === 4 &&
      observation('news2-total').derivedFrom.length === 7,
    'a consent is given and one refused':
      of('Consent').map((consent) => consent.provision.provision[0].type).sort().join() === 'deny,permit',
    'a medicine is given': of('MedicationAdministration')[0]?.dosage?.dose?.value === 2.5,
    'a medicine is not taken': of('MedicationStatement').some((statement) => statement.status === 'not-taken'),
    'a task is done': of('Task')[0]?.status === 'completed',
    'the Encounter is finished': of('Encounter').length === 1 && of('Encounter')[0].status === 'finished',
    'the Provenance names all that was made': of('Provenance')[0]?.target.length === made.length,
  };
  return Object.keys(claims).filter((words) => !claims[words]);
}
