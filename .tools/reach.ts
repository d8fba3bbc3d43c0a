/** What a program may not reach when it runs, by whatever way: walls say it of one file, this of all it loads. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { importsOf } from "./imports.ts";

interface ClosedWay {
  from: readonly string[];
  to: RegExp;
  why: string;
}

export const closedWays: ClosedWay[] = [
  {
    from: ["server/src/main.ts", "server/src/index.ts"],
    to: /^server\/src\/operations\/(?:operator\.ts|servers\/|provisioning\/|placement\/|migration\/|deletion\/)/,
    why: "the process that serves holds no administrator: what needs one starts from operate.ts",
  },
  {
    from: ["server/src/main.ts", "server/src/index.ts", "server/src/operate.ts"],
    to: /\.test\.ts$|^server\/src\/(?:.*\/)?testing\//,
    why: "no product code loads what is there for tests",
  },
];

/** The way there as a list of files, or null. @param read a file's source; throws when there is none */
export function findWay(from: string, to: RegExp, read: (file: string) => string): string[] | null {
  const cameFrom = new Map<string, string | null>([[from, null]]);
  for (const file of cameFrom.keys()) {
    if (to.test(file)) return trace(cameFrom, file);
    for (const { target, typeOnly } of importsOf(file, read(file))) {
      const local = /^[\w.-]+\/.*\.ts$/.test(target);
      if (local && !typeOnly && !cameFrom.has(target)) cameFrom.set(target, file);
    }
  }
  return null;
}

function trace(cameFrom: ReadonlyMap<string, string | null>, file: string): string[] {
  const before = cameFrom.get(file);
  return before ? [...trace(cameFrom, before), file] : [file];
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.chdir(fileURLToPath(new URL("..", import.meta.url)));
  const found = closedWays.flatMap(({ from, to, why }) =>
    from.flatMap((program) => {
      const way = findWay(program, to, (file) => readFileSync(file, "utf8"));
      return way ? [`${way.join("\n  imports ")}\n  but ${why}`] : [];
    }),
  );
  for (const line of found) console.error(line);
  console.log(`${closedWays.length} closed ways, ${found.length} open`);
  process.exit(found.length === 0 ? 0 : 1);
}
