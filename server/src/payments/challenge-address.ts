const mostCharacters = 8_192;

/**
 * Whether a vendor's address may be handed on as the bank's page. It is put into a frame: anything but a page
 * fetched over TLS could run in the form's own origin (`javascript:`), or be rewritten on its way.
 *
 * @param framedBy origin of the page that holds the form; plain http is taken from loopback only when that is
 * there too, as on a developer's machine
 */
export function mayBeShown(address: string | null, framedBy: string | null): boolean {
  const url = parse(address);
  if (!url || url.username || url.password) return false;
  if (url.protocol === "https:") return true;
  return url.protocol === "http:" && isLoopback(url) && isLoopback(parse(framedBy));
}

/** Absolute, and written so: the parser forgives blanks and line breaks that others may not. */
function parse(text: string | null): URL | null {
  return text !== null && text.length <= mostCharacters && /^https?:\/\/[^\s\\]+$/i.test(text)
    ? URL.parse(text)
    : null;
}

/** RFC 6761 §6.3 and RFC 1122 §3.2.1.3; the parser writes every IPv4 address in four numbers. */
function isLoopback(url: URL | null): boolean {
  return url !== null && /^(localhost|[^/]+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
}
