/**
 * Rooms stand on each other, never in a circle: who reads one room opens only those below it. A room is a folder
 * of a workspace's source; the folders of `server/src/operations` are rooms too. Tests may look anywhere.
 */
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { importsOf, tests } from "./imports.ts";

/** Folders whose own folders are rooms. */
const halls = /^(?:(?:widget|themes|bff|demo|e2e)\/src|server\/src\/operations|server\/src)(?=\/)/;

interface Import {
  file: string;
  target: string;
}

/** `server/src/payments/statements/x.ts` is in `server/src/payments`; a hall's own files are a room of its name. */
export function roomOf(file: string): string | null {
  const hall = /^server\/src\/operations\//.test(file) ? "server/src/operations" : halls.exec(file)?.[0];
  if (!hall) return null;
  const [folder, rest] = file.slice(hall.length + 1).split("/", 2);
  return rest === undefined ? hall : `${hall}/${folder}`;
}

/** Every circle as one line, with the two imports that close it between its least entangled pair. */
export function circles(files: readonly { file: string; source: string }[]): string[] {
  const arrows = new Map<string, Map<string, Import[]>>();
  for (const { file, source } of files) {
    const from = roomOf(file);
    // A program composes the rooms, nobody imports it.
    if (!from || programs.test(file) || tests.test(file)) continue;
    for (const { target } of importsOf(file, source)) {
      const to = roomOf(target);
      if (!to || to === from || programs.test(target)) continue;
      const below = arrows.get(from) ?? new Map<string, Import[]>();
      arrows.set(from, below.set(to, [...(below.get(to) ?? []), { file, target }]));
    }
  }
  return entangled(arrows).map((rooms) => describe(rooms, arrows));
}

/** Compositions: what starts, and what a package shows the others. */
const programs = /^(?:server|bff|demo|widget|themes)\/src\/(?:main|operate|index|launch)\.ts$/;

type Arrows = Map<string, Map<string, Import[]>>;

/** Rooms that reach each other (Tarjan's strongly connected components, those of more than one). */
function entangled(arrows: Arrows): string[][] {
  const reach = new Map<string, Set<string>>();
  const reachOf = (room: string): Set<string> => {
    const known = reach.get(room);
    if (known) return known;
    const seen = new Set<string>();
    const waiting = [room];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for (const below of arrows.get(next)?.keys() ?? []) {
        if (!seen.has(below)) waiting.push(below);
        seen.add(below);
      }
    }
    reach.set(room, seen);
    return seen;
  };
  const found = new Map<string, string[]>();
  for (const room of arrows.keys()) {
    const circle = [...reachOf(room)].filter((other) => reachOf(other).has(room)).sort();
    if (circle.length > 1) found.set(circle.join(), circle);
  }
  return [...found.values()];
}

function describe(rooms: string[], arrows: Arrows): string {
  const pairs = rooms.flatMap((a) => rooms.map((b) => ({ there: arrows.get(a)?.get(b), a, b })));
  const thinnest = pairs
    .filter(({ there, a, b }) => there && a !== b)
    .sort((x, y) => (x.there?.length ?? 0) - (y.there?.length ?? 0))[0];
  const there = thinnest?.there?.[0];
  const back = backFrom({ arrows, rooms, from: thinnest?.b ?? "", to: thinnest?.a ?? "" });
  return [
    `${rooms.join(", ")} stand in a circle: whoever reads one must read them all. Look at`,
    `  ${there?.file} imports ${there?.target}`,
    `  ${back?.file} imports ${back?.target}`,
    "  and move what both need below them, or hand it in.",
  ].join("\n");
}

/** The last import on the shortest way from one room back to another. */
function backFrom(input: { arrows: Arrows; rooms: string[]; from: string; to: string }): Import | undefined {
  const { arrows, rooms, from, to } = input;
  const waiting = [from];
  const seen = new Set(waiting);
  for (const room of waiting) {
    const closing = arrows.get(room)?.get(to)?.[0];
    if (closing) return closing;
    for (const next of arrows.get(room)?.keys() ?? []) {
      if (seen.has(next) || !rooms.includes(next)) continue;
      seen.add(next);
      waiting.push(next);
    }
  }
  return undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.chdir(fileURLToPath(new URL("..", import.meta.url)));
  const names = globSync("{widget,bff,themes,server,demo,e2e}/src/**/*.ts", {
    exclude: (name) => /node_modules|dist/.test(String(name)),
  });
  const found = circles(names.map((file) => ({ file, source: readFileSync(file, "utf8") })));
  for (const circle of found) console.error(circle);
  const rooms = new Set(names.map(roomOf));
  console.log(`${rooms.size} rooms, ${found.length} circles`);
  process.exit(found.length === 0 ? 0 : 1);
}
