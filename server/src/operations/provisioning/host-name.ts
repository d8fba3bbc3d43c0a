import { isIP } from "node:net";
import { z } from "zod";

export const hostPattern = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

const words =
  "a host name without scheme, port and path, such as pay.acme.example; of another alphabet as xn--…";

/** A custom domain. An address, or this machine's own name, is how operators reach the edge itself. */
export const HostName = z
  .string()
  .toLowerCase()
  .regex(hostPattern, words)
  .refine((host) => isIP(host) === 0 && host !== "localhost", words);

/** As many as one tenant may have beside its first. */
export const mostHosts = 20;
