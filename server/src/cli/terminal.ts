/** What the command line touches outside itself. */
export interface Terminal {
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean };
  print(line: string): void;
  printError(line: string): void;
}

/** All of standard input, without the last line's end: how a secret is given. */
export async function readInput({ stdin, printError }: Terminal): Promise<string> {
  if (stdin.isTTY) printError("value, then Ctrl-D:");
  const chunks: Uint8Array[] = [];
  for await (const chunk of stdin) chunks.push(chunk);
  return Buffer.concat(chunks)
    .toString("utf8")
    .replace(/\r?\n$/, "");
}
