import { isIP } from "node:net";
import { addressProblem, nameProblem } from "../../host/command.js";
import { LABEL_PREFIX } from "../../host/ownership.js";
import { isUnknown } from "../../unknown.js";
import { KNOWN_CAPABILITIES } from "./capabilities.js";
import { CHANGE_OF } from "./changes.js";
import {
  absolutePathProblem,
  bindSourceProblem,
  mountTargetProblem,
  normalized,
} from "./mounts.js";
import type { Problems } from "../../validation/problems.js";
import { flag, matching, number, oneOf, plainText, text, whole } from "../../validation/rules.js";

const MIB = 1024 * 1024;
const port = whole(1, 65535, "a port");
const variable = matching(
  /^[^=\0]+$/,
  "must be the name of a variable: no '=' and no NUL character",
);
const fileName = matching(
  /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/,
  "must be a file name: at most 63 letters, digits, '_', '.' or '-', the first a letter or digit",
);
const reference = matching(
  /^[a-zA-Z0-9][a-zA-Z0-9_.:/-]{0,254}(@sha256:[a-f0-9]{64})?$/,
  'must be an image reference such as "redis:7" or "repository/app@sha256:..."',
);
const hostName = matching(
  /^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/,
  "must be a host name: letters, digits and '-' in parts of at most 63, joined by '.'",
);
const ipAddress = (value: unknown) =>
  typeof value === "string" && isIP(value) !== 0 ? undefined : "must be an IP address";
const userName = matching(
  /^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,31}(:[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,31})?$/,
  'must be a user such as "app", "1000" or "1000:1000"',
);

/** Everything that can be known to be wrong with a spec before anything is touched. */
export function validateSpec(problems: Problems, spec: unknown): void {
  problems.object("", spec, Object.keys(CHANGE_OF), (it) => {
    problems.keeps("image", it["image"], reference);
    problems.keeps("pull", it["pull"], oneOf("missing", "always", "never"));
    for (const key of ["command", "entrypoint"]) {
      if (it[key] !== undefined) argv(problems, key, it[key]);
    }
    problems.keepsIfGiven("workingDir", it["workingDir"], absolutePathProblem);
    problems.keepsIfGiven("hostname", it["hostname"], hostName);
    problems.keepsIfGiven("user", it["user"], userName);
    for (const key of ["readOnlyRoot", "hardened", "init"]) problems.keeps(key, it[key], flag);
    limits(problems, it);
    environment(problems, it);
    secrets(problems, it["secrets"]);
    ports(problems, it["ports"]);
    networks(problems, it["networks"]);
    mounts(problems, it["mounts"], it["secrets"]);
    restart(problems, it["restart"]);
    if (it["health"] !== undefined) health(problems, it["health"]);
    capabilities(problems, it["capabilities"]);
    names(problems, it);
    devices(problems, it["devices"]);
    problems.keeps("application", it["application"], text);
  });
}

function argv(problems: Problems, path: string, value: unknown): void {
  problems.list(path, value, (item, at) => void problems.keeps(at, item, plainText));
}

function limits(problems: Problems, it: Record<string, unknown>): void {
  problems.keeps("cpus", it["cpus"], number(0.01, 4096));
  problems.keeps("memoryBytes", it["memoryBytes"], whole(6 * MIB, 2 ** 50, "bytes"));
  problems.keeps("pids", it["pids"], whole(1, 4_194_304, "a number of processes"));
  problems.keeps("waitSeconds", it["waitSeconds"], number(0, 86_400));
  problems.keeps("stopTimeoutSeconds", it["stopTimeoutSeconds"], whole(0, 86_400, "seconds"));
}

function environment(problems: Problems, it: Record<string, unknown>): void {
  for (const key of ["env", "secretEnv"]) {
    problems.entries(key, it[key], (name, value, at) => {
      problems.keeps(at, name, variable);
      problems.keeps(at, value, plainText);
    });
  }
  const env = it["env"];
  problems.entries("secretEnv", it["secretEnv"], (name, _value, at) => {
    if (typeof env === "object" && env !== null && Object.hasOwn(env, name)) {
      problems.add(at, "is in env, too");
    }
  });
}

function secrets(problems: Problems, value: unknown): void {
  const seen = new Set<unknown>();
  problems.list("secrets", value, (item, at) =>
    problems.object(at, item, ["name", "value", "path", "mode", "uid"], (secret) => {
      if (problems.keeps(`${at}.name`, secret["name"], fileName)) {
        unique(problems, `${at}.name`, seen, secret["name"]);
      }
      problems.keeps(`${at}.value`, secret["value"], text);
      problems.keepsIfGiven(`${at}.path`, secret["path"], mountTargetProblem);
      problems.keeps(
        `${at}.mode`,
        secret["mode"],
        matching(/^0?[0-7]{3}$/, 'must be octal, such as "0400"'),
      );
      problems.keepsIfGiven(`${at}.uid`, secret["uid"], whole(0, 2 ** 31 - 1, "a user id"));
    }),
  );
}

function ports(problems: Problems, value: unknown): void {
  const seen = new Set<unknown>();
  problems.list("ports", value, (item, at) =>
    problems.object(at, item, ["containerPort", "hostPort", "protocol", "hostAddress"], (it) => {
      problems.keeps(`${at}.containerPort`, it["containerPort"], port);
      const published = it["hostPort"] !== 0;
      if (published) problems.keeps(`${at}.hostPort`, it["hostPort"], port);
      problems.keeps(`${at}.protocol`, it["protocol"], oneOf("tcp", "udp"));
      if (it["hostAddress"] !== "")
        problems.keeps(`${at}.hostAddress`, it["hostAddress"], ipAddress);
      if (!published || Object.values(it).some(isUnknown)) return;
      const { hostAddress, hostPort, protocol } = it as Record<string, string | number>;
      unique(problems, `${at}.hostPort`, seen, `${hostAddress} ${hostPort} ${protocol}`);
    }),
  );
}

function networks(problems: Problems, value: unknown): void {
  const seen = new Set<unknown>();
  problems.list("networks", value, (item, at) =>
    problems.object(at, item, ["network"], (it) => {
      if (problems.keeps(`${at}.network`, it["network"], nameProblem)) {
        unique(problems, `${at}.network`, seen, it["network"]);
      }
    }),
  );
  if (Array.isArray(value) && value.length === 0) {
    problems.add("networks", "must name at least one network: Docker's default bridge is not used");
  }
}

const MOUNT_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  volume: ["kind", "name", "target", "readOnly"],
  bind: ["kind", "source", "target", "readOnly"],
  tmpfs: ["kind", "target", "sizeBytes"],
};

function mounts(problems: Problems, value: unknown, secretList: unknown): void {
  const targets = new Set<unknown>();
  const target = (path: string, it: unknown) => {
    if (problems.keeps(path, it, mountTargetProblem))
      unique(problems, path, targets, normalized(it as string));
  };
  problems.list("mounts", value, (item, at) => {
    const kind = (item as { kind?: unknown } | null)?.kind;
    if (isUnknown(kind)) return;
    const members = typeof kind === "string" ? MOUNT_MEMBERS[kind] : undefined;
    if (!members) return problems.add(`${at}.kind`, 'must be one of "volume", "bind", "tmpfs"');
    problems.object(at, item, members, (it) => {
      target(`${at}.target`, it["target"]);
      if (kind !== "tmpfs") problems.keeps(`${at}.readOnly`, it["readOnly"], flag);
      if (kind === "volume") problems.keeps(`${at}.name`, it["name"], nameProblem);
      if (kind === "bind") {
        problems.keeps(`${at}.source`, it["source"], (source) =>
          bindSourceProblem(source, it["readOnly"] === true),
        );
      }
      if (kind === "tmpfs") {
        problems.keepsIfGiven(`${at}.sizeBytes`, it["sizeBytes"], whole(4096, 2 ** 50, "bytes"));
      }
    });
  });
  if (!Array.isArray(secretList) || isUnknown(value)) return;
  let folder = false;
  secretList.forEach((secret: { path?: unknown } | null, index) => {
    if (typeof secret !== "object" || secret === null) return;
    if (secret.path === undefined) folder = true;
    else if (mountTargetProblem(secret.path) === undefined && !isUnknown(secret.path)) {
      unique(problems, `secrets[${index}].path`, targets, normalized(secret.path as string));
    }
  });
  if (folder && targets.has("/run/secrets")) {
    problems.add("mounts", "must leave /run/secrets to the secrets");
  }
}

function restart(problems: Problems, value: unknown): void {
  problems.object("restart", value, ["policy", "retries"], (it) => {
    problems.keeps(
      "restart.policy",
      it["policy"],
      oneOf("no", "always", "unless-stopped", "on-failure"),
    );
    const most = it["policy"] === "on-failure" || isUnknown(it["policy"]) ? 1000 : 0;
    problems.keeps("restart.retries", it["retries"], (retries) =>
      most === 0 && retries !== 0
        ? 'must be 0 unless restart.policy is "on-failure"'
        : whole(0, most)(retries),
    );
  });
}

function health(problems: Problems, value: unknown): void {
  const members = ["command", "intervalSeconds", "timeoutSeconds", "retries", "startPeriodSeconds"];
  problems.object("health", value, members, (it) => {
    argv(problems, "health.command", it["command"]);
    const command: unknown = it["command"];
    if (Array.isArray(command) && !command.some(isUnknown)) {
      const shell = command[0] === "CMD-SHELL";
      const words = shell || command[0] === "CMD" ? command.length - 1 : command.length;
      if (words < 1 || (shell && words !== 1)) {
        problems.add(
          "health.command",
          'must be a command: ["prog", "arg"] or ["CMD-SHELL", "one line"]',
        );
      }
    }
    // Docker takes anything below a millisecond for "the default".
    problems.keeps("health.intervalSeconds", it["intervalSeconds"], number(0.001, 86_400));
    problems.keeps("health.timeoutSeconds", it["timeoutSeconds"], number(0.001, 86_400));
    problems.keeps("health.retries", it["retries"], whole(1, 1000));
    problems.keeps("health.startPeriodSeconds", it["startPeriodSeconds"], number(0, 86_400));
  });
}

function capabilities(problems: Problems, value: unknown): void {
  problems.object("capabilities", value, ["add", "drop"], (it) => {
    for (const key of ["add", "drop"]) {
      const seen = new Set<unknown>();
      problems.list(`capabilities.${key}`, it[key], (name, at) => {
        if (typeof name !== "string" || !KNOWN_CAPABILITIES.has(name)) {
          problems.add(at, "must be the name of a Linux capability, such as NET_RAW");
        } else unique(problems, at, seen, name);
      });
    }
    const [add, drop] = [it["add"], it["drop"]];
    if (!Array.isArray(add) || !Array.isArray(drop)) return;
    add.forEach((name: unknown, index) => {
      if (!isUnknown(name) && drop.includes(name)) {
        problems.add(`capabilities.add[${index}]`, "is in capabilities.drop, too");
      }
    });
  });
}

function names(problems: Problems, it: Record<string, unknown>): void {
  problems.entries("extraHosts", it["extraHosts"], (name, address, at) => {
    problems.keeps(at, name, hostName);
    problems.keeps(at, address, (value) =>
      value === "host-gateway" ? undefined : ipAddress(value),
    );
  });
  problems.list("dns", it["dns"], (address, at) => void problems.keeps(at, address, ipAddress));
  problems.entries("labels", it["labels"], (name, value, at) => {
    problems.keeps(at, name, (key) =>
      typeof key !== "string" || key === "" || key.includes("\0")
        ? "must have a name"
        : key === LABEL_PREFIX || key.startsWith(`${LABEL_PREFIX}.`)
          ? `must not begin with ${LABEL_PREFIX}: those labels are ours`
          : undefined,
    );
    problems.keeps(at, value, plainText);
  });
  if (it["log"] !== undefined) {
    problems.object("log", it["log"], ["driver", "options"], (log) => {
      problems.keeps("log.driver", log["driver"], nameProblem);
      problems.entries("log.options", log["options"], (_key, value, at) => {
        problems.keeps(at, value, plainText);
      });
    });
  }
}

function devices(problems: Problems, value: unknown): void {
  problems.list("devices", value, (item, at) => {
    problems.keeps(at, item, (device) => {
      const parts = typeof device === "string" ? device.split(":") : [];
      const paths = parts.filter((part) => part.startsWith("/"));
      const rest = parts.slice(paths.length);
      const good =
        paths.length >= 1 &&
        paths.length <= 2 &&
        paths.every((path) => absolutePathProblem(path) === undefined && /^\/dev\/./.test(path)) &&
        (rest.length === 0 || (rest.length === 1 && /^r?w?m?$/.test(rest[0] ?? "")));
      return good ? undefined : 'must be a device such as "/dev/ttyUSB0" or "/dev/sda:/dev/disk:r"';
    });
  });
}

/** Parts of a place that the states of earlier versions do not have. */
const PLANNED = ["devices", "type", "group"];

/** Who owns the container and where it goes. These come from the SDK, so only their use on a host is checked. */
export function validatePlace(problems: Problems, news: Record<string, unknown>): void {
  problems.object(
    "",
    news,
    ["meta", "cloud", "spec", "place", "status"],
    ({ meta, cloud, place }) => {
      problems.keeps("cloud", cloud, nameProblem);
      problems.object("meta", meta, ["project", "stack", "name", "urn", "timeouts"], (it) => {
        for (const key of ["project", "stack", "name"])
          problems.keeps(`meta.${key}`, it[key], nameProblem);
      });
      const members = ["host", "connection", "reason", "capacity", "networks", ...PLANNED];
      problems.object("place", place, members, (it) => {
        problems.keeps("place.host", it["host"], nameProblem);
        connection(problems, it["connection"]);
        if (it["devices"] !== undefined)
          problems.list("place.devices", it["devices"], (id, at) => {
            problems.keeps(at, id, deviceIdProblem);
          });
        problems.list("place.networks", it["networks"], (network, at) => {
          problems.keeps(at, network, (value) =>
            typeof value === "object" ? undefined : "must be an object",
          );
          const { dockerName, address, address6, gateway, aliases } = network as Record<
            string,
            unknown
          >;
          problems.keeps(`${at}.dockerName`, dockerName, nameProblem);
          problems.keeps(`${at}.address`, address, ipAddress);
          if (address6 !== undefined) problems.keeps(`${at}.address6`, address6, ipAddress);
          if (gateway !== "") problems.keeps(`${at}.gateway`, gateway, ipAddress);
          if (aliases !== undefined)
            problems.list(`${at}.aliases`, aliases, (alias, where) => {
              problems.keeps(where, alias, text);
            });
        });
      });
    },
  );
}

function deviceIdProblem(value: unknown): string | undefined {
  return typeof value === "string" && /^[A-Za-z0-9/][A-Za-z0-9_.:/=-]{0,199}$/.test(value)
    ? undefined
    : "must be the id of a device, such as /dev/dri/renderD128, nvidia:0 or nvidia.com/gpu=0";
}

function connection(problems: Problems, value: unknown): void {
  if (isUnknown(value)) return;
  if (typeof value !== "object" || value === null)
    return problems.add("place.connection", "must be an object");
  const it = value as Record<string, unknown>;
  problems.keeps("place.connection.kind", it["kind"], oneOf("ssh", "local"));
  if (it["kind"] === "ssh")
    problems.keeps("place.connection.address", it["address"], addressProblem);
}

function unique(problems: Problems, path: string, seen: Set<unknown>, value: unknown): void {
  if (seen.has(value)) problems.add(path, "is there twice");
  seen.add(value);
}
