/** `npm run fix`: formats, mends what the linter can mend, writes the generated parts of the docs. */
import { spawnSync } from "node:child_process";

const format = spawnSync("biome", ["check", "--write", "."], { stdio: "inherit" });
const docs = spawnSync(process.execPath, [".tools/docs.ts", "--write"], { stdio: "inherit" });
process.exit(format.status || docs.status || 0);
