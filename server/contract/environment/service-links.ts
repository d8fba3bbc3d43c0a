/**
 * What Kubernetes puts into a container of its own accord: variables for each Service of the namespace, so that a
 * Service `clarity-metrics` makes a `CLARITY_METRICS_PORT` of `tcp://10.0.0.1:9100` that nobody has set.
 * https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
export function withoutServiceLinks(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const services = Object.keys(env)
    .filter((name) => name.endsWith(hostEnding))
    .map((name) => name.slice(0, -hostEnding.length));
  const isLink = ([name, value = ""]: [string, string | undefined]) =>
    services.some((service) => {
      if (!name.startsWith(`${service}_`)) return false;
      const rest = name.slice(service.length + 1);
      return rest === "PORT" ? /^(tcp|udp|sctp):\/\//.test(value) : made.test(rest);
    });
  return Object.fromEntries(Object.entries(env).filter((entry) => !isLink(entry)));
}

const hostEnding = "_SERVICE_HOST";
const made = /^(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;
