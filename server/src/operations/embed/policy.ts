/** A Content-Security-Policy's directives (https://www.w3.org/TR/CSP3/#parse-serialized-policy): the first of a name counts. */
export type Policy = ReadonlyMap<string, readonly string[]>;

/** @param text one policy or several, with commas between */
export const parsePolicies = (text: string): Policy[] =>
  text
    .split(",")
    .filter((one) => one.trim())
    .map((one) => {
      const directives = one
        .split(";")
        .map((directive) => directive.trim().split(/\s+/))
        .filter(([name]) => name)
        .map(([name = "", ...sources]) => [name.toLowerCase(), sources] as const);
      return new Map(directives.toReversed());
    });

/** Where a directive is not said, what counts instead. */
const fallbacks: Record<string, readonly string[]> = {
  "script-src": ["script-src-elem", "script-src", "default-src"],
  "connect-src": ["connect-src", "default-src"],
  "frame-src": ["frame-src", "child-src", "default-src"],
  "frame-ancestors": ["frame-ancestors"],
};

/**
 * Does a policy let a page have this? Hashes and `strict-dynamic` are not looked at.
 *
 * @param page its address, for `'self'`
 * @param nonce of the element
 */
export function allows(input: {
  policy: Policy;
  directive: keyof typeof fallbacks;
  url: string;
  page: string;
  nonce?: string | undefined;
}): boolean {
  const { policy, directive, url, page, nonce } = input;
  const name = fallbacks[directive]?.find((one) => policy.has(one));
  if (name === undefined) return true;
  const sources = policy.get(name) ?? [];
  if (nonce && sources.includes(`'nonce-${nonce}'`)) return true;
  return sources.some((source) => matches(source, new URL(url), new URL(page)));
}

/** https://www.w3.org/TR/CSP3/#match-url-to-source-expression */
function matches(source: string, url: URL, page: URL): boolean {
  const text = source.toLowerCase();
  if (text === "'self'") return url.origin === page.origin;
  if (text === "*") return /^(?:https?|wss?):$/.test(url.protocol);
  if (/^[a-z][a-z0-9+.-]*:$/.test(text)) return sameScheme(text, url.protocol);
  const found = hostSource.exec(source);
  if (!found) return false;
  const [, scheme, host = "", port, path] = found;
  return (
    sameScheme(scheme ? `${scheme.toLowerCase()}:` : page.protocol, url.protocol) &&
    sameHost(host.toLowerCase(), url.hostname) &&
    samePort(port, url) &&
    // Of the four the path alone minds capitals.
    (!path || (path.endsWith("/") ? url.pathname.startsWith(path) : url.pathname === path))
  );
}

const hostSource = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(\*|(?:\*\.)?[^:/]+|\[[^\]]+\])(?::(\d+|\*))?(\/.*)?$/i;

/** What may be had plainly may be had by TLS too. */
const sameScheme = (allowed: string, asked: string) =>
  allowed === asked || (allowed === "http:" && asked === "https:");

const sameHost = (pattern: string, host: string) =>
  pattern === "*" || (pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) : pattern === host);

const usual: Record<string, string> = { "http:": "80", "https:": "443" };
const samePort = (port: string | undefined, url: URL) =>
  port === "*" || (port ?? usual[url.protocol]) === (url.port || usual[url.protocol]);
