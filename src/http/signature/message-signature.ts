import { createPublicKey, verify } from 'node:crypto';
import {
  type InnerList,
  type Item,
  isInnerList,
  parseDictionary,
  serializeInnerList,
  serializeString,
} from 'structured-headers';

/** What of a request can be signed: its parts by their names in RFC 9421, section 2.2, and its headers. */
export type SignedRequest = {
  readonly method: string;
  /** As the sender called it: scheme, host, path and query. */
  readonly targetUri: URL;
  readonly header: (name: string) => string | undefined;
};

export type MessageSignature = {
  /** The names of what is signed, in the order of the signature. */
  readonly components: readonly string[];
  readonly parameters: ReadonlyMap<string, unknown>;
  /** Whether the signature is that of the holder of this key; `key` is an Ed25519 public key, raw. */
  readonly isBy: (key: Uint8Array) => boolean;
};

/**
 * Reads the one signature of a request (RFC 9421). Null when there is none, or it cannot be read, or it covers something
 * that the request does not have. Components with parameters (`;req`, `;key`) are not taken: the same name would then
 * stand for less than the whole.
 */
export function readSignature(request: SignedRequest): MessageSignature | null {
  const inputs = dictionary(request.header('signature-input'));
  const signatures = dictionary(request.header('signature'));
  if (inputs?.size !== 1 || signatures?.size !== 1) return null;
  const [[label, input]] = [...inputs] as [[string, Item | InnerList]];
  const signature: unknown = signatures.get(label)?.[0];
  if (!isInnerList(input) || !(signature instanceof ArrayBuffer)) return null;

  const [items, parameters] = input;
  const lines: string[] = [];
  const components: string[] = [];
  for (const [name, more] of items) {
    const value = typeof name === 'string' && more.size === 0 ? valueOf(request, name) : undefined;
    if (typeof name !== 'string' || value === undefined || components.includes(name)) return null;
    components.push(name);
    lines.push(`${serializeString(name)}: ${value}`);
  }
  lines.push(`"@signature-params": ${serializeInnerList(input)}`);
  const base = Buffer.from(lines.join('\n'), 'latin1');
  return {
    components,
    parameters,
    isBy: (key) => {
      const x = Buffer.from(key).toString('base64url');
      const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
      return verify(null, base, publicKey, new Uint8Array(signature));
    },
  };
}

function dictionary(header: string | undefined): ReturnType<typeof parseDictionary> | null {
  if (header === undefined) return null;
  try {
    return parseDictionary(header);
  } catch {
    return null;
  }
}

function valueOf({ method, targetUri, header }: SignedRequest, component: string): string | undefined {
  switch (component) {
    case '@method':
      return method;
    case '@target-uri':
      return targetUri.href;
    case '@authority':
      return targetUri.host;
    case '@scheme':
      return targetUri.protocol.slice(0, -1);
    case '@path':
      return targetUri.pathname;
    case '@query':
      return targetUri.search === '' ? '?' : targetUri.search;
    default:
      return component.startsWith('@') || component !== component.toLowerCase()
        ? undefined
        : header(component)?.trim();
  }
}
