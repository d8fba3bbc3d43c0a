/**
 * Gets a PgBouncer ≥ 1.21 for the tests: what is there, else Debian's source package of a newer release, built
 * here in about half a minute and kept under node_modules/.cache. Building needs a C compiler and make. Uses the mirror this machine's apt uses, and installs nothing.
 *
 * `node .tools/pgbouncer.ts` says where it is; exit code 1 and the reason when there is none.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, globSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { builtPgBouncer, findPgBouncer } from "../server/src/testing/pgbouncer.ts";

/** The oldest Debian release whose PgBouncer keeps prepared statements in transaction mode: 1.24. */
const release = "trixie";

/** Path or name of the executable. @throws Error naming the step that failed */
export function ensurePgBouncer(): string {
  const found = findPgBouncer();
  if (found) return found;
  console.error("no PgBouncer ≥ 1.21 here yet: building one …");
  const folder = mkdtempSync(join(tmpdir(), "pgbouncer-"));
  try {
    const built = build(folder);
    mkdirSync(dirname(builtPgBouncer), { recursive: true });
    copyFileSync(built, `${builtPgBouncer}.new`);
    renameSync(`${builtPgBouncer}.new`, builtPgBouncer);
    return builtPgBouncer;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function build(folder: string): string {
  fetchSources(folder);
  const [archive] = globSync(join(folder, "pgbouncer_*.orig.tar.*"));
  const [headers] = globSync(join(folder, "libevent-dev_*.deb"));
  if (!archive || !headers) throw new Error("apt brought no PgBouncer source or no libevent-dev");
  run(folder, "tar", ["xf", archive]);
  run(folder, "dpkg-deb", ["-x", headers, join(folder, "libevent")]);
  const [source] = globSync(join(folder, "pgbouncer-*/"));
  const [library] = globSync(join(folder, "libevent/usr/lib/*/libevent.a"));
  if (!source || !library) throw new Error("the packages hold something else than expected");
  const include = join(folder, "libevent/usr/include");
  const machine = library.split("/").at(-2);
  // Tests speak to it on loopback: no TLS, no own DNS, nothing that needs more libraries.
  run(source, "./configure", [
    "--without-openssl",
    "--without-cares",
    `LIBEVENT_CFLAGS=-I${include} -I${include}/${machine}`,
    `LIBEVENT_LIBS=${library} -lm`,
  ]);
  run(source, "make", [`-j${availableParallelism()}`, "pgbouncer"]);
  return join(source, "pgbouncer");
}

/** Into the folder: the source package, and libevent's headers and static library. */
function fetchSources(folder: string): void {
  let ours = findMirror(folder);
  if (!ours && process.getuid?.() === 0) {
    // A fresh image has no lists, and apt tells of a mirror only what its lists say.
    run(folder, "apt-get", ["update"]);
    ours = findMirror(folder);
  }
  if (!ours) throw new Error("apt knows no Debian mirror here");
  const [mirror, codename] = ours.split(" ");
  const keys = "signed-by=/usr/share/keyrings/debian-archive-keyring.gpg";
  writeFileSync(
    join(folder, "sources.list"),
    `deb [${keys}] ${mirror} ${codename} main\ndeb-src [${keys}] ${mirror} ${release} main\n`,
  );
  mkdirSync(join(folder, "lists/partial"), { recursive: true });
  mkdirSync(join(folder, "archives/partial"), { recursive: true });
  const options = [
    `Dir::Etc::SourceList=${join(folder, "sources.list")}`,
    "Dir::Etc::SourceParts=-",
    `Dir::State::Lists=${join(folder, "lists")}`,
    `Dir::Cache=${folder}`,
    "APT::Sandbox::User=root",
    "Acquire::Retries=2",
    "Acquire::Languages=none",
  ].flatMap((option) => ["-o", option]);
  run(folder, "apt-get", [...options, "update"]);
  run(folder, "apt-get", [...options, "source", "--download-only", `pgbouncer/${release}`]);
  run(folder, "apt-get", [...options, "download", "libevent-dev"]);
}

/** This machine's own mirror: its address and its release. */
function findMirror(folder: string): string | undefined {
  const format = ["--format", "$(REPO_URI) $(CODENAME) $(ORIGIN)", "Created-By: Packages"];
  const targets = run(folder, "apt-get", ["indextargets", ...format]);
  return targets.split("\n").find((line) => /^\S+ [a-z]+ Debian$/.test(line));
}

/** A step that takes seconds on an idle machine took two minutes on one busy with the rest of a test run. */
const stepTimeoutMs = 400_000;

function run(cwd: string, command: string, args: string[]): string {
  const done = spawnSync(command, args, { cwd, encoding: "utf8", timeout: stepTimeoutMs });
  if (done.status === 0) return done.stdout;
  const why = done.error?.message ?? done.stderr.split("\n").slice(-6).join("\n");
  throw new Error(`${command} ${args.at(-1)}: ${why}`);
}

if (import.meta.main) {
  try {
    console.log(ensurePgBouncer());
  } catch (error) {
    console.error(`no PgBouncer: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
