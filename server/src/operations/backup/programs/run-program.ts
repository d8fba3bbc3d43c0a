import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, type Readable, type Writable } from "node:stream";
import { guard } from "../../../database/embedded/guard.ts";
import { asUser, type ServerUser } from "../../../database/embedded/server-user.ts";
import { sessionOptions } from "../../../database/session.ts";
import { libpqTls } from "../../../database/tls.ts";

/** Where a program connects to. */
export interface ProgramTarget {
  /** A folder: the socket in it. */
  readonly host: string;
  readonly port: string;
  readonly user: string;
  readonly database: string;
  /** null: the server asks for none. */
  readonly password: string | null;
  /** libpq's variables for TLS. */
  readonly tls: Readonly<Record<string, string>>;
}

export const targetOf = (url: string): ProgramTarget => {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port || "5432",
    user: decodeURIComponent(username),
    database: decodeURIComponent(pathname.slice(1)),
    password: password ? decodeURIComponent(password) : null,
    tls: libpqTls(url),
  };
};

export interface RunningProgram {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Rejects with what the program said, without rows' values, unless it ended with 0. */
  readonly ended: Promise<void>;
  kill(): void;
}

/**
 * Starts a program of PostgreSQL or pgBackRest; it ends with us, however we end. The password stands in
 * neither its arguments nor its environment: it inherits a file that has no name any more.
 *
 * @param user as whom; default ourselves
 */
export function startProgram(input: {
  program: string;
  args: readonly string[];
  target?: ProgramTarget;
  env?: Record<string, string>;
  user?: ServerUser;
}): RunningProgram {
  const { target } = input;
  const password = target?.password ? passwordDescriptor(target.password) : null;
  const connection = target
    ? [`--host=${target.host}`, `--port=${target.port}`, `--username=${target.user}`, "--no-password"]
    : [];
  const child = spawn(input.program, [...connection, ...input.args], {
    ...asUser(input.user ?? null),
    // Ctrl-C is ours to handle, and the guard's.
    detached: true,
    stdio: ["pipe", "pipe", "pipe", password ?? "ignore"],
    env: {
      ...withoutLibpq(process.env),
      ...target?.tls,
      ...(password !== null && { PGPASSFILE: "/dev/fd/3" }),
      ...input.env,
      ...(target && { PGOPTIONS: [sessionOptions(), input.env?.PGOPTIONS ?? ""].join(" ").trim() }),
    },
  });
  if (password !== null) closeSync(password);
  guard(child);
  const { stdin, stdout, stderr } = child as ChildProcess & {
    stdin: Writable;
    stdout: Readable;
    stderr: Readable;
  };
  // Whoever closes early says why by its exit code.
  stdin.on("error", () => {});
  return {
    stdin,
    // Node throws away what nobody has begun to read when the child ends; this reads from the start.
    stdout: stdout.pipe(new PassThrough()),
    ended: ending(input.program, child, stderr),
    kill: () => child.kill("SIGKILL"),
  };
}

/** Runs a program to its end. @returns what it printed */
export async function runProgram(input: Parameters<typeof startProgram>[0]): Promise<string> {
  const program = startProgram(input);
  program.stdin.end();
  let text = "";
  for await (const chunk of program.stdout.setEncoding("utf8")) text += chunk;
  await program.ended;
  return text;
}

function ending(program: string, child: ChildProcess, stderr: Readable): Promise<void> {
  let said = "";
  stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-20_000);
  });
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", (cause) => reject(new Error(`${program} could not be started`, { cause })));
    child.once("close", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} ended with ${signal ?? code}: ${withoutValues(said)}`));
    });
  });
  // It may end before anybody waits for it.
  ended.catch(() => {});
  return ended;
}

/** PostgreSQL quotes rows in DETAIL and CONTEXT, and statements whole. */
const withoutValues = (said: string): string =>
  said
    .split("\n")
    .filter((line) => /\b(error|ERROR|FATAL|HINT|warning|WARN)\b/.test(line) && !/DETAIL|CONTEXT/.test(line))
    .slice(-5)
    .map((line) => line.trim())
    .join("; ") || "it said nothing";

/** https://www.postgresql.org/docs/current/libpq-pgpass.html */
function passwordDescriptor(password: string): number {
  const path = join(tmpdir(), `pay-${randomBytes(12).toString("hex")}`);
  const escaped = password.replace(/[\\:]/g, "\\$&");
  writeFileSync(path, `*:*:*:*:${escaped}\n`, { mode: 0o600, flag: "wx" });
  const descriptor = openSync(path, "r");
  rmSync(path);
  return descriptor;
}

/** Nobody's PGHOST or PGOPTIONS decides where we connect. */
const withoutLibpq = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !/^PG(?!BACKREST_)/.test(name)));
