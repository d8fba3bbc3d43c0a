/**
 * The walls of the house as data: who may import what, and why. `exports` maps keep packages apart;
 * this keeps the rooms inside them apart.
 */
import { globSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { importsOf, tests } from "./imports.ts";

export interface Wall {
  /** Files the wall stands around; a path relative to the root. */
  in: RegExp;
  /** Imports it stops: a package name, or a path relative to the root. */
  stops: RegExp;
  /** Files in `in` it does not concern. */
  except?: RegExp;
  /** `import type` may pass. */
  typesPass?: true;
  why: string;
}

const root = fileURLToPath(new URL("..", import.meta.url));
/** Folders of concrete adapters, such as `server/src/connectors/netsuite`: each owns its settings' schema. */
const adapters = globSync("server/src/{providers,connectors}/*/config.ts", { cwd: root }).map(dirname);
const inAnAdapter = `^(?:${adapters.join("|")})/`;

export const walls: Wall[] = [
  {
    in: /^themes\//,
    stops: /^@clarity\//,
    why: "themes imports no other workspace: it runs in the editor, the server and the browser alike",
  },
  {
    in: /^widget\//,
    stops: /^@clarity\/(?!bff\/contract$|themes$)/,
    why: "the widget knows the edge's contract and the themes, nothing else",
  },
  {
    in: /^widget\/src\//,
    stops: /^@clarity\//,
    typesPass: true,
    except: tests,
    why: "the widget takes types only from its neighbours: code would cost the payer bytes",
  },
  {
    in: /^bff\//,
    stops: /^@clarity\/(?!server\/contract(?:\/(?:environment|connections|edge-trust))?$|bff)/,
    except: tests,
    why: "the edge knows the server by its contract alone, so that either can be replaced or moved",
  },
  {
    in: /^server\/(?!portal\/)/,
    stops: /^@clarity\/(?!themes$)|^server\/portal\//,
    why: "the server knows themes and nobody who calls it",
  },
  {
    in: /^server\/portal\//,
    stops: /^@clarity\/(?!server\/contract$|themes$)|^server\/(?!portal\/)/,
    why: "the portal's pages know the contract and the themes, nothing else",
  },
  {
    in: /^server\/portal\/src\//,
    stops: /^@clarity\//,
    typesPass: true,
    except: tests,
    why: "the portal's pages take types only from their neighbours: code would cost bytes",
  },
  {
    in: /^e2e\//,
    stops: /^@clarity\//,
    why: "end-to-end tests see what a user sees: pages and HTTP, no source",
  },
  {
    in: /^demo\//,
    stops: /^(?:widget|bff|server|themes)\//,
    why: "the demo starts its neighbours through their public entry points",
  },
  {
    in: /^server\/src\//,
    stops: /^postgres$/,
    except: /^server\/src\/(?:database|testing)\/|\.test\.ts$|\/testing\//,
    why: "one file knows the driver: database/connect.ts",
  },
  {
    in: /^server\/src\//,
    stops: /^server\/src\/database\/connect\.ts$/,
    typesPass: true,
    except: new RegExp(
      `^server/src/(?:database|registry|tenant|testing)/|^server/src/operations/(?!doctor/)|${tests.source}`,
    ),
    why: "the registry, a tenant's pools and an operator open connections; everyone else is handed one",
  },
  {
    in: /^server\/src\/http\//,
    stops: /^postgres$|^server\/src\/database\//,
    except: tests,
    why: "routes call verbs, never SQL",
  },
  {
    in: /^server\/src\//,
    stops: new RegExp(`${inAnAdapter}(?!config\\.ts$)`),
    except: new RegExp(`^server/src/context/adapters\\.ts$|${inAnAdapter}|\\.test\\.ts$`),
    why: "one file names the concrete adapters: context/adapters.ts",
  },
  {
    in: /^server\/src\//,
    stops: new RegExp(`${inAnAdapter}config\\.ts$`),
    except: new RegExp(`^server/src/(?:providers|connectors)/configs\\.ts$|${inAnAdapter}|\\.test\\.ts$`),
    why: "an adapter owns its settings' schema; the others have the union of all, configs.ts beside the seam",
  },
  {
    in: /^server\/src\/providers\//,
    stops: /^server\/src\/(?!providers|money|crypto|network)/,
    except: new RegExp(`/observed-provider\\.ts$|${tests.source}`),
    why: "a provider imports its interface, money and errors",
  },
  {
    in: /^server\/src\/connectors\//,
    stops: /^server\/src\/(?!connectors|money|crypto|network)/,
    except: new RegExp(`/observed-connector\\.ts$|${tests.source}`),
    why: "a connector imports its interface, money and errors",
  },
  {
    in: /^server\/src\/tenant\//,
    stops: /^server\/src\/(?:providers|connectors)\/(?!configs\.ts$|frame-url\.ts$)/,
    except: tests,
    why: "a tenant in hand knows the settings of its adapters, and none of what they do",
  },
  ...adapters.map((folder) => ({
    in: new RegExp(`^${folder}/`),
    stops: new RegExp(`^(?!${folder}/)${inAnAdapter.slice(1)}`),
    except: tests,
    why: "never a sibling",
  })),
];

/** Every breach as one line: file, what it imports, why not. */
export function breaches(file: string, source: string): string[] {
  return importsOf(file, source).flatMap(({ target, typeOnly }) =>
    walls
      .filter((wall) => wall.in.test(file) && !wall.except?.test(file) && wall.stops.test(target))
      .filter((wall) => !(wall.typesPass && typeOnly))
      .map((wall) => `${file} imports ${target}: ${wall.why}`),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.chdir(root);
  const files = globSync("{widget,bff,themes,server,demo,e2e}/**/*.ts", {
    exclude: (name) => /node_modules|dist/.test(String(name)),
  });
  const found = files.flatMap((file) => breaches(file, readFileSync(file, "utf8")));
  for (const line of found) console.error(line);
  console.log(`${files.length} files, ${walls.length} walls, ${found.length} breaches`);
  process.exit(found.length === 0 ? 0 : 1);
}
