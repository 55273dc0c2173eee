/** The JSON API, called with the secret key of this tab. */

const keyName = 'console:key';

export const readKey = () => sessionStorage.getItem(keyName);
export const keepKey = (key) => sessionStorage.setItem(keyName, key);
export const forgetKey = () => sessionStorage.removeItem(keyName);

/** The service said no; `problem` is its problem document. */
export class Refused extends Error {
  constructor(status, problem) {
    super([problem.title, problem.detail].filter(Boolean).join('. '));
    this.status = status;
    this.problem = problem;
  }
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Often enough to outlast a restart of the service. */
const triesMax = 6;

/** A call is repeated with its own idempotency key while the service says that it should be. */
async function call(method, path, body) {
  const headers = {
    authorization: `Bearer ${readKey()}`,
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(method === 'POST' && {
      'idempotency-key': `console-${crypto.getRandomValues(new Uint32Array(4)).join('-')}`,
    }),
  };
  for (let turn = 1; ; turn += 1) {
    const answer = await fetch(path, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const document = await answer.json();
    if (answer.ok) return document;
    const waitS = Number(answer.headers.get('retry-after'));
    if (waitS === 0 || waitS > 5 || turn === triesMax) throw new Refused(answer.status, document);
    await sleep(waitS * 1000);
  }
}

export const get = (path) => call('GET', path);
export const post = (path, body) => call('POST', path, body);
export const remove = (path) => call('DELETE', path);

/** What this service can do: tabs of what it cannot are not shown. */
export async function readPaths() {
  const { paths } = await (await fetch('/openapi.json')).json();
  return new Set(Object.keys(paths));
}
