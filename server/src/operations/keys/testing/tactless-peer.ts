import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { SMTPServer } from "smtp-server";

/**
 * A payment provider, an ERP and a mail server that say no and quote what they were sent, credentials first, in
 * every field an answer has.
 */
export async function startTactlessPeer({ accessToken }: { accessToken: string }) {
  /** What was sent to it, to show that the secrets were really under way. */
  let seen = "";
  let captures = true;
  let refusesCharges = false;
  let grants = false;
  const http = createServer(async (request, response) => {
    const body = await text(request);
    const { method, url = "", headers } = request;
    seen += `${headers.authorization} ${body}\n`;
    const token = grants && url.endsWith("/token") ? { access_token: accessToken, expires_in: 3600 } : null;
    const refusing = !captures || (refusesCharges && url.startsWith("/v1/charges"));
    const good = token ?? (refusing ? null : providerAnswer(request, body));
    if (good) return answer(response, 200, good);
    const said = `${headers.authorization ?? ""} ${new URLSearchParams(body).get("client_secret") ?? ""} ${body}`;
    const quoted = `${said} is not welcome at ${method} ${url}`;
    answer(response, 400, {
      error: url.endsWith("/token")
        ? quoted
        : { code: quoted, message: quoted, innererror: { message: quoted } },
      error_description: quoted,
      "o:errorDetails": [{ detail: quoted, "o:errorCode": quoted, "o:errorPath": quoted }],
    });
  });
  const smtp = new SMTPServer({
    secure: true,
    onAuth({ username = "", password = "" }, _session, done) {
      seen += `${password}\n`;
      const sent = Buffer.from(`\0${username}\0${password}`).toString("base64");
      done(Object.assign(new Error(`no ${password}, you said ${sent}`), { responseCode: 535 }));
    },
  });
  smtp.on("error", () => {});
  for (const server of [http, smtp]) {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  }
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    smtpPort: (smtp.server.address() as AddressInfo).port,
    seen: () => seen,
    /** The provider takes charges; default true. */
    capture: (on: boolean) => {
      captures = on;
    },
    /** The provider knows cards and refuses charges; default false. */
    refuseCharges: (on: boolean) => {
      refusesCharges = on;
    },
    /** The ERP's token endpoint grants, and its data is refused; default false. */
    grant: (on: boolean) => {
      grants = on;
    },
    close() {
      http.close().closeAllConnections();
      smtp.close();
    },
  };
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

/** What the sandbox provider's API says to a charge; null: not its path. */
function providerAnswer({ url = "" }: IncomingMessage, body: string): unknown {
  if (url === "/v1/account") return { id: "acct_1" };
  if (url.startsWith("/v1/tokens/")) return { brand: "visa", funding: "debit", last4: "4242" };
  const reference = /^\/v1\/charges\/([^/]+)\/capture$/.exec(url)?.[1];
  if (url !== "/v1/charges" && !reference) return null;
  const { amount, currency, reference: own } = JSON.parse(body);
  const charge = {
    id: "ch_1",
    reference: reference ?? own,
    amount,
    currency,
    refunded: "0",
    challengeUrl: null,
  };
  const taken = { status: "captured", captured: amount, capturedAt: new Date().toISOString() };
  const held = { status: "authorized", captured: "0", capturedAt: null };
  return { ...charge, declineCode: null, ...(reference ? taken : held) };
}
