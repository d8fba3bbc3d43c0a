import { Readable } from "node:stream";
import { main } from "../main.ts";

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
  /** Standard output of a command with `--json`. */
  json(): ReturnType<typeof JSON.parse>;
}

/**
 * Runs one command line in this process as `npx clarity` would.
 *
 * @param args without the program's name
 * @param env default: the platform of `dataDir`
 * @param input standard input
 */
export async function runCommandLine(call: {
  args: readonly string[];
  dataDir: string;
  env?: NodeJS.ProcessEnv;
  input?: string;
}): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []];
  const code = await main(call.args, {
    env: { CLARITY_DATA_DIR: call.dataDir, ...call.env },
    stdin: Readable.from([Buffer.from(call.input ?? "")]),
    print: (line) => out.push(line),
    printError: (line) => err.push(line),
  });
  const stdout = out.join("\n");
  return { code, stdout, stderr: err.join("\n"), json: () => JSON.parse(stdout) };
}
