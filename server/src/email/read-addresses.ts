import { domainToASCII } from "node:url";

/** Of what an ERP has in a customer's e-mail field. */
export interface ReadAddresses {
  /** Each one mailbox, no name: domain in ASCII (IDNA), duplicates left out, in order. */
  good: string[];
  /** What looks like an address or stands in for one and is none, as it stands there. */
  bad: string[];
}

/** A field is read this far, characters. */
const longestField = 4_000;
/** A receipt goes to so many; the rest counts as bad. */
const mostAddresses = 20;

/** Zero-width and bidirectional marks, which come along when somebody pastes. */
const invisible = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must not get in.
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;
const lineBreak = /[\r\n\u2028\u2029]/;
const placeholder = /^(?:n\/?a|none|null|nil)$/i;

/**
 * Reads the addresses in a field that people fill in: one or several, by `;`, `,`, `|`, blanks or line breaks, with
 * names, quotes, brackets, `mailto:`, labels, and whatever a spreadsheet left at the ends. Strict about what an address
 * is: RFC 5321 without quoted local parts (a reader that misjudges their end sends to another domain), a domain of DNS
 * names. A local part may be in any script (RFC 6531); the mail server says whether it takes that.
 *
 * A field in several lines of which one has a colon is a header or a command somebody tries to slip in, and `name: …;`
 * a group (RFC 5322 §3.4): of those nothing is read.
 *
 * The mail library's own parser is for headers: it takes what stands between blanks for a name.
 */
export function readAddresses(field: string): ReadAddresses {
  const text = halfWidth(field.slice(0, longestField)).replace(invisible, "").replace(controls, " ").trim();
  if (placeholder.test(text)) return { good: [], bad: [] };
  const withoutScheme = text.replace(/\bmailto:/gi, "");
  const smuggled = lineBreak.test(text) && withoutScheme.includes(":");
  if (smuggled || /^[^:@<>]*:[^:]*;$/.test(withoutScheme)) return { good: [], bad: [text] };

  const good = new Map<string, string>();
  const bad: string[] = [];
  for (const entry of entriesOf(withoutScheme)) {
    const candidates = candidatesIn(entry);
    // Without a letter it is what is left of a list.
    if (candidates.length === 0 && /[\p{L}\p{N}@]/u.test(entry)) bad.push(entry);
    for (const candidate of candidates) {
      const address = asAddress(candidate);
      const isNew = address !== null && !good.has(address.toLowerCase());
      if (address === null || (isNew && good.size === mostAddresses)) bad.push(candidate);
      else if (isNew) good.set(address.toLowerCase(), address);
    }
  }
  return { good: [...good.values()], bad };
}

/** `＠` and `；` as East Asian keyboards write them are `@` and `;`. */
const halfWidth = (text: string): string =>
  text.replace(/[\uff01-\uff5e]/g, (char) => String.fromCharCode(char.charCodeAt(0) - 0xfee0));

/** What separators stand between, but not those inside quotes or angle brackets. An odd quote quotes nothing. */
function entriesOf(text: string): string[] {
  const quotes = text.split('"').length - 1;
  const even = quotes % 2 === 0 ? text : text.replaceAll('"', " ");
  const entries = even.match(/(?:"[^"]*"|<[^<>]*>|[^;,|\r\n\u2028\u2029])+/g) ?? [];
  return entries.map((entry) => entry.trim()).filter(Boolean);
}

/** Words of an entry that may be addresses: those in angle brackets alone, where there are any; else all with an `@`. */
function candidatesIn(entry: string): string[] {
  // A quoted local part: no reader agrees with another on where it ends.
  if (entry.includes('"@')) return [entry];
  const unquoted = entry.replace(/"[^"]*"/g, " ");
  // A quoted name may have an @ in it; a quoted list has nothing beside it.
  const source = unquoted.includes("@") ? unquoted : entry.replaceAll('"', " ");
  const angled = [...source.matchAll(/<([^<>]*)/g)].map(([, inside = ""]) => inside);
  const inBrackets = angled.filter((inside) => inside.includes("@"));
  const words = (inBrackets.length > 0 ? inBrackets.join(" ") : source).split(/[\s;,|()[\]{}<>]+/);
  return words
    .flatMap((word) => (word.split("@").length > 2 ? word.split(/[/#]/) : [word]))
    .filter((word) => word.includes("@"));
}

const localPart = /^[\p{L}\p{N}\p{M}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{N}\p{M}!#$%&'*+/=?^_`{|}~-]+)*$/u;
const domainChars = /^[\p{L}\p{N}\p{M}.\u3002\uff61-]+$/u;
const domainName = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])$/;
/** What a sentence or a spreadsheet leaves at an address's ends. */
const ends = /^['"“”„‘’‚«»`]+|['"“”„‘’‚«»`.!#]+$/g;

function asAddress(candidate: string): string | null {
  const [local = "", rest = "", ...more] = candidate.replace(ends, "").split("@");
  // `mailto:ap@x.test?subject=…`
  const written = rest.split("?")[0] ?? "";
  if (more.length > 0 || !localPart.test(local) || Buffer.byteLength(local) > 64) return null;
  if (written.length > 253 || !domainChars.test(written)) return null;
  const domain = domainToASCII(written);
  if (domain.length > 253 || !domainName.test(domain)) return null;
  const address = `${local}@${domain}`;
  return address.length <= 254 ? address : null;
}
