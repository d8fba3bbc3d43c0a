import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

export interface ChildSpec {
  name: string;
  /** Absolute path of the entry. */
  entry: string;
  env: Record<string, string>;
  /** Answers 2xx once the child can work. */
  readyUrl: string;
}

/** A child that dies younger than this did not really start, ms. */
const childhoodMs = 3_000;
/** So many such deaths in a row before it was ever ready end the launcher. */
const mostEarlyDeaths = 3;
const readyTimeoutMs = 40_000;
const stopTimeoutMs = 5_000;
const preload = new URL("exit-with-parent.ts", import.meta.url).href;

interface Running {
  spec: ChildSpec;
  process: ChildProcess | null;
  earlyDeaths: number;
  wasReady: boolean;
  failed: Error | null;
}

/**
 * Starts children, writes their output to `<log folder>/<name>.log`, starts a dead one again at
 * once, and stops them all.
 */
export class Supervisor {
  readonly #children: Running[] = [];
  readonly #logDir: string;
  readonly #cacheDir: string;
  readonly #report: (line: string) => void;
  /** Told after every start and end. */
  readonly #onChange: (pids: number[]) => void;
  #stopping = false;

  constructor(options: {
    logDir: string;
    /** Compiled code is kept here from start to start. */
    cacheDir: string;
    report: (line: string) => void;
    onChange: (pids: number[]) => void;
  }) {
    this.#logDir = options.logDir;
    this.#cacheDir = options.cacheDir;
    this.#report = options.report;
    this.#onChange = options.onChange;
    mkdirSync(options.logDir, { recursive: true });
  }

  /** Resolves when the child answers. @throws Error with the end of its log when it will not start. */
  async start(spec: ChildSpec): Promise<void> {
    const child: Running = { spec, process: null, earlyDeaths: 0, wasReady: false, failed: null };
    this.#children.push(child);
    this.#spawn(child);
    const deadline = Date.now() + readyTimeoutMs;
    while (!(await answers(spec.readyUrl))) {
      if (this.#stopping) return;
      if (child.failed) throw child.failed;
      if (Date.now() > deadline)
        throw this.#failure(child, `did not answer within ${readyTimeoutMs / 1000} s`);
      await delay(40);
    }
    child.wasReady = true;
  }

  /** In the order they were started last: who asks others goes first. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const running = this.#children.flatMap(({ process }) => (process && isRunning(process) ? [process] : []));
    const gone = running.map((child) => new Promise((resolve) => child.once("exit", resolve)));
    for (const child of running.toReversed()) child.kill("SIGTERM");
    await Promise.race([Promise.all(gone), delay(stopTimeoutMs, null, { ref: false })]);
    for (const child of running.filter(isRunning)) {
      this.#report(`${this.#nameOf(child)} does not stop: killed`);
      child.kill("SIGKILL");
    }
    await Promise.all(gone);
  }

  #spawn(child: Running): void {
    const { name, entry, env } = child.spec;
    const log = openSync(join(this.#logDir, `${name}.log`), "a", 0o600);
    const startedAt = Date.now();
    // The fourth is a channel that closes when we are gone: exit-with-parent.ts listens.
    const started = spawn(process.execPath, ["--import", preload, entry], {
      env: { ...process.env, NODE_COMPILE_CACHE: this.#cacheDir, ...env },
      stdio: ["ignore", log, log, "ipc"],
    });
    closeSync(log);
    child.process = started;
    this.#onChange(this.#pids());
    started.once("exit", (code, signal) => {
      if (this.#stopping) return;
      const early = Date.now() - startedAt < childhoodMs && !child.wasReady;
      child.earlyDeaths = early ? child.earlyDeaths + 1 : 0;
      if (child.earlyDeaths >= mostEarlyDeaths) {
        child.failed = this.#failure(child, `ended (${signal ?? code})`);
        return;
      }
      this.#report(`${name} ended (${signal ?? `exit code ${code}`}): starting it again`);
      // At once, but a child that cannot live must not keep the machine busy.
      const pauseMs = Date.now() - startedAt < 500 ? 500 : 0;
      setTimeout(() => !this.#stopping && this.#spawn(child), pauseMs);
    });
  }

  #failure({ spec }: Running, what: string): Error {
    const file = join(this.#logDir, `${spec.name}.log`);
    const end = readFileSync(file, "utf8").trim().split("\n").slice(-15).join("\n");
    return new Error(`${spec.name} ${what}. The end of ${file}:\n${end}`);
  }

  #pids(): number[] {
    return this.#children.flatMap(({ process }) => (process?.pid === undefined ? [] : [process.pid]));
  }

  #nameOf(process: ChildProcess): string {
    return this.#children.find((child) => child.process === process)?.spec.name ?? String(process.pid);
  }
}

const isRunning = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null;

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

/** Path of an entry a package exports, such as `@clarity/server/main`. */
export const entryOf = (specifier: string): string => fileURLToPath(import.meta.resolve(specifier));
