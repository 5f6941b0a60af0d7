// node wire.mjs ORIGIN FOLDER: the wire between doorstep and a real server. Passes everything on unchanged, keeps what
// was sent, and can break where a mobile line breaks. Listens on $LISTEN or 127.0.0.1, with TLS when $CERTIFICATE
// names a file with key and certificate, and says "listening on URL".
//
// FOLDER/requests    one line a request: method and path; a batch that only asks counts as a GET
// FOLDER/sent.ndjson every body that was sent, one a line, as it came out of its compression
// FOLDER/fault       written by the tests: "lose" (the server did it, nothing comes back), "cut" (half of the answer
//                    comes back) or "hold" (nothing comes back and the line stays open). It happens to the next write
//                    that the server carried out; then the file is renamed to FOLDER/happened, and the line is dead
//                    until that is removed.
// FOLDER/forget      written by the tests: the next page link that is followed leads to a page the server does not
//                    know, as when it has expired; then the file is gone
import { appendFileSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import zlib from 'node:zlib';

const [origin, folder] = process.argv.slice(2);
const agent = new http.Agent({ keepAlive: true });

const dead = () => existsSync(`${folder}/happened`);

async function collect(stream) {
  const chunks = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function pass(request, body) {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(origin);
    const options = { agent, hostname, port, method: request.method, path: request.url, headers: request.headers };
    const onward = http.request(options, async (answer) => {
      resolve({ status: answer.statusCode, headers: answer.rawHeaders, body: await collect(answer) });
    });
    onward.on('error', reject);
    onward.end(body);
  });
}

function forgetPage(request) {
  if (/[?&]_getpages=/.test(request.url) && existsSync(`${folder}/forget`)) {
    rmSync(`${folder}/forget`);
    request.url = request.url.replace(/_getpages=[^&]*/, '_getpages=00000000-0000-4000-8000-000000000000');
  }
}

function keep(request, body) {
  const plain = request.headers['content-encoding'] === 'gzip' ? zlib.gunzipSync(body) : body;
  request.reads = request.method === 'GET' || plain.includes('"type":"batch"'); // doorstep only asks in batches
  appendFileSync(`${folder}/requests`, `${request.reads ? 'GET' : request.method} ${request.url}\n`);
  if (body.length > 0) {
    appendFileSync(`${folder}/sent.ndjson`, `${plain.toString().replaceAll('\n', ' ')}\n`);
  }
}

function takeFault(request, answer) {
  if (request.reads || answer.status >= 300 || !existsSync(`${folder}/fault`)) {
    return '';
  }
  const fault = readFileSync(`${folder}/fault`, 'utf8').trim();
  renameSync(`${folder}/fault`, `${folder}/happened`);
  return fault;
}

const certificate = process.env.CERTIFICATE && readFileSync(process.env.CERTIFICATE);
const server = (certificate ? https : http).createServer({ key: certificate, cert: certificate }, async (request, response) => {
  try {
    const body = await collect(request);
    if (dead()) {
      request.socket.destroy();
      return;
    }
    forgetPage(request);
    keep(request, body);
    const answer = await pass(request, body);
    const fault = takeFault(request, answer);
    if (fault === 'lose') {
      request.socket.destroy();
    } else if (fault === 'cut') {
      response.writeHead(answer.status, answer.headers);
      response.write(answer.body.subarray(0, answer.body.length / 2), () => request.socket.destroy());
    } else if (fault !== 'hold') {
      response.writeHead(answer.status, answer.headers);
      response.end(answer.body);
    }
  } catch (error) {
    console.error(String(error));
    request.socket.destroy();
  }
});
server.on('connection', (socket) => dead() && socket.destroy());
const address = process.env.LISTEN ?? '127.0.0.1';
server.listen(0, address, () => {
  console.log(`listening on http${certificate ? 's' : ''}://${address}:${server.address().port}`);
});
