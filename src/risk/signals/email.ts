export type EmailParts = {
  /** As typed, in lower case. */
  readonly typed: string;
  readonly local: string;
  readonly domain: string;
  /** The address that all spellings of it deliver to. */
  readonly mailbox: string;
};

/** Providers that ignore dots in the local part; all of them are one mailbox. */
const dotless: ReadonlySet<string> = new Set(['gmail.com', 'googlemail.com']);

/** Null for what cannot be an address; every provider named here and most others deliver `a+tag@` to `a@`. */
export function emailParts(email: string | undefined): EmailParts | null {
  const typed = email?.trim().toLowerCase() ?? '';
  const at = typed.lastIndexOf('@');
  if (at < 1 || at === typed.length - 1) return null;
  const local = typed.slice(0, at);
  const domain = typed.slice(at + 1);
  const untagged = local.replace(/(?<=.)\+.*$/, '');
  const plain = dotless.has(domain) ? untagged.replaceAll('.', '') : untagged;
  return { typed, local, domain, mailbox: `${plain}@${domain === 'googlemail.com' ? 'gmail.com' : domain}` };
}
