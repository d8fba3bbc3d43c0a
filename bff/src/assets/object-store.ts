import { z } from "zod";
import { type BuildSource, type Listing, mostBuilds, mostFileBytes, toListing } from "./build-source.ts";

/** How long the store may take for one object, ms. */
const timeoutMs = 5_000;

/** `index.json`: the manifests of all builds there. */
const Index = z.object({ builds: z.array(z.looseObject({ version: z.string() })).max(mostBuilds) });

/**
 * Builds in an object store, read over HTTP without credentials: `<base>/index.json`, and each build's files below
 * `<base>/<version>/`. Only the index ever changes.
 */
export function objectStore(baseUrl: string): BuildSource {
  const base = baseUrl.replace(/\/+$/, "");
  let last: { tag: string; listing: Listing } | null = null;

  return {
    name: "store",
    async list() {
      const answer = await ask(`${base}/index.json`, last ? { "if-none-match": last.tag } : {});
      if (answer.status === 304 && last) return last.listing;
      const text = new TextDecoder().decode(await bodyOf(answer));
      const { builds } = Index.parse(JSON.parse(text));
      const listing = toListing(
        builds.map((manifest) => ({ where: `${base}/${manifest.version}`, manifest, reads })),
      );
      const tag = answer.headers.get("etag");
      last = tag === null ? null : { tag, listing };
      return listing;
    },
  };

  function reads(version: string) {
    return async (path: string) => bodyOf(await ask(`${base}/${version}/${path}`));
  }
}

const ask = (url: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, { headers, redirect: "error", signal: AbortSignal.timeout(timeoutMs) });

/** @throws Error when there is none, or it is longer than a file may be */
async function bodyOf(answer: Response): Promise<Uint8Array<ArrayBuffer>> {
  if (answer.status !== 200 || !answer.body) {
    await answer.body?.cancel();
    throw new Error(`the store answered ${answer.status}`);
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body) {
    bytes += chunk.length;
    if (bytes > mostFileBytes) throw new Error("the store's answer is longer than a file may be");
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
