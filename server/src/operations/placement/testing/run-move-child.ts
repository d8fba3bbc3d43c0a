import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { TestPlatform } from "../../../testing/index.ts";
import { temporaryFolders } from "../../../testing/temporary-folder.ts";
import type { MoveChildInput } from "./move-child.ts";

export type RunMoveChild = (
  verb: MoveChildInput["verb"],
  input: MoveChildInput["input"],
  death: Partial<Pick<MoveChildInput, "dieBefore" | "dieAfterMs">>,
) => Promise<NodeJS.Signals | number>;

/**
 * Moves in processes of their own, which can be killed. To be called where a test file can say what runs after it.
 *
 * @returns runs one to its end and tells how it ended
 */
export function moveChildren(platform: () => TestPlatform): RunMoveChild {
  // Most of a child's life would be stripping types.
  const compileCache = temporaryFolders()();
  return async (verb, input, death) => {
    const script = fileURLToPath(new URL("./move-child.ts", import.meta.url));
    const { address } = platform();
    const argument: MoveChildInput = { address, verb, input, dieBefore: null, dieAfterMs: null, ...death };
    const child = spawn(process.execPath, [script, JSON.stringify(argument)], {
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache },
      stdio: ["ignore", "inherit", "inherit"],
    });
    const [code, signal] = await once(child, "exit");
    return signal ?? code;
  };
}
