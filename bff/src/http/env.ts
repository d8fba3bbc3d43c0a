import type { Locale } from "@clarity/bff/contract";
import type { ErrorCode, HostEntry } from "@clarity/server/contract";
import type { Context } from "hono";
import type { Authority } from "./authority.ts";

/** What a verified access token says. */
export interface Access {
  tenantId: string;
  /** ERP customer id. */
  subject: string;
  /** Invoice ids the session is limited to; null: all of the customer's. */
  invoices: string[] | null;
  locale: Locale;
  /** The embed key that vouched for the session; undefined: the server did not say. */
  embedKey: string | undefined;
  /** Thumbprint of the key the session is bound to. */
  jkt: string;
  /** base64url SHA-256 of the token, the `ath` a proof must carry. */
  ath: string;
  expiresAtS: number;
  /** When its session was opened, and until when it may be renewed; null: it may not. */
  session: { openedAtS: number; renewableUntilS: number } | null;
}

/** Where a tenant's requests go. */
export interface Home {
  /** Base URL of a dedicated instance; null: the shared servers. */
  upstream: string | null;
  /** Asks the registry again: the server that was asked says that the tenant lives elsewhere. */
  findAgain(): Promise<string | null>;
}

/** What is known of a request on its way through the edge. Read by `c.get`: `c.var` copies all of it each time. */
export interface EdgeEnv {
  Bindings: {
    /** Node's request: who sent it, and what ended it early. */
    incoming?: { socket: { remoteAddress?: string | undefined }; errored?: Error | null };
    /** Whom it is for, as its bytes said it; without: as the request's Host header says. */
    authority?: Authority | undefined;
  };
  Variables: {
    requestId: string;
    /** Scheme and host as the browser sees them: `https://pay.acme.example`. */
    origin: string;
    /** Host name without port, lower case. */
    hostname: string;
    /** What is wrong with how it says whom it is for; null: nothing. */
    fault: string | null;
    /** Who asks: the peer, or whom a trusted proxy names. Anonymous work is counted against it; never logged whole. */
    address: string;
    /** The code it was refused with. */
    refused?: ErrorCode;
    /** Headers of the answer in the making, names in lower case. */
    headers: Record<string, string>;
    /** Set once the tenant is known. */
    host: HostEntry;
    /** Beside it: where its requests go. */
    home: Home;
    /** What stands before asking the server, by the row's rate class. @returns ends it */
    turn?: () => Promise<() => void>;
    /** Behind guard `key`: thumbprint of the key the browser has proved. */
    jkt: string;
    /** Behind guard `user`: the portal's session. */
    portal: { cookie: string; digest: string };
    /** Behind guard `session`: what the access token says, its proof verified. */
    access: Access;
  };
}
export type EdgeContext = Context<EdgeEnv>;
