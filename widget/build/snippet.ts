import type { BuildManifest } from "./manifest.ts";

/** What an admin pastes into a page, pinned to this very build. @param origin the tenant's, `https://pay.example.com` */
export function snippets(origin: string, { files }: Pick<BuildManifest, "files">) {
  const script = (name: string, more = "") => {
    const file = files[name];
    if (!file) throw new Error(`the build has no ${name}`);
    return `<script src="${origin}/v/${file.address}/${name}"
        integrity="${file.integrity}" crossorigin="anonymous"${more} async></script>`;
  };
  const loaderData = `\n        data-frame="#IFRAME_pay" data-token-url="/api/pay-token"`;
  return {
    inPage: `${script("pay-form.js")}\n<pay-form token="eyJhbGciOiJIUzI1NiIs…"></pay-form>\n`,
    aroundFrame: `${script("loader.js", loaderData)}\n`,
  };
}

/** @throws Error when it is no origin of an edge */
export function originOf(text: string): string {
  const url = URL.parse(text);
  if (
    !url ||
    !/^https?:$/.test(url.protocol) ||
    url.pathname !== "/" ||
    url.search ||
    url.hash ||
    url.username
  )
    throw new Error(`${text} is no origin, such as https://pay.example.com`);
  return url.origin;
}
