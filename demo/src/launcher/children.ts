import { fileURLToPath } from "node:url";
import { portalDir } from "@clarity/portal/files";
import type { Addresses } from "./addresses.ts";
import type { StandIn } from "./databases.ts";
import type { Ports } from "./ports.ts";
import type { Secrets } from "./secrets.ts";
import { type ChildSpec, entryOf } from "./supervisor.ts";

/** A script of the widget as pages pin it. */
interface PinnedScript {
  /** By content, one segment of a path. */
  address: string;
  integrity: string;
}

/** All that can be said before the platform is prepared. */
export interface Surroundings {
  ports: Ports;
  addresses: Addresses;
  secrets: Secrets;
  databases: Record<StandIn, string>;
  /** The widget's build. */
  assets: { dir: string; payForm: PinnedScript; loader: PinnedScript };
  dataDir: string;
}

export interface Plan extends Surroundings {
  /** Written by the platform's preparation. */
  platform: { registryUrl: string; masterKeyFile: string; edgeKeyFile: string; edgePublicKeyFile: string };
}

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export function providerSpec(plan: Surroundings): ChildSpec {
  const { addresses, ports } = plan;
  return {
    name: "provider",
    entry: here("../provider/main.ts"),
    env: {
      HOST: "127.0.0.1",
      PORT: String(ports.provider),
      DATABASE_URL: plan.databases.provider,
      ADMIN_KEY: plan.secrets.providerAdminKey,
      PUBLIC_ORIGIN: addresses.provider,
      CARD_FRAME_DIR: plan.assets.dir,
      // Each account says which pages stand around its own.
      FRAME_ANCESTORS: "'none'",
    },
    readyUrl: `${addresses.internal.provider}/`,
  };
}

/** The rest of the world around the platform. */
export const standInSpecs = (plan: Surroundings): ChildSpec[] => [mailbox(plan), netsuite(plan), d365(plan)];

export const platformSpecs = (plan: Plan): ChildSpec[] => [server(plan), edge(plan)];

function mailbox({ ports, addresses, dataDir }: Surroundings): ChildSpec {
  const { edge, acme, globex, netsuite, d365, website, provider, mailbox } = addresses;
  return {
    name: "mailbox",
    entry: here("../mailbox/main.ts"),
    env: {
      HOST: "127.0.0.1",
      PORT: String(ports.mailbox),
      SMTP_PORT: String(ports.smtp),
      MAIL_DIR: `${dataDir}/mail`,
      TOUR_LINKS: JSON.stringify({ edge, acme, globex, netsuite, d365, website, provider, mailbox }),
    },
    readyUrl: `${addresses.internal.mailbox}/healthz`,
  };
}

function netsuite({ ports, addresses, secrets, databases, assets }: Surroundings): ChildSpec {
  return {
    name: "netsuite",
    entry: here("../netsuite/main.ts"),
    env: {
      HOST: "127.0.0.1",
      PORT: String(ports.netsuite),
      DATABASE_URL: databases.netsuite,
      INTEGRATION_CLIENT_ID: secrets.netsuite.clientId,
      INTEGRATION_CERT_ID: secrets.netsuite.certificateId,
      INTEGRATION_PUBLIC_JWK: JSON.stringify(secrets.netsuite.publicJwk),
      EDGE_ORIGIN: addresses.acme,
      PROVIDER_ORIGIN: addresses.provider,
      TOUR_URL: `${addresses.edge}/`,
      SNIPPET_PATH: `/v/${assets.payForm.address}/pay-form.js`,
      SNIPPET_INTEGRITY: assets.payForm.integrity,
      EMBED_KEY_ID: secrets.embed.acme.id,
      EMBED_SECRET: secrets.embed.acme.secret,
    },
    readyUrl: `${addresses.internal.netsuite}/healthz`,
  };
}

function d365({ ports, addresses, secrets, databases, assets }: Surroundings): ChildSpec {
  return {
    name: "d365",
    entry: here("../d365/main.ts"),
    env: {
      HOST: "127.0.0.1",
      PORT: String(ports.d365),
      DATABASE_URL: databases.d365,
      CLIENT_ID: secrets.d365.clientId,
      CLIENT_SECRET: secrets.d365.clientSecret,
      EDGE_ORIGIN: addresses.globex,
      TOUR_URL: `${addresses.edge}/`,
      LOADER_PATH: `/v/${assets.loader.address}/loader.js`,
      LOADER_INTEGRITY: assets.loader.integrity,
      EMBED_KEY_ID: secrets.embed.globex.id,
      EMBED_PRIVATE_JWK: JSON.stringify(secrets.embed.globex.privateJwk),
    },
    readyUrl: `${addresses.internal.d365}/healthz`,
  };
}

/** What tenants without a mail server send lies in the demo's mailbox too. */
export const neutralMail = ({ smtp }: Ports) => ({
  url: `smtp://127.0.0.1:${smtp}`,
  from: "no-reply@mail.test",
});

/** The demo's ERPs, provider and mailbox are on this machine. */
export const allowedNetworks = "127.0.0.0/8 ::1";

function server({ ports, addresses, platform }: Plan): ChildSpec {
  return {
    name: "server",
    entry: entryOf("@clarity/server/main"),
    env: {
      HOST: "127.0.0.1",
      PORT: String(ports.server),
      CLARITY_REGISTRY_URL: platform.registryUrl,
      CLARITY_MASTER_KEY_FILE: platform.masterKeyFile,
      CLARITY_EDGE_PUBLIC_KEY_FILE: platform.edgePublicKeyFile,
      CLARITY_PLUGINS_DIR: here("../../plugins"),
      CLARITY_ALLOWED_NETWORKS: allowedNetworks,
      CLARITY_MAIL_URL: neutralMail(ports).url,
      CLARITY_MAIL_FROM: neutralMail(ports).from,
    },
    readyUrl: `${addresses.internal.server}/readyz`,
  };
}

function edge({ ports, addresses, platform, assets }: Plan): ChildSpec {
  return {
    name: "edge",
    entry: entryOf("@clarity/bff/main"),
    env: {
      HOST: "127.0.0.1",
      PORT: String(ports.edge),
      CLARITY_SERVER_URL: addresses.internal.server,
      CLARITY_EDGE_KEY_FILE: platform.edgeKeyFile,
      CLARITY_ASSETS_DIR: assets.dir,
      CLARITY_PORTAL_DIR: portalDir,
      CLARITY_FRONT_DOOR_URL: addresses.internal.mailbox,
    },
    readyUrl: `${addresses.edge}/readyz`,
  };
}
