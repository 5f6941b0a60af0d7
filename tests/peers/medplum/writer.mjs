// node writer.mjs BASE COMMAND ...: another program that writes at a FHIR server: Medplum's client, at any FHIR base.
// Bearer token in $TOKEN.
//   change TYPE/ID JSON   sets these members ("null" takes one away)
//   create JSON           prints the new id
//   remove TYPE/ID        deletes it
globalThis.WebSocket ??= class extends EventTarget {}; // @medplum/core wants Node 22; this is enough on Node 20
const { MedplumClient } = await import('@medplum/core');

const [base, command, ...words] = process.argv.slice(2);
const { origin, pathname } = new URL(base);
const client = new MedplumClient({ baseUrl: `${origin}/`, fhirUrlPath: pathname.slice(1), cacheTime: 0, fetch });
if (process.env.TOKEN) {
  client.setAccessToken(process.env.TOKEN);
}

const commands = {
  async change(which, members) {
    const resource = { ...await client.readResource(...which.split('/')), ...JSON.parse(members) };
    for (const name of Object.keys(resource).filter((member) => resource[member] === null)) {
      delete resource[name];
    }
    await client.updateResource(resource);
  },
  async create(resource) {
    console.log((await client.createResource(JSON.parse(resource))).id);
  },
  async remove(which) {
    await client.deleteResource(...which.split('/'));
  },
};
await commands[command](...words);
