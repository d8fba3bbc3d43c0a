import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { ConnectionOptions, PeerCertificate } from "node:tls";

/**
 * What a connection URL says of TLS, in libpq's words (https://www.postgresql.org/docs/18/libpq-ssl.html), for each of
 * those who connect by it: our driver, the job queue's, and PostgreSQL's own programs.
 */

/** Told to the server, as the driver would, they end the connection. */
const tlsParameters = {
  sslmode: "PGSSLMODE",
  sslrootcert: "PGSSLROOTCERT",
  sslcert: "PGSSLCERT",
  sslkey: "PGSSLKEY",
  sslcrl: "PGSSLCRL",
  ssl_min_protocol_version: "PGSSLMINPROTOCOLVERSION",
  ssl_max_protocol_version: "PGSSLMAXPROTOCOLVERSION",
} as const;
type TlsParameter = keyof typeof tlsParameters;

/** The machine's own list of authorities, not a file. */
const system = "system";
const isFile = (name: TlsParameter, value: string) =>
  ["sslrootcert", "sslcert", "sslkey", "sslcrl"].includes(name) && value !== system;

function read(url: string): { rest: URL; tls: Partial<Record<TlsParameter, string>> } | null {
  // Lists of hosts are libpq's and the driver's; they bear no such parameter of ours.
  if (!URL.canParse(url)) return null;
  const rest = new URL(url);
  const tls: Partial<Record<TlsParameter, string>> = {};
  for (const name of Object.keys(tlsParameters) as TlsParameter[]) {
    const value = rest.searchParams.get(name);
    if (value) tls[name] = isFile(name, value) ? resolve(value) : value;
    rest.searchParams.delete(name);
  }
  return { rest, tls };
}

type Ssl = boolean | "prefer" | ConnectionOptions;

/**
 * For the driver: the URL without them, and what they come to.
 *
 * @returns ssl undefined: nothing is said, the driver's own default holds
 * @throws Error when a file cannot be read
 */
export function driverTls(url: string): { url: string; ssl: Ssl | undefined } {
  const found = read(url);
  if (!found || Object.keys(found.tls).length === 0) return { url, ssl: undefined };
  const { rest, tls } = found;
  return { url: rest.href, ssl: sslOf(tls, rest.hostname.replace(/^\[|\]$/g, "")) };
}

function sslOf(tls: Partial<Record<TlsParameter, string>>, host: string): Ssl {
  const { sslrootcert: root, sslmode: mode = root === system ? "verify-full" : "prefer" } = tls;
  if (mode === "disable") return false;
  if (mode === "allow" || mode === "prefer") return "prefer";
  if (!["require", "verify-ca", "verify-full"].includes(mode)) throw new Error(`there is no sslmode ${mode}`);
  const verifies = mode !== "require" || root !== undefined;
  // Of a system's authorities anybody may have a certificate, for another name.
  const anyName = mode !== "verify-full" && root !== undefined && root !== system;
  const options: ConnectionOptions = {
    // Else a server that is named by its address would be compared with "localhost".
    host,
    rejectUnauthorized: verifies,
    ...(anyName && { checkServerIdentity: (_: string, __: PeerCertificate) => undefined }),
    ...(tls.sslcert && { cert: readFileSync(tls.sslcert) }),
    ...(tls.sslkey && { key: readFileSync(tls.sslkey) }),
    ...(tls.sslcrl && { crl: readFileSync(tls.sslcrl) }),
    ...(tls.ssl_min_protocol_version && { minVersion: tls.ssl_min_protocol_version as "TLSv1.2" }),
    ...(tls.ssl_max_protocol_version && { maxVersion: tls.ssl_max_protocol_version as "TLSv1.3" }),
  };
  return root && root !== system ? withAuthority(options, root) : options;
}

/** Read for each connection: an authority is renewed while pools live. One that cannot be read is the last that could. */
function withAuthority(options: ConnectionOptions, file: string): ConnectionOptions {
  let last = readFileSync(file);
  return Object.defineProperty(options, "ca", {
    enumerable: true,
    get() {
      try {
        last = readFileSync(file);
      } catch {}
      return last;
    },
  });
}

/**
 * For node-postgres, which takes libpq's words for others unless it is told.
 *
 * @param options of its sessions, after those in the URL
 */
export function nodePostgresUrl(url: string, options = ""): string {
  const found = read(url);
  if (!found) return url;
  const { rest, tls } = found;
  const all = [rest.searchParams.get("options") ?? "", options].join(" ").trim();
  if (all) rest.searchParams.set("options", all);
  if (Object.keys(tls).length === 0) return all ? rest.href : url;
  // Without a file it looks at the system's list by itself.
  const { sslrootcert, ...others } = tls;
  const named = sslrootcert === system ? { sslmode: "verify-full", ...others } : tls;
  for (const [name, value] of Object.entries(named)) rest.searchParams.set(name, value);
  rest.searchParams.set("uselibpqcompat", "true");
  return rest.href;
}

/** For PostgreSQL's programs, which run in another folder than we do. */
export function libpqTls(url: string): Record<string, string> {
  const tls = read(url)?.tls ?? {};
  return Object.fromEntries(
    Object.entries(tls).map(([name, value]) => [tlsParameters[name as TlsParameter], value]),
  );
}

/**
 * What a PostgreSQL server may be told that connects to another by this URL.
 *
 * @returns null: a file of this machine stands in it, which that server has not
 */
export function remoteTls(url: string): Record<string, string> | null {
  const tls = read(url)?.tls ?? {};
  const local = Object.entries(tls).some(([name, value]) => isFile(name as TlsParameter, value));
  return local ? null : (tls as Record<string, string>);
}
